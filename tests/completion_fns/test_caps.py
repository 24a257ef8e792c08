"""The cap on the tokens of a completion, and the larger one of a second try."""

from __future__ import annotations

import pytest

from evals.completion_fns.caps import Cap, cap_of, larger_cap


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"max_tokens": 64}, Cap("max_tokens", 64)),
        ({"max_tokens": 64, "max_completion_tokens": 900}, Cap("max_completion_tokens", 900)),
        ({"max_output_tokens": 16}, Cap("max_output_tokens", 16)),
        ({"temperature": 0}, None),
    ],
)
def test_the_cap_is_read_under_each_of_its_names(options, expected):
    assert cap_of(options) == expected


def test_calls_without_a_cap_have_the_default_one():
    assert cap_of({}, 1024) == Cap("max_tokens", 1024)


def test_a_second_try_has_four_times_the_tokens_or_room_for_reasoning_and_never_more_than_the_model_writes():
    assert larger_cap(Cap("max_tokens", 64), 25_000, None) == Cap("max_tokens", 25_064)
    assert larger_cap(Cap("max_tokens", 25_064), 25_000, None) == Cap("max_tokens", 100_256)
    assert larger_cap(Cap("max_tokens", 64), 25_000, 16_384) == Cap("max_tokens", 16_384)
    assert larger_cap(Cap("max_tokens", 16_384), 25_000, 16_384) is None
