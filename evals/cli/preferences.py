"""`evals preferences`: win rates and rankings from files of pairwise judgements."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from evals.cli.preferences_judge import add_judge_options, judge

MOST_DRAWS = 100_000


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Register the sub-command."""
    parser = subparsers.add_parser(
        "preferences",
        help="win rates and rankings from pairwise judgements",
        description="Win rates with their errors. Files hold annotations of AlpacaEval (`preference`), battles of an "
        "arena (`model_a`, `model_b`, `winner`), people's votes, or records of `Preference`. They are .json, .jsonl, "
        ".csv, .tsv or .parquet. With three models or more also a ranking by Bradley-Terry with intervals. "
        "With --judge the files are two records, whose completions a grader compares first.",
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="judgements; several files are taken together")
    parser.add_argument("--ties", choices=("half", "davidson"), default="half", help="in the ranking (default half)")
    parser.add_argument("--ridge", type=_ridge, default=0.0, metavar="X", help="for models that always won or lost")
    parser.add_argument("--draws", type=_draws, default=1000, metavar="N", help="bootstrap draws (default 1000)")
    parser.add_argument("--by", metavar="KEY", help="also by this key of the rows, such as category, or by rater")
    parser.add_argument("--predict", action="store_true", help="the chance of each model to be preferred to each other")
    parser.add_argument("--new-raters", action="store_true", help="intervals of the ranking hold for other raters too")
    parser.add_argument("--votes", metavar="PATH", help="people's votes on a random part, which correct the grader")
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
    from evals.cli.outputs import check_output
    from evals.comparison.preference_rates import RankingOptions, is_ranked, pair_rates, ranked, rates_by_group
    from evals.comparison.raters import raters_agreement
    from evals.comparison.voted_rates import voted_rates
    from evals.interchange.battles import write_battles
    from evals.interchange.preferences import battle_of, read_judgements
    from evals.json_text import dumps
    from evals.report import preferences_json as as_json
    from evals.report.terminal import preferences as as_text
    from evals.texts.number_text import counted
    from evals.texts.safe_text import printable

    check_output("--battles", args.battles, [*args.files, *([args.votes] if args.votes else [])], own="lines")
    found = read_judgements(args.files, args.by)
    options = RankingOptions(args.ties, args.ridge, args.draws, args.new_raters)
    pairs = pair_rates(found.rows)
    ranking = ranked(found.rows, options) if is_ranked(found.rows) or args.predict else None
    groups = rates_by_group(found.rows, options) if args.by is not None else []
    votes = read_judgements([args.votes]).rows if args.votes is not None else []
    voted = voted_rates(found.rows, votes) if args.votes is not None else []
    agreement = raters_agreement([*found.rows, *votes])
    for path, n in found.n_without.items():
        print(f"{path}: left out {counted(n, 'row')} without a judgement", file=sys.stderr)
    if args.battles is not None:
        n_written = write_battles(args.battles, map(battle_of, found.rows))
        print(f"{n_written:,} battles written to {args.battles}", file=sys.stderr)
    if args.json:
        plain = {"pairs": [as_json.plain_pair(pair) for pair in pairs], "ranking": as_json.plain_ranking(ranking)}
        plain |= {"corrected": list(map(as_json.plain_voted, voted)), "groups": list(map(as_json.plain_group, groups))}
        print(dumps({**plain, "agreement": as_json.plain_agreement(agreement)}))
        return 0
    blocks = [] if ranking is not None and len(pairs) > len(ranking.strengths) else [as_text.pairs_text(pairs)]
    blocks += [as_text.ranking_text(ranking)] if ranking is not None and is_ranked(found.rows) else []
    blocks += [as_text.chances_text(ranking)] if ranking is not None and args.predict else []
    blocks += [as_text.voted_text(voted)] if voted else []
    blocks += [as_text.groups_text(args.by, groups)] if groups else []
    blocks += ["\n".join(lines)] if (lines := as_text.agreement_lines(agreement)) else []
    print(printable("\n\n".join(blocks)))
    return 0
