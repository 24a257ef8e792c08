"""`evals shard` and `evals merge`: shares run anywhere, and one record of them that equals that of one machine."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest
from commands import Workplace, report_of
from shared_work import SumServer, evals_command, in_any_order, lasting, sum_rows, write_plugin

REFUSED = frozenset({7, 23})


def shard(workplace: Workplace, index: int, *options: str, of: int = 3, base_url: str = "", eval_name: str = "sums"):
    return evals_command(
        workplace, "shard", "gpt-test", eval_name, "--of", str(of), "--index", str(index), "--out", "shares",
        "--registry_path", str(workplace.registry), *options, base_url=base_url,
    )  # fmt: skip


def merge(workplace: Workplace, *options: str):
    return evals_command(workplace, "merge", "shares", "--registry_path", str(workplace.registry), *options)


@pytest.mark.parametrize(
    ("cls", "options"),
    [
        pytest.param("evals.suite:Match", [], marks=pytest.mark.slow),
        ("evals.suite:Match", ["--repeats", "2"]),
        pytest.param("shared_plugin:Plain", [], marks=pytest.mark.slow),
    ],
    ids=["match", "repeats", "plug-in"],
)
def test_merged_shares_are_the_record_of_one_machine(workplace, cls, options):
    write_plugin(workplace)
    workplace.add_eval("sums", sum_rows(50, groups=4), cls)
    options = [*options, "--max-errors", "9"]
    with SumServer(REFUSED) as server:
        # One call at a time: samples then end in their order, and the bytes can be compared.
        whole = workplace.oaieval(
            "gpt-test", "sums", "--record_path", "whole.jsonl", "--concurrency", "1", *options, base_url=server.base_url
        )
        for index in range(3):
            done = shard(workplace, index, "--concurrency", "1", *options, base_url=server.base_url)
            assert done.returncode == 0, done.stderr
        n_before = server.n_requests
        merged = merge(workplace, "--max-errors", "9")
        assert server.n_requests == n_before
    assert whole.returncode == 0
    assert merged.returncode == 0, merged.stderr
    assert lasting(workplace.folder / "shares" / "merged.jsonl") == lasting(workplace.folder / "whole.jsonl")


@pytest.mark.slow
def test_shares_in_processes_make_the_same_record(workplace):
    workplace.add_eval("sums", sum_rows(50))
    with SumServer() as server:
        workplace.oaieval("gpt-test", "sums", "--record_path", "whole.jsonl", base_url=server.base_url)
        for index in range(2):
            done = shard(workplace, index, "--processes", "2", of=2, base_url=server.base_url)
            assert done.returncode == 0, done.stderr
        assert server.n_requests == 100
    assert merge(workplace, "--record_path", "m.jsonl").returncode == 0
    assert in_any_order(workplace.folder / "m.jsonl") == in_any_order(workplace.folder / "whole.jsonl")


@pytest.mark.slow
def test_the_tokens_of_all_shares_are_shown(workplace):
    workplace.add_eval("sums", sum_rows(20))
    with SumServer() as server:
        whole = workplace.oaieval("gpt-test", "sums", "--record_path", "whole.jsonl", base_url=server.base_url)
        for index in range(2):
            assert shard(workplace, index, of=2, base_url=server.base_url).returncode == 0
    (shown,) = re.findall(r"20 calls, [\d,]+ tokens", whole.stdout)
    assert shown in merge(workplace).stdout


@pytest.mark.slow
def test_shares_with_compressed_segments_make_the_same_record(workplace):
    long = {"role": "system", "content": "x" * 60_000}
    rows = [{**row, "input": [long, *row["input"]]} for row in sum_rows(50)]
    workplace.add_eval("sums", rows)
    with SumServer() as server:
        options = ["--concurrency", "1"]
        workplace.oaieval("gpt-test", "sums", "--record_path", "whole.jsonl", *options, base_url=server.base_url)
        for index in range(2):
            done = shard(workplace, index, *options, "--rotate", "1MB", of=2, base_url=server.base_url)
            assert done.returncode == 0, done.stderr
    assert len(list((workplace.folder / "shares").glob("*.segments/*.zst"))) >= 2
    done = merge(workplace, "--record_path", "m.jsonl")
    assert done.returncode == 0, done.stderr
    assert lasting(workplace.folder / "m.jsonl") == lasting(workplace.folder / "whole.jsonl")


def test_packed_shares_count_and_a_share_beside_its_packed_copy_is_one(workplace):
    workplace.add_eval("sums", sum_rows(50))
    with SumServer() as server:
        for index in range(3):
            assert shard(workplace, index, "--concurrency", "1", base_url=server.base_url).returncode == 0
        workplace.oaieval(
            "gpt-test", "sums", "--record_path", "whole.jsonl", "--concurrency", "1", base_url=server.base_url
        )
    with_copy, packed, torn = sorted((workplace.folder / "shares").glob("shard-*.jsonl"))
    for path in (with_copy, packed, torn):
        path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
    packed.unlink()
    torn.write_bytes(torn.read_bytes()[:-900])
    merged = merge(workplace)
    assert merged.returncode == 0, merged.stderr
    assert lasting(workplace.folder / "shares" / "merged.jsonl") == lasting(workplace.folder / "whole.jsonl")


def test_missing_and_unfinished_shares_are_named_and_nothing_is_written(workplace):
    workplace.add_eval("sums", sum_rows(30))
    with SumServer() as server:
        shard(workplace, 0, of=4, base_url=server.base_url)
        shard(workplace, 2, of=4, base_url=server.base_url)
    path = workplace.folder / "shares" / "shard-2-of-4.jsonl"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))
    done = merge(workplace)
    assert done.returncode == 2
    assert "1 of 4 shards are finished" in done.stderr
    assert "missing: shard 1, 3" in done.stderr
    assert "not finished: shard 2 (shard-2-of-4.jsonl)" in done.stderr
    assert not (workplace.folder / "shares" / "merged.jsonl").exists()


@pytest.mark.slow
def test_the_same_command_again_goes_on(workplace):
    workplace.add_eval("sums", sum_rows(30))
    with SumServer() as server:
        shard(workplace, 0, of=2, base_url=server.base_url)
        asked = server.n_requests
        path = workplace.folder / "shares" / "shard-0-of-2.jsonl"
        path.write_text("".join(path.read_text().splitlines(keepends=True)[:-7]))
        again = shard(workplace, 0, of=2, base_url=server.base_url)
        assert again.returncode == 0, again.stderr
        assert server.n_requests - asked == 3
        finished = shard(workplace, 0, of=2, base_url=server.base_url)
        assert finished.returncode == 0
        assert server.n_requests - asked == 3


@pytest.mark.slow
def test_failed_samples_count_in_the_merged_report(workplace):
    workplace.add_eval("sums", sum_rows(30))
    with SumServer(REFUSED) as server:
        for index in range(2):
            shard(workplace, index, of=2, base_url=server.base_url)
    done = merge(workplace)
    assert done.returncode == 3
    assert report_of(workplace.folder / "shares" / "merged.jsonl")["n_errors"] == 2


@pytest.mark.slow
def test_shares_of_two_runs_are_not_mixed(workplace):
    workplace.add_eval("sums", sum_rows(30))
    with SumServer() as server:
        shard(workplace, 0, of=2, base_url=server.base_url)
        shard(workplace, 1, "--seed", "5", of=2, base_url=server.base_url)
    done = merge(workplace)
    assert done.returncode == 2
    assert "shards of two runs" in done.stderr
    assert "other seed" in done.stderr


@pytest.mark.slow
def test_another_eval_here_is_refused(workplace):
    workplace.add_eval("sums", sum_rows(30))
    with SumServer() as server:
        for index in range(2):
            shard(workplace, index, of=2, base_url=server.base_url)
    workplace.add_eval("sums", sum_rows(31))
    done = merge(workplace)
    assert done.returncode == 2
    assert "other data" in done.stderr


@pytest.mark.slow
def test_an_argument_of_the_shares_is_known_if_it_is_a_number_and_asked_for_if_it_is_a_text(workplace):
    workplace.add_eval("sums", [{**row, "input": row["input"][0]["content"]} for row in sum_rows(30)])
    with SumServer() as server:
        for index in range(2):
            done = shard(workplace, index, "--prompt", "{input}", of=2, base_url=server.base_url)
            assert done.returncode == 0, done.stderr
    without = merge(workplace)
    assert without.returncode == 2
    assert "--prompt" in without.stderr
    assert merge(workplace, "--prompt", "{input}").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--of", "2", "--index", "2"], "use 0 to 1"),
        (["--of", "0", "--index", "0"], "no share"),
        (["--of", "2", "--index", "0", "--record_path", "x"], "--out"),
        (["--of", "2", "--index", "0", "--dry-run"], "--dry-run"),
    ],
)
def test_shares_that_cannot_be_are_refused(workplace, arguments, word):
    workplace.add_eval("sums", sum_rows(4))
    done = evals_command(
        workplace,
        "shard",
        "gpt-test",
        "sums",
        "--out",
        "shares",
        "--registry_path",
        str(workplace.registry),
        *arguments,
    )
    assert done.returncode == 2
    assert word in done.stderr


def test_a_folder_without_shares_is_refused(workplace, tmp_path: Path):
    (workplace.folder / "shares").mkdir()
    (workplace.folder / "shares" / "other.jsonl").write_text(json.dumps({"a": 1}) + "\n")
    done = merge(workplace)
    assert done.returncode == 2
    assert "holds no shards" in done.stderr


@pytest.mark.slow
def test_a_merged_record_is_not_written_over_a_shard(workplace):
    workplace.add_eval("sums", sum_rows(20))
    with SumServer() as server:
        for index in range(2):
            assert shard(workplace, index, of=2, base_url=server.base_url).returncode == 0
    before = (workplace.folder / "shares" / "shard-1-of-2.jsonl").read_bytes()
    done = merge(workplace, "--record_path", "shares/../shares/shard-1-of-2.jsonl")
    assert done.returncode == 2
    assert "the record of shard 1" in done.stderr
    assert (workplace.folder / "shares" / "shard-1-of-2.jsonl").read_bytes() == before


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "eval_name", "options", "to_merge"),
    [
        ("graded-demo-model", "graded-demo", ["--max_samples", "12", "--grader", "lenient-grader"], ["--grader", "lenient-grader"]),
        ("pocket/32k", "pocket-text", ["--max_samples", "4"], []),
        ("pocket/32k", "pocket-arithmetic", ["--max_samples", "20", "--estimand", "these", "--shrink-groups"], []),
    ],
    ids=["graded", "loss", "as it was asked for"],
)  # fmt: skip
def test_evals_of_the_package_are_merged_as_one_machine_reports_them(workplace, model, eval_name, options, to_merge):
    whole = workplace.oaieval(model, eval_name, "--record_path", "whole.jsonl", *options)
    assert whole.returncode == 0, whole.stderr
    for index in range(2):
        shared = ["--of", "2", "--index", str(index), "--out", "shares"]
        assert evals_command(workplace, "shard", model, eval_name, *shared, *options).returncode == 0
    merged = evals_command(workplace, "merge", "shares", "--record_path", "m.jsonl", *to_merge)
    assert merged.returncode == 0, merged.stderr
    assert in_any_order(workplace.folder / "m.jsonl") == in_any_order(workplace.folder / "whole.jsonl")


@pytest.mark.slow
def test_a_share_is_not_run_into_one_of_another_run_and_shares_in_folders_are_pointed_to(workplace):
    for name in ("sums", "more"):
        workplace.add_eval(name, sum_rows(10))
    with SumServer() as server:
        assert shard(workplace, 0, of=2, base_url=server.base_url).returncode == 0
        other = shard(workplace, 0, of=2, base_url=server.base_url, eval_name="more")
    assert other.returncode == 2
    assert "another folder with --out" in other.stderr
    (workplace.folder / "all").mkdir()
    (workplace.folder / "shares").rename(workplace.folder / "all" / "first")
    done = evals_command(workplace, "merge", "all")
    assert done.returncode == 2
    assert "folders first" in done.stderr
