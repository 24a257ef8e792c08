"""Whole runs over a real HTTP server: killed, resumed, disturbed, limited, interrupted."""

from __future__ import annotations

import json
import signal
from collections import Counter
from pathlib import Path

import pytest
from commands import lines_of, report_of, signal_twice, wait_for_run

from evals.testing.openai_process import ServerProcess
from evals.testing.openai_server import Answer, Call, LoopbackServer, read_answers


def finished_ids(record: Path) -> set[str]:
    text = record.read_bytes()
    whole = text[: text.rfind(b"\n") + 1].decode()
    lines = [json.loads(line) for line in whole.splitlines()]
    return {line["sample_id"] for line in lines if line.get("sample_done") and not line.get("failed")}


def test_a_run_reports_records_and_exits_zero(workplace, sums, answers):
    rows = sums(60)
    workplace.add_eval("sums", rows)
    with ServerProcess("--answers", answers(rows)) as server:
        done = workplace.oaieval("any-model", "sums", base_url=server.base_url)
    assert done.returncode == 0, done.stderr
    report = report_of(workplace.record())
    assert report["accuracy"] == pytest.approx(40 / 60)
    assert report["n"] == 60
    assert report["n_errors"] == 0
    assert "accuracy" in done.stdout
    assert "0.667" in done.stdout
    assert str(workplace.record().name) in done.stdout
    types = Counter(line.get("type") for line in lines_of(workplace.record()))
    assert types["match"] == types["sampling"] == 60
    assert "final_report" in lines_of(workplace.record())[-1]


def test_json_is_one_object_on_standard_output(workplace, sums, answers):
    rows = sums(9)
    workplace.add_eval("sums", rows)
    with ServerProcess("--answers", answers(rows)) as server:
        done = workplace.oaieval("any-model", "sums", "--json", base_url=server.base_url)
    assert json.loads(done.stdout)["final_report"]["accuracy"] == pytest.approx(6 / 9)


def test_a_killed_run_resumes_without_asking_twice_and_reports_the_same(workplace, sums, answers):
    rows = sums(400)
    workplace.add_eval("sums", rows)
    path = answers(rows)
    with ServerProcess("--answers", path) as server:
        workplace.oaieval("m", "sums", "--record_path", "whole.jsonl", base_url=server.base_url)
    with LoopbackServer(read_answers(path), stall_after=150) as server:
        process = workplace.start("m", "sums", "--concurrency", "10", base_url=server.base_url)
        wait_for_run(process, lambda: server.answered.total() >= 150)
        process.kill()
        process.communicate()
        server.stall_no_more()
        record = workplace.record()
        before = finished_ids(record)
        asked_before = Counter(server.asked)
        done = workplace.oaieval("m", "sums", "--resume", "--concurrency", "10", base_url=server.base_url)
        asked = Counter(server.asked)
    assert done.returncode == 0, done.stderr
    assert 150 - 10 <= len(before) <= 150, "a kill loses what is in flight"
    for name in before:
        prompt = rows[int(name.rsplit(".", 1)[1])]["input"][0]["content"]
        assert asked[prompt] == asked_before[prompt], "a finished sample was asked again"
    assert finished_ids(record) == {f"sums.dev.{i}" for i in range(400)}
    assert report_of(record) == report_of(workplace.folder / "whole.jsonl")
    assert len(list((workplace.folder / "evallogs").glob("*.jsonl"))) == 1


def test_a_finished_run_is_not_run_again_by_resume(workplace, sums, answers):
    rows = sums(12)
    workplace.add_eval("sums", rows)
    with ServerProcess("--answers", answers(rows)) as server:
        workplace.oaieval("m", "sums", "--resume", base_url=server.base_url)
        done = workplace.oaieval("m", "sums", "--resume", base_url=server.base_url)
        assert server.stats()["n_requests"] == 12
    assert done.returncode == 0
    assert "0.667" in done.stdout


def test_another_run_s_record_is_refused_and_says_what_differs(workplace, sums, answers):
    rows = sums(12)
    workplace.add_eval("sums", rows)
    with ServerProcess("--answers", answers(rows)) as server:
        workplace.oaieval("m", "sums", "--record_path", "r.jsonl", base_url=server.base_url)
        done = workplace.oaieval("m", "sums", "--seed", "7", "--resume-from", "r.jsonl", base_url=server.base_url)
        assert server.stats()["n_requests"] == 12
    assert done.returncode == 2
    assert "other seed: there 20220722, here 7" in done.stderr


@pytest.mark.slow
def test_a_server_that_fails_often_changes_no_score(workplace, sums, answers):
    """30 % of attempts fail: 429 with Retry-After, 500, resets, stalls, truncated and invalid bodies."""
    rows = sums(150)
    workplace.add_eval("sums", rows)
    with ServerProcess("--answers", answers(rows), "--error-rate", "0.3", "--seed", "3") as server:
        done = workplace.oaieval("m", "sums", "--timeout", "4", base_url=server.base_url)
        faults = server.stats()["faults"]
    report = report_of(workplace.record())
    assert done.returncode == 0, done.stderr
    assert sum(faults.values()) > 30
    assert len(faults) >= 5
    assert (report["n"], report["n_errors"]) == (150, 0)
    assert report["accuracy"] == pytest.approx(100 / 150)


def test_samples_that_fail_for_good_are_errors_never_wrong_and_resume_mends_them(workplace, sums):
    rows = sums(30)
    workplace.add_eval("sums", rows)
    right = {row["input"][0]["content"]: str(2 * i) for i, row in enumerate(rows)}
    broken = {rows[i]["input"][0]["content"] for i in (1, 2, 4)}

    def answer(call: Call) -> Answer:
        if call.prompt in broken:
            return Answer("", status=400, error_message="maximum context length", error_code="context_length_exceeded")
        return Answer(right[call.prompt])

    with LoopbackServer(answer) as server:
        argv = ("m", "sums", "--concurrency", "1")
        done = workplace.oaieval(*argv, base_url=server.base_url)
        report = report_of(workplace.record())
        assert done.returncode == 3, done.stderr
        assert (report["n"], report["n_errors"]) == (27, 3)
        assert report["accuracy"] == pytest.approx(17 / 27)
        assert "context length 3" in done.stdout
        tolerant = workplace.oaieval(*argv, "--max-errors", "3", base_url=server.base_url)
        assert tolerant.returncode == 0
        broken.clear()
        n_before = server.n_requests
        done = workplace.oaieval(*argv, "--resume", base_url=server.base_url)
        assert done.returncode == 0
        assert server.n_requests == n_before + 3
    (report,) = [line["final_report"] for line in lines_of(workplace.record()) if "final_report" in line]
    assert (report["n"], report["n_errors"]) == (30, 0)
    assert report["accuracy"] == pytest.approx(20 / 30)


def test_ctrl_c_finishes_what_is_in_flight_and_can_be_resumed(workplace, sums, answers):
    rows = sums(300)
    workplace.add_eval("sums", rows)
    with ServerProcess("--answers", answers(rows), "--latency", "0.4") as server:
        process = workplace.start("m", "sums", "--concurrency", "8", base_url=server.base_url)
        wait_for_run(process, lambda: server.stats()["n_answered"] >= 40)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=300)
        n_answered = server.stats()["n_answered"]
        assert process.returncode == 130, err
        assert "stopping after the" in err
        assert "accuracy so far" in err
        assert "--resume" in err
        assert len(finished_ids(workplace.record())) == n_answered, "what was in flight was finished and recorded"
        done = workplace.oaieval("m", "sums", "--resume", base_url=server.base_url)
        assert done.returncode == 0, done.stderr
        assert server.stats()["n_answered"] == 300


def test_sigterm_exits_143_and_a_second_signal_stops_at_once(workplace, sums, answers):
    rows = sums(50)
    workplace.add_eval("sums", rows)
    with ServerProcess("--answers", answers(rows), "--latency", "600") as server:
        process = workplace.start("m", "sums", base_url=server.base_url)
        wait_for_run(process, lambda: server.stats()["max_in_flight"] >= 30)
        signal_twice(process, signal.SIGTERM)
        process.communicate(timeout=300)
    assert process.returncode == 143


def test_budgets_stop_cleanly_with_exit_four(workplace, sums, answers):
    rows = sums(200)
    workplace.add_eval("sums", rows)
    with ServerProcess("--answers", answers(rows), "--latency", "0.02") as server:
        argv = ("m", "sums", "--concurrency", "4")
        done = workplace.oaieval(*argv, "--max_tokens_total", "300", base_url=server.base_url)
        assert done.returncode == 4, done.stderr
        assert 0 < server.stats()["n_requests"] < 200
        done = workplace.oaieval(*argv, "--resume", base_url=server.base_url)
        assert done.returncode == 0
        assert server.stats()["n_requests"] == 200
        done = workplace.oaieval(*argv, "--max_time", "0.3", base_url=server.base_url)
        assert done.returncode == 4


@pytest.mark.slow
def test_without_a_flag_concurrency_grows_past_a_hundred(workplace, sums, answers):
    rows = sums(500)
    workplace.add_eval("sums", rows)
    with ServerProcess("--answers", answers(rows), "--latency", "1.5") as server:
        done = workplace.oaieval("m", "sums", base_url=server.base_url)
        assert done.returncode == 0
        assert server.stats()["max_in_flight"] >= 100


def test_a_server_that_takes_few_at_a_time_is_not_flooded(workplace, sums, answers):
    rows = sums(120)
    workplace.add_eval("sums", rows)
    with ServerProcess("--answers", answers(rows), "--latency", "0.02", "--max-concurrency", "6") as server:
        done = workplace.oaieval("m", "sums", base_url=server.base_url)
    report = report_of(workplace.record())
    assert done.returncode == 0, done.stderr
    assert report["n"] == 120


def test_repeats_are_counted_by_sample(workplace, sums, answers):
    rows = sums(12)
    workplace.add_eval("sums", rows)
    with ServerProcess("--answers", answers(rows)) as server:
        done = workplace.oaieval("m", "sums", "--repeats", "3", base_url=server.base_url)
        assert server.stats()["n_requests"] == 36
    report = report_of(workplace.record())
    assert done.returncode == 0
    assert report["n"] == 12
    assert report["accuracy"] == pytest.approx(8 / 12)


def test_the_cache_saves_the_second_run_its_calls(workplace, sums, answers):
    rows = sums(20)
    workplace.add_eval("sums", rows)
    cache = {"EVALS_CACHE_DIR": str(workplace.folder / "cache")}
    with ServerProcess("--answers", answers(rows)) as server:
        workplace.oaieval("m", "sums", "--cache", base_url=server.base_url, **cache)
        done = workplace.oaieval("m", "sums", "--cache", base_url=server.base_url, **cache)
        assert server.stats()["n_requests"] == 20
    assert "20 cached" in done.stdout


def test_fail_under_exits_one(workplace, sums, answers):
    rows = sums(12)
    workplace.add_eval("sums", rows)
    with ServerProcess("--answers", answers(rows)) as server:
        low = workplace.oaieval("m", "sums", "--fail-under", "accuracy>=0.9", base_url=server.base_url)
        high = workplace.oaieval("m", "sums", "--fail-under", "accuracy>=0.5", base_url=server.base_url)
    assert low.returncode == 1
    assert "accuracy is 0.667, not >= 0.9" in low.stderr
    assert high.returncode == 0


def test_fail_under_is_not_reached_by_the_one_sample_whose_call_did_not_fail(workplace):
    """One of eight prompts is answered; all others fail and are tolerated."""
    workplace.add_eval("toy", [{"input": f"q{i}", "ideal": "yes"} for i in range(8)])
    (workplace.folder / "said.jsonl").write_text('{"input": "q0", "completion": "yes"}\n')
    done = workplace.oaieval(
        "scripted", "toy", "--completion_args", "path=said.jsonl", "--max-errors", "7", "--fail-under", "accuracy>=0.5"
    )
    assert done.returncode == 5, done.stderr
    assert "accuracy is 1.000, which is >= 0.5, but without 7 failed samples" in done.stderr


def test_max_samples_is_the_subset_of_openai_evals(workplace, sums, answers):
    """Random(123) shuffles the indices; the first N of them are run (spec of the format)."""
    import random

    rows = sums(50)
    workplace.add_eval("sums", rows)
    indices = list(range(50))
    random.Random(123).shuffle(indices)
    with ServerProcess("--answers", answers(rows)) as server:
        workplace.oaieval("m", "sums", "--max", "7", base_url=server.base_url)
    assert finished_ids(workplace.record()) == {f"sums.dev.{i}" for i in indices[:7]}
