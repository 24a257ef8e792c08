"""`evals compare`: two runs or more, sample by sample, with the difference and how sure it is."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evals.comparison.compare import Comparison
    from evals.comparison.scores import RunScores

DEFAULT_N = 5


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Register the sub-command."""
    parser = subparsers.add_parser(
        "compare",
        help="compare runs sample by sample",
        description="Pair the samples of two runs and say what differs: the scores with interval and p-value, the "
        "samples that flipped, the groups. Also: what differs in data, prompts, scorer and arguments. Three runs or "
        "more give a ranking and all paired differences, corrected. Records of openai/evals can be compared too.",
    )
    parser.add_argument("runs", nargs="+", metavar="RUN", help="records; differences are later minus earlier")
    parser.add_argument("--metric", metavar="M", help="a number of `metrics` events, or `correct` (default: the usual)")
    parser.add_argument("--flips", action="store_true", help="show the samples whose score changed, with their texts")
    parser.add_argument("-n", type=_count, default=DEFAULT_N, metavar="N", help="flips each way (default 5; 0: all)")
    parser.add_argument("--groups", action="store_true", help="differences by category, subject, language ...")
    parser.add_argument("--alpha", type=_alpha, default=0.05, metavar="P", help="level of tests (default 0.05)")
    parser.add_argument("--by-id", action="store_true", help="pair by id, though the rows of the data differ")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--json", action="store_true", help="one JSON object on standard output")
    how.add_argument("--markdown", action="store_true", help="Markdown, for an issue or a pull request")
    parser.set_defaults(func=run)


def _count(text: str) -> int:
    count = int(text)
    if count < 0:
        raise argparse.ArgumentTypeError("must be 0 (all) or more")
    return count


def _alpha(text: str) -> float:
    alpha = float(text)
    if not 0 < alpha < 0.5:
        raise argparse.ArgumentTypeError("must lie between 0 and 0.5")
    return alpha


def run(args: argparse.Namespace) -> int:
    """Compare the runs; 0 whenever that could be done, whatever the difference."""
    from evals.comparison.compare import compare_runs, read_runs
    from evals.errors import UsageError
    from evals.record.folders import without_copies

    if len(args.runs) < 2:
        raise UsageError("a comparison needs two runs or more", fix="evals compare BEFORE.jsonl AFTER.jsonl")
    if len(args.runs) > 2 and (args.flips or args.groups):
        raise UsageError("--flips and --groups are for two runs", fix="compare them two by two")
    kept = without_copies(map(Path, args.runs))
    runs = read_runs(kept if len(kept) > 1 else args.runs, args.metric)
    if len(runs) > 2:
        print(_many(runs, args))
    else:
        print(_two(compare_runs(*runs, alpha=args.alpha, by_id=args.by_id), args))
    return 0


def _two(comparison: Comparison, args: argparse.Namespace) -> str:
    from evals.report.flips import FlipTexts
    from evals.report.run_names import run_names
    from evals.report.terminal.comparison import comparison_text

    names = run_names([comparison.a, comparison.b])
    flips = FlipTexts(comparison, names, args.n) if args.flips else None
    if args.json:
        return _two_as_json(comparison, flips)
    if args.markdown:
        from evals.report.markdown.comparison import comparison_markdown

        return comparison_markdown(comparison, names, flips)
    text = comparison_text(comparison, names, groups=args.groups, flips=args.flips)
    return text if flips is None else f"{text}\n\n{_flip_text(comparison, flips, args)}"


def _two_as_json(comparison: Comparison, flips: Any) -> str:
    from evals.comparison.as_json import comparison_json
    from evals.json_text import dumps

    body = comparison_json(comparison)
    if flips is not None:
        body["flips"] = [flips.row(i) for i in [*flips.fell.tolist(), *flips.rose.tolist()]]
    return dumps(body)


def _flip_text(comparison: Comparison, flips: Any, args: argparse.Namespace) -> str:
    from evals.report.comparison_words import flip_words

    parts = []
    up, down = flip_words(comparison)
    for word, shown, n_all in ((down, flips.fell, len(comparison.fell)), (up, flips.rose, len(comparison.rose))):
        if n_all:
            more = f" ({len(shown)} of {n_all:,} shown; all: -n 0)" if len(shown) < n_all else ""
            parts.append(f"{word}: {n_all:,}{more}")
            parts += [flips.text(i) for i in shown.tolist()]
    return "\n\n".join(parts) or "no sample's score changed"


def _many(runs: Sequence[RunScores], args: argparse.Namespace) -> str:
    from evals.comparison.many_runs import compare_many_runs
    from evals.report.run_names import run_names

    compared = compare_many_runs(runs, alpha=args.alpha, by_id=args.by_id)
    if args.json:
        from evals.comparison.as_json import many_runs_json
        from evals.json_text import dumps

        return dumps(many_runs_json(compared))
    names = run_names(runs)
    if args.markdown:
        from evals.report.markdown.comparison import many_runs_markdown

        return many_runs_markdown(compared, names)
    from evals.report.terminal.many_runs import many_runs_text

    return many_runs_text(compared, names)
