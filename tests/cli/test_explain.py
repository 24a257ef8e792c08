"""`evals explain` on real runs whose rows, scorers, prompts and completions were changed one by one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from evals.cli import oaieval

ROWS = [{"input": [{"role": "user", "content": f"{i}+1="}], "ideal": str(i + 1)} for i in range(20)]


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


def explain(folder: Path, *arguments: str) -> dict[str, Any]:
    done = run(folder, "main", "explain", *arguments, "--registry_path", ".", "--json")
    assert done.returncode == 0, done.stderr
    body: dict[str, Any] = json.loads(done.stdout)
    total = sum(part["value"] for part in body["parts"])
    assert total == pytest.approx(body["gap"], abs=1e-12), "the parts add up"
    assert body["gap"] == pytest.approx(body["b"]["mean"] - body["a"]["mean"])
    return body


def parts_of(body: dict[str, Any]) -> dict[str, tuple[float, int]]:
    return {part["name"]: (round(part["value"], 6), part["n"]) for part in body["parts"] if part["value"]}


def write_eval(folder: Path, rows: list[dict[str, Any]], cls: str = "evals.suite:Match", **args: Any) -> None:
    (folder / "evals").mkdir(exist_ok=True)
    (folder / "data").mkdir(exist_ok=True)
    (folder / "data" / "sums.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    body = json.dumps({"class": cls, "args": {"samples_jsonl": "sums.jsonl", **args}})
    (folder / "evals" / "sums.yaml").write_text(f"sums:\n  id: sums.dev.v0\nsums.dev.v0: {body}\n")


def say(folder: Path, name: str, completions: list[str], *arguments: str) -> str:
    rows = [{"sample_id": f"sums.dev.{i}", "completion": text} for i, text in enumerate(completions)]
    (folder / f"{name}.script").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return evaluate(folder, name, "sums", *arguments).name


def answers(n_right: int, n: int = 20, right: str = "{}") -> list[str]:
    return [right.format(i + 1) if i < n_right else "no" for i in range(n)]


def test_other_completions_are_told_from_the_rest(tmp_path):
    write_eval(tmp_path, ROWS)
    a, b = say(tmp_path, "a", answers(10)), say(tmp_path, "b", answers(14))
    body = explain(tmp_path, a, b)
    assert body["gap"] == pytest.approx(0.2)
    assert parts_of(body) == {"other completions to the same prompts": (0.2, 4)}


def test_a_looser_scorer_is_told_from_better_completions(tmp_path):
    """12 say `= n`: Match finds none, Includes all; 2 completions truly became right."""
    write_eval(tmp_path, ROWS)
    a = say(tmp_path, "a", answers(12, right="= {}"))
    write_eval(tmp_path, ROWS, "evals.suite:Includes")
    b = say(tmp_path, "b", answers(14, right="= {}"))
    body = explain(tmp_path, a, b)
    assert body["gap"] == pytest.approx(14 / 20)
    parts = parts_of(body)
    assert parts["scorer: same completions, other score"] == (0.6, 12)
    assert parts["other completions to the same prompts"] == (0.1, 2)
    assert any("told in one order" in text for text in body["cannot_be_told"]), "Match is not installed any more"
    assert any(cause.startswith("scorer: class evals.suite:Match") for cause in body["causes"])


def write_two_evals(folder: Path) -> None:
    """Strict and lenient scoring of the same rows, both installed."""
    write_eval(folder, ROWS)
    body = json.dumps({"class": "evals.suite:Includes", "args": {"samples_jsonl": "sums.jsonl"}})
    (folder / "evals" / "lenient.yaml").write_text(f"lenient:\n  id: lenient.dev.v0\nlenient.dev.v0: {body}\n")


@pytest.mark.slow
def test_the_parts_of_both_directions_are_mirrored_and_show_the_interaction(tmp_path):
    """Strict finds the first 10 of the plain answers and none of 16 chatty ones; lenient finds 10 and 16."""
    write_two_evals(tmp_path)
    a = say(tmp_path, "a", answers(10))
    say(tmp_path, "chatty", answers(16, right="it is {}"))
    rows = (tmp_path / "chatty.script").read_text().replace("sums.dev", "lenient.dev")
    (tmp_path / "b.script").write_text(rows)
    b = evaluate(tmp_path, "b", "lenient").name
    there, back = explain(tmp_path, a, b), explain(tmp_path, b, a)
    scorer, completions = "scorer: same completions, other score", "other completions to the same prompts"
    # strict: 10 and 0 of 20; lenient: 10 and 16. Scorer (0 + 16) / 2, completions (-10 + 6) / 2, interaction 6 + 10.
    assert parts_of(there) == {scorer: (0.4, 16), completions: (-0.1, 16)}
    assert parts_of(back) == {scorer: (-0.4, 16), completions: (0.1, 16)}
    assert there["interaction"]["value"] == pytest.approx(0.8)
    assert back["interaction"]["value"] == pytest.approx(0.8)
    text = run(tmp_path, "main", "explain", a, b, "--registry_path", ".").stdout
    assert "interaction of scorer and completions" in text
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.slow
def test_rows_put_in_and_taken_out_are_counted_apart(tmp_path):
    """Two easy rows are gone and five hard ones came: what both have is scored alike."""
    write_eval(tmp_path, ROWS)
    a = say(tmp_path, "a", answers(10))
    new = [{"input": [{"role": "user", "content": f"hard {i}"}], "ideal": "?"} for i in range(5)]
    write_eval(tmp_path, [*ROWS[2:], *new])
    b = say(tmp_path, "b", [*answers(10)[2:], *["no"] * 5])
    body = explain(tmp_path, a, b)
    assert body["n_shared"] == 18
    shared = 8 / 18
    assert parts_of(body) == {
        "rows only the first run has": (pytest.approx(shared - 10 / 20, abs=1e-6), 2),
        "rows only the second run has": (pytest.approx(8 / 23 - shared, abs=1e-6), 5),
    }


@pytest.mark.slow
def test_few_shot_examples_show_as_prompts_with_their_difference(tmp_path):
    write_eval(tmp_path, ROWS)
    a = say(tmp_path, "a", answers(10))
    shots = [
        {
            "sample": [
                {"role": "system", "content": "50+1=", "name": "example_user"},
                {"role": "system", "content": "51", "name": "example_assistant"},
            ]
        }
    ]
    (tmp_path / "data" / "shots.jsonl").write_text("".join(json.dumps(row) + "\n" for row in shots))
    write_eval(tmp_path, ROWS, num_few_shot=1, few_shot_jsonl="shots.jsonl")
    b = say(tmp_path, "b", answers(15))
    body = explain(tmp_path, a, b)
    assert parts_of(body) == {"other completions to other prompts": (0.25, 5)}
    assert any("num_few_shot" in change["text"] for change in body["changes"])
    text = run(tmp_path, "main", "explain", a, b, "--registry_path", ".").stdout
    assert "+example_user: 50+1=" in text
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.slow
def test_completions_without_a_readable_answer_are_a_part_of_their_own(tmp_path):
    write_eval(tmp_path, ROWS, "evals.suite:ExtractAnswer", extract="number")
    a = say(tmp_path, "a", [str(i + 1) for i in range(20)])
    b = say(tmp_path, "b", ["no idea" if i < 3 else "999" if i < 5 else str(i + 1) for i in range(20)])
    assert parts_of(explain(tmp_path, a, b)) == {
        "no readable answer in one run only": (-0.15, 3),
        "other completions to the same prompts": (-0.1, 2),
    }


def test_without_the_eval_it_is_said_that_scorer_and_completions_stay_together(tmp_path):
    write_eval(tmp_path, ROWS)
    a = say(tmp_path, "a", answers(10))
    write_eval(tmp_path, ROWS, "evals.suite:Includes")
    b = say(tmp_path, "b", answers(14))
    (tmp_path / "evals" / "sums.yaml").unlink()
    body = explain(tmp_path, a, b)
    assert parts_of(body) == {
        "scorer and completions together": (0.2, 4)
    } or "scorer and completions together" in parts_of(body)
    assert any("cannot be told apart" in text for text in body["cannot_be_told"])


@pytest.mark.slow
def test_model_and_prompts_changed_together_cannot_be_told_apart(tmp_path):
    write_eval(tmp_path, ROWS)
    a = say(tmp_path, "a", answers(10))
    reworded = [
        {"input": [{"role": "system", "content": "Add."}, *row["input"]], "ideal": row["ideal"]} for row in ROWS
    ]
    write_eval(tmp_path, reworded)
    b = say(tmp_path, "b", answers(12), "--temperature", "0.5")
    body = explain(tmp_path, a, b)
    assert any("prompts and sampling changed together" in text for text in body["cannot_be_told"])


@pytest.mark.slow
def test_a_run_against_itself_has_no_gap(tmp_path):
    write_eval(tmp_path, ROWS)
    a = say(tmp_path, "a", answers(10))
    body = explain(tmp_path, a, a)
    assert body["gap"] == 0
    assert parts_of(body) == {}


def test_unrelated_runs_are_refused(tmp_path):
    write_eval(tmp_path, ROWS)
    a = say(tmp_path, "a", answers(10))
    write_eval(tmp_path, [{"input": f"name {i}", "ideal": "x"} for i in range(3)])
    b = say(tmp_path, "b", ["x"] * 3)
    done = run(tmp_path, "main", "explain", a, b)
    assert done.returncode == 2
    assert "no sample asks the same in both runs" in done.stderr


def forged(record: Path, **args: Any) -> str:
    """A copy of the record whose first line names other arguments of the eval."""
    first, *rest = record.read_text().splitlines(keepends=True)
    spec = json.loads(first)
    spec["spec"]["run_config"]["fingerprint"]["eval_args"].update(args)
    copy = record.with_name("forged.jsonl")
    copy.write_text(json.dumps(spec) + "\n" + "".join(rest))
    return copy.name


def test_arguments_that_a_record_names_are_not_used_and_said(tmp_path):
    """A record of a stranger could name code, a sandbox, or a file: rescoring takes the eval as it is installed here."""
    write_eval(tmp_path, ROWS)
    a, b = say(tmp_path, "a", answers(10)), say(tmp_path, "b", answers(14))
    body = explain(tmp_path, a, forged(tmp_path / b, samples_jsonl="/etc/passwd", ignore_case=True))
    assert parts_of(body) == {"other completions to the same prompts": (0.2, 4)}
    (told,) = [text for text in body["cannot_be_told"] if "a record's arguments are not used" in text]
    assert "ignore_case" in told
    assert "--extra_eval_params" in told


CODE_ROW = {
    "task_id": "t/0",
    "prompt": "def f():\n",
    "test": "def check(c):\n    assert c() == 1\n",
    "entry_point": "f",
}


@pytest.mark.slow
@pytest.mark.parametrize("args", [{"sandbox": "unsafe-local"}, {"scorer": "marker:rank", "best_of": 1}])
def test_a_record_cannot_name_code_for_a_rescoring(tmp_path, args):
    (tmp_path / "marker.py").write_text("open('was_here', 'w').close()\ndef rank(prompt, program):\n    return 1.0\n")
    write_eval(tmp_path, [CODE_ROW], "evals.suite:PassAtK")
    place = str(tmp_path / "was_here")
    a = say(tmp_path, "a", [f"def f():\n    open({place!r}, 'w').close()\n    return 1\n"])
    done = run(tmp_path, "main", "explain", a, forged(tmp_path / a, **args), "--registry_path", ".", "--json")
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "was_here").exists()


def test_arguments_of_the_user_are_used(tmp_path):
    write_eval(tmp_path, [{**row, "ideal": f"Answer {row['ideal']}"} for row in ROWS], "evals.suite:Includes")
    a = say(tmp_path, "a", answers(10, right="answer {}"))
    b = say(tmp_path, "b", answers(10, right="answer {}"), "--extra_eval_params", "ignore_case=true")
    parts = parts_of(explain(tmp_path, a, b, "--extra_eval_params", "ignore_case=true"))
    assert parts == {"scorer: same completions, other score": (0.5, 10)}


def test_what_cannot_be_scored_again_is_named_by_its_record(tmp_path):
    """A plug-in's calls may leave no completions; the copy that was tried is nobody's file."""
    write_eval(tmp_path, ROWS)
    for name in ("a", "b"):
        say(tmp_path, name, [str(i + 1) for i in range(20)])
        record = evaluate(tmp_path, name)
        lines = [line for line in record.read_text().splitlines(keepends=True) if '"type": "sampling"' not in line]
        record.write_text("".join(lines))
    done = run(tmp_path, "main", "explain", "a.jsonl", "b.jsonl", "--registry_path", ".", "--json")
    assert done.returncode == 0, done.stderr
    assert "a.jsonl: this record has no completions" in done.stdout
    assert "stored.jsonl" not in done.stdout
