"""The cells of the grid of printed intervals: what is drawn, what a command prints of it, and what is true."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special
from scipy import stats as scipy_stats

from evals.comparison.preference_rates import PairRate
from evals.engine.context import use_session
from evals.engine.plan import RunPlan
from evals.engine.session import Session
from evals.metrics import MatchReport, Mean, MetricsReport
from evals.record.event import Event
from evals.report.terminal.comparison import number_lines
from evals.report.terminal.preferences import pairs_text
from evals.report.terminal.run import group_lines, metric_lines, unparsed_lines
from evals.runner.labelled import score_keys
from evals.stats.means import estimate
from evals.stats.paired import paired_difference
from evals.stats.pass_at_k import pass_at_k
from evals.stats.win_rates import win_rate
from evals.suite.choice.report import Positions, macro_keys
from evals.suite.code.report import PassReport
from evals.suite.text.text_loss import LossReport

Array = NDArray[np.float64]
Rng = np.random.Generator
Ends = tuple[float, float]

TOO_FEW = "too few to say"
LEVEL = 93.0
"Percent of runs in which a printed interval has to hold the truth."

ICC, ICC_REPEATS = 0.3, 0.5
"Correlation of two samples of a cluster, and of two repeats of an item."

PS = (0.0, 0.02, 0.5, 0.95, 1.0)
NS = (5, 20, 50, 200, 1000)
_ENDS = re.compile(r"(?:95 % interval )?([+-]?[\d.,]+) to ([+-]?[\d.,]+)")


@dataclass(frozen=True)
class Cell:
    """One setting of one kind of number."""

    kind: str
    name: str
    draw: Callable[[Rng], str]
    "One run: the line that the command prints."
    truth: float
    outcomes: Callable[[], Iterator[tuple[float, str]]] | None = None
    "All outcomes as (chance, line) where there are few: coverage is then exact."
    is_slow: bool = False
    "A run takes more than a tenth of a second."

    @property
    def key(self) -> str:
        return f"{self.kind}: {self.name}"


def ends_of(line: str) -> Ends | None:
    """The interval in a printed line; None where it says that there are too few.

    Raises ValueError where it says neither.
    """
    if TOO_FEW in line or "not defined" in line:
        return None
    found = _ENDS.search(line)
    if found is None:
        raise ValueError(f"no interval in {line!r}")
    low, high = (float(text.replace(",", "")) for text in found.groups())
    return low, high


def line_of(report: Mapping[str, Any], name: str) -> str:
    """The line of a metric in the block that ends a run."""
    return next(line for line in metric_lines(report, ()) if line.split(" ")[0] == name)


def event(type: str, data: Mapping[str, Any]) -> Event:
    return Event("", 0, "", type, data, "", "")


# What is drawn


def rates(p: float, icc: float, size: int, rng: Rng) -> Array:
    """Chances to be right of clusters or items, mean p; two draws of one of them are correlated by icc."""
    if p in (0, 1):
        return np.full(size, p)
    return rng.beta(p * (1 - icc) / icc, (1 - p) * (1 - icc) / icc, size)


def sizes(n: int, n_clusters: int, equal: bool, rng: Rng) -> NDArray[np.int64]:
    """n samples in clusters of about equal size, or of sizes with a long tail."""
    if equal:
        return np.arange(n) % n_clusters
    weights = rng.lognormal(0, 0.9, n_clusters)
    drawn = rng.choice(n_clusters, n - n_clusters, p=weights / weights.sum())
    return np.concatenate([np.arange(n_clusters), drawn])


def f1_scores(mean: float, chances: Array | None, n: int, rng: Rng) -> Array:
    """Scores as F1 has them: right, wrong, and a few in between. chances: of each sample to do well."""
    if mean in (0.0, 1.0):
        return np.full(n, mean)
    lift = rng.random(n) < (mean if chances is None else chances)
    part = rng.random(n) < 0.3
    # Half of the middling scores are drawn above and half below, so that the mean stays.
    middling = np.where(lift, rng.uniform(0.6, 1.0, n), rng.uniform(0.0, 0.4, n))
    shift = (mean - 0.2) / 0.6 if 0.2 < mean < 0.8 else mean
    whole = np.where(rng.random(n) < shift, 1.0, 0.0) if chances is None else lift.astype(float)
    return np.where(part, middling, whole)


def f1_mean(mean: float, clustered: bool) -> float:
    """The true mean of `f1_scores`."""
    if mean in (0.0, 1.0):
        return mean
    shift = (mean - 0.2) / 0.6 if 0.2 < mean < 0.8 and not clustered else mean
    return 0.3 * (0.8 * mean + 0.2 * (1 - mean)) + 0.7 * shift


# Reports of one run


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


def f1_means() -> Iterator[Cell]:
    for n in NS:
        for p in PS:

            def draw(rng: Rng, n: int = n, p: float = p) -> str:
                return line_of(metrics_report("f1_score", f1_scores(p, None, n, rng)), "f1_score")

            yield Cell("mean in [0, 1], such as F1", f"about {p:g}, n = {n}", draw, f1_mean(p, False))


def f1_clustered() -> Iterator[Cell]:
    for n, n_clusters, equal in ((20, 3, True), (50, 5, True), (200, 10, True), (200, 10, False), (200, 50, True)):
        for p in PS:

            def draw(rng: Rng, n: int = n, c: int = n_clusters, equal: bool = equal, p: float = p) -> str:
                codes = sizes(n, c, equal, rng)
                scores = f1_scores(p, rates(p, ICC, c, rng)[codes], n, rng)
                return line_of(score_keys("f1_score", scores, codes.tolist()), "f1_score")

            name = f"about {p:g}, {named(n, n_clusters, equal)}"
            yield Cell("mean in [0, 1], in clusters", name, draw, f1_mean(p, True))


def macro_report(scores: Array, groups: NDArray[np.int64], clusters: NDArray[np.int64] | None) -> dict[str, Any]:
    plan = RunPlan(cluster_of=None if clusters is None else {f"s.{i}": int(c) for i, c in enumerate(clusters)})
    with use_session(Session(), plan):
        means = {str(group): Mean() for group in np.unique(groups)}
    for number, (score, group) in enumerate(zip(scores.tolist(), groups, strict=True)):
        means[str(group)].add(f"s.{number}", score)
    return macro_keys("macro_accuracy", means)


def macro_means() -> Iterator[Cell]:
    for n, n_groups in ((6, 2), (20, 2), (20, 5), (50, 5), (200, 10), (200, 57), (1000, 57)):
        for p in PS:

            def draw(rng: Rng, n: int = n, g: int = n_groups, p: float = p) -> str:
                groups = np.arange(n) % g
                scores = (rng.random(n) < spread_rates(p, g)[groups]).astype(float)
                return line_of(macro_report(scores, groups, None), "macro_accuracy")

            yield Cell("macro mean of groups", f"p = {p:g}, n = {n} in {n_groups} groups", draw, p)
    for n, n_clusters in ((50, 5), (200, 10), (200, 50)):
        for p in PS:

            def draw_clustered(rng: Rng, n: int = n, c: int = n_clusters, p: float = p) -> str:
                codes = np.arange(n) % c
                scores = (rng.random(n) < rates(p, ICC, c, rng)[codes]).astype(float)
                return line_of(macro_report(scores, np.arange(n) // (n // 2), codes), "macro_accuracy")

            name = f"p = {p:g}, {named(n, n_clusters, True)}, 2 groups"
            yield Cell("macro mean of groups, in clusters", name, draw_clustered, p)


def spread_rates(p: float, n_groups: int) -> Array:
    """The groups' own rates, mean p."""
    width = min(p, 1 - p) / 2
    return p + width * np.linspace(-1, 1, n_groups)


def pass_at_ks() -> Iterator[Cell]:
    shapes = {"near 0": (0.05, 2.0), "in the middle": (0.4, 0.8), "near 1": (2.0, 0.1), "all": (1.0, 0.0)}
    for k in (1, 5):
        for n in (5, 20, 50, 164, 1000):
            for shape, (a, b) in shapes.items():

                def draw(rng: Rng, k: int = k, n: int = n, a: float = a, b: float = b) -> str:
                    passed = rng.binomial(10, rng.beta(a, b, n) if b else np.ones(n))
                    return pass_line(k, tuple(np.bincount(passed, minlength=11).tolist()))

                truth = 1 - float(special.beta(a, b + k) / special.beta(a, b)) if b else 1.0
                yield Cell("pass@k", f"pass@{k} {shape} ({truth:.2f}), {n} problems", draw, truth)


@functools.lru_cache(maxsize=100_000)
def pass_line(k: int, counts: tuple[int, ...]) -> str:
    """counts: the number of problems of whose ten programs so many passed."""
    report = PassReport([f"pass@{k}"])
    for number, c in enumerate(np.repeat(np.arange(11), counts).tolist()):
        data = {"n_completions": 10, "n_passed": c, f"pass@{k}": _pass(c, k)}
        report.add(f"s.{number}", [event("metrics", data)])
    return line_of(report.as_dict(), f"pass@{k}")


@functools.cache
def _pass(c: int, k: int) -> float:
    return pass_at_k(10, c, k)


UNBOUNDED = ((20, None), (30, None), (50, None), (200, None), (1000, None), (20, 3), (50, 10), (200, 50))
"(samples, clusters) of scores that are not in [0, 1]."


def shared_noise(n: int, n_clusters: int | None, rng: Rng) -> Array:
    """Standard normal noise, of which clusters share a part."""
    own = rng.normal(0, 1, n)
    if n_clusters is None:
        return own
    return math.sqrt(ICC) * rng.normal(0, 1, n_clusters)[np.arange(n) % n_clusters] + math.sqrt(1 - ICC) * own


def losses() -> Iterator[Cell]:
    """Bits a byte: texts of unlike lengths, whose loss varies; the truth is the ratio of expectations."""
    for n, n_clusters in UNBOUNDED:

        def draw(rng: Rng, n: int = n, c: int | None = n_clusters) -> str:
            lengths = np.maximum(20, rng.lognormal(6, 0.5, n)).round()
            effects = 0.1 * shared_noise(n, c, rng)
            nats = lengths * 0.7 * (1 + effects)
            plan = RunPlan(cluster_of=None if c is None else {f"s.{i}": i % c for i in range(n)})
            with use_session(Session(), plan):
                report = LossReport()
            for number, (length, nat) in enumerate(zip(lengths.tolist(), nats.tolist(), strict=True)):
                data = {"nats": nat, "n_tokens": int(length / 4), "n_bytes": int(length)}
                report.add(f"s.{number}", [event("metrics", data)])
            return line_of(report.as_dict(), "bits_per_byte")

        clusters = "" if n_clusters is None else f" in {n_clusters} clusters"
        yield Cell("ratio of totals, such as bits a byte", f"n = {n} texts{clusters}", draw, 0.7 / math.log(2))


def plain_means() -> Iterator[Cell]:
    """Scores that are not in [0, 1]: grades from 1 to 10, and skewed ones."""
    for shape in ("grades", "skewed"):
        for n, n_clusters in UNBOUNDED:

            def draw(rng: Rng, shape: str = shape, n: int = n, c: int | None = n_clusters) -> str:
                effects = shared_noise(n, c, rng)
                values = np.clip(np.round(6 + 2 * effects), -4, 16) if shape == "grades" else np.exp(0.5 * effects)
                if c is None:
                    return line_of(metrics_report("grade", values), "grade")
                return line_of(score_keys("grade", values, (np.arange(n) % c).tolist()), "grade")

            truth = 6.0 if shape == "grades" else math.exp(0.125)
            clusters = "" if n_clusters is None else f" in {n_clusters} clusters"
            yield Cell(f"mean beyond [0, 1], {shape}", f"n = {n}{clusters}", draw, truth)


@functools.lru_cache(maxsize=100_000)
def position_line(n: int, hits: tuple[int, ...]) -> str:
    """hits: of the answers in each place; n answers stand in the places in turn."""
    positions = Positions()
    for answer in range(n):
        place = answer % len(hits)
        positions.add(place, place if answer // len(hits) < hits[place] else (place + 1) % len(hits))
    report = positions.as_dict()
    return line_of(report, "position_bias") if report.get("position_bias_ci95") else TOO_FEW


def position_biases() -> Iterator[Cell]:
    """The spread of accuracies over four places."""
    for n in (5, 20, 50, 200, 1000):
        for p, width in ((0.5, 0.0), (0.5, 0.1), (0.5, 0.3), (0.95, 0.0), (0.9, 0.08)):

            def draw(rng: Rng, n: int = n, p: float = p, width: float = width) -> str:
                answers, by_place = np.arange(n) % 4, p + width * np.array([1, 1, -1, -1])
                hits = rng.random(n) < by_place[answers]
                return position_line(n, tuple(np.bincount(answers, weights=hits).astype(int).tolist()))

            yield Cell("position bias", f"p = {p:g}, spread {width:g}, n = {n}", draw, width)


@functools.lru_cache(maxsize=100_000)
def win_line(n: int, ties: int, wins: int) -> str:
    pair = PairRate("a", "b", win_rate(np.repeat([0.5, 1.0, 0.0], [ties, wins, n - ties - wins])))
    return next(line for line in pairs_text([pair]).splitlines() if "win rate" in line)


def win_rates() -> Iterator[Cell]:
    for n in NS:
        for p, ties in ((0.5, 0.0), (0.5, 0.3), (0.95, 0.0), (0.95, 0.05), (1.0, 0.0), (0.5, 1.0)):

            def draw(rng: Rng, n: int = n, p: float = p, ties: float = ties) -> str:
                n_ties = int(rng.binomial(n, ties))
                return win_line(n, n_ties, int(rng.binomial(n - n_ties, p)))

            truth = ties / 2 + (1 - ties) * p
            yield Cell("win rate", f"p = {p:g}, {ties:.0%} ties, n = {n}", draw, truth)


def bleus() -> Iterator[Cell]:
    from evals.suite.text.translate import CorpusBleu

    words = ["the", "cat", "dog", "sat", "ran", "on", "a", "mat", "tree", "and", "then", "it", "slept", "well"]
    rng = np.random.default_rng(5)
    pool = []
    for _ in range(300):
        reference = [str(word) for word in rng.choice(words, rng.integers(6, 20))]
        wrong = rng.random(len(reference)) < rng.beta(2, 5)
        translated = [str(rng.choice(words)) if bad else word for word, bad in zip(reference, wrong, strict=True)]
        pool.append((" ".join(translated), " ".join(reference)))

    def scored(chosen: Sequence[int]) -> CorpusBleu:
        corpus = CorpusBleu("13a")
        for number, place in enumerate(chosen):
            corpus.add(pool[place][0], [pool[place][1]], f"s.{number}")
        return corpus

    truth = scored(range(len(pool))).score or 0.0
    for n in (29, 30, 50):

        def draw(rng: Rng, n: int = n) -> str:
            corpus = scored(rng.integers(0, len(pool), n).tolist())
            keys = corpus.uncertainty("sacrebleu_score")
            return line_of({"sacrebleu_score": corpus.score, **keys, "n": n}, "sacrebleu_score") if keys else TOO_FEW

        yield Cell("corpus BLEU", f"{n} documents", draw, truth, is_slow=True)


# Differences of two runs


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


KINDS = (
    right_or_wrong,
    lambda: right_or_wrong("unparsed"),
    group_rows,
    clustered,
    repeated,
    repeated_clusters,
    f1_means,
    f1_clustered,
    macro_means,
    pass_at_ks,
    losses,
    plain_means,
    position_biases,
    win_rates,
    bleus,
    differences,
    clustered_differences,
    repeated_differences,
    f1_differences,
    plain_differences,
)
