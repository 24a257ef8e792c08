"""The rows of a dataset as a lazy sequence of samples, whatever form it is stored in."""

from __future__ import annotations

import hashlib
import os
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any, overload

from evals.datasets.compression import COMPRESSIONS
from evals.datasets.jsonl_file import CarriageReturnError, JsonlFile
from evals.datasets.opening import is_url, local_path, shown_name
from evals.errors import DataError, listed
from evals.sample import Sample

_OTHER_FORMS = (".csv", ".tsv", ".json", ".parquet")


class SampleSequence(Sequence[Sample]):
    """Samples that are read from disk when they are asked for. Several threads may read; a slice is a view.

    path: the name of the dataset, for messages. sha256: of the JSON lines of the whole dataset, decompressed and in
    order, also for a slice. A row that cannot be read raises BadSample when it is asked for. fit: what makes the sample
    of a row; None leaves it as it is.
    """

    def __init__(
        self,
        path: str,
        files: Sequence[JsonlFile],
        sha256: str,
        rows: range | None = None,
        fit: Callable[[Sample], Sample] | None = None,
    ) -> None:
        self.path = path
        self.sha256 = sha256
        self._files = files
        self._fit = fit
        self._ends = list(accumulate(len(file) for file in files))
        self._rows = range(self._ends[-1] if files else 0) if rows is None else rows

    def check_unchanged(self) -> None:
        """Raise DataError if the data is not what it was when it was opened: rows of both would be mixed.

        The checksum is computed again only where the system says that something was done to a file. A file that was
        replaced by another one of the same name is no change, since the old one is still read.
        """
        if not any(file.may_have_changed for file in self._files):
            return
        digest = hashlib.sha256()
        for file in self._files:
            digest = file.digest_now(digest)
        if digest.hexdigest() != self.sha256:
            raise DataError(
                "the data was rewritten while it was read, so its samples are those of two datasets",
                where=self.path,
                fix="run anew, and leave the file alone meanwhile",
            )

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def n(self) -> int:
        """The number of samples."""
        return len(self._rows)

    @overload
    def __getitem__(self, item: int) -> Sample: ...
    @overload
    def __getitem__(self, item: slice) -> SampleSequence: ...
    def __getitem__(self, item: int | slice) -> Sample | SampleSequence:
        if isinstance(item, slice):
            return SampleSequence(self.path, self._files, self.sha256, self._rows[item], self._fit)
        return self._sample(self._rows[item])

    def __iter__(self) -> Iterator[Sample]:
        return map(self._sample, self._rows)

    def __repr__(self) -> str:
        return f"<{len(self)} samples of {self.path}>"

    def fitted_by(self, fit: Callable[[Sample], Sample]) -> SampleSequence:
        """The same rows, each made into a sample by `fit` when it is asked for."""
        return SampleSequence(self.path, self._files, self.sha256, self._rows, fit)

    def _sample(self, row: int) -> Sample:
        sample = self._row(row)
        return sample if self._fit is None else self._fit(sample)

    def raw(self, item: int) -> bytes:
        """The bytes of a row as JSON, as it stands in its file, with the blanks around it."""
        file, row = self._place(self._rows[item])
        return file.raw(row)

    def _row(self, row: int) -> Sample:
        file, place = self._place(row)
        return file.sample(place, row)

    def _place(self, row: int) -> tuple[JsonlFile, int]:
        """The file that holds a row of the dataset, and the row's number in it."""
        if len(self._files) == 1:
            return self._files[0], row
        part = bisect_right(self._ends, row)
        return self._files[part], row - (self._ends[part - 1] if part else 0)


def open_samples(source: str | Path) -> SampleSequence:
    """The samples of a file, a folder of .jsonl files or a URL. Reads the data once, and keeps only byte offsets.

    Forms: .jsonl (and any other name), .json, .csv, .tsv, each also with .gz, .zst or .lz4; .parquet;
    `hf://NAME?split=...`; any `scheme://`. Anything but plain JSON lines is expanded once into the cache folder.

    Raises:
        DataError: a file is missing or of the wrong kind. Rows are parsed when they are asked for, not here.
        MissingExtra: a package for this form is not installed.
    """
    name = os.fspath(source)
    if name.startswith("file://"):
        name = local_path(name)
    is_folder = not is_url(name) and os.path.isdir(name)
    digest = hashlib.sha256()
    files = []
    for path in jsonl_files(name) if is_folder else [name]:
        files.append(_open_file(path, digest))
        digest = files[-1].digest
    return SampleSequence(shown_name(name), files, digest.hexdigest())


def _open_file(name: str, digest: Any) -> JsonlFile:
    if not is_url(name) and not name.endswith((*COMPRESSIONS, *_OTHER_FORMS)):
        try:
            return JsonlFile(name, digest=digest)
        except CarriageReturnError:
            pass
    from evals.datasets.expand import expand

    plain = expand(name)
    return JsonlFile(str(plain.path), shown=shown_name(name), has_lines=plain.has_lines, digest=digest)


def jsonl_files(folder: str) -> list[str]:
    """The .jsonl files of a folder, sorted by name. As in openai/evals, a sub-folder called *.jsonl counts too.

    Raises:
        DataError: the folder has no .jsonl file.
    """
    names = sorted(os.listdir(folder))
    found = [os.path.join(folder, name) for name in names if name.endswith(".jsonl")]
    if not found:
        held = f"it holds: {listed(names)}" if names else "it is empty"
        raise DataError(
            "no .jsonl file in this folder",
            where=folder,
            notes=[held],
            fix="name a file of rows, or a folder of .jsonl files",
        )
    return [file for path in found for file in (jsonl_files(path) if os.path.isdir(path) else [path])]
