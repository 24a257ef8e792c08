"""`evals data`: list the public benchmarks, fetch them, and say where they are."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from evals.cli.console import existing_folder, fitted, table, terminal_width
from evals.project import current_project
from evals.texts.number_text import counted

if TYPE_CHECKING:
    from pathlib import Path

    from evals.datasets.benchmarks import Benchmark, DeclaredFile


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Register the sub-command."""
    parser = subparsers.add_parser(
        "data",
        help="list, fetch and find public benchmarks",
        description="Public benchmarks are declared with their address and checksum, and fetched into the cache when "
        "they are first used. EVALS_DATA_DIR or --data_path names folders with copies: DIR/gsm8k/test.jsonl.",
    )
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for action, text in (
        ("list", "what is declared, and what is already here"),
        ("fetch", "fetch all files of a benchmark, or one (gsm8k/test.jsonl), and check them"),
        ("path", "print where the rows of what is here are; fetches nothing"),
    ):
        sub = actions.add_parser(action, help=text, description=text[0].upper() + text[1:] + ".")
        if action != "list":
            sub.add_argument("names", nargs="+", metavar="NAME", help="gsm8k, or one file of it: gsm8k/test.jsonl")
        sub.add_argument(
            "--data_path",
            action="append",
            default=[],
            type=existing_folder,
            metavar="DIR",
            help="copies of public benchmarks",
        )
        sub.add_argument("--registry_path", action="append", default=[], metavar="DIR", help="a further registry")
        sub.add_argument("--json", action="store_true", help="one JSON object on standard output")
        sub.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Do what was asked for; DataError where a file is missing, out of reach or wrong."""
    from evals.datasets.benchmarks import benchmarks_in
    from evals.datasets.locate import copy_folders, data_roots

    further = [*args.registry_path, *(current_project().get("registry_paths") or [])]
    roots = [root for path in [*further, None] for root in data_roots(path)]
    copies = copy_folders(args.data_path)
    if args.action == "list":
        _list(benchmarks_in(roots), copies, as_json=args.json)
        return 0
    paths = _rows_of([file for name in args.names for file in _files(name, roots)], copies, args.action == "fetch")
    _print_paths(paths, as_json=args.json, bare=args.action == "path")
    return 0


def _files(name: str, roots: list[Path]) -> list[DeclaredFile]:
    from evals.datasets.benchmarks import find_benchmark
    from evals.errors import DataError, listed

    benchmark = find_benchmark(name.partition("/")[0], roots)
    files = [file for file in benchmark.files if "/" not in name or file.value == name]
    if not files:
        known = listed([file.value for file in benchmark.files], 20)
        raise DataError(f"no file is called {name!r}", where=str(benchmark.where), notes=[f"there are: {known}"])
    return files


def _rows_of(files: list[DeclaredFile], copies: list[Path], may_fetch: bool) -> dict[str, Path]:
    from evals.datasets.benchmarks import rows_file
    from evals.datasets.locate import original_file, present_copy

    if not may_fetch:
        files = [file for file in files if present_copy(file, copies)] or files[:1]
    return {file.value: rows_file(original_file(file, copies, may_fetch=may_fetch), file) for file in files}


def _print_paths(paths: dict[str, Path], *, as_json: bool, bare: bool) -> None:
    from evals.json_text import dumps

    if as_json:
        print(dumps({"paths": {value: str(path) for value, path in paths.items()}}))
        return
    for value, path in paths.items():
        print(path if bare else f"{value:<22} {path}")


def _list(benchmarks: list[Benchmark], copies: list[Path], *, as_json: bool) -> None:
    from evals.json_text import dumps

    rows = [_row(benchmark, file, copies) for benchmark in benchmarks for file in benchmark.files]
    if as_json:
        print(dumps({"files": rows}))
        return
    width = terminal_width(sys.stdout)
    for benchmark in benchmarks:
        about = [f"{benchmark.name}   {benchmark.title}", f"    {benchmark.paper}", f"    {benchmark.licence}"]
        cells = [_cells(row) for row in rows if row["benchmark"] == benchmark.name]
        files = table(cells, right={1, 2}, width=10**6 if width is None else width - 4)
        print(
            "\n".join([*(part for line in about for part in fitted(line, width)), *(f"    {line}" for line in files)])
        )
    print("\nfetch one: evals data fetch NAME        use it: samples_jsonl: NAME/FILE")


def _row(benchmark: Benchmark, file: DeclaredFile, copies: list[Path]) -> dict[str, Any]:
    from evals.datasets.locate import present_copy

    at = present_copy(file, copies)
    return {
        "benchmark": benchmark.name,
        "name": file.value,
        "n_rows": file.n_rows,
        "size_bytes": file.size_bytes,
        "licence": benchmark.licence,
        "url": file.url,
        "sha256": file.sha256,
        "checked": file.checked,
        "at": None if at is None else str(at),
    }


def _cells(row: dict[str, Any]) -> list[str]:
    n_rows = counted(row["n_rows"], "row") if row["n_rows"] else ""
    return [row["name"], n_rows, _size(row["size_bytes"]), row["at"] or "not fetched"]


def _size(size_bytes: int | None) -> str:
    if size_bytes is None:
        return ""
    return f"{size_bytes / 1e6:.1f} MB" if size_bytes >= 1e6 else f"{size_bytes / 1e3:.0f} kB"
