"""The arguments of `oaievalset`, and the model of the project file where a command names none."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from evals.cli.console import Parser
from evals.project import current_project

EPILOG = """Every other argument is passed on to oaieval, for each eval: --max_samples 20, --max_cost 1 (a
limit for each eval, not for the set). Finished evals are listed in
evallogs/oaievalset/MODEL.EVAL_SET.progress.txt (or under EVALS_LOG_DIR); --resume skips those whose data,
YAML, code and server are still the same, and goes on with unfinished records. A failed eval is not listed.

exit code: the highest of those of the evals; 2 when the set or an argument is wrong (nothing was run)"""


def get_parser() -> Parser:
    """The parser; what it does not know goes to oaieval."""
    parser = Parser(
        prog="oaievalset",
        description="Run every eval of an eval set with one completion function, or with each of a named list of them.",
        epilog=EPILOG,
    )
    switch = argparse.BooleanOptionalAction
    parser.add_argument(
        "model",
        help="model or completion function, or a list of them such as pocket/ladder; may be left out where the project "
        "file names one (`model` in evals.toml)",
    )
    parser.add_argument("eval_set", help="name of a set (`evals list --kind eval_sets` shows them) or of one eval")
    parser.add_argument(
        "--registry_path", action="append", default=[], metavar="DIR", help="a further registry; repeatable"
    )
    parser.add_argument("--resume", action=switch, default=True, help="skip what is done, go on with what is not")
    parser.add_argument("--exit-on-error", action=switch, default=True, help="stop at the first eval that fails")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output, nothing else there")
    return parser


def arguments(argv: Sequence[str] | None) -> tuple[argparse.Namespace, list[str]]:
    """Parsed arguments, and those for oaieval. Where the set alone is named, the model is that of the project file.

    Raises:
        UsageError: the project file cannot be used.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    if not {"-h", "--help"} & set(words):
        words = [*_default_model(words), *words]
    return get_parser().parse_known_args(words)


def _default_model(words: Sequence[str]) -> list[str]:
    """The model of the project file where one word is no option and no value of one; oaieval's parser knows these."""
    from evals.cli.oaieval_flags import get_parser as get_oaieval_parser

    model = current_project().get("model")
    lacking: list[str] = []

    def first() -> str:
        lacking.append(str(model))
        return str(model)

    parser = get_oaieval_parser()
    parser.prog = "oaievalset"
    parser.parse_with_default(words, first, "eval")
    if lacking and model is None:
        get_parser().error("only one of model and eval set is named\nthe model of a project: `model` in evals.toml")
    return lacking
