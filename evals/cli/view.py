"""`evals view`: read the samples of a record in the terminal, or a folder of records in the browser."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from evals.cli.console import wants_colour
from evals.sample import CLUSTER_KEY, LABEL_KEYS

if TYPE_CHECKING:
    from pathlib import Path

    from evals.record.reader import Record
    from evals.record.sample_record import SampleRecord

GROUP_KEYS = tuple(key for key in LABEL_KEYS if key != CLUSTER_KEY)
"Keys of a sample, or of its labels in the record, that `--group` looks at."

DEFAULT_N = 10

WRONG = ("wrong", "partly")
"Verdicts on samples that `--wrong` shows."


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Register the sub-command."""
    parser = subparsers.add_parser(
        "view",
        help="read the samples of a record, or a folder of records in the browser",
        description="Print samples of a record: prompt, completion, what was expected, what became of it. "
        "Records of openai/evals and records of runs that were killed can be read too. Without a record, or with a "
        "folder: open all runs in the browser, served to this machine alone until Ctrl-C.",
    )
    parser.add_argument(
        "record", metavar="RECORD", nargs="?", help="a record (.jsonl, also .gz), or a folder (default: evallogs/)"
    )
    parser.add_argument(
        "sample_id", metavar="SAMPLE_ID", nargs="?", help="show this sample whole: its own id, or its place: 17"
    )
    parser.add_argument("--full", action="store_true", help="show few-shot examples too, and long texts whole")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--wrong", action="store_true", help="only samples whose completion did not match")
    which.add_argument("--errors", action="store_true", help="only samples that failed")
    which.add_argument("--pending", action="store_true", help="only answers in exams that wait for a grader's mark")
    keys = f"{', '.join(GROUP_KEYS[:-1])} or {GROUP_KEYS[-1]}"
    parser.add_argument("--group", metavar="G", help=f"only samples with this {keys}")
    parser.add_argument("-n", type=_count, default=DEFAULT_N, metavar="N", help="how many (default 10; 0 shows all)")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    server = parser.add_argument_group("for a folder in the browser")
    server.add_argument("--port", type=_port, metavar="N", help="default 8765, or a free one where that is taken")
    server.add_argument("--votes", metavar="PATH", help="the file of votes (default votes.jsonl)")
    server.add_argument(
        "--registry_path", action="append", default=[], metavar="DIR", help="a further registry, for labels"
    )
    server.add_argument("--no-browser", action="store_true", help="print the address, and open nothing")
    parser.set_defaults(func=run)


def _count(text: str) -> int:
    count = int(text)
    if count < 0:
        raise argparse.ArgumentTypeError("must be 0 (all) or more")
    return count


def _port(text: str) -> int:
    value = int(text)
    if not 0 <= value <= 65535:
        raise argparse.ArgumentTypeError(f"a port is a number from 0 to 65535, not {text}")
    return value


def run(args: argparse.Namespace) -> int:
    """Print the samples that the arguments ask for, or serve a folder."""
    if args.record is None or os.path.isdir(args.record):
        return _serve(args)
    from evals.errors import UsageError
    from evals.record.reader import read_record

    if args.port is not None or args.no_browser or args.votes or args.registry_path:
        raise UsageError(
            "--port, --votes, --registry_path and --no-browser are for a folder", fix="evals view FOLDER, or evals view"
        )
    log = read_record(args.record)
    chosen = _chosen(log, args)
    if args.json:
        _print_json(log, chosen, args.n)
    else:
        _print_text(log, chosen, args)
    return 0


def _serve(args: argparse.Namespace) -> int:
    """Serve a folder until a signal says stop."""
    from pathlib import Path

    from evals.errors import UsageError
    from evals.registry.lookup import Registry
    from evals.runner.request import log_dir
    from evals.viewer.serve import serve_folder

    asked = [flag for flag in ("wrong", "errors", "pending", "group", "json", "sample_id") if getattr(args, flag)]
    if asked:
        name = "SAMPLE_ID" if asked[0] == "sample_id" else f"--{asked[0]}"
        raise UsageError(
            f"{name} needs a record, and this is a folder", fix="name one of its records; evals runs lists them"
        )
    registry = Registry()
    registry.add_registry_paths(args.registry_path)
    folder = Path(args.record) if args.record is not None else log_dir()
    serve_folder(
        folder,
        port=args.port,
        votes=Path(args.votes or "votes.jsonl"),
        registry=registry,
        opens_browser=not args.no_browser,
        ready=lambda url, n_runs: print(_greeting(folder, url, n_runs), flush=True),
    )
    print("\nstopped")
    return 0


def _greeting(folder: Path, url: str, n_runs: int) -> str:
    from evals.report.words import counted

    return f"{counted(n_runs, 'run')} in {folder}      Ctrl-C stops\n\n  {url}\n"


def _chosen(log: Record, args: argparse.Namespace) -> Iterator[SampleRecord]:
    """The samples that the arguments ask for, in the order of the record.

    Raises:
        UsageError: no sample has the id or the group that was asked for.
    """
    from evals.report.terminal.sample import is_pending, verdict_of

    has_id = has_group = False
    is_own = args.sample_id is not None and any(sample.own_id == args.sample_id for sample in log.samples())
    for sample in log.samples():
        if args.sample_id is not None and not _is_called(sample, args.sample_id, is_own=is_own):
            continue
        has_id = True
        if args.group is not None and args.group not in groups_of(sample):
            continue
        has_group = True
        if args.pending and not is_pending(sample):
            continue
        if (args.wrong or args.errors) and verdict_of(sample) not in (WRONG if args.wrong else ("error",)):
            continue
        yield sample
    if args.sample_id is not None and not has_id:
        raise _no_such_sample(log, args.sample_id)
    if args.group is not None and not has_group:
        raise _no_such_group(log, args.group)


def _is_called(sample: SampleRecord, name: str, *, is_own: bool) -> bool:
    """is_own: some row calls itself `name`, so that a row with this number is not meant."""
    if is_own:
        return sample.own_id == name
    full = sample.sample_id or ""
    return full == name or full.endswith(f".{name.removeprefix('.')}")


def groups_of(sample: SampleRecord) -> set[str]:
    """The groups that a sample belongs to, by its row and its labels."""
    found: set[str] = set()
    for row in (sample.raw_sample, sample.labels):
        for key in GROUP_KEYS:
            value = row.get(key)
            found.update(map(str, value if isinstance(value, list) else [] if value is None else [value]))
    return found


def _no_such_sample(log: Record, name: str) -> Exception:
    from itertools import islice

    from evals.errors import UsageError, did_you_mean, listed

    seen = list(islice(log.samples(), 1000))
    known = list(dict.fromkeys(name for sample in seen for name in (sample.name, sample.sample_id) if name))
    note = did_you_mean(name, known) or (
        f"samples: {listed(known)}" if known else "the record holds no finished sample"
    )
    return UsageError(f"no sample is called '{name}'", where=str(log.path), notes=[note])


def _no_such_group(log: Record, name: str) -> Exception:
    from evals.errors import UsageError, did_you_mean, listed

    known = sorted(set().union(*(groups_of(sample) for sample in log.samples())))
    seen = f"groups: {listed(known, 20)}" if known else f"no sample has a key {', '.join(GROUP_KEYS)}"
    return UsageError(
        f"no sample is in the group '{name}'", where=str(log.path), notes=[did_you_mean(name, known), seen]
    )


def _print_json(log: Record, chosen: Iterator[SampleRecord], n: int) -> None:
    from evals.json_text import dumps
    from evals.record.rows import row_of

    rows: list[dict[str, Any]] = []
    n_matching = 0
    for sample in chosen:
        n_matching += 1
        if not n or len(rows) < n:
            rows.append({**row_of(sample), "labels": sample.labels, "raw_sample": sample.raw_sample})
    about = {"record": str(log.path), "eval": log.spec.get("eval_name"), "final_report": log.final_report}
    print(dumps({**about, "n_matching": n_matching, "samples": rows}))


def _print_text(log: Record, chosen: Iterator[SampleRecord], args: argparse.Namespace) -> None:
    from evals.comparison.run_list import has_repeats
    from evals.report.terminal.sample import sample_text

    colour = wants_colour(sys.stdout)
    max_lines = None if args.sample_id is not None or args.full else 20
    n_matching, repeated, samples = 0, has_repeats(log.spec.get("run_config")), set[str]()
    for sample in chosen:
        n_matching += 1
        if repeated:
            samples.add(sample.sample_id)
        if n_matching == 1:
            print(_title(log) + "\n")
        if not args.n or n_matching <= args.n:
            print(sample_text(sample, max_lines=max_lines, colour=colour, with_examples=args.full) + "\n")
    print(_footer(log, args, n_matching, len(samples)))


def _title(log: Record) -> str:
    from evals.report.words import one_line

    names = ", ".join(map(str, log.spec.get("completion_fns") or ["?"]))
    state = "" if log.final_report is not None else "   (the run did not end)"
    return one_line(f"{log.spec.get('eval_name', '?')} on {names}{state}")


def _footer(log: Record, args: argparse.Namespace, n_matching: int, n_samples: int) -> str:
    from evals.report.words import counted

    kind = "wrong " if args.wrong else "failed " if args.errors else "unmarked " if args.pending else ""
    noun = kind + ("evaluation" if n_samples else "sample")
    group = f" in the group {args.group}" if args.group is not None else ""
    found = counted(n_matching, noun) + (f" of {counted(n_samples, 'sample')}" if n_samples else "") + group
    if not n_matching:
        return f"no {noun}{group} in {log.path}"
    if args.sample_id is not None:
        return f"whole events: {log.path}"
    if args.n and n_matching > args.n:
        return f"{args.n} of {found}; more: -n {args.n * 5}, all: -n 0, one whole: its id"
    return found
