"""Who was compared with whom, and who beat whom: why strengths are not finite, and which models never met."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

SHOWN = 5


def groups_that_met(names: Sequence[Hashable], met: sparse.csr_array) -> list[list[Hashable]]:
    """The models in groups that are joined by comparisons, the largest group first; one group if all are."""
    _, codes = csgraph.connected_components(met, directed=False)
    groups = [
        [names[i] for i in np.flatnonzero(codes == code).tolist()] for code in range(int(codes.max(initial=-1)) + 1)
    ]
    return sorted(groups, key=len, reverse=True)


def apart_from_the_rest(beaten: sparse.csr_array, met: sparse.csr_array) -> list[int]:
    """The models, by number, whose strengths have no finite estimate beside those that they met: they always won or
    always lost against these, alone or as a small group. Where nobody lost to whom they beat, all of them.

    beaten, met: as of `why_unbounded`.
    """
    _, group_of = csgraph.connected_components(met, directed=False)
    _, code_of = csgraph.connected_components(beaten, connection="strong")
    sizes = np.bincount(code_of)
    found = []
    for group in range(int(group_of.max(initial=-1)) + 1):
        members = np.flatnonzero(group_of == group)
        codes = np.unique(code_of[members])
        largest = codes[np.argmax(sizes[codes])]
        if len(codes) > 1:
            found += [int(one) for one in members if sizes[largest] == 1 or code_of[one] != largest]
    return sorted(found)


def why_unbounded(names: Sequence[Hashable], beaten: sparse.csr_array, met: sparse.csr_array) -> str:
    """Which models make the strengths unbounded, in words.

    beaten: from losers to winners; met: who was compared at all; shape (n_models, n_models).
    """
    groups = groups_that_met(names, met)
    if len(groups) > 1:
        return f"{_listed(groups[1])} never met {_listed(groups[0])}"
    n, codes = csgraph.connected_components(beaten, connection="strong")
    starts, ends = beaten.nonzero()
    across = codes[starts] != codes[ends]
    told = []
    for words, inner in (
        ("never lost to the rest", codes[starts[across]]),
        ("never beat the rest", codes[ends[across]]),
    ):
        found = [code for code in range(n) if code not in set(inner.tolist())]
        if n > 1 and found:
            told.append(f"{_listed([name for name, code in zip(names, codes, strict=True) if code in found])} {words}")
    return ", ".join(told) or "nothing but ties, or ties and wins, leave the tie parameter open"


def _listed(names: Sequence[Hashable]) -> str:
    shown = ", ".join(str(name)[:40] for name in names[:SHOWN])
    return shown if len(names) <= SHOWN else f"{shown} and {len(names) - SHOWN:,} more"
