"""`evals preferences --judge GRADER A B`: a grader compares the completions of two records, through `oaieval`."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evals.comparison.answer_pairs import AnswerPairs


def judge(args: argparse.Namespace) -> int:
    """Judge the pairs of `args.files`: two records, or one file of pairs; returns the exit code.

    Raises:
        UsageError: neither one nor two files. DataError: they hold no pairs.
    """
    from evals.cli.oaieval import run_and_print
    from evals.cli.oaieval_flags import get_parser
    from evals.runner.request import log_dir
    from evals.runner.rows import eval_of_rows

    pairs = given_pairs(args.files)
    print_left_out(pairs)
    folder = eval_of_rows(_rows(pairs), "Preference", {"input_key": "input"}, log_dir())
    argv = ["--registry_path", str(folder), "--max-errors", args.max_errors]
    argv += ["--extra_eval_params", "swap=true"] if args.swap else []
    for flag in ("registry_path", "extra_eval_params"):
        for value in getattr(args, flag):
            argv += [f"--{flag}", value]
    if args.record_path:
        argv += ["--record_path", args.record_path]
    argv += ["--resume"] if args.resume else []
    argv += ["--json"] if args.json else []
    # All answers are finished: the model that a run names is not asked, and the first grader lends its name.
    argv += ["--grader", args.judge, "--", args.judge.split(",")[0], "rows"]
    return run_and_print(get_parser().parse_args(argv)).exit_code


def given_pairs(files: list[str]) -> AnswerPairs:
    """The pairs of two records, or of one file of pairs.

    Raises:
        UsageError: another number of files. DataError: they hold no pairs.
    """
    from evals.comparison.answer_pairs import pairs_of_file, pairs_of_records
    from evals.errors import UsageError

    if len(files) == 1:
        return pairs_of_file(files[0])
    if len(files) == 2:
        return pairs_of_records(files[0], files[1])
    raise UsageError(f"{len(files)} files were given", fix="give two records, or one file of pairs")


def print_left_out(pairs: AnswerPairs) -> None:
    """Say on standard error which samples are in no pair."""
    from evals.texts.safe_text import one_line

    if pairs.left_out:
        reasons = ", ".join(f"{n:,} {why}" for why, n in pairs.left_out.items())
        print(one_line(f"left out: {reasons} (A is {pairs.model_a}, B is {pairs.model_b})"), file=sys.stderr)


def _rows(pairs: AnswerPairs) -> list[dict[str, Any]]:
    """Rows of `Preference` with finished answers."""
    has_repeats = max(Counter(pair.id for pair in pairs.pairs).values()) > 1
    rows = []
    for pair in pairs.pairs:
        row: dict[str, Any] = {
            "question_id": f"{pair.id}#{pair.repeat}" if pair.repeat else pair.id,
            "input": pair.prompt,
            "completion": pair.answer_a,
            "model": pairs.model_a,
            "reference": pair.answer_b,
            "reference_model": pairs.model_b,
            "completion_truncated": pair.truncated_a,
            "reference_truncated": pair.truncated_b,
        }
        row |= {"category": pair.category} if pair.category is not None else {}
        rows.append(row | ({"cluster": pair.id} if has_repeats else {}))
    return rows


def add_judge_options(parser: argparse.ArgumentParser) -> None:
    """The options that only `--judge` reads."""
    group = parser.add_argument_group("judging two records")
    group.add_argument(
        "--judge", metavar="GRADER", help="models, with commas between, that compare the completions of A and B"
    )
    group.add_argument("--swap", action="store_true", help="ask in both orders; verdicts that disagree are a tie")
    group.add_argument("--record_path", metavar="PATH", help="where the record of the judgements goes")
    group.add_argument("--resume", action="store_true", help="go on with an unfinished record")
    group.add_argument("--max-errors", default="0", metavar="N|FRACTION", help="pairs without a verdict tolerated")
    group.add_argument("--extra_eval_params", action="append", default=[], metavar="k=v", help="of `Preference`")
    group.add_argument("--registry_path", action="append", default=[], metavar="DIR", help="a further registry")
