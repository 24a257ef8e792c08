"""`evals new`: a data folder and a YAML file from a template, or a paper, ready for `evals check`."""

from __future__ import annotations

import argparse
import re
import shlex
from pathlib import Path
from typing import Any

from evals.cli.new_exam import exam_files
from evals.errors import UsageError

TEMPLATES = Path(__file__).parent / "new_templates"

EXAM = "exam"
"In place of a template: the skeleton of a paper."

NAME = re.compile(r"[^\W_][\w-]*")


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Register the sub-command."""
    parser = subparsers.add_parser(
        "new",
        help="a new eval from a template",
        description="Write DIR/evals/NAME.yaml and DIR/data/NAME/samples.jsonl, with two samples to replace. "
        "With --exam, DIR/data/NAME is a paper: exam.yaml, questions, tables. Overwrites nothing.",
    )
    parser.add_argument("name", help="letters, digits, - and _; the eval becomes NAME.dev.v0, a paper NAME.test.v0")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--class", dest="template", choices=templates(), default="match", help="how answers are scored")
    # Another name of the option: what is chosen are templates, and not every one is called as its class.
    which.add_argument("--template", choices=templates(), default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    which.add_argument("--exam", action="store_const", const=EXAM, dest="template", help="the skeleton of a paper")
    which.add_argument(
        "--like", metavar="EXAM", help="a paper in the form of an exam of `evals exams`: sections, scale, percentiles"
    )
    parser.add_argument("--dir", default="registry", metavar="DIR", help="the registry folder (registry)")
    parser.set_defaults(func=run)


def templates() -> list[str]:
    """The names of the templates."""
    return sorted(path.stem for path in TEMPLATES.glob("*.yaml"))


def run(args: argparse.Namespace) -> int:
    """Write both files and print what to do next."""
    root = Path(args.dir)
    args.template = EXAM if args.like else args.template
    for path, text in files_of(args.name, args.template, root, args.like).items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8", newline="\n") as file:
                file.write(text)
        except OSError as error:
            raise UsageError(
                f"this file cannot be written: {error.strerror}", where=str(path), fix="name another folder with --dir"
            ) from error
        print(f"wrote {path}")
    option = "" if _is_bundled(root) else f" --registry_path {shlex.quote(str(root))}"
    print(f"\nreplace the {'questions' if args.template == EXAM else 'samples'}, then")
    print(f"  prove it     evals check {args.name}{option}")
    print(f"  try it       oaieval dummy {args.name}{option}")
    print(f"  run it       oaieval MODEL {args.name}{option}")
    return 0


def files_of(name: str, template: str, root: Path, like: str | None = None) -> dict[Path, str]:
    """The files to write, with their text. like: an exam of the catalogue.

    Raises:
        UsageError: a bad name, or one that is taken. DataError: the catalogue has no such exam, or it is no paper.
    """
    from evals.registry.lookup import Registry

    if not NAME.fullmatch(name):
        base = re.sub(r"[^\w-]+", "-", name.split(".", maxsplit=1)[0]).strip("-")
        raise UsageError(
            f"{name!r} cannot be the name of an eval",
            notes=["letters, digits, - and _; the split and the version come from the template"],
            fix=f"evals new {base}" if base else None,
        )
    data = root.resolve().parent / "data" if _is_bundled(root) else root / "data"
    if template == EXAM:
        texts = exam_files(name, root, data, like)
    else:
        texts = {
            data / name / "samples.jsonl": (TEMPLATES / f"{template}.jsonl").read_text(encoding="utf-8"),
            root / "evals" / f"{name}.yaml": (TEMPLATES / f"{template}.yaml").read_text(encoding="utf-8"),
        }
    for path in texts:
        if path.exists():
            raise UsageError("this file is there already", where=str(path), fix="choose another name, or edit the file")
    registry = Registry()
    registry.add_registry_paths([root] if root.exists() else [])
    for taken in (name, f"{name}.{'test' if template == EXAM else 'dev'}.v0"):
        if (entry := registry.entry("evals", taken)) is not None:
            raise UsageError(f"an eval is called {taken!r} already", where=entry.where, fix="choose another name")
    return {path: text.replace("EVAL_NAME", name) for path, text in texts.items()}


def _is_bundled(root: Path) -> bool:
    from evals.registry.roots import bundled_root

    return root.resolve() == bundled_root().resolve()
