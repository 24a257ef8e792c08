"""What the processes of a run have spent together, in memory that they share: one budget for all of them."""

from __future__ import annotations

import mmap
import struct
from pathlib import Path

_SLOT = struct.Struct("<dd")
"Dollars and tokens of one process. Each writes its own slot only, so nothing has to be locked."


class SharedSpending:
    """The slots of `n` processes in the file at `path`; `index` is the slot of this one."""

    def __init__(self, path: Path, index: int, n: int) -> None:
        self._index, self._n = index, n
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), _SLOT.size * n)

    @staticmethod
    def create(path: Path, n: int) -> None:
        """Write the file with empty slots."""
        path.write_bytes(bytes(_SLOT.size * n))

    def together(self, cost_usd: float, n_tokens: int) -> tuple[float, int]:
        """Note what this process has spent; what all have spent: dollars and tokens."""
        _SLOT.pack_into(self._map, self._index * _SLOT.size, cost_usd, float(n_tokens))
        slots = [_SLOT.unpack_from(self._map, number * _SLOT.size) for number in range(self._n)]
        return sum(cost for cost, _ in slots), int(sum(tokens for _, tokens in slots))
