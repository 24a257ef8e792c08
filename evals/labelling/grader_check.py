"""A grader against people's labels: agreement, confusion, groups, and the score corrected for the grader's errors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field

from evals.errors import DataError, listed
from evals.labelling.consensus import Consensus, consensus_of, with_enough
from evals.labelling.graded_record import GradedRecord, GradedSample
from evals.labelling.label_file import STRATIFIED, LabelFile
from evals.stats.agreement import MIN_SAMPLES, Agreement, cohens_kappa
from evals.stats.estimate import Estimate
from evals.stats.grader_corrected import Corrected, Misclassification, misclassification_corrected, ppi_mean
from evals.stats.means import estimate
from evals.stats.stratified import stratified_mean

FEW_LABELS = 100
"Fewer labels than this are said to be few."


@dataclass(frozen=True)
class Pair:
    """One labelled sample: what people and the grader say."""

    sample: GradedSample
    label: str
    human: float | None
    "The score of the label; None where it has none."

    @property
    def gap(self) -> float | None:
        """The grader's score minus the people's; None where one is not defined."""
        return None if self.human is None or self.sample.score is None else self.sample.score - self.human


@dataclass(frozen=True)
class Agreeing:
    """How often grader and people say the same."""

    rate: Estimate
    kappa: Agreement
    why_open: str = ""
    "Why kappa has no interval; empty where it has one."


@dataclass(frozen=True)
class Scores:
    """The mean score: of the grader, of people, and corrected. None for what these labels do not allow."""

    naive: Estimate | None = None
    "The grader's mean over all samples."
    labels_only: Estimate | None = None
    corrected: Corrected | None = None
    "PPI++; not for labels that were stratified."
    by_error_rates: Misclassification | None = None
    "Only where scores are 0 and 1."
    stratified: Estimate | None = None
    "Of labels that were drawn by verdict."


@dataclass(frozen=True)
class GraderCheck:
    """What labels say of a grader."""

    consensus: Consensus
    design: str
    pairs: Sequence[Pair]
    n_unread: int
    "Labelled samples whose verdict cannot be read; they are in no agreement and no score."
    overall: Agreeing
    confusion: Mapping[tuple[str, str], int]
    "By (label, the grader's choice)."
    groups: Mapping[str, Agreeing]
    graders: Mapping[str, Agreeing]
    "Of a panel: each grader by itself."
    scores: Scores
    notes: Sequence[str] = field(default_factory=list)
    "What is not there, and why."

    @property
    def n_labelled(self) -> int:
        """Samples with a label and a verdict."""
        return len(self.pairs)


def check_grader(record: GradedRecord, found: LabelFile) -> GraderCheck:
    """Compare the verdicts of a record with labels of some of its samples.

    Raises:
        DataError: no labelled sample has a verdict, or only some of the labels have a score.
    """
    consensus, samples = consensus_of(found.labels), record.by_id
    labelled = [(samples[name], label) for name, label in sorted(consensus.labels.items())]
    pairs = [Pair(one, label, score_of_label(label, record.scores)) for one, label in labelled if has_verdict(one)]
    if not pairs:
        raise DataError(
            f"none of the {len(labelled)} labelled samples has a verdict that could be read",
            where=str(record.path),
            fix="label samples that the grader could judge",
        )
    _check_scores(pairs, record)
    overall = agreeing([(pair.label, pair.sample.choice) for pair in pairs])
    groups, graders = _groups(pairs), _graders(pairs)
    notes = [*_notes(pairs, consensus), *_open_kappas(overall, {**groups, **graders})]
    with_score = [pair for pair in pairs if pair.gap is not None]
    known = {pair.sample.id for pair in pairs}
    others = [one.score for one in record.samples if one.id not in known and has_verdict(one) and one.score is not None]
    corrected = _scores(record, with_score, others, found.design, notes)
    return GraderCheck(
        consensus=consensus,
        design=found.design,
        pairs=pairs,
        n_unread=len(labelled) - len(pairs),
        overall=overall,
        confusion=Counter((pair.label, pair.sample.choice) for pair in pairs),
        groups=groups,
        graders=graders,
        scores=corrected,
        notes=notes,
    )


def _check_scores(pairs: Sequence[Pair], record: GradedRecord) -> None:
    """Raise DataError where some labels have a score and others none: the rest alone would be another mean."""
    without = sorted({pair.label for pair in pairs if pair.human is None})
    if without and any(pair.human is not None for pair in pairs):
        known = ",".join(f"{choice}={score:g}" for choice, score in record.scores.items() if score is not None)
        raise DataError(
            f"the label {without[0]!r} has no score, and others have one",
            where=str(record.path),
            fix=f"name the scores of all: --scores {known},{without[0]}=0",
        )


def has_verdict(sample: GradedSample) -> bool:
    """Whether the verdict could be read."""
    return bool(sample.choice) and sample.choice != "__invalid__"


def score_of_label(label: str, scores: Mapping[str, float | None]) -> float | None:
    """The score of a label: that of the choice, or the label itself if it is a number."""
    if label in scores:
        return scores[label]
    try:
        return float(label)
    except ValueError:
        return None


def agreeing(said: Sequence[tuple[str, str]]) -> Agreeing:
    """Agreement of pairs (label, choice): rate with Wilson's interval, and Cohen's kappa."""
    people, grader = [one for one, _ in said], [other for _, other in said]
    rate = estimate([float(one == other) for one, other in said])
    return Agreeing(rate, with_enough(cohens_kappa(people, grader)), _why_no_kappa(people, grader))


def _why_no_kappa(people: Sequence[str], grader: Sequence[str]) -> str:
    """Why kappa has no interval; empty where it has one."""
    if len(set(people)) == 1:
        return f"all labels are {people[0]!r}"
    if len(set(grader)) == 1:
        return f"all verdicts are {grader[0]!r}"
    return f"fewer than {MIN_SAMPLES} labels" if len(people) < MIN_SAMPLES else ""


def _groups(pairs: Sequence[Pair]) -> dict[str, Agreeing]:
    by_group: dict[str, list[tuple[str, str]]] = {}
    for pair in pairs:
        if pair.sample.group is not None:
            by_group.setdefault(pair.sample.group, []).append((pair.label, pair.sample.choice))
    return {name: agreeing(said) for name, said in sorted(by_group.items())} if len(by_group) > 1 else {}


def _graders(pairs: Sequence[Pair]) -> dict[str, Agreeing]:
    names = sorted({name for pair in pairs for name in pair.sample.by_grader})
    found = {}
    for name in names if len(names) > 1 else ():
        said = [(pair.label, pair.sample.by_grader.get(name, "__invalid__")) for pair in pairs]
        found[name] = agreeing([(label, choice) for label, choice in said if choice != "__invalid__"])
    return found


def _notes(pairs: Sequence[Pair], consensus: Consensus) -> list[str]:
    notes = []
    if len(pairs) < FEW_LABELS:
        notes.append(f"{len(pairs)} labels are few: from {FEW_LABELS} on the intervals become useful")
    if consensus.n_disputed:
        notes.append(f"{consensus.n_disputed} samples whose labels are a draw were left out")
    return notes


def _open_kappas(overall: Agreeing, parts: Mapping[str, Agreeing]) -> list[str]:
    """Why kappas have no interval: of all labels, and of groups and graders, those with the same reason together."""
    by_reason: dict[str, list[str]] = {}
    for name, found in parts.items():
        if found.why_open and found.why_open != overall.why_open:
            by_reason.setdefault(found.why_open, []).append(repr(name))
    whole = [f"kappa has no interval: {overall.why_open}, label more samples"] if overall.why_open else []
    return whole + [f"no interval of kappa for {listed(names)}: {why}" for why, names in by_reason.items()]


def _scores(
    record: GradedRecord, pairs: Sequence[Pair], others: Sequence[float], design: str, notes: list[str]
) -> Scores:
    human = [pair.human for pair in pairs if pair.human is not None]
    graded = [pair.sample.score for pair in pairs if pair.sample.score is not None]
    if not human:
        notes.append("no corrected score: the choices have no scores; name them with --scores A=1,B=0")
        return Scores()
    if not others:
        notes.append("every sample is labelled: the labels are the score, and there is nothing to correct")
    naive = estimate([*graded, *others])
    if design == STRATIFIED:
        notes.append("labels were drawn by verdict: they are weighted back, and their plain mean is not the score")
        return Scores(naive, stratified=_by_strata(record, pairs, human, notes))
    rates = None
    if {*human, *graded, *others} <= {0.0, 1.0}:
        rates = misclassification_corrected(others or graded, human, graded)
        notes += _why_no_rates(rates)
    else:
        notes.append("no correction by error rates: it needs scores of 0 and 1")
    return Scores(naive, estimate(human), ppi_mean(human, graded, others), rates)


def _why_no_rates(rates: Misclassification) -> list[str]:
    """Why the score cannot be corrected by error rates; empty where it can."""
    if not rates.n_right or not rates.n_wrong:
        return ["no correction by error rates: people called all labelled answers the same"]
    if rates.sensitivity + rates.specificity <= 1:
        return ["no correction by error rates: the grader calls wrong answers right as often as right ones"]
    if not rates.corrected.interval.defined:
        return ["no interval by error rates: too few labels of one kind to know that the grader tells them apart"]
    return []


def _by_strata(
    record: GradedRecord, pairs: Sequence[Pair], human: Sequence[float], notes: list[str]
) -> Estimate | None:
    sizes: dict[Hashable, int] = Counter(one.choice for one in record.samples if has_verdict(one))
    if any(not 0 <= value <= 1 for value in human):
        notes.append("no weighted score: it needs scores from 0 to 1")
        return None
    missing = sorted(map(str, set(sizes) - {pair.sample.choice for pair in pairs}))
    if missing:
        notes.append(f"no weighted score: no sample with the verdict {missing[0]} is labelled yet")
        return None
    return stratified_mean(human, [pair.sample.choice for pair in pairs], sizes)
