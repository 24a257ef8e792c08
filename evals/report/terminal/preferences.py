"""Pairwise judgements in the terminal: win rates, rankings, tables by category, the agreement of raters."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from evals.comparison.preference_rates import GroupRates, PairRate
from evals.comparison.raters import MOST_COMPARED, RatersAgreement
from evals.comparison.voted_rates import VotedRate
from evals.report.words import NOT_DEFINED, counted, interval, number, one_line, percent, wrapped
from evals.stats.estimate import Estimate
from evals.stats.ranking import Ranking, elo_of
from evals.texts.safe_text import cut_middle

MOST_NAME = 34
MOST_CHANCES = 15
"Chances that are shown; `--json` has all."


def pairs_text(pairs: Sequence[PairRate]) -> str:
    """The win rates, a block a pair."""
    return "\n\n".join("\n".join(_pair_lines(pair)) for pair in pairs)


def ranking_text(ranking: Ranking) -> str:
    """The ranking with Elo numbers, the strongest first."""
    names = [_name(one.name) for one in ranking.strengths]
    width = max(5, *map(len, names))
    lines = [f"rank   {'model':<{width}}   Elo   95 % interval"]
    for name, one in zip(names, ranking.strengths, strict=True):
        rank = f"{one.rank_low}-{one.rank_high}" if one.rank_low != one.rank_high else str(one.rank)
        ends = NOT_DEFINED if math.isnan(one.low) else f"{elo_of(one.low):.0f} to {elo_of(one.high):.0f}"
        lines.append(f"{rank:<5}  {name:<{width}}  {one.elo:>5.0f}  {ends}")
    nu = ranking.tie_parameter
    how = "ties as half wins" if math.isnan(nu) else f"ties by Davidson, nu {number(nu)}"
    n = f"n = {counted(ranking.n, 'judgement')} of {counted(ranking.n_prompts, 'prompt')}"
    lines += wrapped(f"(Bradley-Terry, {how}, {n})", rest=" ")
    if len(ranking.groups) > 1:
        small = ", ".join(_name(name) for name in ranking.groups[1][:3])
        lines += wrapped(
            f"({len(ranking.groups)} groups of models never met: places across them follow from the ridge alone; "
            f"one group has {small})",
            rest=" ",
        )
    if ranking.unbounded:
        some = ", ".join(_name(name) for name in ranking.unbounded[:3])
        more = f" and {len(ranking.unbounded) - 3:,} more" if len(ranking.unbounded) > 3 else ""
        lines += wrapped(
            f"(no interval for models that always won or always lost: the ridge alone gives their numbers; {some}"
            f"{more})",
            rest=" ",
        )
    return "\n".join(lines)


def chances_text(ranking: Ranking) -> str:
    """The chance that one model is preferred to another in the next judgement that is no tie."""
    pairs = list(itertools.combinations(ranking.strengths, 2))
    width = min(MOST_NAME, max(len(_name(one.name)) for one in ranking.strengths))
    lines = ["chance to be preferred in a judgement that is no tie     95 % interval"]
    for one, other in pairs[:MOST_CHANCES]:
        chance = ranking.win_chance(one.name, other.name)
        ends = interval(ranking.win_interval(one.name, other.name))
        lines.append(f"  {_name(one.name, 24):<{min(width, 24)}} over {_name(other.name, 24):<{min(width, 24)}}")
        lines[-1] += f"  {number(chance)}  {ends}"
    if len(pairs) > MOST_CHANCES:
        lines.append(f"  ({len(pairs) - MOST_CHANCES:,} more pairs: --json)")
    return "\n".join(lines)


def voted_text(rates: Sequence[VotedRate]) -> str:
    """Win rates by the grader, by people, and corrected, a block a pair."""
    blocks = []
    for rate in rates:
        found = rate.found
        lines = [
            f"{_name(rate.model)} against {_name(rate.other)}, corrected by votes",
            f"  by the grader    {_rate(found.naive)}",
            f"  by people        {_rate(found.labels_only)}",
            f"  corrected        {_rate(found.corrected)}",
            *wrapped(
                f"(people voted on {counted(found.n_labelled, 'prompt')} of {found.n_labelled + found.n_unlabelled:,}; "
                f"weight of the grader {number(found.weight)}; its own error is in the last interval alone)",
                first="  ",
                rest="  ",
            ),
        ]
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks)


def groups_text(key: str, groups: Sequence[GroupRates]) -> str:
    """A table by group: of two models their win rate, of more the Elo number of each."""
    blocks = []
    for pair in groups[0].pairs if all(len(group.pairs) == 1 for group in groups) else ():
        rows = [(group.name, group.pairs[0].found.rate) for group in groups]
        title = f"{_name(pair.model)} against {_name(pair.other)} by {one_line(key)}"
        width = min(MOST_NAME, max(len(_name(name)) for name, _ in rows))
        blocks.append("\n".join([title, *(f"  {_name(name):<{width}}  {_rate(rate)}" for name, rate in rows)]))
    if blocks:
        return "\n".join(blocks)
    return "\n\n".join(_group_block(key, group) for group in groups)


def _group_block(key: str, group: GroupRates) -> str:
    title = f"{one_line(key)} {_name(group.name)}"
    if group.ranking is not None:
        return f"{title}\n{ranking_text(group.ranking)}"
    lines = wrapped(f"no ranking: {group.problem}", first="  ") if group.problem is not None else []
    return "\n".join([title, *lines, pairs_text(group.pairs)])


def agreement_lines(found: RatersAgreement) -> list[str]:
    """How far raters agree: all together, then two and two. No lines where nobody could agree with anybody."""
    alpha = found.alpha
    if found.n_raters < 2:
        return []
    if alpha.n == 0 and found.n_raters > MOST_COMPARED:
        return []  # visitors of an arena, who judge a pair of their own each
    if alpha.n == 0:
        return [f"{counted(found.n_raters, 'rater')}, and no pair of answers was judged by two of them"]
    lines = [
        f"{counted(found.n_raters, 'rater')}, {counted(alpha.n, 'pair')} of answers judged by two or more",
        f"  Krippendorff's alpha (ordinal)  {number(alpha.value)}  95 % interval {interval(alpha.interval)}",
    ]
    for pair in found.pairs:
        kappa = pair.kappa
        lines += [
            f"  {_name(pair.one, 20)} and {_name(pair.other, 20)}: same verdict on {percent(pair.same)} of {kappa.n:,}",
            f"    Cohen's kappa                 {number(kappa.value)}  95 % interval {interval(kappa.interval)}",
        ]
    return lines


def _pair_lines(pair: PairRate) -> list[str]:
    found = pair.found
    lines = [
        f"{_name(pair.model)} against {_name(pair.other)}",
        f"  win rate         {_rate(found.rate)}",
        f"  without ties     {_rate(found.decided)}",
        f"  judgements       {found.wins:,} won, {found.losses:,} lost, {counted(found.ties, 'tie')}",
    ]
    for label, one in (
        ("at equal length", found.at_equal_length),
        ("at equal style", found.at_equal_style),
        ("other raters too", pair.for_other_raters),
        ("first preferred", pair.first_preferred),
    ):
        if one is not None and one.interval.defined:
            lines.append(f"  {label:<16} {_rate(one)}")
    if pair.mean_lengths is not None:
        lines.append("  mean length      {:,.0f} against {:,.0f} characters".format(*pair.mean_lengths))
    return lines


def _rate(one: Estimate) -> str:
    return f"{number(one.value)}  stderr {number(one.stderr)}  95 % interval {interval(one.interval)}  n = {one.n:,}"


def _name(name: object, width: int = MOST_NAME) -> str:
    return cut_middle(one_line(str(name)), width)
