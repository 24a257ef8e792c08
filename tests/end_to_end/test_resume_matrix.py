"""A run that was killed and resumed equals one that was not, whatever it was asked for; nothing is asked twice."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from commands import Workplace, lines_of, report_of, wait_for_run
from shared_work import SumServer, write_plugin

from evals.testing.openai_server import LoopbackServer

N_ROWS = 60
REFUSED = {7, 23, 41}


def outcomes(record: Path) -> dict[tuple[str, int], list[Any]]:
    """What was recorded of each evaluation: matches, and whether it failed; the last attempt counts."""
    found: dict[tuple[str, int], list[Any]] = {}
    batch: list[Any] = []
    for line in lines_of(record):
        if line.get("type") in ("match", "error"):
            batch.append((line["type"], str(line["data"])))
        if line.get("sample_done"):
            found[line["sample_id"], line.get("repeat") or 0] = batch
            batch = []
    return found


def sums_eval(workplace: Workplace, sums: Callable[[int], list[dict[str, Any]]], cls: str) -> None:
    write_plugin(workplace)
    workplace.add_eval("sums", sums(N_ROWS), cls)


COMBINATIONS = list(
    itertools.product(
        ["evals.suite:Match", "shared_plugin:Plain"], [1, 3], [None, 40], [set[int](), REFUSED], ["1", "7"]
    )
)
QUICK = [COMBINATIONS[i] for i in (14, 31)]


def run_killed_and_resumed(
    workplace: Workplace, argv: list[str], refused: set[int], n_before: int
) -> tuple[Path, LoopbackServer]:
    with SumServer(refused, stall_after=n_before) as server:
        process = workplace.start(*argv, "--record_path", "killed.jsonl", base_url=server.base_url)
        wait_for_run(process, lambda: server.answered.total() >= n_before)
        process.kill()
        process.communicate()
        server.stall_no_more()
        workplace.oaieval(*argv, "--record_path", "killed.jsonl", "--resume", base_url=server.base_url)
    return workplace.folder / "killed.jsonl", server


def check(workplace: Workplace, repeats: int, max_samples: int | None, refused: set[int], concurrency: str) -> None:
    argv = ["m", "sums", "--repeats", str(repeats), "--concurrency", concurrency, "--max-errors", "0.9"]
    argv += ["--max_samples", str(max_samples)] if max_samples else []
    with SumServer(refused) as server:
        done = workplace.oaieval(*argv, "--record_path", "whole.jsonl", base_url=server.base_url)
        assert done.returncode == 0, done.stderr
    whole = workplace.folder / "whole.jsonl"
    n_calls = (max_samples or N_ROWS) * repeats
    killed, server = run_killed_and_resumed(workplace, argv, refused, n_calls // 2)
    assert report_of(killed) == report_of(whole)
    assert outcomes(killed) == outcomes(whole)
    assert len(outcomes(killed)) == n_calls
    asked_again = sum(server.asked.values()) - n_calls
    in_flight = int(concurrency)
    assert 0 <= asked_again <= in_flight + len(refused) * repeats, "only what was in flight, or failed, is asked again"


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="kill -9")
@pytest.mark.parametrize(("cls", "repeats", "max_samples", "refused", "concurrency"), QUICK)
def test_killed_and_resumed_is_as_if_it_had_not_been(workplace, sums, cls, repeats, max_samples, refused, concurrency):
    sums_eval(workplace, sums, cls)
    check(workplace, repeats, max_samples, refused, concurrency)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="kill -9")
@pytest.mark.parametrize(("cls", "repeats", "max_samples", "refused", "concurrency"), COMBINATIONS)
def test_killed_and_resumed_is_as_if_it_had_not_been_in_every_combination(
    workplace, sums, cls, repeats, max_samples, refused, concurrency
):
    sums_eval(workplace, sums, cls)
    check(workplace, repeats, max_samples, refused, concurrency)


def test_the_one_bad_row_of_a_run_does_not_end_its_resumption(workplace, sums):
    """Asked alone it was the first call of its process, and a refusal of the first call ended the run."""
    sums_eval(workplace, sums, "evals.suite:Match")
    with SumServer({7}) as server:
        first = workplace.oaieval("m", "sums", base_url=server.base_url)
        assert first.returncode == 3
        again = workplace.oaieval("m", "sums", "--resume", base_url=server.base_url)
        assert server.n_requests == N_ROWS + 1
    assert again.returncode == 3
    report = [line["final_report"] for line in lines_of(workplace.record()) if "final_report" in line]
    assert [(r["n"], r["n_errors"]) for r in report] == [(N_ROWS - 1, 1)]


@pytest.mark.slow
@pytest.mark.parametrize("concurrency", ["7", "1", "300"])
def test_results_do_not_depend_on_concurrency_or_faults(workplace, sums, concurrency):
    sums_eval(workplace, sums, "shared_plugin:Plain")
    with SumServer(set()) as server:
        workplace.oaieval("m", "sums", "--record_path", "calm.jsonl", base_url=server.base_url)
    faults = ("429", "500", "503", "reset", "truncated", "invalid_json", "empty_choices")
    with SumServer(set(), error_rate=0.3, faults=faults) as server:
        argv = ("m", "sums", "--record_path", "rough.jsonl", "--concurrency", concurrency)
        done = workplace.oaieval(*argv, base_url=server.base_url)
        assert sum(server.faults_sent.values()) > 10
    assert done.returncode == 0, done.stderr
    calm, rough = workplace.folder / "calm.jsonl", workplace.folder / "rough.jsonl"
    assert outcomes(rough) == outcomes(calm)
    assert report_of(rough) == report_of(calm)


def test_a_budget_that_is_reached_by_the_last_sample_cuts_nothing_off(workplace, sums):
    sums_eval(workplace, sums, "evals.suite:Match")
    with SumServer(set()) as server:
        workplace.oaieval("m", "sums", "--record_path", "a.jsonl", base_url=server.base_url)
        report = report_of(workplace.folder / "a.jsonl")
        budget = str(report["usage_total_tokens"])
        done = workplace.oaieval("m", "sums", "--max_tokens_total", budget, base_url=server.base_url)
    assert done.returncode == 0, done.stderr
    assert report_of(workplace.record()) == report
