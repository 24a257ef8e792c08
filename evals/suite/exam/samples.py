"""The questions of a paper as the samples of an eval, in the order of the paper."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, overload

from evals.exams.items import Item
from evals.exams.paper import Paper
from evals.sample import CLUSTER_KEY, IMAGES_KEY, WITH_IMAGES, WITHOUT_IMAGES, Sample


class PaperSamples(Sequence[Sample]):
    """A row for each question: `id`, `section`, `kind`, `stem`, `cluster` where questions belong together, `images`."""

    def __init__(self, paper: Paper) -> None:
        self.sha256 = paper.digest
        sizes = Counter(item.cluster or item.id for item in paper.items)
        shared = {name for name, size in sizes.items() if size > 1}
        has_images = any(item.has_images for item in paper.items)
        self._rows = [_row(item, index, shared, has_images) for index, item in enumerate(paper.items)]

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> Sample: ...
    @overload
    def __getitem__(self, index: slice) -> list[Sample]: ...
    def __getitem__(self, index: int | slice) -> Sample | list[Sample]:
        return self._rows[index]


def _row(item: Item, index: int, shared: set[str], has_images: bool) -> Sample:
    path, _, line = item.where.rpartition(":")
    row: dict[str, Any] = {"id": item.id, "section": item.section, "kind": item.kind, "stem": item.stem}
    if item.contamination_text and item.contamination_text != item.stem:
        row["contamination_text"] = item.contamination_text
    if item.cluster in shared:
        row[CLUSTER_KEY] = item.cluster
    if has_images:  # by the question: an image in a few-shot example stands in every prompt
        row[IMAGES_KEY] = WITH_IMAGES if item.has_images else WITHOUT_IMAGES
    where = {"path": path, "line": int(line)} if path and line.isdecimal() else {"path": item.where, "line": None}
    return Sample(row, index=index, **where)
