"""Pairwise judgements in the terminal: win rates of each pair, and a ranking where there are three models or more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evals.report.words import counted, interval, number, one_line
from evals.stats.ranking import Ranking, elo_of
from evals.stats.win_rates import WinRate


@dataclass(frozen=True)
class PairRate:
    """The win rate of one pair of models."""

    model: str
    other: str
    found: WinRate
    mean_lengths: tuple[float, float] | None = None


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
    equal = found.at_equal_length
    if equal.interval.defined:
        lines.append(f"  at equal length  {number(equal.value)}  95 % interval {interval(equal.interval)}")
    if pair.mean_lengths is not None:
        lines.append("  mean length      {:,.0f} against {:,.0f} characters".format(*pair.mean_lengths))
    return lines
