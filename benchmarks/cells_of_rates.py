"""Cells of the grid of printed intervals: shares of right answers, in groups, clusters and repeats."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from drawn_scores import ICC, ICC_REPEATS, NS, PS, Array, Cell, Rng, event, line_of, rates, sizes
from scipy import stats as scipy_stats

from evals.metrics import MatchReport, MetricsReport
from evals.report.terminal.group_rows import group_lines
from evals.report.terminal.run import unparsed_lines
from evals.runner.labelled import score_keys


def match_report(correct: Sequence[bool]) -> dict[str, Any]:
    report = MatchReport()
    for number, one in enumerate(correct):
        report.add(f"s.{number}", [event("match", {"correct": bool(one), "parsed": bool(one)})])
    return report.as_dict()


def metrics_report(name: str, values: Array) -> dict[str, Any]:
    report = MetricsReport(name)
    for number, value in enumerate(values.tolist()):
        report.add(f"s.{number}", [event("metrics", {name: value})])
    return report.as_dict()


def right_or_wrong(metric: str = "accuracy") -> Iterator[Cell]:
    kind = "right or wrong" if metric == "accuracy" else "rate of unreadable answers"

    @functools.cache
    def line(k: int, n: int) -> str:
        if metric == "unparsed":
            return unparsed_lines(match_report([i >= k for i in range(n)]), k)[0]
        return line_of(match_report([i < k for i in range(n)]), metric)

    for n in NS:
        for p in PS:

            def outcomes(n: int = n, p: float = p) -> Iterator[tuple[float, str]]:
                for k, chance in enumerate(scipy_stats.binom.pmf(np.arange(n + 1), n, p)):
                    if chance > 1e-9:
                        yield float(chance), line(k, n)

            yield Cell(kind, f"p = {p:g}, n = {n}", lambda rng: "", p, outcomes)


def group_rows() -> Iterator[Cell]:
    """A row in the table of groups; the group has n samples."""

    @functools.cache
    def line(k: int, n: int) -> str:
        rows = {
            name: score_keys("accuracy", (np.arange(n) < hits).astype(float), None)
            for name, hits in (("x", k), ("y", n))
        }
        return next(line for line in group_lines({"groups": {"subject": rows}}) if line.strip().startswith("x"))

    for n in (5, 20, 200):
        for p in PS:

            def outcomes(n: int = n, p: float = p) -> Iterator[tuple[float, str]]:
                for k, chance in enumerate(scipy_stats.binom.pmf(np.arange(n + 1), n, p)):
                    if chance > 1e-9:
                        yield float(chance), line(k, n)

            yield Cell("right or wrong, row of a group", f"p = {p:g}, n = {n}", lambda rng: "", p, outcomes)


def cluster_grid() -> Iterator[tuple[int, int, bool]]:
    """(samples, clusters, equal sizes)"""
    for n in (20, 50, 200, 1000):
        for n_clusters in (3, 5, 10, 50):
            if n >= 2 * n_clusters:
                yield n, n_clusters, True
    yield from ((200, n_clusters, False) for n_clusters in (3, 5, 10, 50))


def named(n: int, n_clusters: int, equal: bool) -> str:
    return f"n = {n} in {n_clusters} clusters of {'equal' if equal else 'unequal'} size"


@functools.lru_cache(maxsize=100_000)
def clustered_line(counts: tuple[tuple[int, int], ...]) -> str:
    """The line of a run with so many samples and hits in each cluster: what is printed depends on nothing else."""
    scores = np.concatenate([np.arange(n) < hits for n, hits in counts]).astype(float)
    codes = np.repeat(np.arange(len(counts)), [n for n, _ in counts])
    return line_of(score_keys("accuracy", scores, codes.tolist()), "accuracy")


def clustered() -> Iterator[Cell]:
    for n, n_clusters, equal in cluster_grid():
        for p in PS:

            def draw(rng: Rng, n: int = n, c: int = n_clusters, equal: bool = equal, p: float = p) -> str:
                codes = sizes(n, c, equal, rng)
                hits = rng.random(n) < rates(p, ICC, c, rng)[codes]
                counts = np.bincount(codes, minlength=c), np.bincount(codes, weights=hits, minlength=c)
                return clustered_line(tuple(sorted(zip(*(one.astype(int).tolist() for one in counts), strict=True))))

            yield Cell("right or wrong, in clusters", f"p = {p:g}, {named(n, n_clusters, equal)}", draw, p)


@functools.lru_cache(maxsize=100_000)
def repeated_line(counts: tuple[int, ...]) -> str:
    """counts: the number of items with so many hits."""
    scores = np.repeat(np.arange(len(counts)), counts) / (len(counts) - 1)
    return line_of(score_keys("accuracy", scores, None), "accuracy")


def repeated() -> Iterator[Cell]:
    for n in NS:
        for repeats in (2, 3, 5):
            for p in PS:

                def draw(rng: Rng, n: int = n, repeats: int = repeats, p: float = p) -> str:
                    hits = rng.binomial(repeats, rates(p, ICC_REPEATS, n, rng))
                    return repeated_line(tuple(np.bincount(hits, minlength=repeats + 1).tolist()))

                yield Cell("right or wrong, repeated", f"p = {p:g}, n = {n}, {repeats} repeats", draw, p)


def repeated_clusters() -> Iterator[Cell]:
    for n, n_clusters in ((20, 3), (50, 10), (200, 50)):
        for p in PS:

            def draw(rng: Rng, n: int = n, c: int = n_clusters, p: float = p) -> str:
                codes = sizes(n, c, True, rng)
                scores = rng.binomial(3, rates(p, ICC, c, rng)[codes]) / 3
                return line_of(score_keys("accuracy", scores, codes.tolist()), "accuracy")

            yield Cell("right or wrong, repeated, in clusters", f"p = {p:g}, {named(n, n_clusters, True)}", draw, p)
