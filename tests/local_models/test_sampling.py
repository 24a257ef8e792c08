"""The choice of a token: by likelihood, by temperature, by the nucleus, each row on its own."""

from __future__ import annotations

import numpy as np
import pytest

from evals.local_models.language_model import Sampling
from evals.local_models.sampling import chosen, likeliest, log_probabilities

PROBABILITIES = [0.1, 0.4, 0.3, 0.2]
ROW = np.log(np.array([PROBABILITIES]))


def pick(chance, **options):
    return int(chosen(ROW, [Sampling(max_tokens=1, **options)], [chance])[0])


def shares(n=1000, **options):
    """How often each token comes over chances that are spread evenly."""
    picks = [pick((k + 0.5) / n, **options) for k in range(n)]
    return [picks.count(k) / n for k in range(4)]


def test_log_probabilities_are_logits_less_the_logarithm_of_their_summed_exponentials():
    logits = np.array([[1.0, 2.0, 3.0], [1000.0, 0.0, -1000.0]])
    found = log_probabilities(logits)
    total = sum(np.exp([1.0, 2.0, 3.0]))
    np.testing.assert_allclose(found[0], np.array([1.0, 2.0, 3.0]) - np.log(total))
    np.testing.assert_allclose(found[1], [0.0, -1000.0, -2000.0])


@pytest.mark.parametrize("options", [{"temperature": 0.0}, {"top_p": 0.0}, {"temperature": 1e-300}])
def test_without_chance_the_likeliest_token_comes(options):
    assert {pick(chance, **options) for chance in (0.0, 0.5, 0.999999)} == {1}


def test_the_first_of_equally_likely_tokens_comes():
    even = np.log(np.full((1, 4), 0.25))
    assert chosen(even, [Sampling(max_tokens=1, temperature=0.0)], [0.9])[0] == 0


def test_tokens_come_as_often_as_they_are_likely():
    assert shares() == pytest.approx(PROBABILITIES)


def test_temperature_raises_probabilities_to_a_power():
    powers = [p ** (1 / 0.5) for p in PROBABILITIES]
    assert shares(temperature=0.5) == pytest.approx([p / sum(powers) for p in powers], abs=0.001)
    assert shares(temperature=100.0) == pytest.approx([0.25] * 4, abs=0.01)


@pytest.mark.parametrize(
    ("top_p", "left"), [(0.39, [1]), (0.41, [1, 2]), (0.71, [1, 2, 3]), (0.91, [0, 1, 2, 3]), (0.05, [1])]
)
def test_top_p_leaves_the_fewest_tokens_that_reach_it(top_p, left):
    total = sum(PROBABILITIES[k] for k in left)
    expected = [PROBABILITIES[k] / total if k in left else 0.0 for k in range(4)]
    assert shares(top_p=top_p) == pytest.approx(expected, abs=0.002)


def test_each_row_goes_by_its_own_request():
    rows = np.repeat(ROW, 3, axis=0)
    requests = [Sampling(1, temperature=0.0), Sampling(1), Sampling(1, top_p=0.5)]
    together = chosen(rows, requests, [0.99, 0.99, 0.99]).tolist()
    assert together == [int(chosen(ROW, [request], [0.99])[0]) for request in requests] == [1, 3, 2]


@pytest.mark.parametrize("n", [0, 1, 2, 3, 5, 9])
def test_the_likeliest_are_those_that_sorting_puts_first(n):
    logprobs = np.log(np.array([0.1, 0.2, 0.1, 0.3, 0.2, 0.1]))
    expected = sorted(range(6), key=lambda k: (-logprobs[k], k))[:n]
    assert [k for k, _ in likeliest(logprobs, n)] == expected
    assert [value for _, value in likeliest(logprobs, n)] == [logprobs[k] for k in expected]
