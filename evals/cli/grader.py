"""`evals grader`: how far a grader can be believed, by labels of people, and the score corrected for its errors."""

from __future__ import annotations

import argparse
import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evals.labelling.graded_record import GradedRecord
    from evals.labelling.grader_check import GraderCheck


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Register the sub-command."""
    parser = subparsers.add_parser(
        "grader",
        help="check a grader against labels of people, and correct its score",
        description="Compares the verdicts of a graded record with labels that people gave to some of its samples. "
        "They come from `evals label`, or a table with the columns id and label. Prints agreement, kappa, confusion, "
        "biases, and the score corrected for the grader's errors, with an interval that counts them.",
    )
    parser.add_argument("record", metavar="RECORD", help="a graded record (.jsonl, also .gz)")
    parser.add_argument("--labels", required=True, metavar="FILE", help="of evals label, or a table with id and label")
    parser.add_argument("--scores", metavar="A=1,B=0", help="scores of the choices, in place of the rubric's")
    parser.add_argument("--choices", metavar="A,B", help="the classes, in place of those of the rubric")
    parser.add_argument(
        "--other", action="append", default=[], metavar="RECORD", help="of another model, for self-preference"
    )
    parser.add_argument("--other-labels", action="append", default=[], metavar="FILE", help="labels of --other")
    parser.add_argument("--registry_path", action="append", default=[], metavar="DIR", help="has the eval's rubric")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Print what the labels say of the grader."""
    from evals.errors import UsageError
    from evals.json_text import dumps
    from evals.labelling.as_json import check_json
    from evals.labelling.bias import length_bias, position_bias, self_preference
    from evals.report.terminal.grader_check import grader_text

    if len(args.other) != len(args.other_labels):
        raise UsageError(
            f"{len(args.other)} records of --other and {len(args.other_labels)} files of --other-labels",
            fix="give each other record its labels: --other RECORD --other-labels FILE",
        )
    scores = _scores(args.scores)
    record, check = _checked(args.record, args.labels, scores, args)
    others = [_checked(path, labels, scores, args) for path, labels in zip(args.other, args.other_labels, strict=True)]
    found = (
        position_bias(record.samples, record.scores),
        length_bias(check.pairs, compares=record.compares_answers),
        self_preference(record, check.pairs, [(one, its.pairs) for one, its in others]),
    )
    print(dumps(check_json(record, check, *found)) if args.json else grader_text(record, check, *found))
    return 0


def _checked(
    path: str, labels: str, scores: dict[str, float | None], args: argparse.Namespace
) -> tuple[GradedRecord, GraderCheck]:
    from evals.labelling.graded_record import named_choices, read_graded
    from evals.labelling.grader_check import check_grader
    from evals.labelling.label_file import check_not_empty, read_labels
    from evals.registry.lookup import Registry

    registry = Registry()
    if args.registry_path:
        registry.add_registry_paths(list(args.registry_path))
    choices = named_choices(args.choices)
    record = read_graded(path, registry, choices or list(scores)).with_scores(scores)
    found = read_labels(labels, record)
    check_not_empty(found, labels)
    return record, check_grader(record, found)


def _scores(text: str | None) -> dict[str, float | None]:
    from evals.errors import UsageError

    found: dict[str, float | None] = {}
    for part in (text or "").split(","):
        name, equals, value = part.rpartition("=")
        if not part.strip():
            continue
        try:
            found[name.strip()] = number = float(value)
        except ValueError:
            number = math.nan
        if not equals or not name.strip() or not math.isfinite(number):
            raise UsageError(f"--scores cannot be read at {part[:40]!r}", fix="write --scores A=1,B=0")
    return found
