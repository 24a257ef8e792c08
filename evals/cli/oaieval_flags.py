"""The arguments of `oaieval`: those of openai/evals, and ours."""

from __future__ import annotations

import argparse

from evals.cli import gate
from evals.cli.console import Parser, existing_folder

EPILOG = """exit codes: 0 done, 1 --fail-under not held, 2 usage, registry or data error (nothing was called),
3 more samples failed than --max-errors allows, or the provider or the disk failed, 4 a budget was
reached (resumable), 130 and 143 interrupted (resumable), 70 a bug of ours"""


def get_parser() -> Parser:
    """The parser: the flags of openai/evals under their own names, abbreviations too, and ours."""
    parser = Parser(
        prog="oaieval",
        description="Run one eval with one completion function (a model's name, or one from a registry).",
        epilog=EPILOG,
    )
    add_run_arguments(parser)
    return parser


def add_run_arguments(parser: Parser) -> None:
    """The arguments of a run, for each command that makes one."""
    parser.add_argument("completion_fn", help="model or completion function; several, separated by commas")
    parser.add_argument("eval", help="name of the eval; `evals list` shows them")
    _add_peer_flags(parser.add_argument_group("as in openai/evals"))
    _add_sampling_flags(parser.add_argument_group("what is run"))
    _add_limit_flags(parser.add_argument_group("limits and budgets"))
    _add_estimate_flags(parser.add_argument_group("before anything is paid"))
    _add_outcome_flags(parser.add_argument_group("failures and results"))
    _add_comparison_flags(parser.add_argument_group("comparison with an earlier run"))
    _add_code_flags(parser.add_argument_group("evals that run programs"))
    parser.prefer_when_abbreviated(PEER_FLAGS)


MOST_REPEATS = 100_000
"More than any standard error needs; a slip of the keyboard must not start a run without end."

PEER_FLAGS = (
    "--extra_eval_params", "--max_samples", "--cache", "--no-cache", "--visible", "--no-visible", "--seed", "--user",
    "--record_path", "--log_to_file", "--registry_path", "--debug", "--no-debug", "--local-run", "--no-local-run",
    "--http-run", "--no-http-run", "--http-run-url", "--http-batch-size", "--http-fail-percent-threshold",
    "--dry-run", "--no-dry-run", "--dry-run-logging", "--no-dry-run-logging", "--completion_args",
)  # fmt: skip


def _add_peer_flags(group: argparse._ArgumentGroup) -> None:
    switch = argparse.BooleanOptionalAction
    pairs = "k=v,k=v"
    group.add_argument("--extra_eval_params", action="append", default=[], metavar=pairs, help="arguments of the eval")
    group.add_argument(
        "--completion_args", action="append", default=[], metavar=pairs, help="arguments of the completion function"
    )
    group.add_argument(
        "--max_samples", "--limit", type=_positive_int, metavar="N", help="a fixed random subset of N samples"
    )
    group.add_argument("--cache", action=switch, default=False, help="reuse completions of earlier runs")
    group.add_argument("--visible", action=switch, default=None, help="noted in the record; no other effect")
    group.add_argument("--seed", type=int, default=20220722, help="base of each sample's random numbers")
    group.add_argument("--user", default="", help="noted in the record as created_by")
    group.add_argument("--record_path", metavar="PATH", help="where the record goes (default: evallogs/)")
    group.add_argument("--log_to_file", metavar="PATH", help="Python's log messages go there")
    group.add_argument(
        "--registry_path", action="append", default=[], metavar="DIR", help="a further registry; repeatable"
    )
    group.add_argument("--debug", action=switch, default=False, help="debug messages on standard error")
    group.add_argument("--local-run", action=switch, default=True, help="write a local record")
    group.add_argument("--http-run", action=switch, default=False, help="send events to --http-run-url")
    group.add_argument("--http-run-url", metavar="URL", help="where --http-run sends them")
    group.add_argument("--http-batch-size", type=_positive_int, default=100, metavar="N", help="events a request")
    group.add_argument(
        "--http-fail-percent-threshold", type=int, default=5, metavar="N", help="percent of events that may get lost"
    )
    group.add_argument("--dry-run", action=switch, default=False, help="call the model, but write no record")
    group.add_argument("--dry-run-logging", action=switch, default=False, help="log the events of a dry run")


def _add_sampling_flags(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--prompt", metavar="NAME", help="one of the eval's `prompts`, or a template with {columns}")
    group.add_argument("--temperature", type=_temperature, metavar="T", help="overrides the eval's own")
    group.add_argument("--effort", metavar="LEVEL", help="of reasoning: none, low, medium, high, ...")
    group.add_argument(
        "--images",
        choices=("vision", "no_vision", "transcribed"),
        help="how the model sees images: as they are (default), as a mere line, or in words",
    )
    group.add_argument("--max_image_px", type=_positive_int, metavar="N", help="longer side of an image; needs Pillow")
    group.add_argument("--max_image_bytes", type=_positive_int, metavar="N", help="of one image (default 20,000,000)")
    group.add_argument(
        "--grader", action="append", default=[], metavar="NAME", help="the grader's model; several make a panel"
    )
    group.add_argument("--repeats", type=_repeats, default=1, metavar="N", help="evaluate each sample N times")
    group.add_argument(
        "--estimand",
        choices=("like-these", "these"),
        default="like-these",
        help="intervals are about samples like these (default), or these samples of the dataset alone",
    )
    group.add_argument("--shrink-groups", action="store_true", help="empirical Bayes estimates in tables of groups")
    group.add_argument(
        "--run-tag",
        action="append",
        default=[],
        metavar="TAG",
        help="a word for `evals runs`; repeatable",
    )
    group.add_argument(
        "--data_path", action="append", default=[], type=existing_folder, metavar="DIR",
        help="copies of public benchmarks; repeatable",
    )  # fmt: skip


def _add_limit_flags(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--concurrency", type=_positive_int, metavar="N", help="calls in flight (default: adapts)")
    group.add_argument("--processes", type=_positive_int, default=1, metavar="N", help="share the samples (default 1)")
    group.add_argument(
        "--requests_per_minute", type=_positive_float, metavar="N", help="at most so many calls a minute"
    )
    group.add_argument("--tokens_per_minute", type=_positive_float, metavar="N", help="at most so many tokens a minute")
    group.add_argument("--timeout", type=_positive_float, metavar="S", help="seconds an attempt may take")
    group.add_argument("--max_cost", type=_positive_float, metavar="USD", help="stop when so much is spent")
    group.add_argument("--max_tokens_total", type=_positive_int, metavar="N", help="stop when so many are used")
    group.add_argument("--max_time", type=_positive_float, metavar="S", help="stop after so many seconds")


def _add_code_flags(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--sandbox", metavar="KIND", help="of evals that run programs: auto, bwrap, docker, unsafe-local"
    )
    group.add_argument("--assurance", choices=("weak", "strict"), help="refuse or label verdicts that could be forged")


def _add_comparison_flags(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--baseline", metavar="FILE|DIR", help="gate the run against a baseline (see `evals gate`)")
    gate.add_limits(group)
    group.add_argument("--sequential", action="store_true", help="stop when the difference to --against is settled")
    group.add_argument("--against", metavar="BASELINE", help="a baseline, a folder of them, or a record")
    group.add_argument("--delta", default="2pt", metavar="2pt", help="with --sequential: less is no difference")


def _add_estimate_flags(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--estimate", action="store_true", help="print calls, tokens and cost; call nothing")
    group.add_argument(
        "--estimate-calls", type=_positive_int, metavar="N",
        help="with about N real calls, which are paid, to measure lengths and latency",
    )  # fmt: skip
    group.add_argument("--price", metavar="IN,OUT", help="of estimates: dollars per million tokens")


def _add_outcome_flags(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--max-errors", type=tolerance, default=0.0, metavar="N|FRACTION", help="failed samples tolerated (default 0)"
    )
    group.add_argument(
        "--rotate", type=_size, metavar="SIZE", help="move lines into compressed segments of this size, such as 256MB"
    )
    group.add_argument("--resume", action="store_true", help="go on with the newest unfinished record of this run")
    group.add_argument("--resume-from", metavar="RECORD", help="go on with this record")
    group.add_argument(
        "--fail-under", action="append", default=[], metavar="METRIC>=X", help="exit 1 when not held; repeatable"
    )
    group.add_argument("--json", action="store_true", help="one JSON object on standard output, nothing else there")


def _positive_int(text: str) -> int:
    value = int(text)
    if not 1 <= value < 1 << 53:
        raise ValueError
    return value


def _size(text: str) -> int:
    """Bytes, from a number with or without KB, MB or GB."""
    units = {"KB": 10**3, "MB": 10**6, "GB": 10**9}
    number, unit = (text[:-2], text[-2:].upper()) if text[-2:].upper() in units else (text, "")
    try:
        value = int(float(number) * units.get(unit, 1))
    except (ValueError, OverflowError):
        value = 0
    if value < units["MB"]:
        raise argparse.ArgumentTypeError(f"needs a size of at least 1 MB, such as 256MB, not {text[:20]!r}")
    return value


def _repeats(text: str) -> int:
    try:
        value = int(text)
    except ValueError:
        value = 0
    if not 1 <= value <= MOST_REPEATS:
        raise argparse.ArgumentTypeError(f"needs a whole number from 1 to {MOST_REPEATS:,}, not {text[:20]!r}")
    return value


def _positive_float(text: str) -> float:
    value = float(text)
    if not 0 < value < float("inf"):
        raise ValueError
    return value


def tolerance(text: str) -> float:
    """A number of samples, or a fraction below 1."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf") or (value > 1 and value != int(value)):
        raise argparse.ArgumentTypeError(f"needs a count such as 5, or a fraction such as 0.02, not {text!r}")
    return value


def _temperature(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < 100:
        raise argparse.ArgumentTypeError(f"needs a number from 0 up, not {text!r}")
    return value
