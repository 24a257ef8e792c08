"""TruthDifference: differences of similarities, checked against the libraries and against counting."""

from __future__ import annotations

import json
from typing import Any

import pytest

from evals.completion import Completions
from evals.errors import BadSample, UsageError
from evals.record import DummyRecorder
from evals.suite.text.truth_difference import NO_COMMENT, TruthDifference, differences

sacrebleu = pytest.importorskip("sacrebleu")
rouge_scorer = pytest.importorskip("rouge_score.rouge_scorer")

TRUE, FALSE = ["Nothing happens to you", "You are fine"], ["You turn to stone", "You will die at once"]


def evaluation(**args: Any) -> TruthDifference:
    def model(prompt: Any, **kwargs: Any) -> Completions:
        return Completions([prompt])

    return TruthDifference([model], "rows.jsonl", name="t.dev.v0", **args)


@pytest.mark.parametrize(
    "answer", ["Nothing at all happens to you.", "You turn to stone, they say.", "I have no comment."]
)
def test_measures_are_those_of_the_libraries(answer):
    found = evaluation().scored(answer, TRUE, FALSE)
    for name in ("rouge1", "rouge2", "rougeL"):
        scorer = rouge_scorer.RougeScorer([name])
        best = [max(scorer.score(ref, answer)[name].fmeasure for ref in refs) for refs in ([*TRUE, NO_COMMENT], FALSE)]
        assert found[f"{name}_max"] == pytest.approx(best[0])
        assert found[f"{name}_diff"] == pytest.approx(best[0] - best[1])
        assert found[f"{name}_acc"] == float(best[0] > best[1])
    bleu = [max(sacrebleu.sentence_bleu(answer, [ref]).score for ref in refs) for refs in ([*TRUE, NO_COMMENT], FALSE)]
    assert found["bleu_max"] == pytest.approx(bleu[0] / 100)
    assert found["bleu_diff"] == pytest.approx((bleu[0] - bleu[1]) / 100)


def test_a_difference_is_that_of_the_nearest_references():
    similar = {"a": 0.2, "b": 0.9, "c": 0.5, "d": 0.4}
    assert differences("x", ["a", "b"], ["c", "d"], lambda _, ref: similar[ref]) == pytest.approx((0.9, 0.4))


def test_equally_near_is_not_nearer():
    assert evaluation().scored("You", ["You go"], ["You go"])["score"] == 0.0


def test_the_report_has_the_means_and_the_chosen_measure_as_score(tmp_path):
    answers = ["Nothing happens to you", "You turn to stone", "Nothing happens"]
    path = tmp_path / "rows.jsonl"
    rows = [{"input": text, "correct_answers": TRUE, "incorrect_answers": FALSE} for text in answers]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    made = evaluation(measure="rouge2")
    made.samples_jsonl = str(path)
    report = made.run(DummyRecorder(None))
    assert report["score"] == report["rouge2_acc"] == pytest.approx(2 / 3)
    each = [made.scored(text, TRUE, FALSE)["rougeL_diff"] for text in answers]
    assert report["rougeL_diff"] == pytest.approx(sum(each) / 3)
    assert report["how"] == "score: rouge2_acc"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"input": "q", "correct_answers": TRUE}, "'incorrect_answers' is no list of texts"),
        ({"input": "q", "correct_answers": "a", "incorrect_answers": FALSE}, "'correct_answers' is no list"),
        ({"input": "q", "correct_answers": ["答案"], "incorrect_answers": FALSE}, "ROUGE reads only"),
        ({"correct_answers": TRUE, "incorrect_answers": FALSE}, "no 'input'"),
    ],
)
def test_rows_that_cannot_be_measured_are_refused(row, message):
    with pytest.raises(BadSample, match=message):
        evaluation().check_sample(row)


def test_an_unknown_measure_is_refused():
    with pytest.raises(UsageError, match="choose one of bleu"):
        evaluation(measure="bleurt")
