"""Finds the data that a registry entry names: a file, a folder, a URL, or a public benchmark, fetched on demand."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from evals.datasets.benchmarks import DeclaredFile, benchmarks_in, find_file, rows_file
from evals.datasets.cache_folder import data_cache
from evals.datasets.opening import is_url
from evals.errors import DataError, did_you_mean
from evals.registry.roots import bundled_data_root


def locate_dataset(
    value: str, registry_path: str | Path | None = None, data_paths: Iterable[str | Path] = ()
) -> Path | str:
    """The path of the data that an entry of the registry at `registry_path` calls `value`; a URL is returned unchanged.

    The places, in order: a file of that name (as in openai/evals); `registry_path/data/value`; the built-in data; the
    folders `data_paths` and those of EVALS_DATA_DIR; and if a `dataset.yaml` declares `value`, the cache and its URL.
    Copies of a declared benchmark have the form of the original, and its name or ours.

    Raises:
        DataError: the data is in none of the places, a copy is not the original, or fetching failed.
    """
    if is_url(value):
        return value
    roots = data_roots(registry_path)
    copies = copy_folders(data_paths)
    declared = find_file(value, roots)
    here = Path(value).expanduser()
    if here.is_file() or (here.is_absolute() and here.exists()):
        return _rows_if_original(here, declared)
    for root in roots if declared is not None else [*roots, *copies]:
        if (root / value).exists():
            return root / value
    if declared is None:
        raise _nowhere(value, roots, copies)
    return rows_file(original_file(declared, copies), declared)


def data_roots(registry_path: str | Path | None) -> list[Path]:
    """The data folders that entries of this registry may refer to: its own first, then the built-in one."""
    own = [Path(registry_path) / "data"] if registry_path is not None else []
    return [*own, bundled_data_root()]


def copy_folders(data_paths: Iterable[str | Path] = ()) -> list[Path]:
    """The folders with copies of benchmarks: `data_paths`, then those of EVALS_DATA_DIR (separated as in PATH)."""
    named = os.environ.get("EVALS_DATA_DIR", "").split(os.pathsep)
    return [Path(folder).expanduser() for folder in [*data_paths, *named] if str(folder)]


def original_file(
    file: DeclaredFile, copies: Sequence[Path] = (), *, may_fetch: bool = True, pause_s: float = 1.0
) -> Path:
    """The path of the original of a benchmark's file, checked by its hash: a copy, else fetched into the cache.

    may_fetch: False to raise an error instead of using the network. pause_s: as for `download`.

    Raises:
        DataError: a copy is not the original, the file must be fetched by hand, or fetching failed.
    """
    from evals.datasets.download import Expected, download, file_sha256, progress_bar

    cached = cached_original(file)
    for path in [*_copies(file, copies), cached]:
        if path.is_file():
            if file.sha256 is None or file_sha256(path) == file.sha256:
                return path
            if path != cached:
                raise _wrong_copy(path, file, file_sha256(path))
    if file.gated is not None:
        raise DataError(
            f"{file.value} is not fetched automatically: {file.gated}", notes=[f"from {file.url}"], fix=_own_copy(file)
        )
    if not may_fetch:
        raise DataError(
            f"{file.value} has not been fetched",
            fix=f"`evals data fetch {file.value}`, or name a folder with a copy by EVALS_DATA_DIR",
        )
    try:
        with progress_bar(file.value, file.url) as progress:
            return download(
                file.url, cached, Expected(file.sha256, file.size_bytes), progress=progress, pause_s=pause_s
            )
    except DataError as error:
        error.notes.append(f"without a network: put a copy at DIR/{file.benchmark}/{file.original_name}")
        error.notes.append("and name DIR with EVALS_DATA_DIR or --data_path")
        raise


def _own_copy(file: DeclaredFile) -> str:
    return f"put a copy at DIR/{file.benchmark}/{file.original_name}, and name DIR with EVALS_DATA_DIR or --data_path"


def cached_original(file: DeclaredFile) -> Path:
    """The path in the cache for the fetched original. It may not exist yet."""
    return data_cache("benchmarks", file.benchmark, "original") / file.original_name


def present_copy(file: DeclaredFile, copies: Sequence[Path] = ()) -> Path | None:
    """The path of a copy or of the fetched original, not checked; None without one."""
    return next((path for path in [*_copies(file, copies), cached_original(file)] if path.is_file()), None)


def _copies(file: DeclaredFile, folders: Sequence[Path]) -> list[Path]:
    names = dict.fromkeys([file.original_name, file.name])
    return [folder / file.benchmark / name for folder in folders for name in names]


def _rows_if_original(path: Path, declared: DeclaredFile | None) -> Path:
    """`path` itself; if it is the unchanged original of a benchmark, the file of its rows."""
    from evals.datasets.download import file_sha256

    if declared is None or path.stat().st_size != declared.size_bytes or file_sha256(path) != declared.sha256:
        return path
    return rows_file(path, declared)


def _wrong_copy(path: Path, file: DeclaredFile, found: str) -> DataError:
    return DataError(
        f"this copy is not the original of {file.value}",
        where=str(path),
        notes=[f"expected sha256 {file.sha256}", f"found sha256 {found}"],
        fix=f"get it unchanged from {file.url}",
    )


def _nowhere(value: str, roots: Sequence[Path], copies: Sequence[Path]) -> DataError:
    folders = list(dict.fromkeys([*roots, *copies]))
    declared = [file.value for benchmark in benchmarks_in(roots) for file in benchmark.files]
    parent = Path(value).parent
    beside = [(parent / name).as_posix() for folder in folders for name in _names(folder / parent)]
    return DataError(
        f"no data is called {value!r}",
        notes=[did_you_mean(value, [*declared, *beside]), *(f"looked in {folder}" for folder in folders[:3])],
        fix="put the file there, or name the folder that has it with EVALS_DATA_DIR or --data_path",
    )


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []
