"""Finds the files that arguments of completion functions and solvers name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from evals.errors import DataError

_PEER_DATA = "evals/registry/data/"
"Entries of openai/evals name their data from the root of its checkout, by paths that start like this."


def find_data_file(path: str | Path, registry: Any = None) -> Path:
    """The file `path`: in the working folder, else in the `data` folder of a registry.

    Of several registries the last one wins, as it does for entries; the data of this package comes last.

    Raises:
        DataError: no such file exists; the message lists up to four places.
    """
    from evals.registry.roots import bundled_data_root

    given = Path(path).expanduser()
    roots = [*(Path(root) / "data" for root in reversed(getattr(registry, "registry_paths", ()))), bundled_data_root()]
    below = Path(given.as_posix().removeprefix(_PEER_DATA))
    tried = [given] if given.is_absolute() else [given, *(root / below for root in roots)]
    for candidate in tried:
        if candidate.is_file():
            return candidate
    raise DataError("there is no such file", where=str(path), notes=[f"looked for {place}" for place in tried[:4]])
