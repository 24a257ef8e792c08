"""Prompts of multiple choice: those of the original MMLU code to the character, examples as text and as turns."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from toy_models import ScoringModel, write_rows

from evals.errors import UsageError
from evals.registry import Registry
from evals.suite.choice.eval import Choice

DEV_CSV = """\
Which of these is a prime number?,21,23,25,27,B
"A bag holds 3 red balls, 2 blue ones.
How many balls are there?",2,3,5,6,C
"Who wrote ""Faust""?",Goethe,"Schiller, Friedrich",Kleist,Heine,A
"""
TEST_CSV = """\
"A {brace}, a \\frac{1}{2}: what is this?","one, two",It's a test,50%,  spaces  ,B
"""

# Written out by hand after evaluate.py of hendrycks/test: two spaces before the subject, none at the end of a line.
PROMPT = (
    "The following are multiple choice questions (with answers) about  elementary mathematics.\n"
    "\n"
    "Which of these is a prime number?\nA. 21\nB. 23\nC. 25\nD. 27\nAnswer: B\n"
    "\n"
    "A bag holds 3 red balls, 2 blue ones.\nHow many balls are there?\nA. 2\nB. 3\nC. 5\nD. 6\nAnswer: C\n"
    "\n"
    'Who wrote "Faust"?\nA. Goethe\nB. Schiller, Friedrich\nC. Kleist\nD. Heine\nAnswer: A\n'
    "\n"
    "A {brace}, a \\frac{1}{2}: what is this?\nA. one, two\nB. It's a test\nC. 50%\nD.   spaces  \nAnswer:"
)


def csv_rows(text: str, subject: str = "elementary_mathematics") -> list[dict[str, Any]]:
    """Rows of MMLU's CSV files in the form that the eval reads."""
    return [
        {"question": question, "choices": choices, "answer": "ABCD".index(letter), "subject": subject}
        for question, *choices, letter in csv.reader(io.StringIO(text))
    ]


def original_prompt(subject: str, dev: list[list[str]], test: list[str], k: int) -> str:
    """The prompt of the original protocol, put together by its description and not by our templates."""
    words = "".join(f" {word}" for word in subject.split("_"))
    text = f"The following are multiple choice questions (with answers) about {words}.\n\n"
    for row in [*dev[:k], [*test[:-1], None]]:
        text += row[0]
        for letter, option in zip("ABCD", row[1:5], strict=True):
            text += "\n" + letter + ". " + option
        text += "\nAnswer:" + (f" {row[5]}\n\n" if row[5] is not None else "")
    return text


def mmlu(folder: Path, **args: Any) -> Choice:
    """The eval as the registry binds mmlu.report.v1, over files of ours."""
    spec = Registry().find_eval("mmlu.report.v1")
    given = {**(spec.args or {}), "num_few_shot": 3, **args}
    given["samples_jsonl"] = write_rows(folder / "test.jsonl", csv_rows(TEST_CSV))
    given["few_shot_jsonl"] = write_rows(folder / "dev.jsonl", csv_rows(DEV_CSV))
    return Choice([ScoringModel()], name="mmlu.report.v1", **given)


def test_the_report_protocol_gives_the_prompts_of_the_original_code_to_the_character(tmp_path: Path) -> None:
    assert mmlu(tmp_path).first_prompt(csv_rows(TEST_CSV)[0]) == PROMPT


@pytest.mark.parametrize("k", [0, 1, 2, 3])
def test_with_k_examples_the_prompt_is_the_original_one_too(tmp_path: Path, k: int) -> None:
    dev, test = list(csv.reader(io.StringIO(DEV_CSV))), next(csv.reader(io.StringIO(TEST_CSV)))
    evaluation = mmlu(tmp_path, num_few_shot=k)
    assert evaluation.first_prompt(csv_rows(TEST_CSV)[0]) == original_prompt("elementary_mathematics", dev, test, k)


def test_examples_go_in_as_turns_with_the_header_as_the_system_message(tmp_path: Path) -> None:
    prompt = mmlu(tmp_path, num_few_shot=1, few_shot_as="turns").first_prompt(csv_rows(TEST_CSV)[0])
    assert [message["role"] for message in prompt] == ["system", "user", "assistant", "user"]
    assert prompt[0]["content"].endswith("about  elementary mathematics.")
    assert prompt[1]["content"].endswith("D. 27\nAnswer:")
    assert prompt[2]["content"] == "B"


def question(subject: str, number: int) -> dict[str, Any]:
    return {"question": f"{subject} {number}?", "choices": ["x", "y"], "answer": 0, "subject": subject}


def evaluation_with(folder: Path, **args: Any) -> Choice:
    dev = [question(subject, number) for number in range(8) for subject in ("a", "b")]
    shots = write_rows(folder / "dev.jsonl", dev)
    rows = write_rows(folder / "rows.jsonl", [question("a", 99)])
    return Choice([ScoringModel()], rows, name="x.dev.v0", few_shot_jsonl=shots, **args)


def examples(evaluation: Choice, subject: str = "a") -> list[str]:
    prompt = evaluation.first_prompt(question(subject, 99))
    return [block.partition("?")[0] for block in prompt.split("\n\n")[:-1]]


def test_examples_are_the_first_rows_of_the_questions_own_subject(tmp_path: Path) -> None:
    assert examples(evaluation_with(tmp_path, num_few_shot=3), "b") == ["b 0", "b 1", "b 2"]


def test_examples_of_all_subjects_are_the_first_rows_of_the_file(tmp_path: Path) -> None:
    assert examples(evaluation_with(tmp_path, num_few_shot=3, few_shot_scope="all"), "b") == ["a 0", "b 0", "a 1"]


def test_seeded_examples_are_the_same_at_every_run_and_others_with_another_seed(tmp_path: Path) -> None:
    first, again, other = (
        examples(evaluation_with(tmp_path, num_few_shot=4, few_shot_pick="seeded", seed=seed)) for seed in (1, 1, 2)
    )
    assert first == again != other
    assert len(set(first)) == 4
    assert all(name.startswith("a ") for name in first)


def test_too_few_examples_of_a_subject_are_told_before_the_first_call(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"num_few_shot is 9, and few_shot_jsonl has 8 rows of the subject 'a'"):
        evaluation_with(tmp_path, num_few_shot=9).check_sample(question("a", 99))


def test_a_placeholder_that_does_not_exist_is_told_with_what_is_near(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"template has no placeholder \{qestion\}") as caught:
        evaluation_with(tmp_path, template="{qestion}")
    assert "did you mean: question" in str(caught.value)


def test_no_more_rows_are_read_than_are_left_without_the_one_that_is_asked(tmp_path: Path) -> None:
    shots = tmp_path / "dev.jsonl"
    write_rows(shots, [question("a", 0), question("b", 1), question("b", 2)])
    shots.write_text(shots.read_text() + "this is no JSON\n")
    evaluation = Choice(
        [ScoringModel()],
        write_rows(tmp_path / "rows.jsonl", [question("a", 99)]),
        name="x.dev.v0",
        few_shot_jsonl=str(shots),
        num_few_shot=2,
        few_shot_scope="all",
    )
    assert examples(evaluation) == ["a 0", "b 1"]
