"""`evals check` proves an eval without calls: class, rows, ideal answers, duplicates."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from evals.errors import RegistryError
from evals.runner.checks import check_evals


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


def test_a_sound_eval_passes(tmp_path):
    write_eval(tmp_path, "good", [{"input": f"q{i}", "ideal": str(i)} for i in range(10)])
    done = run(tmp_path, "main", "check", "good", "--registry_path", ".")
    assert done.returncode == 0, done.stderr
    assert "every ideal answer passes its own scorer" in done.stdout
    assert "10 samples" in done.stdout


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{"input": "a", "ideal": "x"}, {"input": "b"}], "bad.jsonl:2: no 'ideal'"),
        ([{"input": "a", "ideal": ""}], "bad.jsonl:1: 'ideal' holds an empty text, which every completion matches"),
        ([{"input": "a", "ideal": [True]}], "which is not a text"),
    ],
)
def test_a_broken_eval_fails_and_says_where(tmp_path, rows, said):
    write_eval(tmp_path, "bad", rows)
    done = run(tmp_path, "main", "check", "bad", "--registry_path", ".")
    assert done.returncode == 1
    assert said in done.stdout


@pytest.mark.parametrize(
    ("cls", "args", "good", "bad", "said"),
    [
        ("TextLoss", {}, {"text": "Some words."}, {"text": ""}, "no 'text'|'text' is"),
        (
            "Choice", {"style": "completion"}, {"question": "Red?", "choices": ["no", "yes"], "answer": 1},
            {"question": "Red?", "choices": ["no"], "answer": 1}, "'choices'",
        ),
    ],
)  # fmt: skip
def test_evals_of_log_probabilities_are_checked_to_their_rows(tmp_path, cls, args, good, bad, said):
    write_eval(tmp_path, "good", [good], f"evals.suite:{cls}", **args)
    write_eval(tmp_path, "bad", [bad], f"evals.suite:{cls}", **args)
    right, wrong = check_evals(["good", "bad"], [str(tmp_path)], [])
    assert [one.text for one in right.findings if one.level == "failed"] == []
    assert right.n_samples == 1
    assert any("no ideal answers to try" in one.text for one in right.findings)
    assert re.search(said, " ".join(one.text for one in wrong.findings if one.level == "failed"))


def test_texts_are_told_apart_by_their_words_not_by_the_empty_prompt_before_them(tmp_path):
    write_eval(tmp_path, "texts", [{"text": word} for word in ("one", "two", "one")], "evals.suite:TextLoss")
    [check] = check_evals(["texts"], [str(tmp_path)], [])
    assert [one.text for one in check.findings if "same input" in one.text] == [
        "1 sample has the same input as another, rows 1 and 3"
    ]


def test_an_ideal_that_its_own_scorer_refuses_is_found(tmp_path):
    write_eval(
        tmp_path,
        "odd",
        [{"input": "a", "ideal": "no number"}],
        "evals.suite:ExtractAnswer",
        extract="number",
    )
    done = run(tmp_path, "main", "check", "odd", "--registry_path", ".")
    assert done.returncode == 1
    assert "odd" in done.stdout


def test_equal_inputs_are_a_warning_and_a_whole_file_can_be_checked(tmp_path):
    write_eval(tmp_path, "twice", [{"input": "a", "ideal": "x"}, {"input": "a", "ideal": "y"}])
    done = run(tmp_path, "main", "check", "evals/twice.yaml", "--json")
    assert done.returncode == 0, done.stdout
    (check,) = json.loads(done.stdout)["checks"]
    assert check["name"] == "twice.dev.v0"
    assert any(finding["level"] == "warn" and "same input" in finding["text"] for finding in check["findings"])


def test_an_unknown_eval_is_a_failure_with_near_misses(tmp_path):
    write_eval(tmp_path, "good", [{"input": "a", "ideal": "x"}])
    done = run(tmp_path, "main", "check", "goood", "--registry_path", ".")
    assert done.returncode == 1
    assert "did you mean: good" in done.stdout


def test_a_registry_with_broken_entries_is_checked_to_its_end(tmp_path):
    write_eval(tmp_path, "fine", [{"input": "a", "ideal": "b"}])
    evals = tmp_path / "evals"
    (evals / "broken.yaml").write_text("broken.dev.v0: {class: a:B\n")
    (evals / "dangling.yaml").write_text("dangling:\n  id: nowhere.dev.v0\n")
    checks = list(check_evals([str(tmp_path)], [], []))
    assert [(check.name, any(f.level == "failed" for f in check.findings)) for check in checks] == [
        ("broken.yaml", True),
        ("dangling", True),
        ("fine.dev.v0", False),
    ]


def test_what_an_eval_needs_beside_its_data_is_asked_for_before_its_answers_are_tried(tmp_path):
    write_eval(tmp_path, "none", [])
    (check,) = check_evals(["none"], [str(tmp_path)], [])
    (_, found) = check.findings
    assert found.level == "failed"
    assert re.search(r"none\.yaml:3: the dataset has no samples\n  fix: add rows to it", found.text)


def test_only_the_first_problems_are_shown_and_the_others_counted(tmp_path):
    write_eval(tmp_path, "bad", [{"input": str(i)} for i in range(12)])
    (check,) = check_evals(["bad"], [str(tmp_path)], [])
    assert [finding.text for finding in check.findings if finding.level == "failed"][-1] == "7 more rows are bad"
    assert sum(finding.level == "failed" for finding in check.findings) == 6


def test_a_folder_without_evals_is_an_error_of_ours(tmp_path):
    with pytest.raises(RegistryError, match="no evals here"):
        list(check_evals([str(tmp_path)], [], []))


def test_samples_among_the_few_shot_examples_and_near_copies_of_them_are_warned_of(tmp_path):
    rows = [{"input": f"Capital of {name}?", "ideal": name} for name in ("France", "Italy", "Peru")]
    near = {"input": "capital of  france", "ideal": "France"}
    args = {"few_shot_jsonl": "t.jsonl", "num_few_shot": 2, "extract": "last_line"}
    write_eval(tmp_path, "t", [*rows, near], "evals.suite:ExtractAnswer", **args)
    [check] = check_evals(["t"], [str(tmp_path)], [])
    warned = [finding.text for finding in check.findings if finding.level == "warn"]
    assert len(warned) == 2
    assert warned[0].startswith("2 samples are among the few-shot examples too (rows 1, 2)")
    assert warned[1].startswith("1 sample is nearly the same as a few-shot example (rows 4)")
    done = run(tmp_path, "oaieval", "dummy", "t", "--registry_path", ".", "--record_path", "r.jsonl")
    assert "warning: 2 samples are among the few-shot examples too" in done.stdout + done.stderr


def test_a_few_shot_file_that_cannot_be_opened_is_tried_once(tmp_path):
    rows = [{"question": f"q{i}", "choices": ["a", "b"], "answer": 0} for i in range(300)]
    write_eval(tmp_path, "shots", rows, "evals.suite:Choice", num_few_shot=1, few_shot_jsonl="none.jsonl")
    done = run(tmp_path, "main", "check", "shots", "--registry_path", ".")
    assert done.returncode == 1
    assert done.stdout.count("none.jsonl") == 1
    assert "more rows are bad" not in done.stdout


def test_a_model_is_checked_without_a_call(tmp_path):
    local = run(tmp_path, "main", "check", "pocket/1m")
    assert local.returncode == 0, local.stderr
    assert "answered in this process" in local.stdout
    no_key = run(tmp_path, "main", "check", "gpt-4o")
    assert no_key.returncode == 1
    assert "gpt-4o will be shut down on 2027-01-14" in no_key.stdout or "was shut down on 2027-01-14" in no_key.stdout
    assert "no key for api.openai.com" in no_key.stdout


FILE_PROBLEM = {
    "task_id": "t/file",
    "prompt": "def f(p):\n    '''lines of the file at p'''\n",
    "canonical_solution": "    with open(p) as h:\n        return len(h.readlines())\n",
    "test": "import os, tempfile\ndef check(candidate):\n    p = os.path.join(tempfile.mkdtemp(), 'a')\n"
    "    with open(p, 'w') as h:\n        h.write('1\\n2\\n')\n    assert candidate(p) == 2\n",
    "entry_point": "f",
}
"Test and program share a file, so that they run in one process: the verdict is weak."


@pytest.mark.parametrize(
    ("args", "level", "said"),
    [
        ({}, "failed", "passed only in a weak verdict, .*accept it in the entry's args: assurance: weak"),
        ({"assurance": "weak"}, "warn", "passed only in a weak verdict"),
        ({"assurance": "strict"}, "failed", "no strict verdict is possible on this problem.*assurance: weak"),
    ],
)
def test_a_reference_that_passes_only_in_a_weak_verdict_fails_unless_the_entry_accepts_it(tmp_path, args, level, said):
    write_eval(tmp_path, "files", [FILE_PROBLEM], "evals.suite:PassAtK", **args)
    [check] = check_evals(["files"], [str(tmp_path)], [])
    found = [one for one in check.findings if one.level != "ok"]
    assert [one.level for one in found] == [level]
    assert re.search(said, found[0].text, re.DOTALL)


def test_a_graded_eval_is_not_warned_of_ideal_answers_that_only_its_grader_could_judge(tmp_path):
    write_eval(tmp_path, "graded", [{"input": "q", "ideal": "a"}], "evals.suite:Factuality", grader="dummy")
    [check] = check_evals(["graded"], [str(tmp_path)], [])
    assert {one.level for one in check.findings} == {"ok"}
    assert any("the grader decides what is right" in one.text for one in check.findings)


def test_an_ideal_answer_that_cannot_be_scored_is_told_with_the_reason(tmp_path):
    wrong = {**FILE_PROBLEM, "canonical_solution": "    return 0\n"}
    write_eval(tmp_path, "wrong", [wrong], "evals.suite:PassAtK")
    [check] = check_evals(["wrong"], [str(tmp_path)], [])
    text = " ".join(one.text for one in check.findings if one.level == "failed")
    assert "the problem's own solution does not pass its tests here" in text
    assert "fix: correct the test or the solution" in text


def test_calls_of_functions_are_no_texts_that_could_be_tried(tmp_path):
    tool = {"type": "function", "function": {"name": "add", "parameters": {"type": "object", "properties": {}}}}
    row = {"input": "Add.", "tools": [tool], "ideal": [{"add": {}}]}
    write_eval(tmp_path, "calls", [row], "evals.suite:ToolCall")
    [check] = check_evals(["calls"], [str(tmp_path)], [])
    said = [(one.level, one.text) for one in check.findings if "call of a function" in one.text]
    assert said == [("ok", "an ideal answer is a call of a function: there is no text to try the scorer on")]
    assert not any("no ideal answers" in one.text for one in check.findings)
