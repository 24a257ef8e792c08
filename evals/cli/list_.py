"""`evals list`: what the registries hold, by kind, search words and tags."""

from __future__ import annotations

import argparse
import shutil
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evals.registry.index import RawEntry
    from evals.registry.lookup import Registry

KINDS = ("evals", "completion_fns", "solvers", "modelgraded", "eval_sets")


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Register the sub-command."""
    parser = subparsers.add_parser(
        "list",
        help="what the registries hold",
        description="List evals, or another kind of entry. An alias and its spec share a line.",
    )
    parser.add_argument("search", nargs="*", metavar="WORD", help="only lines with every word, in name, text or tags")
    parser.add_argument("--kind", choices=KINDS, default="evals", help="what to list (evals)")
    parser.add_argument("--tag", action="append", default=[], metavar="TAG", help="only entries with this tag")
    parser.add_argument("--registry_path", action="append", default=[], metavar="DIR", help="a further registry")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Print the entries that fit, and how many there are."""
    from evals.json_text import dumps
    from evals.registry.lookup import Registry
    from evals.texts.safe_text import printable

    registry = Registry()
    registry.add_registry_paths(args.registry_path)
    rows = [row for row in rows_of(registry, args.kind) if _fits(row, args.search, args.tag)]
    if args.json:
        print(dumps({"kind": args.kind, "entries": rows}))
        return 0
    if rows:
        print(printable("\n".join(_table(rows))))
    print(_summary(rows, args), file=sys.stderr)
    if not rows and args.search:
        from evals.errors import did_you_mean

        hint = did_you_mean(args.search[0], [entry.name for entry in registry.entries(args.kind)])
        if hint:
            print(f"  {hint}", file=sys.stderr)
    return 0


def rows_of(registry: Registry, kind: str) -> list[dict[str, Any]]:
    """One row an entry; a spec that an alias leads to is left out, its alias has a row."""
    entries = registry.entries(kind)
    bodies = {entry.name: entry.body if isinstance(entry.body, dict) else {} for entry in entries}
    targets = {_target(entry) for entry in entries}
    return [_row(entry, kind, bodies) for entry in entries if entry.name not in targets]


def _row(entry: RawEntry, kind: str, bodies: dict[str, dict[str, Any]]) -> dict[str, Any]:
    target = _target(entry)
    body = {**bodies.get(target or "", {}), **bodies[entry.name]}
    text = body.get("description") or _facts(body, kind)
    return {
        "name": entry.name,
        "target": target,
        "description": " ".join(str(text).split()),
        "tags": [str(tag) for tag in _listed(body.get("tags"))],
        "class": body["class"] if isinstance(body.get("class"), str) else None,
        "where": entry.where,
    }


def _listed(value: Any) -> list[Any]:
    """A list as it is, one text as a list, and nothing for anything else: a listing names no mistakes."""
    return value if isinstance(value, list) else [value] if isinstance(value, str) else []


def _facts(body: dict[str, Any], kind: str) -> str:
    """What stands in for a missing description."""
    if kind == "eval_sets":
        return f"{len(_listed(body.get('evals')))} names and patterns"
    if "class" in body or kind not in ("completion_fns", "solvers"):
        return ", ".join(map(str, _listed(body.get("patterns"))))
    context, prices = body.get("context_length"), body.get("prices")
    prices = prices if isinstance(prices, dict) else {}
    facts = [f"{context:,} tokens"] if isinstance(context, int) else []
    if "input" in prices and "output" in prices:
        facts.append(f"${prices['input']} in, ${prices['output']} out a million tokens")
    return "; ".join(facts) or ", ".join(map(str, _listed(body.get("patterns"))))


def _target(entry: RawEntry) -> str | None:
    target = entry.body if isinstance(entry.body, str) else None
    if isinstance(entry.body, dict):
        target = entry.body.get("id")
    return target if isinstance(target, str) else None


def _fits(row: dict[str, Any], words: list[str], tags: list[str]) -> bool:
    text = " ".join([row["name"], row["target"] or "", row["description"], row["class"] or "", *row["tags"]]).lower()
    return all(word.lower() in text for word in words) and set(tags) <= set(row["tags"])


def _table(rows: list[dict[str, Any]]) -> list[str]:
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 10_000
    column = min(max((len(row["name"]) for row in rows), default=0), 40)
    lines = []
    for row in rows:
        about = row["description"] or row["class"] or ""
        tags = f"  [{', '.join(row['tags'])}]" if row["tags"] else ""
        lines.append(_shortened(f"{row['name']:<{column}}  {about}{tags}".rstrip(), width))
    return lines


def _shortened(line: str, width: int) -> str:
    return line if len(line) <= width else line[: width - 1] + "…"


def _summary(rows: list[dict[str, Any]], args: argparse.Namespace) -> str:
    what = args.kind.replace("_", " ").removesuffix("s") + ("" if len(rows) == 1 else "s")
    if args.kind == "modelgraded":
        what = "modelgraded spec" + ("" if len(rows) == 1 else "s")
    if not rows and (args.search or args.tag):
        return f"no {what.removesuffix('s')} fits: {' '.join([*args.search, *args.tag])}"
    return f"{len(rows):,} {what}; more on one: evals show NAME"
