"""`evals new`: a data folder and a YAML file from a template, or a paper, ready for `evals check`."""

from __future__ import annotations

import argparse
import json
import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from evals.cli.new_exam import exam_files
from evals.errors import BadSample, UsageError
from evals.project import current_project
from evals.texts.number_text import counted

TEMPLATES = Path(__file__).parent / "new_templates"

OWN_ROWS = ("match", "includes", "fuzzy_match", "json_match", "number", "math", "label", "letter")
"Classes that read a question and an accepted answer."
CHOICE = "choice"
"Multiple choice: rows with `question`, `choices` and `answer`."

GUESSED_ROWS = 200
SPREADSHEETS = (".xlsx", ".xls", ".ods", ".numbers")
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
    which.add_argument(
        "--class", dest="template", choices=templates(), help="how answers are scored (match; with --from a guess)"
    )
    # Another name of the option: what is chosen are templates, and not every one is called as its class.
    which.add_argument("--template", choices=templates(), default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    which.add_argument("--exam", action="store_const", const=EXAM, dest="template", help="the skeleton of a paper")
    which.add_argument(
        "--like", metavar="EXAM", help="a paper in the form of an exam of `evals exams`: sections, scale, percentiles"
    )
    parser.add_argument(
        "--from", dest="source", metavar="FILE", help="your own rows: .csv, .tsv, .jsonl, .json, .parquet"
    )
    for key, what in (("input", "the question"), ("ideal", "the accepted answer"), ("id", "the row's own id")):
        parser.add_argument(f"--{key}_key", metavar="COLUMN", help=f"with --from: the column of {what}")
    parser.add_argument("--dir", default="registry", metavar="DIR", help="the registry folder (registry)")
    parser.set_defaults(func=run)


def templates() -> list[str]:
    """The names of the templates."""
    return sorted(path.stem for path in TEMPLATES.glob("*.yaml"))


def run(args: argparse.Namespace) -> int:
    """Write both files and print what to do next."""
    root, said = Path(args.dir), list[str]()
    args.template = EXAM if args.like else args.template
    if args.source is None:
        if any((args.input_key, args.ideal_key, args.id_key)):
            raise UsageError("--input_key, --ideal_key and --id_key go with --from", fix="--from FILE")
        files: dict[Path, str | bytes] = dict(files_of(args.name, args.template or "match", root, args.like))
    elif args.template == EXAM:
        table = shlex.quote(args.source)
        raise UsageError("--from makes samples, not a paper", fix=f"a paper from a table: evals import exam {table}")
    else:
        files, said = own_files_of(args, root)
    for path, text in files.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as file:
                file.write(text if isinstance(text, bytes) else text.encode("utf-8"))
        except OSError as error:
            raise UsageError(
                f"this file cannot be written: {error.strerror}", where=str(path), fix="name another folder with --dir"
            ) from error
    # Only now: whoever stops reading here still has both files.
    print("\n".join([*said, *(f"wrote {path}" for path in files)]))
    known = any(Path(path).resolve() == root.resolve() for path in current_project().get("registry_paths") or [])
    option = "" if known or _is_bundled(root) else f" --registry_path {shlex.quote(str(root))}"
    replaced = "questions" if args.template == EXAM else "samples"
    print(f"\nreplace the {replaced}, then" if args.source is None else "\nnext")
    print(f"  check it     evals check {args.name}{option}")
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


def own_files_of(args: argparse.Namespace, root: Path) -> tuple[dict[Path, str | bytes], list[str]]:
    """The files for rows of one's own, a copy of the data and the YAML; and lines about what was guessed.

    Raises:
        UsageError: question or answer cannot be told among the columns, or the class reads other rows.
        DataError: the file cannot be read.
    """
    from evals.datasets.guess_columns import Columns, guess_columns, like_a_row
    from evals.datasets.samples import open_samples

    source = Path(args.source)
    if source.suffix.lower() in SPREADSHEETS:
        raise UsageError(
            "workbooks of spreadsheets are not read", where=str(source), fix="save the table as CSV in UTF-8"
        )
    samples = open_samples(source)
    rows = [samples[index] for index in range(min(len(samples), GUESSED_ROWS))]
    if not rows:
        raise UsageError("this file has no rows", where=str(source))
    is_table = ".json" not in source.name.lower()
    if is_table and not (args.input_key and args.ideal_key) and (cell := like_a_row(rows[0])) is not None:
        raise UsageError(
            f"the first line looks like a row, and not like the titles of columns: {cell[:40]!r}", where=f"{source}:1",
            fix="write titles above it, such as: question and answer",
        )  # fmt: skip
    if args.template in (None, CHOICE) and _holds_options(rows, args):
        return _choice_files(args, root, source, samples)
    guess = guess_columns(rows)
    columns = Columns(args.input_key or guess.input, args.ideal_key or guess.ideal, args.id_key or guess.id)
    _check_columns(columns, rows, source)
    ideals = [samples[index].get(columns.ideal or "") for index in range(len(samples))]
    template = args.template or _guessed_template(rows, ideals)
    if template not in (*OWN_ROWS, CHOICE):
        raise UsageError(f"--class {template} has rows of a form of its own", fix=f"one of: {', '.join(OWN_ROWS)}")
    name = "samples" + "".join(
        source.suffixes[-2:] if source.suffix in (".gz", ".zst", ".lz4") else source.suffixes[-1:]
    )
    (data, _), (yaml, text) = files_of(args.name, template, root).items()
    named = {} if template == CHOICE else columns.as_args()
    keys = "".join(f"    {key}: {json.dumps(column)}\n" for key, column in named.items())
    said = {"question": columns.input, "answer": columns.ideal, "id": columns.id or "none (rows have their numbers)"}
    n_rows = f"{len(samples):,} {'row' if len(samples) == 1 else 'rows'}"
    lines = [f"{source}: {n_rows}; " + ", ".join(f"{what}: {column}" for what, column in said.items())]
    if args.template is None:
        kinds = {
            "number": "numbers",
            "math": "mathematics (pip install 'oaieval[math]')",
            CHOICE: "places among the choices",
            "label": "labels",
            "letter": "letters of options",
        }
        kind = kinds.get(template, "texts")
        lines.append(f"answers are {kind}: scored by --class {template}")
    line = f"    samples_jsonl: {args.name}/samples.jsonl\n"
    text = _filled(template, text, ideals)
    files: dict[Path, str | bytes] = {
        data.with_name(name): source.read_bytes(),
        yaml: text.replace(line, f"    samples_jsonl: {args.name}/{name}\n{keys}"),
    }
    return files, lines


def _guessed_template(rows: Any, ideals: Sequence[Any]) -> str:
    """How answers are scored: by what they are, or as multiple choice where the rows are those of `Choice`."""
    from evals.datasets.guess_columns import are_mathematics, labels_of, letters_of, options_column

    if options_column(rows) is not None:
        return CHOICE
    if _number_mark(ideals) is not None and not any("\\boxed" in str(ideal) for ideal in ideals):
        return "number"
    if are_mathematics(ideals):
        return "math"
    if letters_of(ideals):
        return "letter"
    return "label" if labels_of(ideals) else "includes"


def _number_mark(ideals: Sequence[Any]) -> str | None:
    """`.` or `,`: the decimal mark with which every accepted answer is a number; None where they are no numbers."""
    from evals.suite.answers.answer_rules import NumberRule

    texts = [
        "" if isinstance(ideal, bool) or not isinstance(ideal, int | float | str) else str(ideal) for ideal in ideals
    ]
    for mark in ".,":
        if all(map(NumberRule(decimal_comma=mark == ",").usable, texts)):
            return mark
    return None


def _filled(template: str, text: str, ideals: Sequence[Any]) -> str:
    """The YAML of a template with what the accepted answers say: labels, letters, the decimal mark."""
    from evals.datasets.guess_columns import letters_of

    if template == "label":
        return re.sub(r"labels: .*", lambda _: f"labels: {json.dumps(_labels(ideals), ensure_ascii=False)}", text)
    if template == "letter":
        return text.replace('"ABCDE"', f'"{letters_of(ideals) or "ABCDE"}"')
    return f"{text}    decimal_comma: true\n" if template == "number" and _number_mark(ideals) == "," else text


def _labels(ideals: Sequence[Any]) -> list[str]:
    return list(dict.fromkeys(ideal.strip() for ideal in ideals if isinstance(ideal, str)))


def _holds_options(rows: Any, args: argparse.Namespace) -> bool:
    """Whether these are questions with options in a form that is not the one of `Choice`."""
    from evals.datasets.guess_columns import options_column
    from evals.suite.choice.questions import read_question

    if args.template is None and options_column(rows) is None:
        return False
    try:
        for row in rows:
            read_question(row)
    except BadSample:
        return True
    return False


def _choice_files(
    args: argparse.Namespace, root: Path, source: Path, samples: Any
) -> tuple[dict[Path, str | bytes], list[str]]:
    """The files for questions in a common form of multiple choice, whose rows are written anew."""
    from evals.interchange.choice_columns import choice_rows

    rows = [samples[index] for index in range(len(samples))]
    form, made = choice_rows(rows, str(source), args.input_key, args.ideal_key)
    (data, _), (yaml, text) = files_of(args.name, CHOICE, root).items()
    found = f"question: {form.question}, options: {', '.join(form.options)}, answer: {form.answer}"
    lines = [
        f"{source}: {counted(len(made), 'row')}; {found}",
        f"answers are {form.reading}: scored by --class {CHOICE}; rows are written as question, choices and answer",
    ]
    written = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in made)
    return {data: written, yaml: text}, lines


def _check_columns(columns: Any, rows: Any, source: Path) -> None:
    from evals.errors import did_you_mean, listed

    names = list(dict.fromkeys(name for row in rows for name in row))
    for key in ("input", "ideal", "id"):
        column = getattr(columns, key)
        if column is None and key != "id":
            what = "question" if key == "input" else "accepted answer"
            fix = f"name it: --{key}_key COLUMN"
            if {"test", "entry_point"} <= {*names}:
                fix = "these are programs with tests, which PassAtK runs: docs/pass-at-k.md"
            notes = [f"columns: {listed(names, 12)}"]
            raise UsageError(f"no column looks like the {what}", where=str(source), notes=notes, fix=fix)
        if column is not None and column not in names:
            note = did_you_mean(column, names) or f"columns: {listed(names, 12)}"
            raise UsageError(f"no column is called {column!r}", where=str(source), notes=[note])


def _is_bundled(root: Path) -> bool:
    from evals.registry.roots import bundled_root

    return root.resolve() == bundled_root().resolve()
