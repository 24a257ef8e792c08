"""What counts as an answer that was cut off before it began."""

from __future__ import annotations

from typing import Any

import pytest

from evals.completion import Completions
from evals.engine.cut_off import is_cut_off, reasoning_tokens, refuse_cut_off
from evals.engine.failures import CallFailed, Kind

REASONED = {"completion_tokens_details": {"reasoning_tokens": 64}}


@pytest.mark.parametrize(
    ("text", "reason", "usage", "expected"),
    [
        ("", "length", None, True),
        ("", "incomplete", None, True),
        ("", "stop", REASONED, False),
        ("", None, None, False),
        ("4", "length", REASONED, False),
        ("\n\n", "length", REASONED, True),
        ("\n\n", "length", None, False),
    ],
)
def test_an_empty_text_that_ended_at_the_limit_was_cut_off(text: str, reason: Any, usage: Any, expected: bool):
    assert is_cut_off(Completions([text], finish_reasons=[reason], usage=usage)) is expected


def test_one_of_several_completions_is_enough():
    assert is_cut_off(Completions(["4", ""], finish_reasons=["stop", "length"]))
    assert not is_cut_off(Completions(["4", ""], finish_reasons=[]))


def test_a_completion_with_log_probabilities_has_begun():
    logprobs = [{"content": [{"token": "<|end|>", "logprob": -0.1, "top_logprobs": []}]}]
    assert not is_cut_off(Completions([""], finish_reasons=["length"], logprobs=logprobs))
    assert is_cut_off(Completions([""], finish_reasons=["length"], logprobs=[{"content": []}]))


@pytest.mark.parametrize(
    "usage",
    [
        {"completion_tokens": 9, "completion_tokens_details": {"reasoning_tokens": 7}},
        {"output_tokens": 9, "output_tokens_details": {"reasoning_tokens": 7}},
        {"completion_tokens": 9, "reasoning_tokens": 7},
    ],
)
def test_reasoning_tokens_are_read_from_all_places_where_servers_put_them(usage: dict[str, Any]):
    assert reasoning_tokens(usage) == 7


def test_the_failure_names_limit_and_reasoning_and_is_not_tried_again():
    result = Completions([""], finish_reasons=["length"], usage=REASONED, request={"max_completion_tokens": 64})
    with pytest.raises(CallFailed, match=r"max_completion_tokens=64.*64 reasoning tokens.*headroom=N") as caught:
        refuse_cut_off(result, "here:1")
    assert caught.value.kind is Kind.CUT_OFF
    assert caught.value.is_final
    assert caught.value.kind.value == "cut off"
