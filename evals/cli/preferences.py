"""`evals preferences`: win rates and rankings from files of pairwise judgements."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from evals.cli.preferences_judge import add_judge_options, judge

if TYPE_CHECKING:
    from evals.comparison.raters import RatersAgreement
    from evals.interchange.preferences import Judgement
    from evals.report.terminal.preferences import PairRate
    from evals.stats.agreement import Agreement
    from evals.stats.estimate import Estimate
    from evals.stats.ranking import Ranking

MOST_DRAWS = 100_000
RANKED_FROM = 3
"Models; two have a win rate, and no ranking."


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Register the sub-command."""
    parser = subparsers.add_parser(
        "preferences",
        help="win rates and rankings from pairwise judgements",
        description="Win rates with their errors from annotations of AlpacaEval (`preference`), battles of an arena "
        "(`model_a`, `model_b`, `winner`), people's votes or records of `Preference`: .json, .jsonl, .csv, .tsv, "
        ".parquet. With three models or more also a ranking by Bradley-Terry with intervals. With --judge the files "
        "are two records, whose completions a grader compares first.",
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="judgements; several files are taken together")
    parser.add_argument("--ties", choices=("half", "davidson"), default="half", help="in the ranking (default half)")
    parser.add_argument("--ridge", type=_ridge, default=0.0, metavar="X", help="for models that always won or lost")
    parser.add_argument("--draws", type=_draws, default=1000, metavar="N", help="bootstrap draws (default 1000)")
    parser.add_argument("--battles", metavar="PATH", help="also write the judgements as battles, JSON lines")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    add_judge_options(parser)
    parser.set_defaults(func=run)


def _draws(text: str) -> int:
    if not text.isdecimal() or not 2 <= int(text) <= MOST_DRAWS:
        raise argparse.ArgumentTypeError(f"needs a whole number from 2 to {MOST_DRAWS:,}, not {text[:20]!r}")
    return int(text)


def _ridge(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"needs a number from 0, such as 0.01, not {text[:20]!r}")
    return value


def run(args: argparse.Namespace) -> int:
    """Print win rates, and the ranking of several models."""
    if args.judge is not None:
        return judge(args)
    from evals.comparison.raters import raters_agreement
    from evals.interchange.battles import write_battles
    from evals.interchange.preferences import battle_of, read_judgements
    from evals.json_text import dumps
    from evals.report.terminal.preferences import agreement_lines, pairs_text, ranking_text
    from evals.texts.number_text import counted
    from evals.texts.safe_text import printable

    found = read_judgements(args.files)
    pairs = [pair_rate(rows) for rows in found.by_pair().values()]
    models = {name for row in found.rows for name in (row.model, row.other)}
    ranking = _ranked(found.rows, args) if len(models) >= RANKED_FROM else None
    agreement = raters_agreement(found.rows)
    for path, n in found.n_without.items():
        print(f"{path}: left out {counted(n, 'row')} without a judgement", file=sys.stderr)
    if args.battles is not None:
        n_written = write_battles(args.battles, map(battle_of, found.rows))
        print(f"{n_written:,} battles written to {args.battles}", file=sys.stderr)
    if args.json:
        plain = {"pairs": [plain_pair(pair) for pair in pairs], "ranking": _plain_ranking(ranking)}
        print(dumps({**plain, "agreement": plain_agreement(agreement)}))
        return 0
    blocks = [] if ranking is not None and len(pairs) > len(models) else [pairs_text(pairs)]
    blocks += [ranking_text(ranking)] if ranking is not None else []
    blocks += ["\n".join(agreement_lines(agreement))] if agreement.n_raters > 1 else []
    print(printable("\n\n".join(blocks)))
    return 0


def pair_rate(rows: list[Judgement]) -> PairRate:
    """The win rates of one pair of models, with position bias and lengths where the rows tell them."""
    from evals.report.terminal.preferences import PairRate
    from evals.stats.win_rates import win_rate

    styles = [row.styles for row in rows if row.styles is not None]
    whole = len(styles) == len(rows)
    lengths = [(one.characters, other.characters) for one, other in styles]
    counts = [[(one.lists, one.headings, one.bold) for one in both] for both in styles]
    found = win_rate(
        [row.outcome for row in rows],
        prompts=_clusters(rows),
        lengths=lengths if whole else None,
        styles=counts if whole else None,
    )
    means = (sum(one for one, _ in lengths) / len(rows), sum(two for _, two in lengths) / len(rows)) if whole else None
    return PairRate(rows[0].model, rows[0].other, found, means, _first_preferred(rows))


def _clusters(rows: list[Judgement]) -> list[str] | None:
    prompts = [row.prompt for row in rows]
    return prompts if len(set(prompts)) < len(prompts) else None


def _first_preferred(rows: list[Judgement]) -> Estimate | None:
    from evals.stats.means import estimate

    told = [row for row in rows if row.was_first is not None]
    if not told:
        return None
    return estimate([row.outcome if row.was_first else 1 - row.outcome for row in told], _clusters(told))


def _ranked(rows: list[Judgement], args: argparse.Namespace) -> Ranking:
    import numpy as np

    from evals.errors import UsageError
    from evals.stats.ranking import rank_models

    # A graded judgement is a win for whom it favours: the model of strengths knows wins, losses and ties.
    outcomes = np.array([row.outcome for row in rows])
    try:
        return rank_models(
            [row.model for row in rows],
            [row.other for row in rows],
            np.where(outcomes > 0.5, 1.0, np.where(outcomes < 0.5, 0.0, 0.5)),
            rng=np.random.default_rng(0),
            prompts=[row.prompt for row in rows],
            ties=args.ties,
            ridge=args.ridge,
            n_draws=args.draws,
        )
    except ValueError as error:
        raise UsageError(str(error), fix="--ridge 0.01 for models that always won or always lost") from error


def plain_agreement(found: RatersAgreement) -> dict[str, Any] | None:
    """The agreement of raters for `--json`; None for fewer than two."""
    if found.n_raters < 2:
        return None
    pairs = [
        {"raters": [pair.one, pair.other], "same": pair.same, "kappa": _plain_coefficient(pair.kappa)}
        for pair in found.pairs
    ]
    return {"n_raters": found.n_raters, "alpha": _plain_coefficient(found.alpha), "pairs": pairs}


def _plain_coefficient(one: Agreement) -> dict[str, Any]:
    from evals.report_keys import defined

    ends = [defined(one.interval.low), defined(one.interval.high)]
    return {"value": defined(one.value), "stderr": defined(one.stderr), "ci95": ends, "n": one.n}


def plain_pair(pair: PairRate) -> dict[str, Any]:
    found = pair.found
    numbers: dict[str, Estimate | None] = {
        "win_rate": found.rate,
        "without_ties": found.decided,
        "at_equal_length": found.at_equal_length,
        "at_equal_style": found.at_equal_style,
        "first_preferred": pair.first_preferred,
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


def _estimate(one: Estimate | None) -> dict[str, Any] | None:
    from evals.report_keys import defined

    if one is None or (not one.interval.defined and defined(one.value) is None):
        return None
    ends = [defined(one.interval.low), defined(one.interval.high)]
    return {"value": defined(one.value), "stderr": defined(one.stderr), "ci95": ends, "n": one.n, "method": one.method}


def _plain_ranking(ranking: Ranking | None) -> dict[str, Any] | None:
    from evals.report_keys import defined

    if ranking is None:
        return None
    rows = [
        {"model": one.name, "elo": one.elo, "strength": one.value, "stderr": defined(one.stderr)}
        | {"ci95": [defined(one.low), defined(one.high)], "ranks": [one.rank_low, one.rank_high]}
        for one in ranking.strengths
    ]
    return {"models": rows, "n": ranking.n, "n_prompts": ranking.n_prompts}
