"""`evals models`: what the registries know of models: context, efforts, prices, the day of their end."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import datetime

    from evals.registry.lookup import Registry
    from evals.specs import ModelInfo

COLUMNS = ("model", "context", "output", "in", "cached", "out", "efforts (* by default)", "end")


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Register the sub-command."""
    parser = subparsers.add_parser(
        "models",
        help="what is known of models: context, efforts, prices, end",
        description="Models that the registries have facts about; without a pattern those that are not shut down. "
        "Prices are US dollars per million tokens, as they stood on a day that --json names.",
    )
    parser.add_argument("pattern", nargs="?", metavar="PATTERN", help="names with this text, or this pattern with *")
    parser.add_argument("--ask", action="store_true", help="also ask the server of OPENAI_BASE_URL for shutdown dates")
    parser.add_argument("--registry_path", action="append", default=[], metavar="DIR", help="a further registry")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Print the table. Exit code 1 where no model fits."""
    import datetime

    from evals.json_text import dumps
    from evals.registry.lookup import Registry

    registry = Registry()
    registry.add_registry_paths(args.registry_path)
    today = datetime.datetime.now(datetime.timezone.utc).date()
    ends = _server_ends() if args.ask else {}
    found = [with_end(registry.model_info(name), ends) for name in names_of(registry, args.pattern, today)]
    if args.json:
        print(dumps({"models": [as_json(info) for info in found]}))
    elif found:
        print("\n".join(table([COLUMNS, *(row_of(info, today) for info in found)])))
    if not args.json:
        print(f"{len(found)} model{'' if len(found) == 1 else 's'}", file=sys.stderr)
    return 0 if found else 1


def names_of(registry: Registry, pattern: str | None, today: datetime.date) -> list[str]:
    """The models that fit. None gives all that are not shut down, a pattern may name those too."""
    from evals.registry.models import fits_stars
    from evals.registry.retirement import is_retired

    names = registry.known_models()
    if pattern is None:
        infos = [registry.model_info(name) for name in names]
        return [info.name for info in infos if info.endpoints and not is_retired(info, today)]
    stars = pattern if "*" in pattern else f"*{pattern}*"
    found = [name for name in names if fits_stars(stars, name)]
    if not found and "*" not in pattern and registry.is_known_model(pattern) and registry.model_info(pattern).endpoints:
        found = [pattern]
    return found


def row_of(info: ModelInfo, today: datetime.date) -> tuple[str, ...]:
    """The cells of a model."""
    from evals.registry.retirement import is_retired

    efforts = " ".join(f"{one}*" if one == info.default_effort else one for one in info.efforts)
    end = "" if info.retires is None else f"{info.retires}{' (past)' if is_retired(info, today) else ''}"
    return (
        info.name,
        _count(info.context_length),
        _count(info.max_output_tokens),
        _price(info.input_usd_per_million),
        _price(info.cached_input_usd_per_million),
        _price(info.output_usd_per_million),
        efforts or ("-" if info.reasons is not None or info.endpoints else ""),
        f"{end} -> {info.successor}" if end and info.successor else end,
    )


def table(rows: list[tuple[str, ...]]) -> list[str]:
    """The rows as lines, numbers to the right."""
    widths = [max(len(row[k]) for row in rows) for k in range(len(COLUMNS))]
    return ["  ".join(_cell(text, widths[k], k) for k, text in enumerate(row)).rstrip() for row in rows]


def _cell(text: str, width: int, column: int) -> str:
    return text.rjust(width) if 1 <= column <= 5 else text.ljust(width)


def _count(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def _price(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def as_json(info: ModelInfo) -> dict[str, Any]:
    """All fields that are known."""
    from dataclasses import asdict

    known = {key: value for key, value in asdict(info).items() if value not in (None, (), [])}
    return known | ({"effort_budgets": dict(info.effort_budgets)} if info.effort_budgets else {})


def with_end(info: ModelInfo, ends: dict[str, str]) -> ModelInfo:
    """The facts with the day that the server names, which goes before that of the registry."""
    from dataclasses import replace

    return replace(info, retires=ends[info.name]) if info.name in ends else info


def _server_ends() -> dict[str, str]:
    from evals.completion_fns.openai.model_list import shutdown_dates

    return shutdown_dates()
