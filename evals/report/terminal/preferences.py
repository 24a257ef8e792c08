"""Pairwise judgements in the terminal: win rates of each pair, and a ranking where there are three models or more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evals.comparison.raters import RatersAgreement
from evals.report.words import counted, interval, number, one_line, percent
from evals.stats.estimate import Estimate
from evals.stats.ranking import Ranking, elo_of
from evals.stats.win_rates import WinRate


@dataclass(frozen=True)
class PairRate:
    """The win rate of one pair of models."""

    model: str
    other: str
    found: WinRate
    mean_lengths: tuple[float, float] | None = None
    first_preferred: Estimate | None = None
    "Share of judgements for the answer that was shown first, ties half; None where the rows do not tell."


def pairs_text(pairs: Sequence[PairRate]) -> str:
    """The win rates, a block a pair."""
    return "\n\n".join("\n".join(_pair_lines(pair)) for pair in pairs)


def ranking_text(ranking: Ranking) -> str:
    """The ranking with Elo numbers, the strongest first."""
    names = [one_line(str(one.name)) for one in ranking.strengths]
    width = max(5, *map(len, names))
    lines = [f"rank   {'model':<{width}}   Elo   95 % interval"]
    for name, one in zip(names, ranking.strengths, strict=True):
        rank = f"{one.rank_low}-{one.rank_high}" if one.rank_low != one.rank_high else str(one.rank)
        low, high = elo_of(one.low), elo_of(one.high)
        lines.append(f"{rank:<5}  {name:<{width}}  {one.elo:>5.0f}  {low:.0f} to {high:.0f}")
    return "\n".join([*lines, f"(Bradley-Terry, n = {ranking.n:,} judgements of {ranking.n_prompts:,} prompts)"])


def agreement_lines(found: RatersAgreement) -> list[str]:
    """How far raters agree: all together, then two and two. No lines for fewer than two raters."""
    alpha = found.alpha
    if found.n_raters < 2:
        return []
    if alpha.n == 0:
        return [f"{found.n_raters:,} raters, and no pair of answers was judged by two of them"]
    lines = [
        f"{found.n_raters:,} raters, {counted(alpha.n, 'pair')} of answers judged by two or more",
        f"  Krippendorff's alpha (ordinal)  {number(alpha.value)}  95 % interval {interval(alpha.interval)}",
    ]
    for pair in found.pairs:
        kappa = pair.kappa
        lines += [
            f"  {one_line(pair.one)} and {one_line(pair.other)}: same verdict on {percent(pair.same)} of {kappa.n:,}",
            f"    Cohen's kappa                 {number(kappa.value)}  95 % interval {interval(kappa.interval)}",
        ]
    return lines


def _pair_lines(pair: PairRate) -> list[str]:
    found = pair.found
    lines = [
        f"{one_line(pair.model)} against {one_line(pair.other)}",
        f"  win rate         {number(found.rate.value)}  stderr {number(found.rate.stderr)}  "
        f"95 % interval {interval(found.rate.interval)}  n = {found.rate.n:,}",
        f"  without ties     {number(found.decided.value)}  stderr {number(found.decided.stderr)}  "
        f"95 % interval {interval(found.decided.interval)}  n = {found.decided.n:,}",
        f"  judgements       {found.wins:,} won, {found.losses:,} lost, {counted(found.ties, 'tie')}",
    ]
    for label, equal in (("length", found.at_equal_length), ("style", found.at_equal_style)):
        if equal.interval.defined:
            lines.append(
                f"  at equal {label:<6}  {number(equal.value)}  stderr {number(equal.stderr)}  "
                f"95 % interval {interval(equal.interval)}  n = {equal.n:,}"
            )
    if pair.first_preferred is not None:
        first = pair.first_preferred
        lines.append(
            f"  first preferred  {number(first.value)}  stderr {number(first.stderr)}  "
            f"95 % interval {interval(first.interval)}  n = {first.n:,}"
        )
    if pair.mean_lengths is not None:
        lines.append("  mean length      {:,.0f} against {:,.0f} characters".format(*pair.mean_lengths))
    return lines
