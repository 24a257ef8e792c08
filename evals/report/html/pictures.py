"""Finds the pictures of prompts in a folder: a record keeps a long one as its type, its size and its SHA-256 alone."""

from __future__ import annotations

import base64
import hashlib
import os
import re
from pathlib import Path
from typing import Any

from evals.errors import DataError
from evals.images.formats import kind_of
from evals.images.metadata import without_metadata

MAX_BYTES = 20 << 20
"A larger file is not read: no provider takes it."
KINDS = {"png", "jpeg", "gif", "webp"}
_DIGEST = re.compile(r"data:image/[\w.+-]+;base64,<\d+ bytes, sha256 ([0-9a-f]{64})>")


class Pictures:
    """The pictures in a folder, by the SHA-256 of what is sent of them: the file without its metadata.

    Pictures that were made smaller before they were sent are other bytes, and are not found.

    Raises:
        DataError: the folder cannot be read.
    """

    def __init__(self, folder: str | Path) -> None:
        if not Path(folder).is_dir():
            raise DataError("no folder here", where=str(folder), fix="name the folder that holds the pictures")
        self._paths: dict[str, Path] = {}
        for place, _, names in os.walk(folder):
            for name in sorted(names):
                self._add(Path(place, name))

    def _add(self, path: Path) -> None:
        try:
            content = path.read_bytes() if path.is_file() and path.stat().st_size <= MAX_BYTES else b""
        except OSError:
            return
        if kind_of(content) in KINDS:
            for sent in (content, without_metadata(content)):
                self._paths.setdefault(hashlib.sha256(sent).hexdigest(), path)

    def url(self, said: str) -> str | None:
        """A picture, whole, that a record has as `data:image/png;base64,<9 bytes, sha256 ...>`; None without it."""
        match = _DIGEST.fullmatch(said)
        path = self._paths.get(match[1]) if match is not None else None
        if path is None:
            return None
        content = without_metadata(path.read_bytes())
        return f"data:image/{kind_of(content)};base64,{base64.b64encode(content).decode('ascii')}"

    def fill_in(self, detail: dict[str, Any]) -> None:
        """Put the pictures that are here into the turns of a sample."""
        for call in detail.get("calls", ()):
            for turn in call["turns"]:
                turn["parts"] = [self._found(part) for part in turn["parts"]]

    def _found(self, part: Any) -> Any:
        said = part.get("file") if isinstance(part, dict) else None
        url = self.url(said.partition(": ")[2]) if isinstance(said, str) else None
        return part if url is None else {"picture": url}
