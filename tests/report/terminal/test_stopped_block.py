"""What people read when a run ended early."""

from __future__ import annotations

import pytest
from sums import Adder, write_sums

import evals
from evals.errors import BudgetReached, EvalsError, Interrupted, ProviderError
from evals.report.terminal.stopped import stopped_block


@pytest.fixture
def result(tmp_path):
    registry = write_sums(tmp_path / "registry")
    return evals.run(Adder(), "sums", registry_paths=registry, record_path=str(tmp_path / "r.jsonl"))


def stopped(result, why: EvalsError, n_total: int = 10):
    result.stopped_by, result.n_total = why, n_total
    return stopped_block(result, "oaieval m sums --resume").splitlines()


def test_the_score_so_far_has_its_interval_and_the_way_on_is_shown(result):
    assert stopped(result, BudgetReached("the budget of 5 tokens is spent")) == [
        "the budget of 5 tokens is spent",
        "stopped at 4 of 10: accuracy so far 0.750, 95 % interval 0.204 to 0.987 (modified wilson)",
        "  4 calls",
        f"  the answers so far are kept: {result.record_path}",
        "  go on:  oaieval m sums --resume",
    ]


def test_a_provider_that_failed_is_an_error_and_ctrl_c_needs_no_reason(result):
    assert stopped(result, ProviderError("the server is gone"))[0] == "error: the server is gone"
    assert stopped(result, Interrupted("stopped", exit_code=130))[0].startswith("stopped at 4 of 10")


def test_a_run_whose_samples_are_all_done_has_nothing_to_go_on_with(result):
    lines = stopped(result, BudgetReached("spent"), n_total=4)
    assert lines[1].startswith("done 4 of 4: accuracy 0.750")
    assert not any("go on" in line for line in lines)


def test_without_a_call_the_failures_are_named(result):
    result.counts.n_calls = 0
    result.counts.failures["timed out"] = 3
    assert "  no call succeeded: timed out 3" in stopped(result, ProviderError("gone"))


def test_a_report_without_an_interval_shows_no_score(result):
    result.report = {"accuracy": None, "accuracy_ci95": None}
    assert stopped(result, BudgetReached("spent"))[1] == "stopped at 4 of 10"
