"""Which texts are secrets, and that they are masked wherever they stand."""

from __future__ import annotations

import pytest

from evals.secrets import (
    MASK,
    _may_be_secret,
    redact,
    register_secrets_in,
    without_secrets,
    without_secrets_in_command,
)


@pytest.mark.parametrize(
    ("arguments", "said", "shown"),
    [
        ({"api_key": "key-in-yaml-000001"}, "key-in-yaml-000001 was refused", f"{MASK} was refused"),
        ({"extra_options": {"extra_headers": {"X-Secret-Token": "tok-in-yaml-02"}}}, "tok-in-yaml-02", MASK),
        ({"headers": [{"Authorization": "Bearer key-of-a-gateway"}]}, "is key-of-a-gateway", f"is {MASK}"),
        ({"credentials": {"a": "user-of-store", "b": ["pass-of-store"]}}, "pass-of-store", MASK),
        ({"headers": {"Ocp-Apim-Subscription-Key": "gw-7f3a9c-01"}}, "got gw-7f3a9c-01", f"got {MASK}"),
        ({"extra_headers": {"x-anything": "gw-7f3a9c-02"}}, "gw-7f3a9c-02", MASK),
        ({"headers": '{"x-goog-key": "gw-7f3a9c-03"}'}, "gw-7f3a9c-03", MASK),
        ({"headers": {"Cookie": "session=gw-7f3a9c-04; a=b"}}, "no session gw-7f3a9c-04", f"no session {MASK}"),
        ({"headers": {"Content-Type": "application/json"}}, "application/json", "application/json"),
        ({"access_key": "a key/with+signs 05"}, "at ?k=a%20key%2Fwith%2Bsigns%2005", f"at ?k={MASK}"),
        ({"label_key": "ideal answer", "key": "some column"}, "ideal answer", "ideal answer"),
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
        "extra_headers": None,
        "parts": [{"password": "p", "k": 1}],
    }
    assert without_secrets(given) == {
        "model": "m",
        "headers": {"Authorization": MASK, "X-Team": MASK},
        "extra_headers": None,
        "parts": [{"k": 1}],
    }


@pytest.mark.parametrize(
    ("variable", "value", "is_secret"),
    [
        ("OPENAI_API_KEY", "sk-something", True),
        ("AZURE_KEY", "9f8e7d6c5b4a", True),
        ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE", True),
        ("DEPLOY_KEY_2", "a8f3k2m9", True),
        ("GITHUB_PAT", "ghp_0123456789", True),
        ("DB_PASS", "hunter2hunter2", True),
        ("SESSION_COOKIE", "anything-goes", True),
        ("MY_SAS", "sv=2024-01-01&sig=abc", True),
        ("SORT_KEY", "created_at", False),
        ("SSH_KEY", "/home/me/.ssh/id_ed25519", False),
        ("PWD", "/home/me", False),
        ("KEYBOARD", "pc105layout", False),
        ("MONKEY", "banana123banana", False),
        ("SSH_AUTH_SOCK", "/run/agent.123", False),
    ],
)
def test_variables_of_the_environment_that_hold_secrets(variable, value, is_secret):
    assert _may_be_secret(variable, value) is is_secret


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        ("oaieval m e --completion_args api_key=short,n=2", "oaieval m e --completion_args api_key=***,n=2"),
        ("x --completion_args=model=m,secret=s", "x --completion_args=model=m,secret=***"),
        ('x headers={"A-B": "c d", "E": "f"},n=1', "x headers=***,n=1"),
        ("x label_key=ideal max_tokens=5", "x label_key=ideal max_tokens=5"),
    ],
)
def test_a_command_is_shown_without_what_its_arguments_name_as_secrets(command, shown):
    assert without_secrets_in_command(command) == shown
