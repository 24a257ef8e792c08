"""`evals new`, and the page that explains it: the files it writes work as they are."""

from __future__ import annotations

import argparse
import gzip
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from evals.cli import new
from evals.datasets.guess_columns import are_mathematics, labels_of
from evals.errors import DataError, EvalsError, UsageError
from evals.exams.read_paper import load_paper
from evals.registry import Registry
from evals.registry.entries import KNOWN_KEYS
from evals.runner.api import run
from evals.runner.checks import check_evals

DOCS = Path(__file__).parents[2] / "docs" / "adding-an-eval.md"


@pytest.fixture
def evals_new(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    parser = argparse.ArgumentParser()
    new.add_parser(parser.add_subparsers())

    def call(*words):
        args = parser.parse_args(["new", *words])
        assert args.func(args) == 0
        return capsys.readouterr().out

    return call


@pytest.mark.parametrize("template", new.templates())
def test_every_template_makes_an_eval_whose_data_is_found(evals_new, template):
    if template == "math":
        pytest.importorskip("math_verify")
    evals_new("fresh", "--class", template, "--dir", "mine")
    registry = Registry()
    registry.add_registry_paths(["mine"])
    spec = registry.find_eval("fresh")
    assert spec.key == "fresh.dev.v0"
    made = registry.get_class(spec)(
        completion_fns=[registry.make_completion_fn("dummy")],
        name=spec.key,
        eval_registry_path=spec.registry_path,
        registry=registry,
    )
    samples = made.stream_samples()
    assert len(samples) == 2
    for sample in samples:
        made.check_sample(sample)


def test_the_option_has_the_name_of_what_is_chosen_too(evals_new, tmp_path):
    evals_new("calls", "--template", "tools")
    assert "evals.suite:ToolCall" in (tmp_path / "registry/evals/calls.yaml").read_text()


def test_it_says_what_to_do_next(evals_new):
    said = evals_new("fresh", "--dir", "mine")
    assert "evals check fresh --registry_path mine" in said
    assert "oaieval dummy fresh --registry_path mine" in said


def test_nothing_is_overwritten(evals_new, tmp_path):
    evals_new("fresh")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.*") if path.is_file()}
    with pytest.raises(UsageError, match="there already"):
        evals_new("fresh", "--class", "includes")
    (tmp_path / "registry/evals/fresh.yaml").rename(tmp_path / "registry/evals/other.yaml")
    (tmp_path / "registry/data").rename(tmp_path / "elsewhere")
    with pytest.raises(UsageError, match="an eval is called 'fresh' already"):
        evals_new("fresh")
    assert sorted(before.values()) == sorted(path.read_bytes() for path in tmp_path.rglob("*.*") if path.is_file())


@pytest.mark.parametrize("name", ["a.dev.v0", "../x", "a/b", "", "-x", "a b"])
def test_a_name_that_is_no_name_is_refused(evals_new, tmp_path, name):
    with pytest.raises((UsageError, SystemExit)):
        evals_new(name)
    assert list(tmp_path.iterdir()) == []


def test_the_name_of_a_built_in_eval_is_refused(evals_new):
    with pytest.raises(UsageError, match="an eval is called 'gsm8k' already"):
        evals_new("gsm8k")


@pytest.mark.slow
def test_the_commands_of_the_page_work_and_write_what_it_shows(tmp_path):
    text = DOCS.read_text(encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("EVALS_", "OPENAI_"))}
    commands = [line for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL) for line in block.splitlines()]
    assert len(commands) >= 4
    (rows,) = re.findall(r"```csv\n(.*?)```", text, re.DOTALL)
    (tmp_path / "mine.csv").write_text(rows, encoding="utf-8")
    for command in commands:
        program, *words = shlex.split(command)
        module = {"evals": "evals.cli.main", "oaieval": "evals.cli.oaieval"}[program]
        done = subprocess.run(
            [sys.executable, "-m", module, *words],
            cwd=tmp_path,
            env={**environment, "PYTHONPATH": str(DOCS.parents[1])},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, command + done.stderr
    shown, *_ = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert (tmp_path / "my-registry/evals/capitals.yaml").read_text(encoding="utf-8") == shown


def test_the_page_describes_every_key():
    described = set(re.findall(r"`([a-z_]+)`", DOCS.read_text(encoding="utf-8")))
    assert {key for keys in KNOWN_KEYS.values() for key in keys} <= described


def test_names_may_be_of_any_language(evals_new):
    evals_new("prüfung", "--dir", "mine")
    registry = Registry()
    registry.add_registry_paths(["mine"])
    assert registry.find_eval("prüfung").key == "prüfung.dev.v0"


def test_a_folder_with_a_space_is_quoted_in_what_to_do_next(evals_new):
    assert "evals check fresh --registry_path 'my evals'" in evals_new("fresh", "--dir", "my evals")


def test_a_folder_that_cannot_be_made_is_said(evals_new):
    Path("taken").write_text("a file")
    with pytest.raises(UsageError, match="cannot be written"):
        evals_new("fresh", "--dir", "taken")


@pytest.mark.parametrize(
    ("header", "row", "said"),
    [
        ("question,answer", "What is 2 + 3?,5", "question: question, answer: answer, id: none"),
        ("nr,Prompt,Expected Answer", "a1,Name a colour.,red", "question: Prompt, answer: Expected Answer, id: nr"),
        ("frage,antwort", "Was ist rot?,Blut", "question: frage, answer: antwort, id: none"),
    ],
)
def test_an_eval_is_made_of_a_file_whose_columns_are_guessed(evals_new, tmp_path, header, row, said):
    (tmp_path / "own.csv").write_text(f"{header}\n{row}\n")
    out = evals_new("own", "--from", "own.csv", "--dir", "mine")
    assert said in out
    [check] = check_evals([str(tmp_path / "mine" / "evals" / "own.yaml")], [], [])
    assert not [finding for finding in check.findings if finding.level == "failed"]
    assert check.n_samples == 1


def test_worked_solutions_that_end_in_a_number_are_scored_by_it(evals_new, tmp_path):
    rows = [
        {"question": f"{n} + {n}?", "answer": f"{n}+{n}=<<{n}+{n}={2 * n}>>{2 * n}\n#### {2 * n}"} for n in (2, 600)
    ]
    (tmp_path / "own.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    assert "answers are numbers: scored by --class number" in evals_new("own", "--from", "own.jsonl")
    [check] = check_evals([str(tmp_path / "registry/evals/own.yaml")], [], [])
    assert not [finding for finding in check.findings if finding.level == "failed"]
    result = run(lambda prompt: f"It is {2 * int(prompt.split()[0])}.", "own", registry_paths=[tmp_path / "registry"])
    assert result.report["accuracy"] == 1.0


def test_worked_solutions_with_a_box_are_scored_as_mathematics(evals_new, tmp_path):
    pytest.importorskip("math_verify")
    rows = [
        {"problem": "One half of 3/2?", "solution": "It is $\\frac{3}{2} : 2$,\nso $\\boxed{\\frac{3}{4}}$."},
        {"problem": "Solve x^2 + x = 2.", "solution": "So $x = \\boxed{-2}$ or $x = \\boxed{1}$."},
        {"problem": "2 + 3?", "solution": "Thus $\\boxed 5$ in all."},
    ]
    (tmp_path / "own.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    assert "scored by --class math" in evals_new("own", "--from", "own.jsonl")
    [check] = check_evals([str(tmp_path / "registry/evals/own.yaml")], [], [])
    assert not [finding for finding in check.findings if finding.level == "failed"]
    answers = {"One half of 3/2?": "It is 0.75.", "Solve x^2 + x = 2.": "\\boxed{1, -2}", "2 + 3?": "\\boxed{6}"}
    result = run(lambda prompt: answers[prompt.split("\n")[0]], "own", registry_paths=[tmp_path / "registry"])
    assert result.report["accuracy"] == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("ideals", "found"),
    [
        (["\\frac{1}{2}", "x+1", "(3, 4)"], True),
        (["\\text{Anna}", "2\\sqrt{3}", "7"], True),
        (["So it is $\\boxed{7}$.", "Hence \\boxed{x}"], True),
        (["So it is $\\boxed{7}$.", "Hence it is seven"], False),
        (["\\frac{1}{2}", "a half of it"], False),
        (["x+1", "y"], False),
        ([], False),
        ([7, "\\frac12"], False),
    ],
)
def test_formulas_and_boxed_solutions_are_mathematics(ideals, found):
    assert are_mathematics(ideals) is found


def test_an_eval_of_numbers_reads_the_marked_answer_and_not_the_check_behind_it(evals_new, tmp_path):
    (tmp_path / "own.csv").write_text("question,answer\n15 + 5?,20\n2 + 2?,4\n", encoding="utf-8")
    evals_new("own", "--from", "own.csv")
    answers = {
        "15 + 5?": "**Answer: 20 cups**\n\n**Check:** 15 + 20 + 25 = 60",
        "2 + 2?": "2 + 2 = 4",
    }
    assert run(answers.__getitem__, "own", registry_paths=[tmp_path / "registry"]).report["accuracy"] == 1.0


def test_answers_that_are_a_few_labels_are_read_as_labels_and_not_as_parts_of_words(evals_new, tmp_path):
    (tmp_path / "own.csv").write_text("question,answer\nIs 4 even?,Yes\nIs 5 even?,No\nIs 7 odd?,Yes\n")
    assert "answers are labels: scored by --class label" in evals_new("own", "--from", "own.csv")
    assert 'labels: ["Yes", "No"]' in (tmp_path / "registry" / "evals" / "own.yaml").read_text()
    answers = {
        "Is 4 even?": "**Yes**, it is.",
        "Is 5 even?": "I do not know.",
        "Is 7 odd?": "No. (Yes would be wrong.)",
    }
    report = run(answers.__getitem__, "own", registry_paths=[tmp_path / "registry"]).report
    assert report["accuracy"] == pytest.approx(1 / 3)
    assert report["unparsed"] == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("answers", "said", "wrong", "right"),
    [
        (["B", "A", "D", "C"], "letters of options", "A planet is large.", "**B**"),
        (["(B)", "(A)", "(G)"], "letters of options", "Because.", "The answer is B."),
        (["Au", "Fe", "Sn"], "texts", "Because it is gold.", "**Au**"),
        (['"$1,200"', "3.5", "-7"], "numbers", "1,200,000", "It is 1200 dollars."),
        (['"2,5"', '"3,25"'], "numbers", "25", "Es sind 2,5."),
        (["Paris", "Rome", "Bern"], "texts", "Parisian", "It is Paris."),
    ],
)
def test_an_answer_is_scored_by_what_it_is_and_not_as_a_part_of_a_text(
    evals_new, tmp_path, answers, said, wrong, right
):
    rows = "".join(f"q{nr},{answer}\n" for nr, answer in enumerate(answers))
    (tmp_path / "own.csv").write_text(f"question,answer\n{rows}")
    assert f"answers are {said}: scored by" in evals_new("own", "--from", "own.csv")
    [check] = check_evals([str(tmp_path / "registry/evals/own.yaml")], [], [])
    assert not [finding for finding in check.findings if finding.level == "failed"]
    scores = [
        run(lambda prompt, said=said: said, "own", registry_paths=[tmp_path / "registry"], max_samples=len(answers))
        for said in (wrong, right)
    ]
    assert [result.report["accuracy"] for result in scores] == [0.0, pytest.approx(1 / len(answers))]


@pytest.mark.parametrize(
    ("answers", "labels"),
    [
        (["Paris", "Rome", "Bern"], []),
        (["spam", "ham", "spam", "ham"], ["spam", "ham"]),
        (["spam", "ham", "eggs"], []),
        (["no", "yes"], ["no", "yes"]),
        (["Yes", "yes", "no", "no", "no", "no"], []),
        (["x" * 50, "y"] * 3, []),
        (["spam"] * 4, []),
        ([["spam"], "ham", "spam", "ham"], []),
    ],
)
def test_labels_are_few_short_and_repeated(answers, labels):
    assert labels_of(answers) == labels


def test_rows_with_choices_become_multiple_choice(evals_new, tmp_path):
    rows = [{"question": f"{n} + 1?", "choices": [str(n), str(n + 1)], "answer": 1} for n in range(4)]
    (tmp_path / "own.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    assert "answers are places among the choices: scored by --class choice" in evals_new("own", "--from", "own.jsonl")
    [check] = check_evals([str(tmp_path / "registry/evals/own.yaml")], [], [])
    assert not [finding for finding in check.findings if finding.level == "failed"]
    assert run(lambda prompt: "B", "own", registry_paths=[tmp_path / "registry"]).report["accuracy"] == 1.0


@pytest.mark.parametrize("words", [(), ("--class", "choice")])
def test_other_forms_of_multiple_choice_are_written_anew(evals_new, tmp_path, words):
    (tmp_path / "own.csv").write_text("question,A,B,key\n1 + 1?,1,2,B\n2 + 1?,3,4,A\n")
    said = evals_new("own", "--from", "own.csv", *words)
    assert "2 rows; question: question, options: A, B, answer: key" in said
    assert "answers are letters" in said
    [check] = check_evals([str(tmp_path / "registry/evals/own.yaml")], [], [])
    assert not [finding for finding in check.findings if finding.level == "failed"]
    right = {"1 + 1?": "B", "2 + 1?": "A"}
    answer = lambda prompt: next(letter for asked, letter in right.items() if asked in str(prompt))  # noqa: E731
    assert run(answer, "own", registry_paths=[tmp_path / "registry"]).report["accuracy"] == 1.0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '{"question": "2?", "options": ["x", "y"], "label": ["A", "B"]}\n',
            "names none of the 2 options.*import exam",
        ),
        ("question,A,B,key\n2?,1,2,E\n", "'key' is 'E', which names none of the 2 options"),
        ("How many eggs?\t18\nHow many shells?\t3\n", "own.tsv:1: the first line looks like a row.*titles above it"),
    ],
)
def test_rows_that_would_be_scored_by_a_letter_or_lose_one_are_refused(evals_new, tmp_path, text, message):
    name = "own.jsonl" if text.startswith("{") else "own.tsv" if "\t" in text else "own.csv"
    (tmp_path / name).write_text(text)
    with pytest.raises((UsageError, DataError)) as caught:
        evals_new("own", "--from", name)
    assert re.search(message, " ".join(str(caught.value).split()))
    assert not (tmp_path / "registry").exists()


def test_columns_and_class_may_be_named_and_the_data_is_copied_as_it_is(evals_new, tmp_path):
    (tmp_path / "own.tsv.gz").write_bytes(data := gzip.compress(b"who\twhat\twhen\nA\tB\tC\n"))
    evals_new("own", "--from", "own.tsv.gz", "--input_key", "who", "--ideal_key", "when", "--class", "fuzzy_match")
    assert (tmp_path / "registry/data/own/samples.tsv.gz").read_bytes() == data
    assert "evals.suite:FuzzyMatch" in (tmp_path / "registry/evals/own.yaml").read_text()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--from", "own.csv"], "no column looks like the question"),
        (["--from", "own.csv", "--input_key", "who", "--ideal_key", "wat"], "no column is called 'wat'.*did you mean"),
        (["--from", "own.csv", "--input_key", "who", "--ideal_key", "what", "--class", "tools"], "form of its own"),
        (["--from", "empty.csv"], "no rows"),
        (["--from", "none.csv"], "no such file"),
        (["--from", "own.XLSX"], "own.XLSX: workbooks.*as CSV"),
        (["--id_key", "nr"], "go with --from"),
        (["--from", "own.csv", "--exam"], "evals import exam own.csv"),
        (["--from", "own.csv", "--like", "lsat"], "evals import exam own.csv"),
    ],
)
def test_a_file_that_cannot_be_understood_writes_nothing(evals_new, tmp_path, words, message):
    (tmp_path / "own.csv").write_text("who,what,when\nA,B,C\n")
    (tmp_path / "empty.csv").write_text("question,answer\n")
    with pytest.raises(EvalsError, match=f"(?s){message}"):
        evals_new("own", *words)
    assert not (tmp_path / "registry").exists()


def test_a_new_paper_loads_as_it_is(evals_new, tmp_path):
    printed = evals_new("--exam", "spring", "--dir", "mine")
    assert "replace the questions" in printed
    paper = load_paper(tmp_path / "mine" / "data" / "spring")
    assert (paper.id, len(paper.items)) == ("spring", 6)
    assert {item.kind for item in paper.items} == {"mcq", "mselect", "numeric", "short", "free"}
    assert [one.origin.status for one in paper.percentiles] == ["invented"]
    text = (tmp_path / "mine/evals/spring.yaml").read_text()
    assert "EXAM_NAME" not in text
    assert "class: evals.suite:Exam" in text


@pytest.mark.parametrize(
    "words",
    [
        ["--exam", "--class", "includes"],
        ["--exam", "--class", "match"],
        ["--class", "match", "--exam"],
        ["--template", "match", "--exam"],
        ["--like", "lsat", "--class", "match"],
        ["--like", "lsat", "--exam"],
    ],
)
def test_a_paper_and_a_template_exclude_each_other(evals_new, capsys, words):
    with pytest.raises(SystemExit):
        evals_new("spring", *words)
    assert "not allowed with" in capsys.readouterr().err


def test_both_files_are_written_where_nobody_reads_on(tmp_path):
    (tmp_path / "mine.csv").write_text("question,answer\nq,a\n")
    command = f"{sys.executable} -m evals.cli.main new mine --from mine.csv | head -1"
    done = subprocess.run(["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, timeout=300, check=True)
    assert len(done.stdout.splitlines()) == 1
    assert (tmp_path / "registry" / "evals" / "mine.yaml").is_file()


def test_the_next_commands_leave_out_a_registry_that_the_project_file_names(tmp_path):
    (tmp_path / "registry").mkdir()
    (tmp_path / "evals.toml").write_text('registry_paths = ["registry"]\n')
    command = [sys.executable, "-m", "evals.cli.main", "new", "colours"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=True)
    assert "oaieval MODEL colours\n" in done.stdout


def test_problems_with_tests_are_pointed_to_the_class_that_runs_programs(evals_new, tmp_path):
    row = {"task_id": "T/0", "prompt": "def f():", "entry_point": "f", "test": "def check(f): pass"}
    (tmp_path / "problems.jsonl").write_text(json.dumps(row) + "\n")
    with pytest.raises(EvalsError) as caught:
        evals_new("own", "--from", "problems.jsonl")
    assert caught.value.fix == "these are programs with tests, which PassAtK runs: docs/pass-at-k.md"
