"""Compares two runs on the samples that both scored: difference, interval, p-value, flips, groups."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evals.comparison.changes import Changes, find_changes
from evals.comparison.pairing import Pairing, pair
from evals.comparison.scores import RunScores, read_scores, trusted_ids
from evals.comparison.shared_draws import count_shared_draws
from evals.errors import DataError, UsageError, listed
from evals.sample import id_order
from evals.stats.arrays import Array, Codes
from evals.stats.corrections import holm, holm_levels
from evals.stats.estimate import Estimate
from evals.stats.means import estimate
from evals.stats.paired import PairedDifference, paired_difference
from evals.stats.paired_method import RIGHT_OR_WRONG, detectable_from, judgement
from evals.stats.power import detectable_difference
from evals.texts.number_text import counted_with

ScoredPair = tuple[Array, Array, Codes | None, bool]
"Scores, scores to subtract, clusters, and whether the metric is known to reach beyond [0, 1]."


@dataclass(frozen=True)
class GroupDifference:
    """The difference between two runs within one group of samples."""

    key: str
    "The label that makes the groups: category, subject, language, ..."
    name: str
    difference: PairedDifference
    "Run b minus run a. Its interval is of the level that its p-value is held against."
    p_corrected: float
    "p-value, corrected by Holm over all groups of the comparison."


@dataclass(frozen=True)
class Comparison:
    """Run b compared with run a on the samples that both scored. All differences are b minus a."""

    a: RunScores
    b: RunScores
    pairing: Pairing
    changes: Changes
    estimate_a: Estimate
    "Mean score of run a on the samples that both runs scored."
    estimate_b: Estimate
    "Mean score of run b on the same samples."
    difference: PairedDifference
    "b minus a. Its `mean_a` is therefore the mean of b, and its `a_better` counts samples where b scored higher."
    rose: Codes
    "Pairs (positions in `pairing`) whose score is higher in b, in the order of sample ids."
    fell: Codes
    "Pairs whose score is lower in b."
    groups: tuple[GroupDifference, ...]
    family: str
    "The comparisons that the p-values of `groups` are corrected for, in words."
    detectable: float
    "The true difference that such a comparison finds with 80 % probability at level `alpha`; NaN if unknown."
    alpha: float
    notes: tuple[str, ...]
    "Sentences on how samples were paired, what was left out, and runs that did not end."

    @property
    def n(self) -> int:
        return self.pairing.n

    @property
    def is_binary(self) -> bool:
        """Whether every score of the pairs is 0 or 1."""
        return _all_binary(self.scores_a) and _all_binary(self.scores_b)

    @property
    def scores_a(self) -> Array:
        return self.a.scores[self.pairing.rows_a]

    @property
    def scores_b(self) -> Array:
        return self.b.scores[self.pairing.rows_b]

    def ids(self, pairs: Sequence[int] | Codes) -> list[str]:
        """The sample ids of these pairs in run a."""
        return [self.a.sample_ids[self.pairing.rows_a[i]] for i in pairs]

    def names(self, pairs: Sequence[int] | Codes) -> list[str]:
        """What people call these samples: the rows' own ids, else the sample ids of run a."""
        return [self.a.names[self.pairing.rows_a[i]] for i in pairs]


def read_runs(paths: Sequence[str | Path], metric: str | None = None) -> list[RunScores]:
    """Read several records by the same metric. metric: see `evals.record.score_arrays.read_score_arrays`.

    Raises:
        DataError: a record cannot be read or holds no score.
        UsageError: the records do not share the metric.
    """
    with_questions = not trusted_ids(paths)
    runs = [read_scores(path, metric, with_questions=with_questions) for path in paths]
    if len({run.metric for run in runs}) > 1:
        common = sorted(set.intersection(*(set(run.metrics) for run in runs)))
        raise UsageError(
            "the runs are scored by different metrics: " + ", ".join(dict.fromkeys(run.metric for run in runs)),
            notes=[f"in all of them: {listed(common, 8)}"] if common else ["they have no metric in common"],
            fix=f"choose one: --metric {common[0]}" if common else "score one of them again: evals score --eval",
        )
    return runs


def compare_runs(a: RunScores, b: RunScores, *, alpha: float = 0.05, by_id: bool = False) -> Comparison:
    """Compare run b with run a, sample by sample, after averaging the repeats of each sample.

    Samples with a `cluster` label count as dependent. Intervals and tests: `evals.stats.paired`. alpha: the level of
    tests; intervals have level 1 - alpha. by_id: see `pair`.

    Raises:
        DataError: no sample is in both runs, or both took the same random draws from the cache.
    """
    pairing = pair(a, b, by_id=by_id)
    refuse_unpaired(a, b, pairing)
    refuse_shared_draws(a, b)
    one, two = a.scores[pairing.rows_a], b.scores[pairing.rows_b]
    clusters = clusters_of(a, b, pairing)
    beyond = a.beyond_unit or b.beyond_unit
    difference = paired_difference(two, one, clusters, 1 - alpha, beyond_unit=beyond)
    rose, fell = np.flatnonzero(two > one), np.flatnonzero(two < one)
    groups = _groups(a, b, pairing, clusters, alpha)
    keys = ", ".join(dict.fromkeys(group.key for group in groups))
    return Comparison(
        a=a,
        b=b,
        pairing=pairing,
        changes=find_changes(a, b, pairing),
        estimate_a=estimate(one, clusters, 1 - alpha, beyond_unit=beyond),
        estimate_b=estimate(two, clusters, 1 - alpha, beyond_unit=beyond),
        difference=difference,
        rose=_by_id(a, pairing, rose),
        fell=_by_id(a, pairing, fell),
        groups=groups,
        family=f"Holm over {len(groups)} groups by {keys}" if groups else "",
        detectable=detectable(difference, one, two, alpha, beyond_unit=beyond),
        alpha=alpha,
        notes=tuple(_notes(a, b, pairing)),
    )


def detectable(
    difference: PairedDifference, one: Array, two: Array, alpha: float = 0.05, *, beyond_unit: bool = False
) -> float:
    """The true difference that is found with 80 % probability; NaN where none is, or nothing can be told.

    Right-or-wrong scores: the drop from the first run's score that the test itself finds, at the correlation that the
    runs have; where one of them never varies, at 0.3. Others: from the standard error.
    """
    if difference.method in RIGHT_OR_WRONG:
        correlation = 0.3 if math.isnan(difference.correlation) else difference.correlation
        return detectable_from(difference.mean_b, difference.n, correlation, alpha=alpha)
    if not difference.stderr > 0 or difference.n_clusters < 2:
        return math.nan
    found = detectable_difference(difference.stderr, alpha=alpha, df=difference.n_clusters - 1.0).difference
    in_unit = not beyond_unit and min(one.min(), two.min()) >= 0 and max(one.max(), two.max()) <= 1
    return math.nan if in_unit and found > 1 else found


def clusters_of(a: RunScores, b: RunScores, pairing: Pairing) -> Codes | None:
    """The cluster number of each pair: from the labels of run a, else from those of run b; None without labels."""
    codes_a, codes_b = a.cluster_codes(), b.cluster_codes()
    if codes_a is not None:
        return codes_a[pairing.rows_a]
    return None if codes_b is None else codes_b[pairing.rows_b]


def refuse_unpaired(a: RunScores, b: RunScores, pairing: Pairing) -> None:
    """Raise DataError if no sample is in both runs."""
    if pairing.n:
        return
    if len(pairing.changed_a):
        raise DataError(
            "no sample asks the same in both runs",
            where=b.path,
            notes=[
                f"{counted_with(len(pairing.changed_a), 'id', 'is', 'are')} in both, with another question: "
                f"{listed(_some_ids(a))}"
            ],
            fix="if row n is still the same problem in both, pair by id alone: --by-id",
        )
    raise DataError(
        "no sample is in both runs",
        where=b.path,
        notes=[f"{a.facts.eval_name} has {listed(_some_ids(a))}", f"{b.facts.eval_name} has {listed(_some_ids(b))}"],
        fix="compare runs of one eval, or of evals over the same rows",
    )


def refuse_shared_draws(a: RunScores, b: RunScores) -> None:
    """Raise DataError if the runs share cached completions that were drawn at a temperature above 0."""
    n_shared = count_shared_draws(a, b)
    if n_shared:
        raise DataError(
            f"the runs share {n_shared:,} cached completions that were drawn at a temperature above 0",
            where=b.path,
            notes=["a shared draw shows no chance variation, so the difference would look more certain than it is"],
            fix="run one of them again without --cache",
        )


def _some_ids(run: RunScores) -> list[str]:
    return list(run.sample_ids[:3])


def _groups(
    a: RunScores, b: RunScores, pairing: Pairing, clusters: Codes | None, alpha: float
) -> tuple[GroupDifference, ...]:
    one, two = a.scores[pairing.rows_a], b.scores[pairing.rows_b]
    found: list[tuple[str, str, ScoredPair]] = []
    for key in dict.fromkeys([*a.labels, *b.labels]):
        run, rows = (a, pairing.rows_a) if key in a.labels else (b, pairing.rows_b)
        names, codes = run.labels[key].names, run.labels[key].codes[rows]
        present = [code for code in np.unique(codes).tolist() if code >= 0]
        if len(present) < 2 or len(present) > max(20, pairing.n / 2):
            continue
        for code in sorted(present, key=lambda code: id_order(names[code])):
            inside = codes == code
            part = None if clusters is None else clusters[inside]
            found.append((key, names[code], (two[inside], one[inside], part, a.beyond_unit or b.beyond_unit)))
    corrected = corrected_differences([pair for _, _, pair in found], alpha)
    return tuple(GroupDifference(key, name, *one) for (key, name, _), one in zip(found, corrected, strict=True))


def corrected_differences(pairs: Sequence[ScoredPair], alpha: float) -> list[tuple[PairedDifference, float]]:
    """The difference and the p-value of each pair, corrected by Holm over all of them.

    Intervals are of the level that Holm's procedure holds each against,
    so they leave out no difference exactly where the corrected p-value is above alpha.
    """
    plain = [_p_value(one) for one in pairs]
    levels = [alpha if math.isnan(level) else level for level in holm_levels(plain, alpha)]
    differences = [
        paired_difference(one, other, clusters, 1 - level, beyond_unit=beyond)
        for (one, other, clusters, beyond), level in zip(pairs, levels, strict=True)
    ]
    return [(one, float(p)) for one, p in zip(differences, holm(plain), strict=True)]


def _p_value(pair: ScoredPair) -> float:
    one, other, clusters, beyond = pair
    found = judgement(one, other, None if clusters is None else clusters.tolist(), beyond_unit=beyond)
    return math.nan if found is None else found.p_value


def _by_id(run: RunScores, pairing: Pairing, pairs: Codes) -> Codes:
    return np.array(sorted(pairs.tolist(), key=lambda i: id_order(run.sample_ids[pairing.rows_a[i]])), dtype=np.int64)


def _notes(a: RunScores, b: RunScores, pairing: Pairing) -> list[str]:
    notes = []
    if a.facts.run_id is not None and a.facts.run_id == b.facts.run_id:
        notes.append("both records are of one and the same run")
    if pairing.failed_in_a or pairing.failed_in_b:
        counts = f"{pairing.failed_in_a:,} in the first run, {pairing.failed_in_b:,} in the second"
        notes.append(f"samples that failed in one run only are left out: {counts}")
    if len(pairing.changed_a):
        said = counted_with(len(pairing.changed_a), "sample", "has", "have")
        notes.append(f"{said} the same id and another question: left out")
    only = len(pairing.only_a) - pairing.failed_in_b, len(pairing.only_b) - pairing.failed_in_a
    if any(only):
        notes.append(f"samples that only one run has are left out: {only[0]:,} of the first, {only[1]:,} of the second")
    if pairing.n_moved:
        said = counted_with(pairing.n_moved, "sample", "asks", "ask")
        notes.append(f"{said} the same under another id: paired by the question")
    if pairing.by_id_alone:
        notes.append("paired by id alone: what they ask was not compared")
    if a.facts.exam and b.facts.exam:
        rest = "the difference above is that of the mean share of points"
        notes.append(f"exam score {a.facts.exam} in the first run, {b.facts.exam} in the second; {rest}")
    notes += [f"{run.path} did not end" for run in (a, b) if not run.facts.finished]
    notes += [
        f"{counted_with(run.n_unscored, 'sample', 'has', 'have')} no score in {run.path}"
        for run in (a, b)
        if run.n_unscored
    ]
    return notes


def _all_binary(scores: Array) -> bool:
    return bool(np.all((scores == 0) | (scores == 1)))
