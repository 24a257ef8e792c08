"""Reads the text of a YAML file as names with their entries; an error names line, column and what is likely wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from evals.errors import RegistryError
from evals.registry.error_places import shown_path

BOM = b"\xef\xbb\xbf"
NULL = "tag:yaml.org,2002:null"


class TopLevel(NamedTuple):
    """A top-level key of a YAML file, its value, its line, and words about keys that stand twice."""

    name: str
    body: Any
    line: int
    repeated: tuple[str, ...]


def parse_mapping(data: bytes, path: Path) -> list[TopLevel]:
    """Each top-level key, also of duplicates; [] if the file is empty.

    A name is the text of its key: `2024` and `yes` are names, not a number and a boolean.

    Raises:
        RegistryError: the file is not valid YAML, not UTF-8 or no mapping, or its anchors expand without end; with
            file:line.
    """
    import yaml

    from evals.registry.yaml_nodes import check_depth, check_size, line_of, may_be_deep, repeated_keys, repeated_names

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(_text(data, path))
    try:
        root = _joined_documents(loader, path)
        if root is None:
            return []
        if b"&" in data:  # only anchors expand
            check_size(root)
        if may_be_deep(data):
            check_depth(root)
        twice = repeated_names(root)
        loader.flatten_mapping(root)
        found = []
        for key, value in root.value:
            name, repeated = str(key.value), repeated_keys(value)
            if name in twice:
                repeated.insert(0, twice[name])
            found.append(TopLevel(name, loader.construct_document(value), line_of(key), tuple(repeated)))
        return found
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        raise _yaml_error(error, path, data) from error
    finally:
        loader.dispose()


def _text(data: bytes, path: Path) -> str:
    try:
        text = data.removeprefix(BOM).decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise RegistryError("not UTF-8 text", where=f"{shown_path(path)}:{line}", fix="save it as UTF-8") from error
    return text


def _yaml_error(error: Exception, path: Path, data: bytes) -> RegistryError:
    line_of_error = getattr(error, "line", None)
    if line_of_error is not None:
        return RegistryError(str(error), where=f"{shown_path(path)}:{line_of_error}", fix=getattr(error, "fix", None))
    mark = getattr(error, "problem_mark", None)
    where = shown_path(path) if mark is None else f"{shown_path(path)}:{mark.line + 1}:{mark.column + 1}"
    problem = getattr(error, "problem", None) or str(error) or type(error).__name__
    line = b"" if mark is None else next(iter(data.splitlines()[mark.line : mark.line + 1]), b"")
    if line[: len(line) - len(line.lstrip())].count(b"\t"):
        return RegistryError("not valid YAML: a line begins with a tab", where=where, fix="indent with spaces")
    context = getattr(error, "context", None)
    fix = next((fix for words, fix in YAML_FIXES if words in problem), YAML_FIX)
    first, *rest = problem.splitlines()
    return RegistryError(f"not valid YAML: {first}", where=where, notes=[context or "", *rest], fix=fix)


YAML_FIX = "correct this line, or the one above it"
YAML_FIXES = (
    ("did not find expected key", "line its keys up: those of one entry begin in the same column"),
    (
        "mapping values are not allowed",
        "put quotes around a text with a colon in it, and a space behind the colon of a key",
    ),
    ("unexpected end of stream", "close the quote that was opened above"),
    ("expected ',' or ']'", "close the bracket that was opened above: ]"),
    ("expected ',' or '}'", "close the brace that was opened above: }"),
    ("undefined alias", "put quotes around a text that begins with *, or define it with & above"),
    ("constructor for the tag", "leave the tag out, or put quotes around a text that begins with !"),
    ("unhashable key", "put quotes around the key"),
    ("control characters", "remove the character that cannot be seen"),
    ("that cannot start any token", "put quotes around the text"),
)
"What most often is wrong, by a part of the parser's words."


def _joined_documents(loader: Any, path: Path) -> Any:
    """The node of a file's names and entries; those of all its documents, where `---` divides it. None for none."""
    joined = None
    while loader.check_node():
        root = loader.get_node()
        if root.tag == NULL:
            continue
        if root.id != "mapping":
            raise _no_mapping(root, path)
        if joined is None:
            joined = root
        else:
            joined.value.extend(root.value)
    return joined


def _no_mapping(root: Any, path: Path) -> RegistryError:
    found = {"sequence": "a list", "scalar": "a text"}[root.id]
    return RegistryError(
        f"this file holds {found}, not names with their entries",
        where=f"{shown_path(path)}:{root.start_mark.line + 1}",
        fix="begin each entry with its name and a colon in the first column: my-eval:",
    )
