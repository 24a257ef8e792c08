"""Writes the parts of these pages that the code already says: the `--help` texts and one line a file.

Run it after a change to an option, a file's first sentence or a floor: python docs/generate.py
"""

from __future__ import annotations

import argparse
import ast
import os
import re
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parent
ROOT = DOCS.parent
PACKAGE = ROOT / "evals"

FLOOR_NAMES = {
    8: "one file a command",
    7: "how results are shown",
    6: "records side by side",
    5: "whole runs",
    4: "what a sample means",
    3: "what answers a prompt, and what adds up scores",
    2: "files, and how calls are made",
    1: "words and numbers",
}


def help_texts() -> str:
    """The help of every command, as a terminal of 80 columns shows it."""
    from evals.cli import main, oaieval, oaievalset

    os.environ["COLUMNS"] = "80"
    parsers = [oaieval.get_parser(), oaievalset.get_parser(), *with_sub_commands(main.get_parser())]
    return "\n\n".join(f"### {parser.prog}\n\n```text\n{parser.format_help().strip()}\n```" for parser in parsers)


def with_sub_commands(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """A parser and, after it, those of its sub-commands at any depth."""
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for sub_command in action.choices.values():
                yield from with_sub_commands(sub_command)


def floors() -> str:
    """One line a file, from the top floor to the ground, then the doors and what stands beside the house."""
    held = runpy.run_path(str(ROOT / "tests" / "test_floors.py"))
    parts = [section(f"{floor}: {FLOOR_NAMES[floor]}", held["FLOORS"][floor]) for floor in sorted(FLOOR_NAMES)[::-1]]
    parts.append(section("Doors: paths that plug-ins of openai/evals import; re-exports only", sorted(held["DOORS"])))
    parts.append(section("Beside the house: nothing but tests and doors uses it", sorted(held["BESIDE_THE_HOUSE"])))
    return "\n\n".join(parts)


def section(title: str, names: list[str]) -> str:
    """The lines of the files with these top-level names."""
    files = [path for name in names for path in files_of(name)]
    lines = [f"- `{path.relative_to(PACKAGE).as_posix()}`: {about(path)}" for path in files]
    return "\n".join([f"### {title}", "", *lines])


def files_of(name: str) -> list[Path]:
    """`evals/NAME.py`, or the files of the folder `evals/NAME`; folders after files, empty ones left out."""
    if (PACKAGE / f"{name}.py").is_file():
        return [PACKAGE / f"{name}.py"]
    return sorted((PACKAGE / name).rglob("*.py"), key=lambda path: (path.parent, path.name))


def about(path: Path) -> str:
    """The first sentence of a file."""
    return " ".join((ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").split("\n\n")[0].split())


def table_1() -> str:
    """The exams of the GPT-4 Technical Report whose percentiles the catalogue's tables give, and those they do not."""
    from evals.exams.catalogue import catalogue
    from evals.exams.published import confirmed, reasons

    lines = ["| exam | takers | GPT-4 | without vision | GPT-3.5 | largest difference |", "|---|---|---|---|---|---:|"]
    for exam in catalogue():
        if found := confirmed(exam):
            cells = [f"{one.score.score:g}: {stated(one.score)} / {one.low:.1f}-{one.high:.1f}" for one in found]
            largest = max(one.difference for one in found)
            lines.append(f"| {exam.name} | {found[0].population.population} | {' | '.join(cells)} | {largest:.1f} |")
    lines += ["", "Not confirmed:", "", "| exam | GPT-4 | why |", "|---|---|---|"]
    for exam in catalogue():
        if exam.id in reasons():
            lines.append(
                f"| {exam.name} | {exam.published[0].score:g}: {stated(exam.published[0])} | {reasons()[exam.id]} |"
            )
    return "\n".join(lines)


def stated(score: Any) -> str:
    """A percentile as the report states it."""
    return f"{score.low:g}" if score.kind == "point_approx" else f"{score.low:g}-{score.high:g}"


def filled(page: str, name: str, text: str) -> str:
    """The page with `text` between the markers `name`."""
    marked = re.compile(rf"(<!-- {name}: written by generate.py -->\n).*?(<!-- end -->)", re.DOTALL)
    return marked.sub(lambda match: f"{match[1]}\n{text}\n\n{match[2]}", page)


def pages() -> dict[Path, str]:
    """Each page with generated parts, as it should be."""
    parts = {
        DOCS / "cli.md": ("help", help_texts),
        DOCS / "architecture.md": ("files", floors),
        DOCS / "exam-catalogue.md": ("table 1", table_1),
    }
    return {path: filled(path.read_text(encoding="utf-8"), name, text()) for path, (name, text) in parts.items()}


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8", newline="\n")
