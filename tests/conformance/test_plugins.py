"""Plug-ins made for openai/evals run unchanged, by the real command, against a real HTTP server."""

from __future__ import annotations

import random
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from plugin_place import Place, events_of, grade_or_add

from evals.testing.openai_server import LoopbackServer
from evals.testing.waiting import wait_until

N = 120
RIGHT = 2 / 3


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path, N)


@pytest.fixture
def server() -> Iterator[LoopbackServer]:
    with LoopbackServer(grade_or_add) as running:
        yield running


@pytest.fixture
def patient() -> Iterator[LoopbackServer]:
    """Answers nothing before 30 calls are in flight at once."""
    with LoopbackServer(grade_or_add, hold_until=30) as running:
        yield running


def draws_of_openai_evals(name: str) -> float:
    """The sum of the first draws of each sample's generator, by the rule of the format (seed 20220722)."""
    return sum(random.Random(f"{name}.{i}:20220722".encode()).random() for i in range(N))


PLAIN = {
    "sums": {"accuracy": RIGHT, "matrix_total": N, "even": 1.0, "ids": N},
    "returned": {
        "accuracy": RIGHT,
        "draws": pytest.approx(draws_of_openai_evals("plug-returned.dev")),
        "first_right": False,
        "second_right": True,
    },
    "strict": {"accuracy": RIGHT, "n": N},
    "dataclasses": {"accuracy": 1.0},
    "votes": {"accuracy": RIGHT, "n_votes": 2},
    "graded": {"counts/Yes": 80, "counts/No": 40},
    "two-passes": {"accuracy": RIGHT, "second_accuracy": 0.0, "n_second": 40, "n_events": 160},
    "nested-threads": {"accuracy": RIGHT, "n_sampling": 3 * N},
    "dialogue": {"accuracy": RIGHT, "agreement": 1.0},
}


@pytest.mark.slow
@pytest.mark.parametrize(("name", "expected"), PLAIN.items(), ids=list(PLAIN))
def test_plain_evals_run_unchanged_at_full_concurrency(place, patient, name, expected):
    report = place.report("any-model", f"plug-{name}", base_url=patient.base_url)
    assert {key: report[key] for key in expected} == expected
    assert report["n_errors"] == 0
    assert report["usage_total_tokens"] > 0
    assert patient.max_in_flight >= 30


def test_an_eval_with_a_loop_of_its_own_keeps_its_concurrency_and_its_usage(place, server):
    report = place.report("any-model", "plug-own-loop", "--max_samples", "30", base_url=server.base_url)
    right = [event["data"]["correct"] for event in events_of(place.record(), "match")]
    assert server.n_requests == len(right) == 30
    assert report["accuracy"] == sum(right) / 30
    assert report["usage_completion_tokens"] == 30


def test_every_kind_of_event_is_kept_and_a_pause_drops_them(place, server):
    report = place.report("any-model", "plug-manners", "--max_samples", "9", base_url=server.base_url)
    kinds = (
        "raw_sample",
        "function_call",
        "cond_logp",
        "pick_option",
        "embedding",
        "error",
        "extra",
        "own_type",
        "sampling",
    )
    assert {kind: report[kind] for kind in kinds} == dict.fromkeys(kinds, 9)
    assert report["usage_total_tokens"] == 18


def test_events_come_back_as_they_were_recorded_though_json_would_change_them(place, server):
    report = place.report("any-model", "plug-odd-data", "--max_samples", "9", base_url=server.base_url)
    n_wrong = sum(event["data"]["score"] is None for event in events_of(place.record(), "metrics"))
    assert 0 < n_wrong < 9, "NaN is null in the file"
    found = {key: report[key] for key in ("accuracy", "n_nan", "spans", "turns", "words")}
    assert found == {"accuracy": 1.0, "n_nan": n_wrong, "spans": 9, "turns": 9 * 1.5, "words": 18}


def test_a_run_whose_events_no_record_can_hold_is_not_resumed_to_another_report(place, server):
    whole = place.report("any-model", "plug-odd-data", "--max_samples", "9", base_url=server.base_url)
    record = place.record()
    lines = record.read_bytes().splitlines(keepends=True)
    record.write_bytes(b"".join(lines[:-1]))  # without the final report
    done = place.oaieval("any-model", "plug-odd-data", "--max_samples", "9", "--resume", base_url=server.base_url)
    assert whole["n_errors"] == 0
    assert done.returncode != 0
    assert "cannot be resumed" in done.stderr
    assert "`metrics` events hold" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fn", "n_calls"), [("duck", N), ("wrapper", N), ("stubborn", N), ("doubler", 0), ("wrapped-doubler", 0)]
)
def test_completion_functions_run_unchanged_in_plug_ins_and_in_our_classes(place, patient, fn, n_calls):
    assert place.report(f"plug/{fn}", "plug-sums", base_url=patient.base_url)["accuracy"] == RIGHT
    assert patient.n_requests == n_calls
    assert patient.max_in_flight >= (30 if n_calls else 0)
    assert len(events_of(place.record(), "sampling")) == N
    assert place.report(f"plug/{fn}", "plug-match", base_url=patient.base_url)["accuracy"] == RIGHT
    assert len(events_of(place.record(), "sampling")) == N


def test_a_function_that_tries_again_by_itself_gets_through(place):
    with LoopbackServer(grade_or_add, fail_first_n=1, faults=["500"]) as server:
        report = place.report("plug/stubborn", "plug-sums", "--max_samples", "12", base_url=server.base_url)
        assert server.n_requests == 24
    assert report["n_errors"] == 0


@pytest.mark.slow
def test_solvers_run_unchanged_in_solver_evals_and_in_plain_ones(place, patient):
    report = place.report("plug/counting", "plug-dialogue")
    assert (report["accuracy"], report["turns"]) == (RIGHT, 2.0), "each sample gets a solver of its own"
    assert len(events_of(place.record(), "postprocessor")) == 4 * N
    assert place.report("plug/counting", "plug-returned")["accuracy"] == RIGHT
    report = place.report("plug/draft-first", "plug-dialogue", base_url=patient.base_url)
    assert report["accuracy"] == RIGHT
    assert len(events_of(place.record(), "draft")) == 2 * N
    assert patient.max_in_flight >= 30


@pytest.mark.parametrize("name", ["sums", "returned", "two-passes"])
@pytest.mark.slow
def test_a_killed_plug_in_run_resumes_to_the_same_report(place, name):
    with LoopbackServer(grade_or_add) as server:
        whole = place.report("any-model", f"plug-{name}", "--record_path", "whole.jsonl", base_url=server.base_url)
    n_calls = {"two-passes": N + 40}.get(name, N)
    with LoopbackServer(grade_or_add, stall_after=n_calls - 25) as server:
        kill_when_stalled(place, server, "any-model", f"plug-{name}", "--concurrency", "10")
        answered = server.answered.total()
        resumed = place.report("any-model", f"plug-{name}", "--resume", base_url=server.base_url)
        again = server.answered.total() - answered
    assert resumed == whole
    assert 25 <= again <= 25 + 10


def test_results_that_no_record_keeps_are_refused_at_resume(place):
    with LoopbackServer(grade_or_add, stall_after=60) as server:
        kill_when_stalled(place, server, "any-model", "plug-objects", "--concurrency", "10")
        n_requests = server.n_requests
        done = place.oaieval("any-model", "plug-objects", "--resume", base_url=server.base_url)
        assert server.n_requests == n_requests
    assert done.returncode == 2
    assert "cannot be resumed: its eval returns dict objects" in done.stderr


def kill_when_stalled(place: Place, server: LoopbackServer, *arguments: str) -> None:
    """SIGKILL the command once ten calls wait for a server that answers no more; then it answers again."""
    process = place.start(*arguments, base_url=server.base_url)
    stalled = server.app.stall_after
    wait_until(
        lambda: process.poll() is not None or (server.answered.total() == stalled and server.n_in_flight == 10),
        limit_s=100,
    )
    assert process.poll() is None, process.communicate()[1]
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=300)
    server.stall_no_more()


def test_a_plug_in_that_fails_is_not_called_a_bug_of_ours_and_its_true_cause_is_told(place):
    done = place.oaieval("dummy", "plug-hopeless", "--max_samples", "5")
    assert done.returncode == 3, done.stderr
    assert "Hopeless.run failed: ZeroDivisionError" in done.stderr
    assert "samples that had failed before: KeyError 5" in done.stderr
    assert "plugin_evals.py:" in done.stderr
    assert "Traceback" not in done.stderr
    done = place.oaieval("dummy", "plug-hopeless", "--extra_eval_params", "table=unknown")
    assert done.returncode == 2, done.stderr
    assert "eval 'plug-hopeless.dev.v0' cannot be made: KeyError: 'unknown'" in done.stderr
    assert "plugin_evals.py:" in done.stderr
