"""Whether a name is a folder of this machine or a model of the hub, decided without a network."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from evals.errors import UsageError, did_you_mean

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?")
_PATH = re.compile(r"[./~\\]|[A-Za-z]:[\\/]")
"How a text begins that can only be a path."


@dataclass(frozen=True)
class Location:
    """Where a model lies. name: a folder's path, or the hub's name of the model."""

    name: str
    is_local: bool


def locate(name: str) -> Location:
    """Where the model `name` lies.

    What begins like a path (`/`, `./`, `../`, `~`), or whose first part is a folder here, is a path; else it is a name
    of the hub: `owner/model` or `model`.

    Raises:
        UsageError: a path that is no folder with a model, or a text that is neither.
    """
    path = Path(name).expanduser()
    if path.is_dir():
        if not (path / "config.json").is_file():
            raise UsageError(f"{path} holds no model: it has no config.json", fix="name the folder that holds it")
        return Location(str(path), True)
    if _PATH.match(name) or path.exists() or (len(path.parts) > 1 and Path(path.parts[0]).is_dir()):
        beside = [str(other) for other in path.parent.iterdir()] if path.parent.is_dir() else []
        raise UsageError(f"there is no folder {path}", notes=[did_you_mean(str(path), beside)])
    if not _HUB_ID.fullmatch(name):
        raise UsageError(
            f"{name!r} is neither a folder here nor a name of the hub", fix="hf/OWNER/MODEL, or hf/./FOLDER"
        )
    return Location(name, False)
