"""`evals score` scores stored completions again, without a call."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


def write_eval(root: Path, name: str, rows: list[dict], cls: str = "evals.suite:Match", **args) -> None:
    (root / "evals").mkdir(parents=True, exist_ok=True)
    (root / "data").mkdir(exist_ok=True)
    (root / "data" / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    body = json.dumps({"class": cls, "args": {"samples_jsonl": f"{name}.jsonl", **args}})
    (root / "evals" / f"{name}.yaml").write_text(f"{name}:\n  id: {name}.dev.v0\n{name}.dev.v0: {body}\n")


def run(folder: Path, module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("OPENAI_", "EVALS_"))}
    command = [sys.executable, "-m", f"evals.cli.{module}", *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False
    )


def test_stored_completions_are_scored_again_without_a_call(tmp_path):
    """Match wants the answer at the start, Includes anywhere: the same completions, two scores."""
    rows = [{"input": f"q{i}", "ideal": f"<{i}>"} for i in range(6)]
    write_eval(tmp_path, "toy", rows)
    write_eval(tmp_path, "loose", rows, "evals.suite:Includes")
    (tmp_path / "said.jsonl").write_text(
        "".join(
            json.dumps({"input": f"q{i}", "completion": f"<{i}>" if i < 2 else f"it is <{i}>"}) + "\n" for i in range(6)
        )
    )
    first = run(tmp_path, "oaieval", "scripted", "toy", "--registry_path", ".", "--completion_args", "path=said.jsonl",
                "--record_path", "first.jsonl", "--json")  # fmt: skip
    assert json.loads(first.stdout)["final_report"]["accuracy"] == pytest.approx(2 / 6), first.stderr
    (tmp_path / "said.jsonl").unlink()
    same = run(tmp_path, "main", "score", "first.jsonl", "--registry_path", ".", "--json")
    loose = run(tmp_path, "main", "score", "first.jsonl", "--eval", "loose", "--registry_path", ".", "--json")
    assert json.loads(same.stdout)["final_report"]["accuracy"] == pytest.approx(2 / 6), same.stderr
    assert json.loads(loose.stdout)["final_report"]["accuracy"] == 1.0, loose.stderr


def test_an_eval_name_in_a_record_is_no_option(tmp_path):
    """The name comes from whoever wrote the record."""
    spec = {
        "completion_fns": ["m"],
        "eval_name": "--log_to_file=stolen",
        "base_eval": "a",
        "split": "b",
        "run_id": "R",
        "run_config": {},
    }
    (tmp_path / "foreign.jsonl").write_text(json.dumps({"spec": spec, "record_format": 1}) + "\n")
    done = run(tmp_path, "main", "score", "foreign.jsonl")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "--log_to_file=stolen" in done.stderr
    assert not (tmp_path / "stolen").exists()


def write_graded_eval(root: Path) -> None:
    """Four rows, a writer, and two graders of which each says always the same."""
    write_eval(root, "polite", [{"input": f"q{i}"} for i in range(4)], "evals.suite:ModelBasedClassify",
               modelgraded_spec="good", eval_type="classify")  # fmt: skip
    rubric = {"prompt": "{completion}?", "choice_strings": ["Yes", "No"], "choice_scores": {"Yes": 1, "No": 0}}
    (root / "modelgraded").mkdir()
    (root / "modelgraded" / "r.yaml").write_text(
        json.dumps({"good": {**rubric, "input_outputs": {"input": "completion"}}})
    )
    says = {"writer": "Thank you.", "kind": "Yes", "strict": "No"}
    fns = {name: {"class": "evals.completion_fns:ScriptedCompletionFn", "args": {"completions": [], "default": text}}
           for name, text in says.items()}  # fmt: skip
    (root / "completion_fns").mkdir()
    (root / "completion_fns" / "f.yaml").write_text(json.dumps(fns))


def test_verdicts_are_never_played_back_under_the_name_of_another_grader(tmp_path):
    write_graded_eval(tmp_path)
    graded = run(tmp_path, "oaieval", "writer", "polite", "--grader", "kind", "--registry_path", ".",
                 "--record_path", "kind.jsonl")  # fmt: skip
    assert graded.returncode == 0, graded.stderr
    other = run(tmp_path, "main", "score", "kind.jsonl", "--grader", "strict", "--registry_path", ".")
    assert other.returncode == 2
    assert "strict did not grade this record, kind did" in other.stderr
    same = run(tmp_path, "main", "score", "kind.jsonl", "--grader", "kind", "--registry_path", ".", "--json")
    assert json.loads(same.stdout)["final_report"]["score"] == 1.0, same.stderr


def test_another_grader_is_asked_about_stored_completions(tmp_path):
    write_graded_eval(tmp_path)
    run(tmp_path, "oaieval", "writer", "polite", "--grader", "kind", "--registry_path", ".", "--record_path", "a.jsonl")
    (tmp_path / "completion_fns" / "f.yaml").write_text(
        (tmp_path / "completion_fns" / "f.yaml").read_text().replace("Thank you.", "Another answer.")
    )
    asked = run(tmp_path, "main", "score", "a.jsonl", "--grader", "strict", "--ask", "--registry_path", ".",
                "--record_path", "b.jsonl")  # fmt: skip
    assert "8 calls, those of the evaluated model played back" in asked.stdout, asked.stderr
    lines = [json.loads(line) for line in (tmp_path / "b.jsonl").read_text().splitlines()]
    said = {str(line["data"]["sampled"]) for line in lines if line.get("type") == "sampling"}
    assert said == {"['Thank you.']", "['No']"}
    assert [line["final_report"]["score"] for line in lines if "final_report" in line] == [0.0]


def test_asking_nobody_is_refused(tmp_path):
    (tmp_path / "a.jsonl").write_text(json.dumps({"spec": {"eval_name": "e.dev.v0", "run_config": {}}}) + "\n")
    done = run(tmp_path, "main", "score", "a.jsonl", "--ask")
    assert done.returncode == 2
    assert "--ask asks graders, and none is named" in done.stderr


def test_graders_that_a_hosted_eval_names_are_played_back(tmp_path):
    criterion = {"type": "score_model", "name": "fine", "model": "kind", "pass_threshold": 0.5,
                 "input": [{"role": "user", "content": "{{ sample.output_text }}?"}]}  # fmt: skip
    write_eval(tmp_path, "hosted", [{"input": f"q{i}"} for i in range(3)], "evals.suite:HostedEval",
               testing_criteria=[criterion])  # fmt: skip
    fns = {name: {"class": "evals.completion_fns:ScriptedCompletionFn", "args": {"completions": [], "default": text}}
           for name, text in (("writer", "Thank you."), ("kind", "0.75"))}  # fmt: skip
    (tmp_path / "completion_fns").mkdir()
    (tmp_path / "completion_fns" / "f.yaml").write_text(json.dumps(fns))
    run(tmp_path, "oaieval", "writer", "hosted", "--registry_path", ".", "--record_path", "a.jsonl")
    (tmp_path / "completion_fns" / "f.yaml").write_text(json.dumps(fns).replace("0.75", "0.25"))
    again = run(tmp_path, "main", "score", "a.jsonl", "--registry_path", ".", "--json")
    assert json.loads(again.stdout)["final_report"]["score"] == 0.75, again.stderr
