"""Cells of the grid of printed intervals: means of fractions, macro means, pass@k, losses, win rates, BLEU."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from cells_of_rates import metrics_report, named
from drawn_scores import ICC, NS, PS, TOO_FEW, Array, Cell, Rng, event, f1_mean, f1_scores, line_of, rates, sizes
from numpy.typing import NDArray
from scipy import special

from evals.comparison.preference_rates import PairRate
from evals.engine.context import use_session
from evals.engine.plan import RunPlan
from evals.engine.session import Session
from evals.metrics import Mean
from evals.report.terminal.preferences import pairs_text
from evals.runner.labelled import score_keys
from evals.stats.pass_at_k import pass_at_k
from evals.stats.win_rates import win_rate
from evals.suite.choice.report import Positions, macro_keys
from evals.suite.code.report import PassReport
from evals.suite.text.text_loss import LossReport


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
