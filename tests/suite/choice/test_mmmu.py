"""MMMU: images in the prompt, letters and open answers, guesses."""

from __future__ import annotations

import base64
import json
from random import Random

import pytest

from evals.completion import Completions
from evals.elsuite.mmmu import eval as door
from evals.errors import BadSample, DataError
from evals.record import DummyRecorder
from evals.suite.choice.mmmu import MMMU, read_question
from evals.suite.choice.options import make_abc
from tests.support.pictures import PNG

URL = "data:image/png;base64," + base64.b64encode(PNG).decode()
CHOICE = {
    "question": "Which is it in <image 1>?",
    "options": "['a cat', 'a dog', \"a hen's egg\"]",
    "answer": "C",
    "question_type": "multiple-choice",
    "image_1": URL,
    "image_2": None,
}
OPEN = {"question": "How many?", "options": "[]", "answer": "42", "question_type": "open", "image_1": URL}


class Says:
    """A completion function that says one thing and keeps what it was asked."""

    def __init__(self, text: str = "") -> None:
        self.text = text

    def __call__(self, prompt: object, **kwargs: object) -> Completions:
        self.prompt, self.kwargs = prompt, kwargs
        return Completions([self.text])


def evaluate(text, sample, seed=1):
    recorder = DummyRecorder(None)
    says = Says(text)
    with recorder.as_default_recorder("x"):
        MMMU([says], dataset="hf://mmmu/mmmu?split=dev", subject="Biology").eval_sample(sample, Random(seed))
    return recorder.get_events("match")[0].data, says


def shuffled_letter(seed=1):
    return make_abc(["a cat", "a dog", "a hen's egg"], correct_idx=2, rng=Random(seed))[1]


def test_the_letter_after_the_shuffle_is_correct():
    letter = shuffled_letter()
    match, _ = evaluate(f"It has a shell.\nANSWER: {letter}", CHOICE)
    assert match == {
        "correct": True,
        "expected": letter,
        "picked": letter,
        "sampled": f"It has a shell.\nANSWER: {letter}",
    }


def test_another_letter_is_wrong_and_nothing_is_guessed():
    wrong = next(letter for letter in "ABC" if letter != shuffled_letter())
    for seed in range(30):
        other = next(letter for letter in "ABC" if letter != shuffled_letter(seed))
        assert evaluate(f"ANSWER: {other}", CHOICE, seed)[0]["correct"] is False
    assert evaluate(f"ANSWER: {wrong}", CHOICE)[0]["picked"] is None


def test_a_reply_without_an_answer_is_a_guess_that_the_seed_decides():
    results = [evaluate("I cannot tell.", CHOICE, seed)[0]["correct"] for seed in range(300)]
    assert 60 < sum(results) < 140
    assert results == [evaluate("I cannot tell.", CHOICE, seed)[0]["correct"] for seed in range(300)]


def test_an_open_question_is_never_guessed():
    assert evaluate("ANSWER: 42", OPEN)[0]["correct"] is True
    assert evaluate("42", OPEN)[0] == {"correct": False, "expected": "42", "picked": None, "sampled": "42"}


def test_the_prompt_holds_subject_options_and_images():
    _, says = evaluate("", CHOICE)
    system, user = says.prompt
    assert "Biology" in system["content"][0]["text"]
    assert "A, B, C" in system["content"][0]["text"]
    assert user["content"][0]["text"].startswith("Which is it in <image 1>?\nA) ")
    assert user["content"][1:] == [{"type": "image_url", "image_url": {"url": URL}}]
    assert says.kwargs == {"temperature": 0.0, "max_tokens": 4096}


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"answer": "D"}, "letter of none"),
        ({"answer": "?"}, "letter of none"),
        ({"options": "a, b"}, "no list"),
        ({"image_1": {"bytes": ""}}, "not a URL"),
    ],
)
def test_a_bad_row_says_what_is_wrong(change, problem):
    with pytest.raises(BadSample, match=problem):
        read_question({**CHOICE, **change})


def test_a_row_without_a_key_names_it():
    with pytest.raises(BadSample, match="no 'options'"):
        read_question({"question": "q"})


def test_the_open_answer_passes_its_own_scorer():
    evaluation = MMMU([Says()], dataset="x", subject="y")
    assert evaluate(evaluation.ideal_completions(OPEN)[0], OPEN)[0]["correct"] is True
    assert evaluation.ideal_completions(CHOICE) == []


def parquet_with_images(path, content):
    """A file as Hugging Face datasets writes it: the column types stand in its metadata."""
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet

    image = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    types = {key: pa.string() for key in CHOICE} | {"image_1": image, "image_2": image}
    row = {**CHOICE, "image_1": {"bytes": content, "path": None}}
    features = {
        key: {"_type": "Image"} if kind == image else {"dtype": "string", "_type": "Value"}
        for key, kind in types.items()
    }
    table = pa.Table.from_pylist([row], schema=pa.schema(list(types.items())))
    metadata = {"huggingface": json.dumps({"info": {"features": features}})}
    pyarrow.parquet.write_table(table.replace_schema_metadata(metadata), path)


def load(tmp_path, monkeypatch, content):
    pytest.importorskip("datasets.arrow_dataset")
    monkeypatch.setenv("EVALS_CACHE_DIR", str(tmp_path / "cache"))
    parquet_with_images(tmp_path / "rows.parquet", content)
    url = f"hf://parquet?data_files={tmp_path}/rows.parquet&cache_dir={tmp_path}/hf&split=train"
    return MMMU([Says()], dataset=url, subject="Biology").stream_samples()


def test_images_of_a_hugging_face_dataset_arrive_as_they_are_stored(tmp_path, monkeypatch):
    question = read_question(load(tmp_path, monkeypatch, PNG)[0])
    assert (question.label, question.images) == (2, [URL])


def test_an_image_of_an_unknown_format_is_an_error(tmp_path, monkeypatch):
    with pytest.raises(DataError, match="unknown format"):
        load(tmp_path, monkeypatch, b"plain text")


def test_the_path_of_openai_evals_leads_to_the_same_class():
    assert door.MMMU is MMMU
