"""Token counts of servers that count otherwise than OpenAI, on replies as they document them."""

from __future__ import annotations

from typing import Any

import pytest

from evals.completion_fns.cost import cost_usd
from evals.completion_fns.openai.models import OpenAIChatCompletionFn
from evals.completion_fns.openai.results import OpenAIChatCompletionResult
from evals.completion_fns.openai.usage import usage_of
from evals.specs import ModelInfo


def counted(**usage: Any) -> dict[str, Any]:
    found = usage_of({"usage": usage})
    assert found is not None
    return found


def test_reasoning_that_is_in_the_total_alone_is_a_part_of_the_completion():
    # The example of xAI's reference: 32 + 9 + 94 = 135.
    details = {"reasoning_tokens": 94}
    usage = counted(prompt_tokens=32, completion_tokens=9, total_tokens=135, completion_tokens_details=details)
    assert usage["completion_tokens"] == 9 + 94
    assert usage["total_tokens"] == 135


def test_reasoning_that_nothing_but_the_total_tells_of_is_counted_too():
    # Google's endpoint for the OpenAI API: 198 of the answer, 405 of thoughts.
    assert counted(prompt_tokens=20, completion_tokens=198, total_tokens=623)["completion_tokens"] == 198 + 405


@pytest.mark.parametrize(
    "usage",
    [
        {"prompt_tokens": 20, "completion_tokens": 100, "total_tokens": 120},
        {"prompt_tokens": 20, "completion_tokens": 100},
        {"prompt_tokens": 20, "completion_tokens": None, "total_tokens": 120},
        {"prompt_tokens": 20, "completion_tokens": 100, "total_tokens": 100},
        {
            "prompt_tokens": 20,
            "completion_tokens": 100,
            "total_tokens": 120,
            "completion_tokens_details": {"reasoning_tokens": 60},
        },
        {
            "prompt_tokens": 20,
            "completion_tokens": 100,
            "total_tokens": 150,
            "prompt_tokens_details": {"cached_tokens": 30},
        },
        {"input_tokens": 5, "output_tokens": 70, "total_tokens": 75, "output_tokens_details": {"reasoning_tokens": 64}},
        {"total_tokens": 5},
    ],
)
def test_counts_that_add_up_or_lack_something_else_stay_as_they_are(usage: dict[str, Any]):
    assert counted(**usage) == usage


def test_the_responses_endpoint_is_counted_alike():
    details = {"reasoning_tokens": 60}
    usage = counted(input_tokens=21, output_tokens=0, total_tokens=81, output_tokens_details=details)
    assert usage["output_tokens"] == 60


@pytest.mark.parametrize("key", ["cached_tokens", "prompt_cache_hit_tokens"])
def test_cached_tokens_beside_the_other_counts_cost_what_cached_tokens_cost(key: str):
    usage = {"prompt_tokens": 10**6, "completion_tokens": 0, "total_tokens": 10**6, key: 400_000}
    result = OpenAIChatCompletionResult({"choices": [], "usage": usage})
    info = ModelInfo("m", None, 2.0, 0.5, 8.0)
    assert cost_usd(result.usage, info) == pytest.approx(0.6 * 2.0 + 0.4 * 0.5)
    assert "prompt_tokens_details" not in usage


def test_the_details_come_before_counts_beside_them():
    usage = counted(prompt_tokens=9, cached_tokens=4, prompt_tokens_details={"cached_tokens": 0})
    assert usage["prompt_tokens_details"] == {"cached_tokens": 0}


def test_the_cost_of_a_call_is_that_of_the_tier_which_the_reply_names():
    class Prices:
        def model_info(self, name: str) -> ModelInfo:
            return ModelInfo(
                name, None, 2.0, 0.5, 8.0, batch_input_usd_per_million=1.0, batch_output_usd_per_million=4.0
            )

    fn = OpenAIChatCompletionFn("m", "http://127.0.0.1:1/v1", registry=Prices())
    usage = {"prompt_tokens": 10**6, "completion_tokens": 10**6}
    costs = [
        fn.cost_of(OpenAIChatCompletionResult({"choices": [], "usage": usage, "service_tier": tier}))
        for tier in ("default", "flex", "priority")
    ]
    assert costs == [10.0, 5.0, None]


@pytest.mark.parametrize("usage", [None, [], "many"])
def test_no_usage_is_none(usage: object):
    assert usage_of({"usage": usage}) is None
