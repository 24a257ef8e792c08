"""Public benchmarks declared in `data/NAME/dataset.yaml`: the sources of their files, and how they become rows."""

from __future__ import annotations

import hashlib
import importlib
import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import urlparse

from evals.datasets.cache_folder import data_cache, written_whole
from evals.datasets.opening import reading
from evals.datasets.plain_rows import NumberedRow, write_rows
from evals.errors import DataError, did_you_mean, listed
from evals.texts.number_text import counted

DECLARATION = "dataset.yaml"
UNKNOWN = "unknown"
Converter: TypeAlias = Callable[[Path], Iterable[NumberedRow]]


@dataclass(frozen=True)
class DeclaredFile:
    """One file of rows of a benchmark, and the published original that the rows are made from."""

    benchmark: str
    name: str
    "The name after that of the benchmark: `test.jsonl` in `gsm8k/test.jsonl`."
    url: str
    sha256: str | None
    "Of the original. None if it is not known (`sha256: unknown`): any file of the name is then accepted."
    size_bytes: int | None
    n_rows: int | None
    converter: str | None
    "`module:function` that turns the original into rows; None if the original has our form."
    checked: str | None
    "What was checked about the URL and the checksum."
    gated: str | None = None
    "Why the file must be fetched by hand, and how; None if it is fetched automatically."

    @property
    def value(self) -> str:
        """The text that an eval has as `samples_jsonl`."""
        return f"{self.benchmark}/{self.name}"

    @property
    def original_name(self) -> str:
        """The name of the file at its source. Local copies may have it too."""
        return urlparse(self.url).path.rsplit("/", 1)[-1]


@dataclass(frozen=True)
class Benchmark:
    """A declared dataset. where: the path of its `dataset.yaml`."""

    name: str
    title: str
    licence: str
    homepage: str
    paper: str
    revision: str
    where: Path
    files: tuple[DeclaredFile, ...]


def benchmarks_in(roots: Iterable[Path]) -> list[Benchmark]:
    """The benchmarks declared in data folders, sorted by name. The first root that has a name wins.

    Raises:
        DataError: a declaration cannot be read.
    """
    found: dict[str, Benchmark] = {}
    for root in roots:
        for path in sorted(root.glob(f"*/{DECLARATION}")):
            found.setdefault(path.parent.name, read_declaration(path))
    return [found[name] for name in sorted(found)]


def find_benchmark(name: str, roots: Sequence[Path]) -> Benchmark:
    """The benchmark `name`.

    Raises:
        DataError: no root declares it; names near misses.
    """
    known = benchmarks_in(roots)
    for benchmark in known:
        if benchmark.name == name:
            return benchmark
    names = [benchmark.name for benchmark in known]
    note = did_you_mean(name, names) or f"there are: {listed(names, 20)}"
    raise DataError(f"no benchmark is called {name!r}", notes=[note], fix="`evals data list` shows all")


def find_file(value: str, roots: Iterable[Path]) -> DeclaredFile | None:
    """The declared file that `value` (such as `gsm8k/test.jsonl`) names; None if no root declares it."""
    name, _, file_name = value.replace("\\", "/").partition("/")
    for root in roots:
        path = root / name / DECLARATION
        if name not in ("", ".", "..") and path.is_file():
            for file in read_declaration(path).files:
                if file.name == file_name:
                    return file
    return None


def read_declaration(path: Path) -> Benchmark:
    """The benchmark that a `dataset.yaml` declares. Its name is that of its folder.

    Raises:
        DataError: the file is not YAML, declares no files, or lacks a key.
    """
    import yaml

    with reading(str(path)):
        text = path.read_text(encoding="utf-8")
    try:
        body = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as error:
        raise DataError(f"not YAML: {str(error).splitlines()[0]}", where=str(path)) from None
    files = body.get("files") if isinstance(body, dict) else None
    if not isinstance(files, dict) or not files:
        raise DataError("no files are declared", where=str(path), fix="add `files:`, each with `url` and `sha256`")
    return Benchmark(
        name=path.parent.name,
        where=path,
        **{key: str(body.get(key, "")) for key in ("title", "licence", "homepage", "paper", "revision")},
        files=tuple(_declared(path, body, str(name), file) for name, file in files.items()),
    )


def rows_file(original: Path, file: DeclaredFile) -> Path:
    """The path of the rows made from an original, in the cache, with the line numbers of the original.

    They are made again if the original, or the module that converts it, changes. Without a converter: the original.

    Raises:
        DataError: a row cannot be converted, or the number of rows is not the declared one.
    """
    if file.converter is None:
        return original
    from evals.datasets.download import file_sha256

    convert = _load_converter(file)
    source = inspect.getsource(inspect.getmodule(convert) or convert)
    digest = file.sha256 or file_sha256(original)
    key = hashlib.sha256(f"{digest} {file.converter} {source}".encode()).hexdigest()[:12]
    target = data_cache("benchmarks", file.benchmark) / f"{file.name.removesuffix('.jsonl')}.{key}.jsonl"
    if not target.exists():
        with reading(str(original)), written_whole(target) as written:
            write_rows(_counted(convert(original), file), written, file.value, has_lines=True)
    return target


def _counted(rows: Iterable[NumberedRow], file: DeclaredFile) -> Iterator[NumberedRow]:
    n_rows = 0
    for row in rows:
        yield row
        n_rows += 1
    if file.n_rows is not None and n_rows != file.n_rows:
        raise DataError(f"{counted(n_rows, 'row')}, but {file.n_rows} are declared", where=file.value)


def _load_converter(file: DeclaredFile) -> Converter:
    module, _, name = str(file.converter).partition(":")
    try:
        converter: Converter = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise DataError(f"the converter {file.converter!r} cannot be imported: {error}", where=file.value) from error
    return converter


def _declared(path: Path, body: dict[str, Any], name: str, file: Any) -> DeclaredFile:
    if not isinstance(file, dict) or not {"url", "sha256"} <= file.keys():
        raise DataError(f"file {name!r} needs `url` and `sha256`", where=str(path))
    return DeclaredFile(
        benchmark=path.parent.name,
        name=name,
        url=str(file["url"]).replace("{revision}", str(body.get("revision", ""))),
        sha256=None if file["sha256"] == UNKNOWN else str(file["sha256"]),
        size_bytes=file.get("size_bytes"),
        n_rows=file.get("n_rows"),
        converter=file.get("converter", body.get("converter")),
        checked=file.get("checked", body.get("checked")),
        gated=file.get("gated", body.get("gated")),
    )
