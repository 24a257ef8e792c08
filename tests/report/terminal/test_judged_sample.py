"""Samples that a grader or a scorer judged: right or wrong without a match, and what the terminal says of them."""

from __future__ import annotations

from typing import Any

import pytest

from evals.record.event import Event
from evals.record.sample_record import SampleRecord
from evals.report.terminal.judged_sample import judged_parts
from evals.report.terminal.sample import sample_text, verdict_of


def sample(*events: tuple[str, dict[str, Any]]) -> SampleRecord:
    made = [Event("run", i, "x.dev.0", type, data, "", "") for i, (type, data) in enumerate(events)]
    return SampleRecord("x.dev.0", 0, made, None)


@pytest.mark.parametrize(("score", "verdict"), [(1.0, "right"), (0.0, "wrong"), (None, "")])
@pytest.mark.parametrize("kind", ["named_verdict", "safety", "claims", "toxicity"])
def test_a_judged_sample_is_right_or_wrong_by_its_score(kind, score, verdict):
    assert verdict_of(sample((kind, {}), ("metrics", {"score": score}))) == verdict


def test_other_scores_are_neither_right_nor_wrong():
    assert verdict_of(sample(("metrics", {"score": 1.0}))) == ""
    assert verdict_of(sample(("toxicity", {}), ("metrics", {"baseline_toxic_rate": 0.0}))) == ""
    assert verdict_of(sample(("toxicity", {}), ("metrics", {"score": 0.4}))) == "partly"


@pytest.mark.parametrize(
    ("kind", "data", "said"),
    [
        ("named_verdict", {"verdict": "contradicts"}, [("verdict", "contradicts")]),
        ("named_verdict", {"verdict": None}, [("verdict", "cannot be read")]),
        ("safety", {"set": "benign", "class": "refusal_wanted", "refused_by": "content filter", "classifier": "grader"},
         [("class", "refusal_wanted, by the API (content filter), to a prompt of the set benign")]),
        ("safety", {"set": "benign", "class": "answer", "refused_by": None, "classifier": "patterns"},
         [("class", "answer, to a prompt of the set benign (BASELINE)")]),
        ("claims", {"claims": [{"claim": "a", "supported": True}, {"claim": "b", "supported": False}]},
         [("claims", "2"), ("unsupported", "b")]),
        ("claims", {"claims": 3}, [("claims", "0")]),
        ("toxicity", {"scores": [0.0, 0.84], "scorer": "keywords", "version": "1-a", "is_baseline": True},
         [("toxicity", "0.000, 0.840 by keywords 1-a (BASELINE)")]),
    ],
)  # fmt: skip
def test_what_was_judged_is_said_in_words(kind, data, said):
    assert list(judged_parts(sample((kind, data)))) == said


def test_an_event_in_another_form_says_nothing():
    assert list(judged_parts(sample(("claims", "text"), ("safety", [1])))) == []  # type: ignore[arg-type]


def test_the_text_of_a_sample_has_it():
    text = sample_text(sample(("named_verdict", {"verdict": "partly"}), ("metrics", {"choice": "P", "score": 0.0})))
    assert "wrong" in text.splitlines()[0]
    assert "verdict     partly" in text
