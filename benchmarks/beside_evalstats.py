"""Coverage and width of 95 % intervals beside those of evalstats: `python benchmarks/beside_evalstats.py [--write]`.

evalstats (PyPI, 0.3.3) is another package for statistics of evals; install it first. Both are asked
for the interval that they choose by themselves. Right-or-wrong scores are summed over all outcomes, without simulation;
other rows are simulated, both packages on the same draws. With --write the table goes into docs/statistics.md.
"""

from __future__ import annotations

import argparse
import re
import warnings
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import evalstats
import numpy as np
from scipy import stats as scipy_stats

from evals.stats.grader_corrected import ppi_mean
from evals.stats.means import estimate
from evals.stats.paired import paired_difference

PAGE = Path(__file__).parents[1] / "docs" / "statistics.md"
BLOCK = re.compile(r"(<!-- beside evalstats: [^>]*-->\n).*?(<!-- end -->)", re.DOTALL)
N_RUNS = 1000
N_GRADED_RUNS = 300
"evalstats draws a bootstrap for each grader-corrected interval."

Interval = tuple[float, float]


@dataclass(frozen=True)
class Row:
    """Coverage in percent and mean width of both, over the same outcomes."""

    name: str
    ours: tuple[float, float]
    theirs: tuple[float, float]
    n_runs: int | None
    "None: exact."


def ours_of_mean(values: Any) -> Interval:
    """Our interval of a mean; both ends nan where none is given."""
    found = estimate(values).interval
    return found.low, found.high


def theirs_of_mean(values: Any) -> Interval:
    """The interval that evalstats chooses."""
    found = evalstats.mean_ci(values, n_bootstrap=2000, rng=0)
    return found.ci_low, found.ci_high


def summed(truth: float, outcomes: Iterator[tuple[float, Interval]]) -> tuple[float, float]:
    """Coverage in percent and mean width over (weight, interval)."""
    covered = width = total = 0.0
    for weight, (low, high) in outcomes:
        covered += weight * (low - 1e-12 <= truth <= high + 1e-12)
        width += weight * (high - low)
        total += weight
    return 100 * covered / total, width / total


def right_or_wrong(p: float, n: int) -> Row:
    """All outcomes of n right-or-wrong scores, with their probabilities."""
    weights = scipy_stats.binom.pmf(np.arange(n + 1), n, p)
    outcomes = [(float(w), np.repeat([1.0, 0.0], [k, n - k])) for k, w in enumerate(weights) if w > 1e-9]
    both = [summed(p, ((w, of(v)) for w, v in outcomes)) for of in (ours_of_mean, theirs_of_mean)]
    return Row(f"right or wrong, p = {p:g}, n = {n}", *both, None)


def simulated(name: str, truth: float, draw: Callable[[np.random.Generator], Any], n_runs: int = N_RUNS) -> Row:
    """Means of other scores, the same draws for both."""
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    values = [draw(rng) for _ in range(n_runs)]
    both = [summed(truth, ((1.0, of(v)) for v in values)) for of in (ours_of_mean, theirs_of_mean)]
    return Row(name, *both, n_runs)


def paired(p_both: float, p_won: float, p_lost: float, n: int) -> Row:
    """Differences of right-or-wrong scores of the same samples."""
    name = f"paired, {100 * p_won:g} % won and {100 * p_lost:g} % lost, n = {n}"
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    shares = [p_both, p_won, p_lost, 1 - p_both - p_won - p_lost]
    ours, theirs = [], []
    for _ in range(N_RUNS):
        kind = rng.choice(4, size=n, p=shares)
        a, b = np.isin(kind, (0, 1)).astype(float), np.isin(kind, (0, 2)).astype(float)
        found = paired_difference(a, b).interval
        ours.append((1.0, (found.low, found.high)))
        other = evalstats.pairwise_differences(np.array([a, b]), 0, 1, method="newcombe", n_bootstrap=200, rng=rng)
        theirs.append((1.0, (other.ci_low, other.ci_high)))
    truth = p_won - p_lost
    return Row(name, summed(truth, iter(ours)), summed(truth, iter(theirs)), N_RUNS)


def graded(agreement: float, n_labels: int, n: int) -> Row:
    """A grader of known error, and labels of some samples: the mean that people would give."""
    name = f"grader right in {100 * agreement:g} %, {n_labels} labels of {n:,}"
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    ours, theirs = [], []
    for _ in range(N_GRADED_RUNS):
        human = (rng.random(n) < 0.7).astype(float)
        grades = np.where(rng.random(n) < agreement, human, 1 - human)
        found = ppi_mean(human[:n_labels], grades[:n_labels], grades[n_labels:]).corrected.interval
        ours.append((1.0, (found.low, found.high)))
        labels = np.concatenate([human[:n_labels], np.full(n - n_labels, np.nan)])
        other = evalstats.judge_debias_mean_ci(grades, labels, n_bootstrap=500, rng=rng)
        theirs.append((1.0, (other.ci_low, other.ci_high)))
    return Row(name, summed(0.7, iter(ours)), summed(0.7, iter(theirs)), N_GRADED_RUNS)


def near_one(n: int) -> Callable[[np.random.Generator], Any]:
    """Fractions that are mostly 1, as pass@5 of a strong model: mean 0.95."""
    return lambda rng: np.where(rng.random(n) < 0.8, 1.0, rng.beta(3, 1, size=n))


def spread_out(n: int) -> Callable[[np.random.Generator], Any]:
    """F1-like scores: a fifth are 0, a fifth are 1, the others lie between; mean 0.5."""

    def draw(rng: np.random.Generator) -> Any:
        kind = rng.random(n)
        return np.where(kind < 0.2, 0.0, np.where(kind < 0.4, 1.0, rng.beta(2, 2, size=n)))

    return draw


def rows() -> Iterator[Row]:
    """The table, row by row."""
    for n in (5, 20, 200):
        for p in (0.02, 0.5, 0.95, 1.0):
            yield right_or_wrong(p, n)
    for n in (10, 50, 200):
        yield simulated(f"fractions near 1, n = {n}", 0.8 + 0.2 * 0.75, near_one(n))
        yield simulated(f"F1-like, n = {n}", 0.5, spread_out(n))
    for n in (20, 100):
        yield paired(0.6, 0.1, 0.1, n)
        yield paired(0.9, 0.05, 0.0, n)
    yield graded(0.9, 100, 1000)
    yield graded(0.7, 100, 1000)


def table() -> str:
    """The table as Markdown."""
    head = f"| case | ours: covers % | width | evalstats {version('evalstats')}: covers % | width | runs |"
    lines = [head, "| --- | ---: | ---: | ---: | ---: | ---: |"]
    for row in rows():
        (covers, width), (their_covers, their_width) = row.ours, row.theirs
        runs = "exact" if row.n_runs is None else f"{row.n_runs:,}"
        cells = f"{covers:.1f} | {width:.3f} | {their_covers:.1f} | {their_width:.3f} | {runs}"
        lines.append(f"| {row.name} | {cells} |")
        print(lines[-1], flush=True)
    return "\n".join(lines) + "\n"


def main() -> None:
    """Print the table; with --write put it into the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    text = table()
    if args.write:
        PAGE.write_text(BLOCK.sub(lambda found: found[1] + text + found[2], PAGE.read_text(encoding="utf-8")))


if __name__ == "__main__":
    main()
