"""MultipleChoice: rows of several datasets, the prompt, and what is recorded."""

from __future__ import annotations

import json
from random import Random

import pytest

from evals.completion import Completions
from evals.elsuite import multiple_choice as door
from evals.errors import BadSample, UsageError
from evals.record import DummyRecorder
from evals.suite.choice.multiple_choice import MultipleChoice, Question, get_dataset, read_question
from evals.suite.choice.options import make_abc

QUESTION = Question("What colour is the sky?", ["green", "blue", "red"], 1)


class Says:
    """A completion function that says one thing and keeps what it was asked."""

    def __init__(self, text: str = "A") -> None:
        self.text = text

    def __call__(self, prompt: object, **kwargs: object) -> Completions:
        self.prompt, self.kwargs = prompt, kwargs
        return Completions([self.text])


def evaluate(says, sample=QUESTION, seed=3, **args):
    recorder = DummyRecorder(None)
    with recorder.as_default_recorder("x"):
        MultipleChoice([says], dataset="hf://hellaswag?split=validation", **args).eval_sample(sample, Random(seed))
    return recorder.get_events("match")[0].data


@pytest.mark.parametrize(
    ("row", "question"),
    [
        ({"question": "q", "answers": ["a", "b"], "label": 1, "id": 7}, Question("q", ["a", "b"], 1)),
        ({"question": "q", "choices": ["a", "b"], "answer": 0, "subject": "x"}, Question("q", ["a", "b"], 0)),
        ({"question": "q", "choices": ["a", "b"], "answer": "B"}, Question("q", ["a", "b"], 1)),
        ({"ctx": "q", "endings": ["a", "b"], "label": "1", "activity_label": "x"}, Question("q", ["a", "b"], 1)),
    ],
)
def test_rows_of_mmlu_hellaswag_and_our_own_are_read(row, question):
    assert read_question(row) == question


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({"question": "q", "ideal": "a"}, "no multiple-choice question"),
        ({"question": "q", "answers": "ab", "label": 0}, "'answers' is no list of options"),
        ({"question": "q", "answers": ["Yes", False], "label": 0}, "holds False"),
        ({"question": "q", "answers": ["a", "b"], "label": 2}, "none of the 2 options"),
        ({"ctx": "q", "endings": ["a", "b"], "label": ""}, "none of the 2 options"),
        ({"question": "q", "answers": ["a", "b"], "label": True}, "none of the 2 options"),
        ({"question": "q", "answers": ["a", "b"], "label": -1}, "none of the 2 options"),
        ("text", "no multiple-choice question"),
    ],
)
def test_a_row_that_is_no_question_says_what_is_wrong(row, problem):
    with pytest.raises(BadSample, match=problem):
        read_question(row)


def test_the_prompt_holds_instructions_question_and_shuffled_options():
    says = Says()
    evaluate(says, instructions="A quiz.")
    options, _ = make_abc(QUESTION.answers, correct_idx=1, rng=Random(3))
    first, _request, blank, *rest = says.prompt.split("\n")
    assert (first, blank) == ("A quiz.", "")
    assert "\n".join(rest) == f"What colour is the sky?\n{options}"
    assert says.kwargs == {"temperature": 0.0, "max_tokens": 1}


def test_the_letter_of_the_right_option_is_correct_and_any_other_is_not():
    _, letter = make_abc(QUESTION.answers, correct_idx=1, rng=Random(3))
    assert evaluate(Says(letter)) == {
        "correct": True,
        "expected": letter,
        "picked": letter,
        "sampled": letter,
        "options": [letter],
    }
    wrong = evaluate(Says("?"))
    assert (wrong["correct"], wrong["picked"]) == (False, None)


def test_a_local_file_is_a_dataset_too(tmp_path):
    path = tmp_path / "quiz.jsonl"
    path.write_text(json.dumps({"question": "q", "answers": ["a", "b"], "label": 1}) + "\n")
    assert get_dataset(str(path)) == [Question("q", ["a", "b"], 1)]


def test_a_bad_row_is_found_before_anything_is_called(tmp_path):
    path = tmp_path / "quiz.jsonl"
    path.write_text('{"question": "q", "answers": ["a", "b"], "label": 5}\n')
    evaluation = MultipleChoice([Says()], dataset=str(path))
    with pytest.raises(BadSample, match=r"quiz\.jsonl:1"):
        evaluation.check_sample(evaluation.stream_samples()[0])


def test_one_completion_function_is_taken():
    with pytest.raises(UsageError, match="one completion function"):
        MultipleChoice([Says(), Says()], dataset="hf://hellaswag?split=validation")


def test_the_path_of_openai_evals_leads_to_the_same_names():
    assert (door.MultipleChoice, door.Sample, door.get_dataset) == (MultipleChoice, Question, get_dataset)


def test_questions_of_a_hugging_face_dataset_are_streamed(tmp_path, monkeypatch):
    # tests/datasets is found where `datasets` is not installed
    datasets = pytest.importorskip("datasets.arrow_dataset")
    monkeypatch.setenv("EVALS_CACHE_DIR", str(tmp_path / "cache"))
    rows = [{"ctx": f"c{i}", "endings": ["a", "b"], "label": str(i % 2)} for i in range(3)]
    datasets.Dataset.from_list(rows).to_parquet(tmp_path / "rows.parquet")
    url = f"hf://parquet?data_files={tmp_path}/rows.parquet&cache_dir={tmp_path}/hf&split=train"
    evaluation = MultipleChoice([Says()], dataset=url)
    questions = [read_question(row) for row in evaluation.stream_samples()]
    assert questions == [Question(f"c{i}", ["a", "b"], i % 2) for i in range(3)]
