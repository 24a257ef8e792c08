"""What judgements of pairs come to: the win rate of each two models, a ranking of several, and both by category."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from evals.errors import UsageError
from evals.interchange.preferences import Judgement, Judgements
from evals.stats.bradley_terry import Ties
from evals.stats.estimate import Estimate
from evals.stats.means import estimate
from evals.stats.ranking import Ranking, rank_models
from evals.stats.two_way import two_way_mean
from evals.stats.win_rates import WinRate, win_rate

RANKED_FROM = 3
"Models; two have a win rate, and no ranking."
MIN_RATERS = 5
"Fewer raters say nothing of other raters."


@dataclass(frozen=True)
class PairRate:
    """The win rate of one pair of models."""

    model: str
    other: str
    found: WinRate
    mean_lengths: tuple[float, float] | None = None
    "Characters; None where a row does not tell."
    first_preferred: Estimate | None = None
    "Share of judgements for the answer that was shown first, ties half; None where the rows do not tell."
    for_other_raters: Estimate | None = None
    "The rate with an interval that is about other raters too; None for fewer than MIN_RATERS."


@dataclass(frozen=True)
class RankingOptions:
    """How several models are ranked."""

    ties: Ties = "half"
    ridge: float = 0.0
    n_draws: int = 1000
    new_raters: bool = False
    "Intervals are about other raters too."


@dataclass(frozen=True)
class GroupRates:
    """The numbers of the judgements of one group."""

    name: str
    pairs: list[PairRate]
    ranking: Ranking | None
    problem: str | None = None
    "Why there is no ranking."


def pair_rates(rows: Sequence[Judgement]) -> list[PairRate]:
    """The win rate of each two models, in the order in which they first meet."""
    return [pair_rate(found) for found in Judgements(list(rows)).by_pair().values()]


def pair_rate(rows: Sequence[Judgement]) -> PairRate:
    """The win rate of judgements of one pair of models, all seen from the same one."""
    styles = [row.styles for row in rows if row.styles is not None]
    whole = len(styles) == len(rows)
    lengths = [(one.characters, other.characters) for one, other in styles]
    found = win_rate(
        [row.outcome for row in rows],
        prompts=_clusters(rows),
        lengths=lengths if whole else None,
        styles=[[(one.lists, one.headings, one.bold) for one in both] for both in styles] if whole else None,
    )
    means = (sum(one for one, _ in lengths) / len(rows), sum(two for _, two in lengths) / len(rows)) if whole else None
    return PairRate(rows[0].model, rows[0].other, found, means, _first_preferred(rows), _for_other_raters(rows))


def _clusters(rows: Sequence[Judgement]) -> list[str] | None:
    prompts = [row.prompt for row in rows]
    return prompts if len(set(prompts)) < len(prompts) else None


def _first_preferred(rows: Sequence[Judgement]) -> Estimate | None:
    told = [row for row in rows if row.first_preferred is not None]
    firsts = [row.first_preferred for row in told if row.first_preferred is not None]
    return estimate(firsts, _clusters(told)) if told else None


def _for_other_raters(rows: Sequence[Judgement]) -> Estimate | None:
    raters = [row.rater for row in rows]
    if None in raters or len(set(raters)) < MIN_RATERS or len(set(raters)) == len(raters):
        return None
    return two_way_mean([row.outcome for row in rows], [row.prompt for row in rows], raters)


def ranked(rows: Sequence[Judgement], options: RankingOptions) -> Ranking:
    """The ranking of the models. A graded judgement is a win for whom it favours: the fit knows wins, losses and ties.

    Answers of a model against its own, as in a leaderboard's row of the baseline, say nothing and are left out.

    Raises:
        UsageError: a model has no finite strength, or raters are asked about that the rows do not name.
    """
    rows = [row for row in rows if row.model != row.other]
    outcomes = np.array([row.outcome for row in rows])
    raters = [row.rater for row in rows] if options.new_raters else None
    if raters is not None and (None in raters or len(set(raters)) < MIN_RATERS):
        n = len(set(raters) - {None})
        fix = "leave --new-raters out: intervals are then about these raters"
        raise UsageError(f"{n} raters are named, and {MIN_RATERS} say something of others", fix=fix)
    try:
        return rank_models(
            [row.model for row in rows],
            [row.other for row in rows],
            np.where(outcomes > 0.5, 1.0, np.where(outcomes < 0.5, 0.0, 0.5)),
            rng=np.random.default_rng(0),
            prompts=[row.prompt for row in rows],
            raters=raters,
            ties=options.ties,
            ridge=options.ridge,
            n_draws=options.n_draws,
        )
    except ValueError as error:
        raise UsageError(str(error), fix="--ridge 0.01 for models that always won or always lost") from error


def is_ranked(rows: Sequence[Judgement]) -> bool:
    """Whether there are models enough for a ranking."""
    return len({name for row in rows for name in (row.model, row.other)}) >= RANKED_FROM


def rates_by_group(rows: Sequence[Judgement], options: RankingOptions) -> list[GroupRates]:
    """The numbers of each group, in the order of their names. Judgements without a group are a group `(none)`.

    A group whose models have no finite strengths has no ranking, and says why.
    """
    groups: dict[str, list[Judgement]] = {}
    for row in rows:
        groups.setdefault(row.group if row.group is not None else "(none)", []).append(row)
    found = []
    for name, members in sorted(groups.items()):
        ranking, problem = None, None
        if is_ranked(members):
            try:
                ranking = ranked(members, replace(options, new_raters=False))
            except UsageError as error:
                problem = error.what
        found.append(GroupRates(name, pair_rates(members), ranking, problem))
    return found
