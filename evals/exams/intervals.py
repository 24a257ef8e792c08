"""How sure a score and its percentile are: bootstrap draws of questions, through the whole pipeline at once.

Questions are drawn with replacement within their section, bundles as a whole (Efron 1979; Miller 2024,
arXiv:2411.00640, for passages as clusters). Repeats of a question are averaged before. A question that a step reads by
itself, such as one essay, is in every draw: one question shows no spread.

A run that gets all questions right, or nearly all, shows little spread or none, and draws of its own questions alone
hold the true score in as few as 9 of 100 runs. So a drawn question is now and then taken with full marks, or with none,
as if the run had seen `UNSEEN` more of each; for one section of right-or-wrong questions these are the draws of the
interval of Agresti and Coull (1998, The American Statistician 52:119).

The quantiles are those of the expanded percentile interval (Hesterberg 2015, The American Statistician 69:371), as
plain ones are too narrow for few units: 2.3 % instead of 2.5 % for 120 units, 1.9 % for 40; less one standard error of
the draws.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from evals.exams.paper import FINAL, Paper
from evals.exams.percentiles import percentile_ranges
from evals.exams.pipeline import run_steps
from evals.exams.score import Scorer
from evals.exams.sheet import Marks, Sheet, is_clean, make_sheet, selects
from evals.stats.arrays import Array, Codes, as_codes, check_confidence
from evals.stats.estimate import Interval
from evals.stats.moments import UNSEEN
from evals.stats.standard_error import t_quantile

N_DRAWS = 2000
BLOCK = 2**22
"Counts of drawn kinds held at a time (32 MB)."


@dataclass(frozen=True)
class ScoreIntervals:
    """Bootstrap intervals of a run's score; both ends NaN where nothing could be drawn."""

    values: dict[str, Interval]
    "Of every value, by its name; `final` among them."
    percentiles: tuple[Interval, ...]
    "Of the low end of each percentile range, in the order of the paper."
    highs: tuple[Interval, ...]
    "Of the high end."
    n_draws: int
    n_units: int
    "Questions and bundles that were drawn."
    n_items: int
    "Questions."

    @property
    def final(self) -> Interval:
        return self.values[FINAL]


def score_intervals(
    paper: Paper,
    marks: Marks,
    *,
    rng: np.random.Generator,
    contaminated: Collection[str] | None = None,
    n_draws: int = N_DRAWS,
    confidence: float = 0.95,
) -> ScoreIntervals:
    """Percentile bootstrap intervals of every value and percentile; pending marks earn nothing.

    contaminated: then the intervals are those of the clean score.

    Raises:
        DataError: a question is unknown.
        ValueError: a confidence outside (0, 1), or fewer than two draws.
    """
    sheet = make_sheet(paper, marks)
    if contaminated is not None:
        sheet = sheet.kept(is_clean(paper, contaminated))
    return sheet_intervals(paper, sheet, rng=rng, n_draws=n_draws, confidence=confidence)


def sheet_intervals(
    paper: Paper, sheet: Sheet, *, rng: np.random.Generator, n_draws: int = N_DRAWS, confidence: float = 0.95
) -> ScoreIntervals:
    """As `score_intervals`, of a sheet."""
    check_confidence(confidence)
    if n_draws < 2:
        raise ValueError(f"at least two draws are needed, got {n_draws}")
    scorer = Scorer(paper)
    strata = strata_of(scorer, sheet)
    of_unit = [(stratum, item.cluster or item.id) for stratum, item in zip(strata, sheet.items, strict=True)]
    units = list(dict.fromkeys(of_unit))
    if scorer.sections_without(sheet) or len(units) == len(set(strata)):
        return _undefined(paper, len(units), len(sheet.items), confidence)
    # Questions of a bundle are always drawn together, so they are added up once, and not in every draw.
    of_item = as_codes(of_unit, len(sheet.items))
    counter, full, none = (scorer.counter(one).merged(of_item) for one in (sheet, *extremes_of(sheet)))
    of_stratum = as_codes([stratum for stratum, _ in units], len(units))
    sums = draw_sums(counter.columns, of_stratum, n_draws, rng, (full.columns, none.columns))
    values = run_steps(paper.score, counter.counted(sums), are_draws=True)
    tail = expanded_tail(np.bincount(of_stratum), confidence, n_draws)
    ranges = [percentile_ranges(one, values[one.on], are_draws=True) for one in paper.percentiles]
    return ScoreIntervals(
        {name: interval_of(draws, tail, confidence) for name, draws in values.items()},
        tuple(interval_of(one.low, tail, confidence) for one in ranges),
        tuple(interval_of(one.high, tail, confidence) for one in ranges),
        n_draws,
        len(units),
        len(sheet.items),
    )


def strata_of(scorer: Scorer, sheet: Sheet) -> list[Hashable]:
    """For each question of a sheet its section and the `raw` steps that read it: drawn among its like alone."""
    return [
        (item.section, tuple(number for number, step in enumerate(scorer.raws) if selects(step, item)))
        for item in sheet.items
    ]


def draw_sums(
    rows: Array, strata: Codes, n_draws: int, rng: np.random.Generator, extremes: Sequence[Array] = ()
) -> Array:
    """Sums of drawn rows, as many of each stratum as it has, shape (n_draws, k).

    rows: shape (n_rows, k). strata: shape (n_rows,), numbers from 0 on. extremes: what each row might have been, in the
    same shape: drawn as if `UNSEEN` rows of each had been seen, shared by the strata that have more than one row.
    """
    sums = np.zeros((n_draws, rows.shape[1]))
    sizes = np.bincount(strata)
    unseen = UNSEEN / max(1, int((sizes > 1).sum()))
    for stratum, n in enumerate(sizes.tolist()):
        own = strata == stratum
        pool, weights = [rows[own]], [np.full(n, 1 / n)]
        if n > 1 and extremes:
            share = unseen / (n + unseen * len(extremes))
            pool += [one[own] for one in extremes]
            weights = [np.full(n, (1 - share * len(extremes)) / n), *(np.full(n, share / n) for _ in extremes)]
        sums += _sums_of_stratum(np.concatenate(pool), np.concatenate(weights), n, n_draws, rng)
    return sums


def _sums_of_stratum(rows: Array, weights: Array, n: int, n_draws: int, rng: np.random.Generator) -> Array:
    # Units that earned the same are the same for every sum: one multinomial draw says how many of each kind there are.
    kinds, kind_of = np.unique(rows, axis=0, return_inverse=True)
    chances = np.bincount(kind_of.ravel(), weights=weights)
    at_once = max(1, BLOCK // len(kinds))
    sizes = [min(at_once, n_draws - start) for start in range(0, n_draws, at_once)]
    drawn = (rng.multinomial(n, chances / chances.sum(), size=size) for size in sizes)
    return np.concatenate([counts.astype(np.float64) @ kinds for counts in drawn])


def extremes_of(sheet: Sheet) -> tuple[Sheet, Sheet]:
    """The sheet with full marks for every question, and with none."""
    none = np.array([item.credit.wrong * item.points for item in sheet.items])
    ones = np.ones(len(sheet.items))
    return replace(sheet, points=sheet.maxima, wrong=0 * ones), replace(sheet, points=none, wrong=ones)


def expanded_tail(n_units: Codes, confidence: float, n_draws: int) -> float:
    """The share of the draws beyond each end of an expanded percentile interval. n_units: in each stratum."""
    drawn = n_units[n_units > 1]
    df = int(drawn.sum()) - len(drawn)
    t = t_quantile(0.5 + confidence / 2, df) * math.sqrt(drawn.sum() / df)
    tail = 0.5 * math.erfc(t / math.sqrt(2))
    return max(0.0, tail - math.sqrt(tail * (1 - tail) / n_draws))


def interval_of(draws: Array, tail: float, confidence: float) -> Interval:
    """The draws but for `tail` of them at each end; the ends are draws, so that a grade stays a grade."""
    low, high = np.quantile(draws, [tail, 1 - tail], method="closest_observation")
    return Interval(float(low), float(high), confidence)


def _undefined(paper: Paper, n_units: int, n_items: int, confidence: float) -> ScoreIntervals:
    none = Interval(math.nan, math.nan, confidence)
    ends = tuple(none for _ in paper.percentiles)
    return ScoreIntervals({step.set: none for step in paper.score}, ends, ends, 0, n_units, n_items)
