"""Which texts are secrets, and that they are masked wherever they stand."""

from __future__ import annotations

import pytest

from evals.secrets import MASK, redact, register_secrets_in, without_secrets


@pytest.mark.parametrize(
    ("arguments", "said", "shown"),
    [
        ({"api_key": "key-in-yaml-000001"}, "key-in-yaml-000001 was refused", f"{MASK} was refused"),
        ({"extra_options": {"extra_headers": {"X-Secret-Token": "tok-in-yaml-02"}}}, "tok-in-yaml-02", MASK),
        ({"headers": [{"Authorization": "Bearer key-of-a-gateway"}]}, "is key-of-a-gateway", f"is {MASK}"),
        ({"credentials": {"a": "user-of-store", "b": ["pass-of-store"]}}, "pass-of-store", MASK),
        ({"eos_token": "<|im_end|>"}, "a<|im_end|>", "a<|im_end|>"),
        ({"max_tokens": 12345678}, "12345678", "12345678"),
        (None, "nothing", "nothing"),
    ],
)
def test_what_has_the_name_of_a_secret_is_masked_at_any_depth(arguments, said, shown):
    register_secrets_in(arguments)
    assert redact(said) == shown


def test_arguments_without_their_secrets():
    given = {
        "model": "m",
        "headers": {"Authorization": "Bearer x", "X-Team": "a"},
        "parts": [{"password": "p", "k": 1}],
    }
    assert without_secrets(given) == {"model": "m", "headers": {"X-Team": "a"}, "parts": [{"k": 1}]}
