"""Files that arguments name: seen from the working folder, else from the data folders of the registries."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from evals.errors import DataError

_PEER_DATA = "evals/registry/data/"
"How entries of openai/evals name its data: from the root of its checkout."


def find_file(path: str | Path, registry: Any = None) -> Path:
    """The file `path`, from the working folder or a registry's data folder, later registries first.

    Raises:
        DataError: there is no such file.
    """
    from evals.registry.roots import bundled_data_root

    given = Path(path).expanduser()
    roots = [*(Path(root) / "data" for root in reversed(getattr(registry, "_registry_paths", ()))), bundled_data_root()]
    below = Path(given.as_posix().removeprefix(_PEER_DATA))
    tried = [given] if given.is_absolute() else [given, *(root / below for root in roots)]
    for candidate in tried:
        if candidate.is_file():
            return candidate
    raise DataError("there is no such file", where=str(path), notes=[f"looked for {place}" for place in tried[:4]])
