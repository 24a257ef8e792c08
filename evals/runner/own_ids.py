"""The ids that rows give themselves: one id names one sample, or samples are called by their place in the data."""

from __future__ import annotations

import hashlib
import itertools
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from evals.errors import BadSample
from evals.eval import Eval
from evals.sample import OWN_ID_KEY, own_id


@dataclass(frozen=True)
class _Repeated:
    """Two rows with one id. where: the place of the first; row: the second; n: rows that repeat some id."""

    name: str
    where: str
    row: Any
    n: int


class OwnIds:
    """Takes in rows, and tells whether their ids can be names.

    Where the eval names a column of ids (`id_key`), a row without a usable id and a second row with the same one are
    errors. Where the data merely have a field `id`, equal ids are a warning, and the run keeps the numbers of the rows:
    data of openai/evals may repeat them.
    """

    def __init__(self, evaluation: Eval) -> None:
        fields = getattr(evaluation, "row_fields", None)  # a plug-in's constructor may leave ours out
        self._column: str | None = None if fields is None else fields.columns.get(OWN_ID_KEY)
        self.hashes = array("q")
        "8 bytes a row: the ids of a large dataset do not stay in memory. The same in every process."
        self._warning: str | None = None

    @property
    def are_unique(self) -> bool:
        """Whether no id came twice; known after `compare`."""
        return self._warning is None

    def look_at(self, sample: Any) -> None:
        """Take in one row.

        Raises:
            BadSample: the eval names a column of ids, and this row has none in it.
        """
        name = own_id(sample)
        if name is not None:
            self.hashes.append(_hash(name))
        elif self._column is not None:
            raise BadSample(
                f"no id in the column {self._column!r}", sample, fix="give each row a text or a whole number"
            )

    def compare(self, rows: Iterable[Any]) -> None:
        """Find ids that came twice. rows: those that were looked at, which are read again only if there are some.

        Raises:
            BadSample: the eval names a column of ids, and two rows have the same one.
        """
        for problem in self.problems(rows):
            raise problem

    def problems(self, rows: Iterable[Any]) -> list[BadSample]:
        """What `compare` raises; nothing where there is nothing wrong."""
        repeated = _first_repeated(rows) if _has_equal(self.hashes) else None
        if repeated is None:
            return []
        if self._column is not None:
            found = BadSample(
                f"the id {repeated.name[:40]!r} is that of an earlier row",
                repeated.row,
                notes=[f"first in {repeated.where}", "nothing was called"],
                fix=f"give each row its own {self._column!r}, or leave id_key out",
            )
            return [found]
        places = f"{repeated.where} and {_place(repeated.row)}"
        self._warning = (
            f"the id {repeated.name[:40]!r} names two rows ({places}; {repeated.n:,} in all repeat one): "
            "samples are called by their row number"
        )
        return []

    def warnings(self) -> list[str]:
        """One line where ids came twice."""
        return [] if self._warning is None else [self._warning]


def _hash(name: str) -> int:
    digest = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def _has_equal(hashes: array[int]) -> bool:
    in_order = sorted(hashes)
    return any(one == other for one, other in itertools.pairwise(in_order))


def _first_repeated(rows: Iterable[Any]) -> _Repeated | None:
    seen: dict[str, str] = {}
    found: tuple[str, str, Any] | None = None
    n = 0
    for row in rows:
        name = own_id(row)
        if name is None:
            continue
        if name not in seen:
            seen[name] = _place(row)
            continue
        n += 1
        found = found or (name, seen[name], row)
    return None if found is None else _Repeated(*found, n)


def _place(row: Any) -> str:
    index = getattr(row, "index", None)
    return getattr(row, "where", None) or (f"row {index + 1}" if isinstance(index, int) else "a row")
