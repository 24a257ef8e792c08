"""`evals compare` on records that real runs wrote, and what it refuses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from evals.cli import oaieval
from evals.stats.paired_method import of_counts
from evals.testing.openai_process import ServerProcess


def evaluate(folder: Path, name: str, eval_name: str = "sums", *arguments: str) -> Path:
    """A run of the scripted completions `<name>.script`, written to `<name>.jsonl`."""
    record = folder / f"{name}.jsonl"
    script = f"path={folder / name}.script"
    common = ["--registry_path", str(folder), "--completion_args", script, "--record_path", str(record), "--json"]
    assert oaieval.main(["scripted", eval_name, *common, *arguments]) == 0
    return record


def run(folder: Path, module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("OPENAI_", "EVALS_"))}
    command = [sys.executable, "-m", f"evals.cli.{module}", *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False
    )


def compare(folder: Path, *arguments: str) -> str:
    done = run(folder, "main", "compare", *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def write_eval(folder: Path, name: str, rows: list[dict[str, Any]]) -> None:
    (folder / "evals").mkdir(exist_ok=True)
    (folder / "data").mkdir(exist_ok=True)
    (folder / "data" / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    body = json.dumps({"class": "evals.suite:Match", "args": {"samples_jsonl": f"{name}.jsonl"}})
    (folder / "evals" / f"{name}.yaml").write_text(f"{name}:\n  id: {name}.dev.v0\n{name}.dev.v0: {body}\n")


def say(folder: Path, name: str, right: set[int], eval_name: str = "sums", n: int = 24) -> Path:
    """A run whose completions are right for these rows."""
    rows = [{"sample_id": f"{eval_name}.dev.{i}", "completion": str(i + 1) if i in right else "no"} for i in range(n)]
    (folder / f"{name}.script").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return evaluate(folder, name, eval_name)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three runs of one eval: 18, 20 and 8 of 24 right."""
    place = tmp_path_factory.mktemp("compare")
    rows = [{"input": f"{i}+1=", "ideal": str(i + 1), "category": "even" if i % 2 == 0 else "odd"} for i in range(24)]
    write_eval(place, "sums", rows)
    say(place, "main", set(range(18)))
    say(place, "change", set(range(1, 21)))
    say(place, "bad", set(range(8)))
    return place


def test_two_runs_show_numbers_difference_and_flips_in_80_columns(folder):
    text = compare(folder, "main.jsonl", "change.jsonl")
    assert "sums.dev.v0: 24 samples in both; same data, same prompts, same scorer" in text
    assert "main          0.750" in text
    assert "difference   +0.083" in text
    assert "p = 0.537   (exact score)" in text
    assert "3 became right, 1 became wrong, 20 stayed" in text
    assert "became wrong: sums.dev.0" in text
    assert "became right: sums.dev.18, .19, .20" in text
    assert "No significant difference; 95 % interval of the difference:" in text
    assert max(map(len, text.splitlines())) <= 80


def test_flips_show_what_was_asked_and_both_completions(folder):
    text = compare(folder, "main.jsonl", "change.jsonl", "--flips", "-n", "1")
    assert "sums.dev.0  right -> wrong\n  prompt      0+1=\n  main        1\n  change      no\n  expected    1" in text
    assert "became right: 3 (1 of 3 shown; all: -n 0)" in text


@pytest.mark.slow
def test_groups_are_compared_with_correction(folder):
    text = compare(folder, "main.jsonl", "bad.jsonl", "--groups")
    assert "Holm over 2 groups by category" in text
    assert "even" in text
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.slow
def test_json_holds_the_same_numbers_and_nothing_else_is_printed(folder):
    body = json.loads(compare(folder, "main.jsonl", "change.jsonl", "--json", "--flips"))
    assert body["n"] == 24
    assert body["difference"]["difference"] == pytest.approx(2 / 24)
    assert body["difference"]["p_value"] == pytest.approx(of_counts(3, 1, 24).p_value)
    assert body["fell"] == ["sums.dev.0"]
    assert [group["name"] for group in body["groups"]] == ["even", "odd"]
    assert len(body["flips"]) == 4
    assert body["flips"][0]["completion_a"] == "1"


@pytest.mark.slow
def test_several_runs_are_ranked_with_intervals(folder):
    text = compare(folder, "main.jsonl", "change.jsonl", "bad.jsonl")
    assert "3 runs of sums.dev.v0: 24 samples in all of them" in text
    assert "1-2   change" in text
    assert "3     bad" in text
    assert "Holm over 3 pairs of runs" in text
    body = json.loads(compare(folder, "main.jsonl", "change.jsonl", "bad.jsonl", "--json"))
    assert [run["rank"] for run in body["runs"]] == [[1, 2], [1, 2], [3, 3]]


@pytest.mark.slow
@pytest.mark.parametrize("others", [["change.jsonl"], ["change.jsonl", "bad.jsonl"]])
def test_markdown_tables_have_as_many_cells_in_every_line(folder, others):
    text = compare(folder, "main.jsonl", *others, "--markdown")
    for block in text.split("\n\n"):
        rows = [line for line in block.splitlines() if line.startswith("| ")]
        assert len({line.count("|") for line in rows}) <= 1
    assert "95 % interval" in text


def test_rows_put_in_at_the_top_are_paired_by_what_they_ask(folder, tmp_path):
    rows = [{"input": f"{i}+1=", "ideal": str(i + 1)} for i in range(-3, 24)]
    write_eval(tmp_path, "sums", rows)
    completions = [{"input": f"{i}+1=", "completion": str(i + 1)} for i in range(-3, 24)]
    (tmp_path / "new.script").write_text("".join(json.dumps(row) + "\n" for row in completions))
    evaluate(tmp_path, "new")
    text = compare(folder, "main.jsonl", str(tmp_path / "new.jsonl"))
    assert "24 samples in both" in text
    assert "6 became right, 0 became wrong, 18 stayed" in text
    assert "24 samples ask the same under another id" in text


@pytest.mark.slow
def test_a_run_of_other_questions_is_refused_with_a_way_out(folder, tmp_path):
    write_eval(tmp_path, "sums", [{"input": f"{i} plus 1?", "ideal": str(i + 1)} for i in range(24)])
    say(tmp_path, "other", {1, 2})
    done = run(folder, "main", "compare", "main.jsonl", str(tmp_path / "other.jsonl"))
    assert done.returncode == 2
    assert "no sample asks the same in both runs" in done.stderr
    assert "--by-id" in done.stderr
    assert "24 samples in both" in compare(folder, "main.jsonl", str(tmp_path / "other.jsonl"), "--by-id")


@pytest.mark.slow
def test_a_run_of_another_eval_is_refused(folder, tmp_path):
    write_eval(tmp_path, "else", [{"input": f"capital {i}?", "ideal": "x"} for i in range(3)])
    say(tmp_path, "other", set(), "else", 3)
    done = run(folder, "main", "compare", "main.jsonl", str(tmp_path / "other.jsonl"))
    assert done.returncode == 2
    assert "no sample is in both runs" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["main.jsonl"], "two runs or more"),
        (["main.jsonl", "nowhere.jsonl"], "nowhere.jsonl"),
        (["main.jsonl", "change.jsonl", "--metric", "corect"], "did you mean: correct"),
        (["main.jsonl", "change.jsonl", "--alpha", "1"], "between 0 and 0.5"),
        (["main.jsonl", "change.jsonl", "bad.jsonl", "--flips"], "two by two"),
        (["main.jsonl", "main.script"], "this is not a record"),
    ],
)
def test_bad_input_is_exit_code_2_with_a_message(folder, arguments, said):
    done = run(folder, "main", "compare", *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stdout == ""


@pytest.mark.slow
def test_runs_that_share_chance_draws_from_the_cache_are_refused(folder, tmp_path, monkeypatch):
    """The first run fills the cache at temperature 0.7, the second takes its completions from there."""
    monkeypatch.setenv("EVALS_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv("OPENAI_API_KEY", "sk-none")
    with ServerProcess("--answer", "1") as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        for name in ("first", "second"):
            common = [
                "--registry_path",
                str(folder),
                "--cache",
                "--json",
                "--record_path",
                str(tmp_path / f"{name}.jsonl"),
            ]
            assert oaieval.main(["gpt-4o-mini", "sums", "--temperature", "0.7", *common]) == 0
    done = run(tmp_path, "main", "compare", "first.jsonl", "second.jsonl")
    assert done.returncode == 2
    assert "the runs share 24 cached completions that were drawn at a temperature above 0" in done.stderr
