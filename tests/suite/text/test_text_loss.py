"""TextLoss: totals of nats over tokens and bytes, their error over texts, and models that cannot be asked."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from scipy import stats

import evals
from evals.completion import ContinuationScore
from evals.engine.context import use_session
from evals.engine.plan import RunPlan
from evals.engine.session import Session
from evals.errors import BadSample, UsageError
from evals.suite.text.text_loss import Ratio, TextLoss


class Uniform:
    """Each word is a token of probability 1/8."""

    def __call__(self, prompt, **kwargs):
        raise AssertionError("a loss asks for no completion")

    async def score(self, prompt, continuations):
        return [ContinuationScore(-math.log(8) * len(text.split()), len(text.split())) for text in continuations]


class TalksOnly:
    def __call__(self, prompt, **kwargs):
        return ["hello"]


def loss_of(fn):
    return TextLoss([fn], samples_jsonl="unused.jsonl", name="loss.test")


def test_a_uniform_model_has_the_log_of_its_choices_a_token(tmp_path):
    texts = ["one two three", "four", "zwölf Boxkämpfer"]
    (tmp_path / "texts.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    registry = tmp_path / "registry"
    (registry / "evals").mkdir(parents=True)
    lines = ["loss.test.v0:", "  class: evals.suite:TextLoss", "  args:"]
    lines.append(f"    samples_jsonl: {tmp_path / 'texts.jsonl'}")
    (registry / "evals" / "loss.yaml").write_text("\n".join(lines) + "\n")
    result = evals.run(Uniform(), "loss.test.v0", registry_paths=registry, record_path=tmp_path / "r.jsonl")
    n_bytes = sum(len(text.encode()) for text in texts)
    assert result.metric("nats_per_token").value == pytest.approx(math.log(8))
    assert result.metric("bits_per_byte").value == pytest.approx(6 * 3 / n_bytes)


def test_the_error_of_a_ratio_is_that_of_its_linearised_values():
    rng = np.random.default_rng(1)
    bottom = rng.integers(5, 50, 200).astype(float)
    top = bottom * rng.normal(0.5, 0.1, 200)
    ratio = Ratio()
    for number, pair in enumerate(zip(top, bottom, strict=True)):
        ratio.add(f"t.{number}", *pair)
    r = top.sum() / bottom.sum()
    assert ratio.value == pytest.approx(r)
    assert ratio.stderr == pytest.approx(stats.sem((top - r * bottom) / bottom.mean()))


def test_the_error_of_a_ratio_covers_the_truth():
    rng = np.random.default_rng(2)
    hits = 0
    for _ in range(400):
        bottom = rng.integers(5, 50, 100).astype(float)
        ratio = Ratio()
        for number, pair in enumerate(zip(bottom * 0.5 + rng.normal(0, 2, 100), bottom, strict=True)):
            ratio.add(f"t.{number}", *pair)
        hits += abs(ratio.value - 0.5) <= 1.984 * ratio.stderr
    assert 0.92 < hits / 400 < 0.98


def test_the_order_of_texts_does_not_matter_to_the_last_digit():
    pairs = [(0.1 * k, 1.0 + k % 7) for k in range(100)]
    there, back = Ratio(), Ratio()
    for number, pair in enumerate(pairs):
        there.add(f"t.{number}", *pair)
    for number, pair in reversed(list(enumerate(pairs))):
        back.add(f"t.{number}", *pair)
    assert (there.value, there.stderr) == (back.value, back.stderr)


def test_one_text_shows_no_spread():
    ratio = Ratio()
    ratio.add("t.0", 1.0, 2.0)
    assert ratio.value == 0.5
    assert math.isnan(ratio.stderr)
    assert math.isnan(Ratio().value)


def test_a_model_without_log_probabilities_is_refused_with_what_would_do():
    with pytest.raises(UsageError, match="log probabilities"):
        loss_of(TalksOnly())


@pytest.mark.parametrize("row", [{"input": "x"}, {"text": ""}, {"text": 3}])
def test_a_row_without_text_is_named(row):
    with pytest.raises(BadSample):
        loss_of(Uniform()).check_sample(row)


def test_repeats_of_a_text_are_one_unit_and_a_missing_one_leaves_the_text_in(tmp_path):
    with use_session(Session(), RunPlan(repeats=2)):
        ratio = Ratio()
    for name, top, bottom in (("a", 1.0, 2.0), ("b", 4.0, 4.0), ("a", 3.0, 2.0)):
        ratio.add(name, top, bottom)
    keys = ratio.keys("x")
    assert (keys["x"], keys["n"]) == (pytest.approx((2.0 + 4.0) / (2.0 + 4.0)), 2)
    ratio.add("b", 0.0, 4.0)
    assert ratio.keys("x")["x"] == pytest.approx((2.0 + 2.0) / (2.0 + 4.0))
