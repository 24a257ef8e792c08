"""What a run counts while it goes on."""

from __future__ import annotations

import random
from typing import Any

import pytest

from evals.engine.samples import NullObserver, WorkItem
from evals.record import Event
from evals.runner.counters import RunCounters, flat_usage


def event(type: str, data: Any) -> Event:
    return Event("", 0, "s", type, data, "", "")


def evaluation(*correct: bool, cost: float | None = None, **usage: int) -> list[Event]:
    call = {"prompt": "p", "sampled": ["x"], "model": "m-1", "usage": usage, "cost_usd": cost}
    return [event("sampling", call), *(event("match", {"correct": value}) for value in correct)]


def test_the_running_score_is_the_mean_over_matches_then_over_evaluations():
    counters = RunCounters(NullObserver())
    for one in (evaluation(True, True, False), evaluation(True), evaluation(False, True)):
        counters.finished(WorkItem("s", 0, 0), one)
    assert (counters.n_finished, counters.scores.n) == (3, 3)
    assert counters.scores.mean == pytest.approx((2 / 3 + 1 + 1 / 2) / 3, abs=1e-15)


def test_sums_do_not_depend_on_the_order():
    rng = random.Random(1)
    made = [
        [event("sampling", {"cost_usd": rng.random() / 1000, "usage": {"total_tokens": i}}), event("metrics", {"score": rng.random()})]
        for i in range(200)
    ]  # fmt: skip
    found = set()
    for seed in range(5):
        counters = RunCounters(NullObserver())
        for one in random.Random(seed).sample(made, len(made)):
            counters.add_finished(one)
        found.add((counters.cost_usd, counters.scores.mean, counters.scores.stderr, counters.usage["total_tokens"]))
    assert len(found) == 1


def test_a_call_without_a_price_leaves_the_cost_unknown():
    counters = RunCounters(NullObserver())
    counters.add_finished(evaluation(True, cost=0.25))
    assert counters.cost_usd == 0.25
    counters.add_finished(evaluation(True))
    assert counters.cost_usd is None


def test_failures_are_counted_by_type_and_the_first_is_kept():
    counters = RunCounters(NullObserver())
    for kind in ("timeout", "rate limit", "timeout"):
        counters.failed(WorkItem("s", 0, 0), {"type": kind, "message": f"a {kind}"})
    assert (counters.n_errors, counters.error_kinds, counters.first_error) == (
        3,
        "timeout 2, rate limit 1",
        "a timeout",
    )


def test_keys_of_the_eval_are_not_replaced_by_sums_of_usage():
    counters = RunCounters(NullObserver())
    counters.add_finished(evaluation(True, prompt_tokens=3, total_tokens=5))
    assert counters.sums({"usage_total_tokens": 9}) == {"usage_prompt_tokens": 3}


def test_a_watcher_that_cannot_print_is_left_alone_and_counting_goes_on():
    class Closed(NullObserver):
        n_calls = 0

        def finished(self, item: WorkItem, events: Any) -> None:
            Closed.n_calls += 1
            raise BrokenPipeError

    counters = RunCounters(Closed())
    for _ in range(3):
        counters.finished(WorkItem("s", 0, 0), evaluation(True))
    assert (counters.n_finished, Closed.n_calls) == (3, 1)


@pytest.mark.parametrize(
    ("usage", "flat"),
    [
        ({"total": 3, "details": {"cached": 2, "audio": 0}}, [("total", 3), ("details_cached", 2)]),
        ({"total": 0, "ok": True, "cost": 0.5, "none": None}, [("total", 0)]),
        (None, []),
        ("many", []),
    ],
)
def test_inner_counts_get_joined_names(usage, flat):
    assert flat_usage(usage) == flat


def test_completions_that_are_no_whole_answer_are_counted():
    counters = RunCounters(NullObserver())
    calls = [
        {"sampled": ["a", "", "", ""], "finish_reasons": ["length", "refusal", "tool_calls", "content_filter"]},
        {"sampled": ["<think>a</think>b", "<think>a", "b"], "answers": ["b", "", "b"]},
    ]
    counters.add_finished([Event("r", number, "s", "sampling", data, "", "") for number, data in enumerate(calls)])
    assert counters.sums({}) == {
        "n_refused": 1,
        "n_filtered": 1,
        "n_tool_calls": 1,
        "n_with_thoughts": 2,
        "n_without_answer": 1,
    }


def test_marks_around_an_answer_are_not_counted_as_thoughts():
    counters = RunCounters(NullObserver())
    call = {"sampled": ["<|begin_of_box|>a<|end_of_box|>", "<think>x</think>b"], "answers": ["a", "b"]}
    counters.add_finished([Event("r", 0, "s", "sampling", call, "", "")])
    assert counters.sums({}) == {"n_with_thoughts": 1}


def test_completions_that_stopped_with_reasoning_and_without_a_text_have_no_answer():
    counters = RunCounters(NullObserver())
    call = {
        "sampled": ["", "b", "", ""],
        "finish_reasons": ["stop", "stop", "tool_calls", "stop"],
        "reasoning": ["a", "a", "a", None],
    }
    counters.add_finished([Event("r", 0, "s", "sampling", call, "", "")])
    assert counters.sums({}) == {"n_tool_calls": 1, "n_without_answer": 1}
    all_stopped = {"sampled": [""], "reasoning": ["a"]}  # as records have it: no finish reasons
    counters.add_finished([Event("r", 1, "s", "sampling", all_stopped, "", "")])
    assert counters.sums({})["n_without_answer"] == 2


def test_the_counts_of_processes_together_are_those_of_one():
    def graded(i: int) -> list[Event]:
        usage = {"prompt_tokens": i, "completion_tokens": 0}
        call = {"sampled": ["x"], "grader": f"g{i % 2}", "usage": usage, "cost_usd": i / 7}
        return [*evaluation(i % 3 == 0, cost=0.1, prompt_tokens=1, reasoning_tokens=0), event("sampling", call)]

    def told(indices: range) -> RunCounters:
        counters = RunCounters(NullObserver())
        for i in indices:
            counters.finished(WorkItem("s", 0, i), graded(i))
            if i in (3, 9):
                counters.failed(WorkItem("s", 0, i), {"type": "bug", "message": f"at {i}", "where": f"code.py:{i}"})
        return counters

    alone, together = told(range(12)), RunCounters(NullObserver())
    parts = [told(range(0, 5)), told(range(5, 6)), told(range(6, 12))]
    for _ in range(2):  # they are told again and again
        together.become(parts[0], parts[1:])
    for name in ("n_finished", "errors", "first_error", "first_place", "usage", "models", "endings", "cost_usd"):
        assert getattr(together, name) == getattr(alone, name), name
    assert together.sums({}) == alone.sums({}) == {
        "usage_completion_tokens": 0, "usage_prompt_tokens": 78, "usage_reasoning_tokens": 0,
    }  # fmt: skip
    costs = {name: one.as_dict() for name, one in together.graders.items()}
    assert costs == {name: one.as_dict() for name, one in alone.graders.items()}
    assert costs["g1"]["usage_prompt_tokens"] == 1 + 3 + 5 + 7 + 9 + 11
