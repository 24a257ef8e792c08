"""Cells of the grid of printed intervals: differences of two runs."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Sequence
from types import SimpleNamespace

import numpy as np
from cells_of_rates import named
from drawn_scores import ICC, ICC_REPEATS, NS, Array, Cell, Rng, f1_mean, f1_scores, rates, sizes

from evals.report.terminal.comparison import number_lines
from evals.stats.means import estimate
from evals.stats.paired import paired_difference


def difference_line(a: Array, b: Array, clusters: Sequence[int] | None = None) -> str:
    """The line of the difference b - a in `evals compare`."""
    facts = SimpleNamespace(metric="correct", facts=SimpleNamespace(eval_name="e"))
    compared = SimpleNamespace(
        a=facts,
        b=facts,
        n=len(a),
        alpha=0.05,
        estimate_a=estimate(a, clusters),
        estimate_b=estimate(b, clusters),
        difference=paired_difference(b, a, clusters),
    )
    return next(line for line in number_lines(compared, ["a", "b"]) if line.startswith("difference"))


GAPS = ((0.0, 0.0), (0.02, 0.0), (0.5, 0.0), (0.5, 0.1), (0.95, 0.0), (0.95, 0.05), (1.0, 0.0), (1.0, 0.5), (1.0, 1.0))


def joint(p: float, gap: float, correlation: float = 0.5) -> list[float]:
    """Chances of both right, only a, only b, neither, of two models with accuracies p and p - gap."""
    q = p - gap
    both = p * q + correlation * math.sqrt(max(0.0, p * (1 - p) * q * (1 - q)))
    return [both, p - both, q - both, max(0.0, 1 - p - q + both)]


def differences() -> Iterator[Cell]:
    @functools.cache
    def line(both: int, a_only: int, b_only: int, neither: int) -> str:
        first = np.repeat([1.0, 1.0, 0.0, 0.0], [both, a_only, b_only, neither])
        second = np.repeat([1.0, 0.0, 1.0, 0.0], [both, a_only, b_only, neither])
        return difference_line(second, first)

    for n in NS:
        for p, gap in GAPS:

            def draw(rng: Rng, n: int = n, p: float = p, gap: float = gap) -> str:
                return line(*(int(count) for count in rng.multinomial(n, joint(p, gap))))

            yield Cell("difference, right or wrong", f"{p:g} and {p - gap:g}, n = {n}", draw, gap)


def paired_rates(p: float, gap: float, icc: float, size: int, rng: Rng) -> tuple[Array, Array]:
    """Chances to be right, mean p and p - gap, of two models that find three clusters or items of five equally hard."""
    first = rates(p, icc, size, rng)
    other = np.where(rng.random(size) < 0.6, first, rates(p, icc, size, rng))
    return first, other * ((p - gap) / p if p else 1.0)


PAIRED_CLUSTERS = (
    *((20, 3, True), (50, 3, True), (50, 5, True), (200, 10, True), (200, 3, False), (200, 10, False), (200, 50, True)),
    *((1000, 5, True), (1000, 50, True)),
)
"(samples, clusters, equal sizes)"


def clustered_differences() -> Iterator[Cell]:
    for n, n_clusters, equal in PAIRED_CLUSTERS:
        for p, gap in GAPS[:6]:
            draw = functools.partial(clustered_difference, n, n_clusters, equal, p, gap)
            yield Cell("difference, in clusters", f"{p:g} and {p - gap:g}, {named(n, n_clusters, equal)}", draw, gap)


def clustered_difference(n: int, n_clusters: int, equal: bool, p: float, gap: float, rng: Rng) -> str:
    codes = sizes(n, n_clusters, equal, rng)
    one, other = (chances[codes] for chances in paired_rates(p, gap, ICC, n_clusters, rng))
    right = [(rng.random(n) < chances).astype(float) for chances in (one, other)]
    return difference_line(right[1], right[0], codes.tolist())


def repeated_differences() -> Iterator[Cell]:
    for n in NS:
        for repeats in (2, 5):
            for p, gap in GAPS[:6]:

                def draw(rng: Rng, n: int = n, repeats: int = repeats, p: float = p, gap: float = gap) -> str:
                    one, other = paired_rates(p, gap, ICC_REPEATS, n, rng)
                    return difference_line(rng.binomial(repeats, other) / repeats, rng.binomial(repeats, one) / repeats)

                yield Cell("difference, repeated", f"{p:g} and {p - gap:g}, n = {n}, {repeats} repeats", draw, gap)


def f1_differences() -> Iterator[Cell]:
    for n in NS:
        for p, gap in ((0.0, 0.0), (0.02, 0.0), (0.5, 0.0), (0.95, 0.0), (0.95, 0.05), (1.0, 0.0)):

            def draw(rng: Rng, n: int = n, p: float = p, gap: float = gap) -> str:
                one, other = f1_scores(p, None, n, rng), f1_scores(p - gap, None, n, rng)
                same = rng.random(n) < 0.5
                return difference_line(np.where(same, one, other) if not gap else other, one)

            name = f"about {p:g} and {p - gap:g}, n = {n}"
            yield Cell("difference of means in [0, 1]", name, draw, f1_mean(p, False) - f1_mean(p - gap, False))


def plain_differences() -> Iterator[Cell]:
    for n, n_clusters in ((3, None), (5, None), (20, None), (200, None), (20, 3), (50, 10)):

        def draw(rng: Rng, n: int = n, c: int | None = n_clusters) -> str:
            noise = rng.normal(0, 2, n) if c is None else rng.normal(0, 1, c)[np.arange(n) % c] + rng.normal(0, 1.5, n)
            first = rng.normal(6, 2, n)
            return difference_line(first, first + noise, None if c is None else (np.arange(n) % c).tolist())

        clusters = "" if n_clusters is None else f" in {n_clusters} clusters"
        yield Cell("difference beyond [0, 1]", f"n = {n}{clusters}", draw, 0.0)
