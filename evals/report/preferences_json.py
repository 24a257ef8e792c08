"""Win rates, rankings and the agreement of raters as plain values, for `--json`."""

from __future__ import annotations

import itertools
from typing import Any

from evals.comparison.preference_rates import GroupRates, PairRate
from evals.comparison.raters import RatersAgreement
from evals.comparison.voted_rates import VotedRate
from evals.report_keys import defined
from evals.stats.agreement import Agreement
from evals.stats.estimate import Estimate, Interval
from evals.stats.ranking import Ranking


def plain_pair(pair: PairRate) -> dict[str, Any]:
    """The rates of two models."""
    found = pair.found
    numbers: dict[str, Estimate | None] = {
        "win_rate": found.rate,
        "without_ties": found.decided,
        "at_equal_length": found.at_equal_length,
        "at_equal_style": found.at_equal_style,
        "first_preferred": pair.first_preferred,
        "for_other_raters": pair.for_other_raters,
    }
    return {
        "model": pair.model,
        "other": pair.other,
        **{name: _estimate(one) for name, one in numbers.items()},
        "wins": found.wins,
        "losses": found.losses,
        "ties": found.ties,
        "mean_lengths": pair.mean_lengths,
    }


def plain_voted(rate: VotedRate) -> dict[str, Any]:
    """The corrected win rate of two models, beside that of the grader and that of people."""
    found = rate.found
    rates = {"by_grader": found.naive, "by_people": found.labels_only, "corrected": found.corrected}
    counts = {"weight": found.weight, "n_voted": found.n_labelled, "n_not_voted": found.n_unlabelled}
    return {"model": rate.model, "other": rate.other, **{k: _estimate(v) for k, v in rates.items()}, **counts}


def plain_ranking(ranking: Ranking | None) -> dict[str, Any] | None:
    """The ranking, with the chance of a win for each two models."""
    if ranking is None:
        return None
    rows = [
        {"model": one.name, "elo": one.elo, "strength": one.value, "stderr": defined(one.stderr)}
        | {"ci95": [defined(one.low), defined(one.high)], "ranks": [one.rank_low, one.rank_high]}
        for one in ranking.strengths
    ]
    chances = [
        {"model": one.name, "other": other.name, "chance": ranking.win_chance(one.name, other.name)}
        | {"ci95": _ends(ranking.win_interval(one.name, other.name))}
        for one, other in itertools.combinations(ranking.strengths, 2)
    ]
    return {
        "models": rows,
        "chances": chances,
        "tie_parameter": defined(ranking.tie_parameter),
        "unbounded": list(ranking.unbounded),
        "groups_that_met": [list(group) for group in ranking.groups],
        "n": ranking.n,
        "n_prompts": ranking.n_prompts,
    }


def plain_group(group: GroupRates) -> dict[str, Any]:
    """The rates and the ranking of one group."""
    pairs = [plain_pair(pair) for pair in group.pairs]
    return {"group": group.name, "pairs": pairs, "ranking": plain_ranking(group.ranking), "problem": group.problem}


def plain_agreement(found: RatersAgreement) -> dict[str, Any] | None:
    """The agreement of raters; None for fewer than two."""
    if found.n_raters < 2:
        return None
    pairs = [
        {"raters": [pair.one, pair.other], "same": pair.same, "kappa": _coefficient(pair.kappa)} for pair in found.pairs
    ]
    return {"n_raters": found.n_raters, "alpha": _coefficient(found.alpha), "pairs": pairs}


def _coefficient(one: Agreement) -> dict[str, Any]:
    return {"value": defined(one.value), "stderr": defined(one.stderr), "ci95": _ends(one.interval), "n": one.n}


def _estimate(one: Estimate | None) -> dict[str, Any] | None:
    if one is None or (not one.interval.defined and defined(one.value) is None):
        return None
    rest = {"stderr": defined(one.stderr), "ci95": _ends(one.interval), "n": one.n, "method": one.method}
    return {"value": defined(one.value), **rest}


def _ends(interval: Interval) -> list[float | None]:
    return [defined(interval.low), defined(interval.high)]
