"""The plan of a run: which repeats a pass makes."""

from __future__ import annotations

from evals.engine.plan import RunPlan


def test_no_two_passes_of_a_run_share_a_repeat():
    plan = RunPlan(repeats=3)
    assert [list(plan.next_repeats()) for _ in range(3)] == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]


def test_a_plan_of_a_run_by_hand_asks_for_every_sample_once():
    plan = RunPlan()
    assert (list(plan.next_repeats()), plan.max_samples, plan.finished) == ([0], None, set())
