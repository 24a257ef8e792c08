"""`evals label`: give labels to the samples of a record at the keyboard, without seeing what the grader said."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evals.labelling.graded_record import GradedRecord
    from evals.labelling.label_file import LabelWriter
    from evals.labelling.session import Command, Labelling
    from evals.labelling.shown import Shared

LONGEST_NAME = 40
MOST_KEYS = 9
"With more choices than keys, lines are read."


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Register the sub-command."""
    parser = subparsers.add_parser(
        "label",
        help="label the samples of a record by hand, blind",
        description="Shows samples of a record one by one, in random order, without the grader's verdict and the "
        "model's name. Your labels go into a file that grows by a line a label. The same command goes on where "
        "you stopped. `evals grader` then says how far the grader can be believed.",
    )
    parser.add_argument("record", metavar="RECORD", help="a record (.jsonl, also .gz)")
    parser.add_argument("--rater", default="me", metavar="NAME", help="who labels; several people may share a file")
    parser.add_argument("--sample", type=_count, metavar="N", help="only N samples, drawn at random (default: all)")
    parser.add_argument("--seed", type=int, default=0, help="of the order and the draw (default 0)")
    parser.add_argument("--stratify", action="store_true", help="take rare verdicts as often as frequent ones")
    parser.add_argument("--choices", metavar="A,B", help="the labels, in place of those of the rubric")
    parser.add_argument("--out", metavar="FILE", help="the file of labels (default: beside the record)")
    parser.add_argument("--registry_path", action="append", default=[], metavar="DIR", help="has the eval's rubric")
    parser.set_defaults(func=run)


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"needs a whole number from 1, not {text[:20]!r}")
    return int(text)


def run(args: argparse.Namespace) -> int:
    """Ask for labels until all are given, or the person stops."""
    from pathlib import Path

    from evals.errors import UsageError
    from evals.labelling.label_file import RANDOM, STRATIFIED, LabelWriter, default_path, read_labels
    from evals.labelling.session import Labelling, chosen

    rater = args.rater.strip()
    if not rater or len(rater) > LONGEST_NAME:
        raise UsageError(f"--rater needs a name of at most {LONGEST_NAME} letters")
    record = graded_record(args)
    if record.compares_answers:
        fix = "vote on the answers: evals vote A B"
        raise UsageError("this record compares two answers, and is labelled by votes", where=args.record, fix=fix)
    if not record.choices:
        fix = "name the labels: --choices right,wrong"
        raise UsageError("this record has no verdicts to take labels from", where=args.record, fix=fix)
    path = Path(args.out) if args.out else default_path(Path(args.record))
    samples = chosen(record.samples, args.sample, args.seed, stratify=args.stratify)
    writer = LabelWriter(path, record, STRATIFIED if args.stratify else RANDOM)
    before = read_labels(path, record)
    done: dict[str, str | None] = {one.id: one.label for one in before.labels if one.rater == rater}
    done |= {name: None for name, who in before.skipped if who == rater}
    work = Labelling(samples, done, list(done))
    _work(work, writer, record, rater)
    return 0


def graded_record(args: argparse.Namespace) -> GradedRecord:
    """The record that the arguments name, with the choices that they name."""
    from evals.labelling.graded_record import named_choices, read_graded
    from evals.registry.lookup import Registry

    registry = Registry()
    if args.registry_path:
        registry.add_registry_paths(list(args.registry_path))
    choices = named_choices(args.choices)
    return read_graded(args.record, registry, choices)


def _work(work: Labelling, writer: LabelWriter, record: GradedRecord, rater: str) -> None:
    from evals.labelling.shown import shared_lines
    from evals.report.terminal.labelling import end_line, opening

    shared = shared_lines(record.samples)
    with contextlib.suppress(KeyboardInterrupt, BrokenPipeError):
        print(opening(record.eval_name, len(work.samples), shared.instructions))
        _show(work, record, shared)
        for command in _commands(record):
            if not _obey(command, work, writer, record, rater):
                break
            if command.effect in ("label", "skip", "undo"):
                _show(work, record, shared)
    labels = [label for sample in work.samples if (label := work.done.get(sample.id, "")) != ""]
    n_skipped = labels.count(None)
    left = len(work.samples) - len(labels)
    print("\n" + end_line(len(labels) - n_skipped, n_skipped, left, str(writer.path)))


def _commands(record: GradedRecord) -> Iterator[Command]:
    """What the person asks for: keys in a terminal, lines elsewhere; ends with the input."""
    from evals.labelling.session import Command, command_of

    choices = record.choices
    while True:
        key = _read_key() if sys.stdin.isatty() and len(choices) <= MOST_KEYS else None
        if key is None:
            line = sys.stdin.readline()
            if not line:
                return
            yield command_of(line, choices)
            continue
        command = command_of(key, choices)
        if command.effect == "note" and not command.text:
            print("note: ", end="", flush=True)
            command = Command("note", sys.stdin.readline().strip())
        yield command


def _read_key() -> str | None:
    """One key of a terminal; None where single keys cannot be read, as on Windows. Ctrl-C and Ctrl-D end the work."""
    try:
        termios, tty = importlib.import_module("termios"), importlib.import_module("tty")
    except ImportError:
        return None
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    try:
        tty.setcbreak(descriptor, termios.TCSANOW)  # the default would drop keys that were typed ahead
        key = sys.stdin.read(1)
    finally:
        termios.tcsetattr(descriptor, termios.TCSANOW, before)
    return "q" if key in ("", "\x04") else key


def _obey(command: Command, work: Labelling, writer: LabelWriter, record: GradedRecord, rater: str) -> bool:
    """Do what was asked; False to stop."""
    from evals.report.terminal.labelling import help_text, keys_line, rubric_text
    from evals.texts.safe_text import one_line

    if command.effect == "quit":
        return False
    if command.effect in ("label", "skip") and work.current is not None:
        note = {"note": work.note} if work.note else {}
        sample = work.give(command.text if command.effect == "label" else None)
        said = {"label": command.text} if command.effect == "label" else {"skipped": True}
        writer.write(sample.id, rater, **said, **note)
    elif command.effect == "undo":
        undone = work.undo()
        if undone is not None:
            writer.write(undone, rater, undone=True)
        print("nothing is labelled yet" if undone is None else "the last label was taken back")
    elif command.effect == "note":
        work.note = command.text
        print("noted" if command.text else "the note is empty")
    elif command.effect == "rubric" and work.current is not None:
        print(rubric_text(work.current))
    elif command.effect == "help":
        print(help_text(record.choices))
    elif command.effect == "unknown":
        print(f"{one_line(command.text)[:40]!r} is no choice and no key\n{keys_line(record.choices)}")
    return True


def _show(work: Labelling, record: GradedRecord, shared: Shared) -> None:
    from evals.report.terminal.labelling import keys_line, sample_screen

    if work.current is not None:
        print("\n" + sample_screen(work.current, work.n_done + 1, len(work.samples), shared))
        print(keys_line(record.choices), flush=True)
    else:
        print("\nall samples are done      u undo   q quit", flush=True)
