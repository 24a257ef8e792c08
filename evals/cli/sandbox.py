"""`evals sandbox doctor`: what holds programs on this machine, each property tried by breaking it."""

from __future__ import annotations

import argparse
from typing import Any


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Register the sub-command."""
    parser = subparsers.add_parser(
        "sandbox", help="where programs of models run", description="The sandbox that runs programs of models."
    )
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    doctor = actions.add_parser(
        "doctor",
        help="try whether programs are isolated on this machine",
        description="Starts the sandbox, runs a program that tries to break every property, and prints the results. "
        "Exit code 2 where one does not hold.",
    )
    doctor.add_argument("--sandbox", default="auto", metavar="KIND", help="auto, bwrap or docker")
    doctor.add_argument("--json", action="store_true", help="one JSON object on standard output")
    doctor.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Print the table."""
    import sys

    from evals.errors import UsageError

    if sys.platform != "linux":
        raise UsageError(f"the sandbox needs Linux, and this is {sys.platform}", fix="see docs/sandbox.md")
    found = examined(args.sandbox)
    print_found(found, as_json=args.json)
    return 0 if found["isolated"] else 2


def examined(kind: str) -> dict[str, Any]:
    """Layers and properties of this machine.

    Raises:
        UsageError: no program can be run in isolation at all.
    """
    from dataclasses import asdict

    from evals.sandbox.host.isolation import layers, open_pool, try_properties

    pool, without = open_pool(kind, "strict")
    try:
        properties = try_properties(pool)
        return {
            "isolated": all(found.holds for found in properties),
            "kind": kind,
            "layers": layers(pool),
            "without": without,
            "properties": [asdict(found) for found in properties],
        }
    finally:
        pool.close()


def print_found(found: dict[str, Any], *, as_json: bool) -> None:
    """The table, or the object."""
    from evals.json_text import dumps

    if as_json:
        print(dumps(found))
        return
    for name, value in found["layers"].items():
        print(f"{name:<31} {value}")
    if found["without"]:
        print(f"{'without namespaces, because':<31} {found['without']}")
    print()
    for row in found["properties"]:
        print(f"{'holds' if row['holds'] else 'BROKEN':<7} {row['name']:<30} {row['said']}")
        if not row["holds"] and row["fix"]:
            print(f"{'':<7} fix: {row['fix']}")
