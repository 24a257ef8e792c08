"""Confidence without log probabilities: asked for, or read off several completions; recorded as what it is."""

from __future__ import annotations

import itertools
import json

import pytest

import evals
from evals.cli.main import main
from evals.errors import UsageError
from evals.record.reader import read_record
from evals.suite.answers.answer_rules import make_rule
from evals.suite.answers.stated_confidence import StatedConfidence, agreed, split_confidence

REGISTRY = """
sure:
  id: sure.dev.v0
  metrics: [accuracy]
sure.dev.v0:
  class: evals.suite:StatedConfidence
  args:
    samples_jsonl: sure/samples.jsonl
    extract: number
"""


@pytest.mark.parametrize(
    ("text", "confidence"),
    [
        ("4\nConfidence: 85", 0.85),
        ("4\n**Confidence:** 85 %", 0.85),
        ("confidence 10, no: 4. Confidence = 12.5", 0.125),
        ("4\nConfidence: 850", None),
        ("4\nConfidence: high", None),
        ("4", None),
        ("4\nConfidence: 0", 0.0),
        ("4\nConfidence: 0.85", 0.85),
        ("4\nConfidence: 1.0", 1.0),
        ("4\nConfidence: 1", 0.01),
        ("4\nConfidence: 0.5%", 0.005),
        ("4\nConfidence: 85/100", 0.85),
        ("4\nConfidence: 9/10", 0.9),
        ("4\nConfidence: 4 out of 5", 0.8),
        ("4\nConfidence (0-100): 85", 0.85),
        ("4\nConfidence level: ~85%", 0.85),
        ("4\nConfidence score: **85**", 0.85),
        ("4\nConfidence: [85]", 0.85),
        ("4\nConfidence: \\boxed{85\\%}", 0.85),
        ("4\nConfidence: 80-90", None),
        ("4\nConfidence: 11/10", None),
        ("4\nConfidence: 5/0", None),
    ],
)
def test_the_last_stated_confidence_counts(text, confidence):
    assert split_confidence(text)[1] == confidence


def test_the_confidence_is_no_part_of_the_answer():
    assert make_rule("number").extract(split_confidence("It is 4.\nConfidence: 85")[0]) == "4"


def test_an_answer_behind_the_confidence_is_read_too():
    sure = StatedConfidence([lambda prompt, **_: ""], "x.jsonl", extract="number")
    assert sure.judged(["Confidence: 85%\nThe answer is 4."], ["4"]) == ("4", 0.85, True)
    assert sure.judged(["4\nConfidence: 85, as I counted 2 times"], ["4"]) == ("4", 0.85, True)


def test_agreement_is_the_share_of_all_completions():
    rule = make_rule("number")
    assert agreed(["4", "4.0", None, "5"], rule) == ("4", 0.5)
    assert agreed(["5", "4"], rule) == ("5", 0.5)
    assert agreed([None, None], rule) == (None, None)


@pytest.mark.parametrize("arguments", [{"kind": "guess"}, {"kind": "agreement", "n_completions": 1}])
def test_arguments_that_measure_nothing_are_refused(arguments):
    with pytest.raises(UsageError):
        StatedConfidence([lambda prompt, **_: ""], "x.jsonl", **arguments)


def run(tmp_path, completion_fn, **arguments):
    (tmp_path / "registry" / "evals").mkdir(parents=True)
    (tmp_path / "registry" / "evals" / "sure.yaml").write_text(REGISTRY)
    folder = tmp_path / "registry" / "data" / "sure"
    folder.mkdir(parents=True)
    rows = [{"input": f"{n} + 1?", "ideal": str(n + 1)} for n in range(12)]
    (folder / "samples.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    record = tmp_path / "record.jsonl"
    result = evals.run(
        completion_fn, "sure", registry_paths=tmp_path / "registry", record_path=record, eval_args=arguments
    )
    return result, record


def test_a_run_records_what_was_said_and_the_plot_reads_it(tmp_path, capsys):
    seen = []

    def model(prompt):
        text = prompt if isinstance(prompt, str) else prompt[-1]["content"]
        seen.append(text)
        n = int(text.split()[0])
        return f"{n + 1}\nConfidence: 90" if n % 2 else f"{n}\nConfidence: 60"

    result, record = run(tmp_path, model)
    assert result.report["accuracy"] == 0.5
    assert result.report["confidence"] == pytest.approx(0.75)
    assert all("Confidence: N" in text for text in seen)
    assert len(list(read_record(record).events("confidence"))) == 12
    assert main(["plot", "calibration", str(record)]) == 0
    shown = capsys.readouterr().out
    assert "stated confidence (not a probability of the model)" in shown
    assert "12 questions" in shown


def test_agreement_of_several_draws(tmp_path):
    counter = itertools.count()
    result, record = run(tmp_path, lambda prompt: str(next(counter) % 2), kind="agreement", n_completions=4)
    found = [event.data for event in read_record(record).events("confidence")]
    assert {data["kind"] for data in found} == {"agreement"}
    assert all(0.25 <= data["confidence"] <= 1 for data in found)
    assert result.report["confidence_n"] == 12
