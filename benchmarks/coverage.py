"""How often 95 % intervals hold the truth, and sequential rules err: `python benchmarks/coverage.py [--write]`.

Prints the tables of docs/statistics.md (two minutes on two cores); with --write puts them there. `--grid FILE`: the
table of printed intervals, see printed_coverage.py (an hour on one core).
"""

from __future__ import annotations

import argparse
import json
import re
import zlib
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import special
from scipy import stats as scipy_stats

from evals.stats.bootstrap import bootstrap
from evals.stats.estimate import Interval
from evals.stats.paired import paired_difference
from evals.stats.paired_method import StudentT, of_counts
from evals.stats.paired_proportions import newcombe_interval, tango_interval
from evals.stats.pass_at_k import pass_at_k
from evals.stats.proportions import clopper_pearson, modified_wilson_interval, proportion_estimate, wilson_interval
from evals.stats.sequential import betting_excludes, empirical_bernstein_sequence
from evals.stats.standard_error import ClusterSpread, item_means, mean_estimate, stderr

PAGE = Path(__file__).parents[1] / "docs" / "statistics.md"
BLOCK = re.compile(r"(<!-- coverage: [^>]*-->\n).*?(<!-- end -->)", re.DOTALL)
N_RUNS = 4000
ICC = 0.3
"Correlation of two samples of a cluster in the simulations; 0.5 for two repeats of an item."

Array = NDArray[np.float64]
Rng = np.random.Generator
Measure = Callable[[int, Rng], tuple[float, ...]]


@dataclass(frozen=True)
class Case:
    """One row: percentages measured by simulation or by summing over all outcomes."""

    name: str
    measure: Measure
    low: float = 93.5
    high: float = 97.0
    "What the default method must reach."

    def run(self, n_runs: int = N_RUNS) -> tuple[float, ...]:
        return self.measure(n_runs, np.random.default_rng(zlib.crc32(self.name.encode())))


@dataclass(frozen=True)
class Table:
    """Cases measured by the same methods, of which one is the default."""

    title: str
    methods: tuple[str, ...]
    default: str
    cases: tuple[Case, ...]

    def head(self) -> list[str]:
        named = [f"**{method}**" if method == self.default else method for method in self.methods]
        return [f"### {self.title}", "", row(["case", *named]), row(["---", *["---:"] * len(named)])]

    def markdown(self, measured: list[tuple[float, ...]]) -> str:
        rows = zip(self.cases, measured, strict=True)
        return "\n".join([*self.head(), *(row([case.name, *map(one_decimal, values)]) for case, values in rows)])


def row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def one_decimal(value: float) -> str:
    return f"{value:.1f}"


def share_held(intervals: Callable[[Rng], list[Interval]], truth: float) -> Measure:
    """Percentages of runs in which each interval holds the truth."""

    def measure(n_runs: int, rng: Rng) -> tuple[float, ...]:
        held = np.array([[truth in interval for interval in intervals(rng)] for _ in range(n_runs)])
        return tuple(100 * held.mean(axis=0))

    return measure


def normal(value: float, error: float) -> Interval:
    return Interval(value - 1.96 * error, value + 1.96 * error)


def proportion(p: float, n: int) -> Case:
    """Exact: the chances of all numbers of successes whose interval holds p."""

    def measure(n_runs: int, rng: Rng) -> tuple[float, ...]:
        chances = scipy_stats.binom.pmf(np.arange(n + 1), n, p)
        held = []
        for k in range(n + 1):
            wald = normal(k / n, (k / n * (1 - k / n) / n) ** 0.5)
            held.append(
                [
                    p in one
                    for one in (wald, clopper_pearson(k, n), wilson_interval(k, n), modified_wilson_interval(k, n))
                ]
            )
        return tuple(100 * chances @ np.array(held))

    return Case(f"p = {p}, n = {n}", measure, 93.0, 100.0)


def cluster_ids(n_clusters: int, equal: bool, rng: Rng) -> NDArray[np.int64]:
    """Five samples a cluster, or sizes with a long tail, mean about five."""
    sizes = np.full(n_clusters, 5) if equal else np.maximum(1, rng.lognormal(1.3, 0.9, n_clusters).round())
    return np.repeat(np.arange(n_clusters), sizes.astype(int))


def rates(p: float, icc: float, size: int, rng: Rng) -> Array:
    """Chances to be right of items or clusters, mean p; two draws from one of them are correlated by icc."""
    return rng.beta(p * (1 - icc) / icc, (1 - p) * (1 - icc) / icc, size)


def fractions(n: int, skewed: bool, rng: Rng) -> Array:
    return rng.beta(0.8, 0.2, n) if skewed else rng.beta(2, 2, n)


def independent_mean(n: int, skewed: bool) -> Case:
    shape = "most near 1 (mean 0.8)" if skewed else "round 0.5"
    intervals = share_held(lambda rng: mean_intervals(fractions(n, skewed, rng), None), 0.8 if skewed else 0.5)
    return Case(f"{n} fractions, {shape}", intervals)


def near_one(n: int, kind: str) -> Case:
    """Problems that ten draws nearly always solve, or answers of which few are wrong and few are half right."""

    def scores(rng: Rng) -> Array:
        if kind == "F1":
            drawn = rng.random(n)
            return np.where(drawn < 0.95, 1.0, np.where(drawn < 0.98, rng.uniform(0.3, 0.95, n), 0.0))
        return np.array([pass_at_k(10, int(c), 5) for c in rng.binomial(10, rng.beta(2, 0.3, n))])

    # The mean of (1 - p)^5 for p of Beta(a, b) is B(a, b + 5) / B(a, b).
    truth = 0.95 + 0.03 * 0.625 if kind == "F1" else 1 - float(special.beta(2, 5.3) / special.beta(2, 0.3))
    intervals = share_held(lambda rng: mean_intervals(scores(rng), None), truth)
    return Case(f"{n} {'problems' if kind == 'pass@5' else 'answers'}, {kind} of {truth:.3f}", intervals, 93.5, 100.0)


def mean_intervals(scores: Array, clusters: NDArray[np.int64] | None) -> list[Interval]:
    plain = normal(scores.mean(), stderr(scores, clusters))
    return [plain, mean_estimate(scores, clusters).interval, proportion_estimate(scores, clusters).interval]


def clustered_mean(n_clusters: int, equal: bool, p: float) -> Case:
    def intervals(rng: Rng) -> list[Interval]:
        clusters = cluster_ids(n_clusters, equal, rng)
        scores = (rng.random(len(clusters)) < rates(p, ICC, n_clusters, rng)[clusters]).astype(float)
        return mean_intervals(scores, clusters)

    name = f"{n_clusters} clusters of {'equal' if equal else 'unequal'} size, p = {p}"
    return Case(name, share_held(intervals, p), *clustered_band(n_clusters, equal, p))


def repeated_mean(n: int, p: float) -> Case:
    def intervals(rng: Rng) -> list[Interval]:
        scores = rng.binomial(1, np.repeat(rates(p, 0.5, n, rng), 5)).astype(float)
        return mean_intervals(item_means(scores, np.repeat(np.arange(n), 5)).means, None)

    return Case(f"{n} items, 5 repeats, p = {p}", share_held(intervals, p))


def clustered_band(n_clusters: int, equal: bool, p: float) -> tuple[float, float]:
    """Few clusters, of very unequal size, or hardly a miss in them: the default may hold the truth too often."""
    return (93.5, 97.0) if n_clusters >= 50 and equal and p < 0.9 else (93.5, 100.0)


def bootstrapped(n: int, skewed: bool) -> Case:
    """Fewer runs: each has 500 draws."""

    def intervals(rng: Rng) -> list[Interval]:
        scores = fractions(n, skewed, rng)
        percentile = bootstrap(scores, rng=rng, method="percentile", n_draws=500).interval
        return [percentile, bootstrap(scores, rng=rng, n_draws=500).interval, proportion_estimate(scores).interval]

    held = share_held(intervals, 0.8 if skewed else 0.5)
    shape = "most near 1 (mean 0.8)" if skewed else "round 0.5"
    return Case(f"bootstrap of {n} fractions, {shape}", lambda n_runs, rng: held(n_runs // 4, rng), 92.5, 98.0)


def bootstrapped_items(n: int, p: float) -> Case:
    def intervals(rng: Rng) -> list[Interval]:
        scores, items = rng.binomial(1, np.repeat(rates(p, 0.5, n, rng), 5)).astype(float), np.repeat(np.arange(n), 5)
        whole = bootstrap(scores, rng=rng, clusters=items, n_draws=500).interval
        nested = bootstrap(scores, rng=rng, nested=[items], n_draws=500).interval
        return [nested, whole, proportion_estimate(scores, items).interval]

    held = share_held(intervals, p)
    return Case(f"bootstrap of {n} items, 5 repeats, p = {p}", lambda n_runs, rng: held(n_runs // 4, rng), 92.5, 98.0)


def paired_binary(n: int, p: float, gap: float) -> Case:
    """Two models with accuracies p and p - gap, correlation 0.5."""
    both = p * (p - gap) + 0.5 * (p * (1 - p) * (p - gap) * (1 - p + gap)) ** 0.5
    shares = [both, p - both, p - gap - both, 1 - 2 * p + gap + both]

    def measure(n_runs: int, rng: Rng) -> tuple[float, ...]:
        tables, runs = np.unique(rng.multinomial(n, shares, n_runs), axis=0, return_counts=True)
        held = np.array([[gap in interval for interval in of_table(*map(int, table))] for table in tables])
        return tuple(100 * runs @ held / n_runs)

    band = (93.5, 98.0) if n >= 50 and p < 0.9 else (93.5, 100.0)
    return Case(f"n = {n}, accuracies {p} and {p - gap:.2f}", measure, *band)


def of_table(both: int, a_only: int, b_only: int, neither: int) -> list[Interval]:
    n = both + a_only + b_only + neither
    value = (a_only - b_only) / n
    wald = normal(value, (((a_only + b_only) / n - value**2) / (n - 1)) ** 0.5)
    judged = of_counts(a_only, b_only, n).interval(0.95)
    return [wald, newcombe_interval(both, a_only, b_only, neither), tango_interval(a_only, b_only, n), judged]


def paired_rates(p: float, gap: float, icc: float, size: int, rng: Rng) -> tuple[Array, Array]:
    """Chances to be right, mean p and p - gap, of two models that find three clusters or items of five equally hard."""
    first = rates(p, icc, size, rng)
    return first, np.where(rng.random(size) < 0.6, first, rates(p, icc, size, rng)) * (p - gap) / p


def difference_intervals(a: Array, b: Array, clusters: NDArray[np.int64] | None) -> list[Interval]:
    found = paired_difference(a, b, clusters)
    spread = ClusterSpread.of(a - b, clusters)
    low, high = (sign * StudentT(sign * found.value, spread.stderr, spread.df).lower_limit(0.025) for sign in (1, -1))
    return [normal(found.value, found.stderr), Interval(low, high), found.interval]


def paired_clusters(n_clusters: int, equal: bool, p: float, gap: float = 0.0) -> Case:
    def intervals(rng: Rng) -> list[Interval]:
        clusters = cluster_ids(n_clusters, equal, rng)
        rate_a, rate_b = paired_rates(p, gap, ICC, n_clusters, rng)
        a, b = (rng.random(len(clusters)) < rate_a[clusters]), (rng.random(len(clusters)) < rate_b[clusters])
        return difference_intervals(a.astype(float), b.astype(float), clusters)

    name = f"{n_clusters} clusters of {'equal' if equal else 'unequal'} size, accuracies {p} and {p - gap:.2f}"
    return Case(name, share_held(intervals, gap), *clustered_band(n_clusters, equal, p))


def paired_repeats(n: int, p: float) -> Case:
    def intervals(rng: Rng) -> list[Interval]:
        rate_a, rate_b = paired_rates(p, 0.0, 0.5, n, rng)
        return difference_intervals(rng.binomial(5, rate_a) / 5, rng.binomial(5, rate_b) / 5, None)

    return Case(
        f"{n} items, 5 repeats, accuracies {p} and {p:.2f}", share_held(intervals, 0.0), *clustered_band(n, True, p)
    )


def random_differences(wins: float, losses: float, n: int, n_runs: int, rng: Rng) -> Array:
    drawn = rng.random((n_runs, n))
    return (drawn < wins).astype(float) - ((drawn >= wins) & (drawn < wins + losses))


def peeking(apart: float, n: int = 2000) -> Case:
    """Equal models that disagree on a share of the samples: runs in which a difference is ever claimed."""

    def measure(n_runs: int, rng: Rng) -> tuple[float, ...]:
        differences = random_differences(apart / 2, apart / 2, n, n_runs // 2, rng)
        seen = np.arange(1, n + 1)
        mean = np.cumsum(differences, axis=1) / seen
        error = np.sqrt(np.maximum(np.cumsum(differences**2, axis=1) / seen - mean**2, 1e-12) / seen)
        naive = (np.abs(mean) > 1.96 * error)[:, 30:].any(axis=1)
        closed = empirical_bernstein_sequence(differences)
        bernstein = (closed.low[:, -1] > 0) | (closed.high[:, -1] < 0)
        betting = betting_excludes(differences)[:, -1] != 0
        return tuple(100 * float(wrong.mean()) for wrong in (naive, bernstein, betting))

    return Case(f"equal models, {apart:.0%} disagreements, a look at every one of {n} samples", measure, 0.0, 5.0)


def calls_used(wins: float, losses: float, n: int = 1000) -> Case:
    """Percentage of n samples used until the better model is known, on average over runs; all where it never is."""

    def used(settled: NDArray[np.bool_]) -> float:
        first = np.where(settled.any(axis=1), settled.argmax(axis=1) + 1, n)
        return 100 * float(first.mean()) / n

    def measure(n_runs: int, rng: Rng) -> tuple[float, ...]:
        differences = random_differences(wins, losses, n, n_runs // 2, rng)
        closed = empirical_bernstein_sequence(differences).low > 0
        return used(closed), used(betting_excludes(differences) > 0)

    return Case(f"a alone right on {wins:.0%}, b alone on {losses:.0%}, of {n} samples", measure, 0.0, 50.0)


PS = (0.5, 0.8, 0.95)
MEANS = ("normal", "t (CR2)", "effective Wilson")
PAIRED = ("normal", "t (CR2)", "score, effective n")

TABLES = (
    Table(
        "Proportions of independent samples (exact)",
        ("normal (Wald)", "Clopper-Pearson", "Wilson", "modified Wilson"),
        "modified Wilson",
        tuple(proportion(p, n) for p in (0, 0.02, 0.5, 0.8, 0.95, 1) for n in (5, 20, 50, 200, 1000)),
    ),
    Table(
        "Means of scores in [0, 1]: independent, clustered, repeated",
        MEANS,
        "effective Wilson",
        (
            *(independent_mean(n, skewed) for skewed in (False, True) for n in (50, 200)),
            *(clustered_mean(c, equal, p) for c in (3, 5) for equal in (True, False) for p in PS),
            *(clustered_mean(c, equal, p) for c in (10, 50, 200) for equal in (True, False) for p in PS),
            *(repeated_mean(n, p) for n in (50, 200) for p in (0.5, 0.8)),
            *(near_one(n, "pass@5") for n in (5, 20, 50, 164)),
            *(near_one(n, "F1") for n in (5, 20, 50, 200)),
        ),
    ),
    Table(
        "Bootstrap intervals of means",
        ("percentile", "BCa", "effective Wilson"),
        "effective Wilson",
        tuple(bootstrapped(n, skewed) for skewed in (False, True) for n in (20, 50, 200)),
    ),
    Table(
        "Bootstrap intervals of repeated samples",
        ("BCa, nested", "BCa, whole items", "effective Wilson"),
        "effective Wilson",
        tuple(bootstrapped_items(n, p) for n in (30, 100) for p in (0.5, 0.8)),
    ),
    Table(
        "Differences of two models on the same independent samples",
        ("normal", "Newcombe", "Tango", "exact or corrected score"),
        "exact or corrected score",
        tuple(paired_binary(n, p, gap) for n in (20, 50, 200, 1000) for p in PS for gap in (0.0, 0.05)),
    ),
    Table(
        "Differences of two models, clustered or repeated",
        PAIRED,
        "score, effective n",
        (
            *(paired_clusters(c, equal, p) for c in (3, 5) for equal in (True, False) for p in PS),
            *(paired_clusters(c, equal, p) for c in (10, 50, 200) for equal in (True, False) for p in PS),
            *(paired_clusters(c, equal, 0.95, 0.05) for c in (10, 50, 200) for equal in (True, False)),
            *(paired_repeats(n, p) for n in (20, 50, 200) for p in PS),
        ),
    ),
    Table(
        "Wrong claims under continuous peeking (percent of runs; 5 allowed)",
        ("normal at each look", "empirical Bernstein", "betting"),
        "betting",
        tuple(peeking(apart) for apart in (0.02, 0.1, 0.4)),
    ),
    Table(
        "Samples that a sequential rule uses (percent of those available)",
        ("empirical Bernstein", "betting"),
        "betting",
        tuple(calls_used(wins, losses) for wins, losses in ((0.3, 0.05), (0.2, 0.05), (0.15, 0.05))),
    ),
)


def run_case(place: tuple[int, int]) -> tuple[float, ...]:
    return tuple(float(value) for value in TABLES[place[0]].cases[place[1]].run())


def run_all() -> list[list[tuple[float, ...]]]:
    """The percentages of every case of every table."""
    places = [(t, c) for t, table in enumerate(TABLES) for c in range(len(table.cases))]
    with ProcessPoolExecutor() as pool:
        measured = dict(zip(places, pool.map(run_case, places), strict=True))
    return [[measured[t, c] for c in range(len(table.cases))] for t, table in enumerate(TABLES)]


def run_grid(path: Path, *, writes: bool) -> None:
    from printed_coverage import run, table, write

    done = run(path)
    print(table(done))
    if writes:
        write(done)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the tables into docs/statistics.md")
    parser.add_argument("--json", action="store_true", help="print the bare percentages, a list of rows for each table")
    parser.add_argument("--grid", metavar="FILE", help="coverage of printed intervals over a grid; FILE keeps results")
    arguments = parser.parse_args()
    if arguments.grid:
        run_grid(Path(arguments.grid), writes=arguments.write)
        return
    measured = run_all()
    text = "\n\n".join(table.markdown(rows) for table, rows in zip(TABLES, measured, strict=True))
    print(json.dumps(measured) if arguments.json else text)
    if arguments.write:
        page = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(BLOCK.sub(lambda match: f"{match[1]}\n{text}\n\n{match[2]}", page), encoding="utf-8")


if __name__ == "__main__":
    main()
