"""Calibration: against closed forms, plain loops and a second library, and by simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest

from evals.stats.calibration import choice_calibration, choice_probabilities, confidence_calibration, fit_temperature


def made(n: int, seed: int, temperature: float = 1.0, n_options: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """Log probabilities of a model that is calibrated at this temperature, and answers drawn from the truth."""
    rng = np.random.default_rng(seed)
    truth = rng.normal(0, 1.5, (n, n_options))
    p = np.exp(truth) / np.exp(truth).sum(axis=1, keepdims=True)
    answers = np.array([rng.choice(n_options, p=row) for row in p])
    return truth * temperature, answers


def measured(logprobs, answers, n_draws=200, **kwargs):
    return choice_calibration(logprobs, answers, rng=np.random.default_rng(1), n_draws=n_draws, **kwargs)


def looped_ece(points: list[tuple[float, float]], n_bins: int) -> float:
    """The definition, point by point."""
    total = 0.0
    for b in range(n_bins):
        inside = [(p, y) for p, y in points if b / n_bins < p <= (b + 1) / n_bins or (b == 0 and p == 0)]
        if inside:
            confidence = math.fsum(p for p, _ in inside) / len(inside)
            accuracy = math.fsum(y for _, y in inside) / len(inside)
            total += len(inside) / len(points) * abs(accuracy - confidence)
    return total


@pytest.mark.parametrize("n_bins", [1, 7, 10, 15])
def test_both_eces_equal_the_definition_point_by_point(n_bins):
    logprobs, answers = made(300, 3, 2.0)
    p = choice_probabilities(logprobs)
    every = [(p[i, j], float(answers[i] == j)) for i in range(300) for j in range(4)]
    top = [(p[i].max(), float(p[i].argmax() == answers[i])) for i in range(300)]
    found = measured(logprobs, answers, n_bins=n_bins).measures
    assert found["ece"].value == pytest.approx(looped_ece(every, n_bins), abs=1e-12)
    assert found["top_label_ece"].value == pytest.approx(looped_ece(top, n_bins), abs=1e-12)


def test_bins_are_closed_above_and_zero_is_in_the_first():
    found = confidence_calibration([0.0, 0.1, 0.100001, 0.5, 1.0], [0, 0, 0, 1, 1], rng=np.random.default_rng(0))
    assert [(b.low, b.n) for b in found.bins] == [(0.0, 2), (0.1, 1), (0.4, 1), (0.9, 1)]


def test_brier_nll_and_auroc_equal_plain_loops():
    logprobs, answers = made(120, 5, 1.5)
    p = choice_probabilities(logprobs)
    found = measured(logprobs, answers).measures
    brier = [sum((p[i, j] - (answers[i] == j)) ** 2 for j in range(4)) for i in range(120)]
    assert found["brier"].value == pytest.approx(math.fsum(brier) / 120)
    assert found["nll"].value == pytest.approx(-math.fsum(math.log(p[i, a]) for i, a in enumerate(answers)) / 120)
    right = [p[i].max() for i in range(120) if p[i].argmax() == answers[i]]
    wrong = [p[i].max() for i in range(120) if p[i].argmax() != answers[i]]
    wins = sum((r > w) + (r == w) / 2 for r in right for w in wrong)
    assert found["auroc"].value == pytest.approx(wins / (len(right) * len(wrong)))


def test_scikit_learn_agrees():
    metrics = pytest.importorskip("sklearn.metrics")
    curves = pytest.importorskip("sklearn.calibration")
    logprobs, answers = made(400, 7, 1.7)
    p = choice_probabilities(logprobs)
    found = measured(logprobs, answers)
    correct = p.argmax(axis=1) == answers
    assert found.measures["auroc"].value == pytest.approx(metrics.roc_auc_score(correct, p.max(axis=1)))
    assert found.measures["nll"].value == pytest.approx(metrics.log_loss(answers, p, labels=range(4)))
    accuracy, confidence = curves.calibration_curve((np.arange(4) == answers[:, None]).ravel(), p.ravel(), n_bins=10)
    assert [b.accuracy for b in found.bins] == pytest.approx(accuracy.tolist())
    assert [b.confidence for b in found.bins] == pytest.approx(confidence.tolist())


def test_equal_mass_bins_hold_equally_many_points():
    confidences = np.linspace(0.0, 1.0, 50)
    correct = (np.arange(50) % 3 == 0).astype(float)
    parts = np.array_split(np.arange(50), 10)
    expected = sum(len(part) / 50 * abs(correct[part].mean() - confidences[part].mean()) for part in parts)
    found = confidence_calibration(confidences, correct, rng=np.random.default_rng(0))
    assert found.measures["equal_mass_ece"].value == pytest.approx(expected)


def test_questions_may_have_different_numbers_of_options():
    logprobs = np.log([[0.7, 0.3, np.nan], [0.2, 0.2, 0.6]])
    found = measured(logprobs, [0, 2])
    assert (found.n_questions, found.n_points) == (2, 5)
    assert found.measures["nll"].value == pytest.approx(-(math.log(0.7) + math.log(0.6)) / 2)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_a_known_temperature_is_recovered(temperature):
    logprobs, answers = made(20_000, 11, temperature)
    assert fit_temperature(logprobs, answers) == pytest.approx(temperature, rel=0.04)


@pytest.mark.slow
def test_known_miscalibration_is_recovered_and_mended_by_one_temperature():
    logprobs, answers = made(4000, 13, 2.5)
    found = measured(logprobs, answers)
    truth, _ = made(200_000, 99, 1.0)
    p_true, p_said = choice_probabilities(truth), choice_probabilities(truth * 2.5)
    bins = np.ceil(p_said.ravel() * 10).astype(int)
    ece = np.abs(np.bincount(bins, (p_true - p_said).ravel())).sum() / bins.size
    assert found.measures["ece"].value == pytest.approx(ece, abs=0.01)
    assert ece in found.measures["ece"].interval
    assert found.p_calibrated < 0.01
    assert found.temperature is not None
    assert found.temperature.after.value < 0.02 < found.temperature.before.value


@pytest.mark.slow
def test_intervals_of_calibrated_models_cover_no_bias():
    """The debiased error's interval holds 0, and the ECE lies where chance puts it: 60 studies of 400 questions."""
    covered = usual = 0
    for seed in range(60):
        found = measured(*made(400, 1000 + seed), n_draws=300)
        covered += 0.0 in found.measures["l2_debiased"].interval
        usual += found.measures["ece"].value in found.ece_if_calibrated.interval
    assert covered >= 53
    assert usual >= 52


@pytest.mark.slow
@pytest.mark.parametrize("n", [40, 400])
def test_intervals_of_the_errors_of_calibrated_models_reach_to_zero(n):
    """0 is the truth; 100 studies of stated confidences, at most 7 of which may leave it out (2.5 expected)."""
    missed = dict.fromkeys(("ece", "equal_mass_ece", "max_bin_error"), 0)
    for seed in range(100):
        rng = np.random.default_rng(5000 + seed)
        stated = rng.beta(4, 1.5, n)
        found = confidence_calibration(stated, rng.random(n) < stated, rng=rng, n_draws=100)
        for name in missed:
            missed[name] += found.measures[name].interval.low > 0
    assert max(missed.values()) <= 7, missed


def test_what_cannot_be_told_is_nan():
    found = confidence_calibration([0.9, 0.8], [1, 1], rng=np.random.default_rng(0))
    assert math.isnan(found.measures["auroc"].value)
    assert not found.measures["auroc"].interval.defined


@pytest.mark.parametrize(("logprobs", "answers"), [([[0.0, 1.0]], [2]), ([[0.0, math.nan]], [1]), ([[0.0]], [0, 0])])
def test_answers_that_are_no_options_are_refused(logprobs, answers):
    with pytest.raises(ValueError, match="answer"):
        measured(logprobs, answers)
