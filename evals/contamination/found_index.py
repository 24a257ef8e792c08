"""Keeps the findings of scanned units on disk, by content: of the items, and of the unit's bytes."""

from __future__ import annotations

import json
from pathlib import Path

from evals.contamination.unit_findings import UnitFindings
from evals.datasets.cache_folder import data_cache, written_whole

FORMAT = "1"
"Part of the folder's name. Raise it if a scan of the same bytes finds something else."


class FoundIndex:
    """One folder for one set of items. Files appear whole or not at all, so a killed scan leaves nothing broken.

    folder: of all indexes; the user's cache without it.
    """

    def __init__(self, items_digest: str, folder: Path | None = None) -> None:
        base = data_cache("contamination") if folder is None else folder
        self.folder = base / f"v{FORMAT}-{items_digest[:32]}"

    def get(self, unit_digest: str) -> UnitFindings | None:
        """What an earlier scan found in the unit; None if there was none, or its file is damaged."""
        try:
            return UnitFindings.from_json(json.loads(self._path(unit_digest).read_bytes()))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def put(self, unit_digest: str, findings: UnitFindings) -> None:
        """Keep the findings.

        Raises:
            DataError: the folder cannot be written.
        """
        text = json.dumps(findings.as_json(), ensure_ascii=True, separators=(",", ":"))
        with written_whole(self._path(unit_digest)) as file:
            file.write(text.encode())

    def _path(self, unit_digest: str) -> Path:
        return self.folder / f"{unit_digest[:40]}.json"
