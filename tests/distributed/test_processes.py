"""`oaieval --processes N`: the same record as one process, within the same limits, whatever is killed."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest
from commands import Workplace, lines_of, report_of, wait_for_run
from shared_work import SumServer, in_any_order, sum_rows, write_plugin

N = 60
REFUSED = frozenset({7, 23})


def record_of(workplace: Workplace, name: str) -> Path:
    return workplace.folder / f"{name}.jsonl"


def run(workplace: Workplace, name: str, *options: str, base_url: str) -> subprocess.CompletedProcess[str]:
    return workplace.oaieval("gpt-test", "sums", "--record_path", f"{name}.jsonl", *options, base_url=base_url)


@pytest.mark.parametrize(
    ("cls", "options"),
    [
        pytest.param("evals.suite:Match", [], marks=pytest.mark.slow),
        ("evals.suite:Match", ["--repeats", "3", "--max_samples", "40"]),
        pytest.param("shared_plugin:Plain", [], marks=pytest.mark.slow),
    ],
    ids=["match", "repeats", "plug-in"],
)
def test_the_record_is_that_of_one_process(workplace, cls, options):
    write_plugin(workplace)
    workplace.add_eval("sums", sum_rows(N, groups=3), cls)
    with SumServer(REFUSED) as server:
        options = [*options, "--max-errors", "9"]
        alone = run(workplace, "alone", *options, base_url=server.base_url)
        asked = server.n_requests
        both = run(workplace, "both", "--processes", "2", *options, base_url=server.base_url)
    assert (alone.returncode, both.returncode) == (0, 0), both.stderr
    assert server.n_requests == 2 * asked
    assert in_any_order(record_of(workplace, "alone")) == in_any_order(record_of(workplace, "both"))
    ids = [line["event_id"] for line in lines_of(record_of(workplace, "both")) if "event_id" in line]
    assert ids == list(range(len(ids)))
    assert not (workplace.folder / "both.jsonl.parts").exists()


@pytest.mark.slow
def test_calls_in_flight_are_those_of_the_run(workplace):
    workplace.add_eval("sums", sum_rows(N))
    with SumServer(latency_s=0.02) as server:
        done = run(workplace, "a", "--processes", "3", "--concurrency", "5", base_url=server.base_url)
        assert done.returncode == 0, done.stderr
        assert 3 <= server.max_in_flight <= 5


@pytest.mark.slow
def test_a_budget_is_that_of_the_run(workplace):
    workplace.add_eval("sums", sum_rows(200))
    with SumServer(latency_s=0.01) as server:
        options = ["--processes", "2", "--concurrency", "4", "--max_tokens_total", "400"]
        cut = run(workplace, "a", *options, base_url=server.base_url)
        n_cut = server.n_requests
        usage = [
            line["data"]["usage"] for line in lines_of(record_of(workplace, "a")) if line.get("type") == "sampling"
        ]
        per_call = max(each["total_tokens"] for each in usage)
        assert cut.returncode == 4, cut.stderr
        assert 400 <= sum(each["total_tokens"] for each in usage) <= 400 + 5 * per_call
        on = run(workplace, "a", "--processes", "2", "--resume", base_url=server.base_url)
    assert on.returncode == 0, on.stderr
    assert server.n_requests == 200
    assert n_cut < 200
    assert report_of(record_of(workplace, "a"))["n"] == 200


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_stops_all_processes_and_the_run_goes_on(workplace, number, code):
    workplace.add_eval("sums", sum_rows(N))
    with SumServer(latency_s=0.05) as server:
        options = ["--record_path", "a.jsonl", "--processes", "2", "--concurrency", "4"]
        process = workplace.start("gpt-test", "sums", *options, base_url=server.base_url)
        wait_for_run(process, lambda: server.n_requests >= 10)
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
        assert process.returncode == code, err
        before = server.n_requests
        assert before < N
        done = run(workplace, "a", "--processes", "2", "--resume", base_url=server.base_url)
        assert done.returncode == 0, done.stderr
        assert server.n_requests == N  # what was in flight had finished
    assert report_of(record_of(workplace, "a"))["n"] == N


def test_after_a_kill_of_the_whole_run_what_was_finished_is_kept(workplace):
    workplace.add_eval("sums", sum_rows(N))
    with SumServer(latency_s=0.05) as server:
        options = ["--record_path", "a.jsonl", "--processes", "2", "--concurrency", "4"]
        process = workplace.start("gpt-test", "sums", *options, base_url=server.base_url)
        wait_for_run(process, lambda: server.n_requests >= 20)
        process.kill()
        process.communicate()
        done = run(workplace, "a", "--resume", base_url=server.base_url)
        assert done.returncode == 0, done.stderr
        assert "are done already" in done.stderr
        # The other processes finish what is in flight when their parent is gone.
        assert server.n_requests <= N + 4
        alone = run(workplace, "alone", base_url=server.base_url)
        assert alone.returncode == 0
    assert report_of(record_of(workplace, "a")) == report_of(record_of(workplace, "alone"))
    assert not (workplace.folder / "a.jsonl.parts").exists()


def killed_run(workplace: Workplace, server: SumServer) -> None:
    """A run in four processes at a.jsonl that is killed, with its parts left beside its record."""
    n_before = server.n_requests
    options = ["--record_path", "a.jsonl", "--processes", "4", "--concurrency", "4"]
    process = workplace.start("gpt-test", "sums", *options, base_url=server.base_url)
    wait_for_run(process, lambda: server.n_requests >= n_before + 20)
    process.kill()
    process.communicate()


@pytest.mark.slow
def test_a_new_run_at_the_place_of_a_killed_one_takes_in_none_of_its_samples_and_keeps_them(workplace):
    workplace.add_eval("sums", sum_rows(N))
    with SumServer(latency_s=0.05) as server:
        killed_run(workplace, server)
        done = run(workplace, "a", "--processes", "2", "--max_samples", "9", base_url=server.base_url)
        assert done.returncode == 0, done.stderr
        assert report_of(record_of(workplace, "a"))["n"] == 9
        assert sum(bool(line.get("sample_done")) for line in lines_of(record_of(workplace, "a"))) == 9
        n_before = server.n_requests
        kept = workplace.oaieval("gpt-test", "sums", "--resume-from", "a.jsonl.bak", base_url=server.base_url)
        assert kept.returncode == 0, kept.stderr
        assert server.n_requests - n_before <= N - 20 + 4
    assert report_of(workplace.folder / "a.jsonl.bak")["n"] == N


@pytest.mark.slow
def test_parts_of_another_run_are_not_taken_into_a_record_that_is_resumed(workplace):
    workplace.add_eval("sums", sum_rows(N))
    with SumServer(latency_s=0.05) as server:
        killed_run(workplace, server)
        record = record_of(workplace, "a")
        record.unlink()
        options = ["--max_samples", "9"]
        parts = Path(f"{record}.parts").rename(workplace.folder / "put away")
        assert run(workplace, "a", *options, base_url=server.base_url).returncode == 0
        parts.rename(f"{record}.parts")
        record.write_text("".join(f"{line}\n" for line in record.read_text().splitlines()[:-3]))  # one sample less
        n_before = server.n_requests
        done = run(workplace, "a", "--resume", *options, base_url=server.base_url)
        assert (done.returncode, server.n_requests - n_before) == (0, 1), done.stderr
    assert sum(bool(line.get("sample_done")) for line in lines_of(record)) == 9


def test_a_place_for_parts_that_cannot_be_made_is_an_error_before_any_call(workplace):
    workplace.add_eval("sums", sum_rows(N))
    (workplace.folder / "a.jsonl.parts").write_text("something else")
    with SumServer() as server:
        done = run(workplace, "a", "--processes", "2", base_url=server.base_url)
        assert (done.returncode, server.n_requests) == (2, 0)
    assert "a.jsonl.parts" in done.stderr
    assert (workplace.folder / "a.jsonl.parts").read_text() == "something else"


def test_a_process_that_dies_ends_the_run_and_loses_nothing_that_was_finished(workplace):
    workplace.add_eval("sums", sum_rows(N))
    with SumServer(latency_s=0.05) as server:
        options = ["--record_path", "a.jsonl", "--processes", "2", "--concurrency", "4"]
        process = workplace.start("gpt-test", "sums", *options, base_url=server.base_url)
        wait_for_run(process, lambda: server.n_requests >= 20)
        workers = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        os.kill(int(workers[0]), signal.SIGKILL)
        _, err = process.communicate(timeout=60)
        assert process.returncode == 3, err
        assert "process 1 of 2 died (signal 9)" in err
        done = run(workplace, "a", "--processes", "2", "--resume", base_url=server.base_url)
        assert done.returncode == 0, done.stderr
        assert server.n_requests <= N + 2
    assert report_of(record_of(workplace, "a"))["n"] == N


def test_a_wrong_key_ends_all_processes_at_once(workplace):
    workplace.add_eval("sums", sum_rows(N))
    with SumServer(api_key="right") as server:
        done = workplace.oaieval(
            "gpt-test", "sums", "--processes", "2", base_url=server.base_url, OPENAI_API_KEY="wrong"
        )
    assert done.returncode == 3
    assert "key" in done.stderr


def test_an_eval_with_a_loop_of_its_own_is_refused(workplace):
    write_plugin(workplace)
    workplace.add_eval("sums", sum_rows(N), "shared_plugin:OwnLoop")
    with SumServer() as server:
        done = run(workplace, "a", "--processes", "2", base_url=server.base_url)
    assert done.returncode == 2
    assert "leave --processes out" in done.stderr


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["--dry-run"], "--dry-run"),
        (["--http-run", "--http-run-url", "http://127.0.0.1:9"], "--http-run"),
        (["--concurrency", "1"], "calls in flight"),
        (["--record_path", "/dev/null"], "a pipe or device"),
        (["--sequential", "--against", "x"], "--sequential"),
    ],
)
def test_what_processes_cannot_share_is_refused_before_any_call(workplace, options, word):
    workplace.add_eval("sums", sum_rows(4))
    with SumServer() as server:
        done = run(workplace, "a", "--processes", "2", *options, base_url=server.base_url)
        assert server.n_requests == 0
    assert done.returncode == 2
    assert word in done.stderr


def test_a_row_that_cannot_be_used_is_said_once_and_leaves_nothing(workplace):
    rows = sum_rows(N)
    rows[40] = rows[51] = {"input": "no answer is given"}
    workplace.add_eval("sums", rows)
    with SumServer() as server:
        alone = run(workplace, "b", base_url=server.base_url)
        done = run(workplace, "a", "--processes", "2", base_url=server.base_url)
        assert server.n_requests == 0
    assert done.returncode == 2
    assert "(1 more row has the same problem: 52)" in done.stderr
    assert done.stderr == alone.stderr
    assert not list(workplace.folder.glob("a.jsonl*"))


def test_warnings_about_rows_are_those_of_one_process(workplace):
    rows = [{**row, "id": str(i % (N - 1))} for i, row in enumerate(sum_rows(N))]  # the first and the last have one id
    workplace.add_eval("sums", rows)
    with SumServer() as server:
        alone = run(workplace, "alone", base_url=server.base_url)
        both = run(workplace, "both", "--processes", "2", base_url=server.base_url)
    assert (alone.returncode, both.returncode) == (0, 0), both.stderr
    for done in (alone, both):
        assert "the id '0' names two rows" in done.stderr, done.stderr
    assert in_any_order(record_of(workplace, "alone")) == in_any_order(record_of(workplace, "both"))


def test_data_that_must_be_expanded_first_make_the_same_record(workplace):
    workplace.add_eval("sums", [])
    table = workplace.folder / "sums.csv"
    table.write_text("input,ideal\n" + "".join(f"What is {i} + 1?,{i + 1}\n" for i in range(20)))
    with SumServer() as server:
        options = ["--extra_eval_params", f"samples_jsonl={table}"]
        alone = run(workplace, "alone", *options, base_url=server.base_url)
        both = run(workplace, "both", "--processes", "2", *options, base_url=server.base_url)
    assert (alone.returncode, both.returncode) == (0, 0), both.stderr
    assert in_any_order(record_of(workplace, "alone")) == in_any_order(record_of(workplace, "both"))
