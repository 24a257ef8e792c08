"""Coverage of every interval that reports and comparisons print, over a grid: `python benchmarks/coverage.py --grid`.

Each cell draws runs, lets the code of the command print them, and reads the interval from the printed line. Cells are
measured in turn, and each result is appended to a file at once: the same command goes on where it was stopped.
"""

from __future__ import annotations

import json
import math
import re
import sys
import time
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from drawn_scores import LEVEL, Cell, ends_of
from printed_cells import all_cells

PAGE = Path(__file__).parents[1] / "docs" / "statistics.md"
BLOCK = re.compile(r"(<!-- printed coverage: [^>]*-->\n).*?(<!-- end -->)", re.DOTALL)

LOOK, N_RUNS, N_MORE = 250, 3000, 8000
"Runs between two looks, at most for a cell, and at most for one whose coverage is near the least that is promised."

MOST_ERROR = 0.5
"Points of 100: the Monte Carlo standard error that is aimed at."

N_FEW = 100
"Runs of a cell that always prints the same, or never an interval."


@dataclass(frozen=True)
class Found:
    """What came of a cell. All in percent of the runs; `covers` of those that print an interval."""

    kind: str
    name: str
    covers: float
    "NaN where no run prints an interval."
    error: float
    "Monte Carlo standard error of `covers`; 0 where all outcomes were enumerated."
    printed: float
    n_runs: int
    "0 where all outcomes were enumerated."


def measure(cell: Cell) -> Found:
    """The coverage of a cell: as many runs as its Monte Carlo error calls for, and more where it is near the least."""
    if cell.outcomes is not None:
        return _exact(cell)
    rng = np.random.default_rng(zlib.crc32(cell.key.encode()))
    held: list[bool | None] = []
    lines: set[str] = set()
    while len(held) < N_MORE:
        line = cell.draw(rng)
        lines.add(line)
        ends = ends_of(line)
        held.append(None if ends is None else ends[0] <= cell.truth <= ends[1])
        if len(held) == N_FEW and (len(lines) == 1 or all(one is None for one in held)):
            break
        if len(held) % LOOK == 0 and _is_settled(held, cell):
            break
    return _found(cell, held)


def _is_settled(held: Sequence[bool | None], cell: Cell) -> bool:
    """Whether the Monte Carlo error is at most half a point, and the coverage is not near the least."""
    missed = 2 + sum(1 for one in held if one is False)
    share = 1 - missed / (len(held) + 2)
    error = 100 * math.sqrt(share * (1 - share) / len(held))
    if error > MOST_ERROR:
        return len(held) >= N_RUNS
    return cell.is_slow or len(held) >= N_MORE or abs(100 * share - LEVEL) > 3 * error or 100 * share < LEVEL - 1


def _share(held: Sequence[bool | None]) -> float:
    seen = [one for one in held if one is not None]
    return 100 * sum(seen) / len(seen) if seen else math.nan


def _found(cell: Cell, held: Sequence[bool | None]) -> Found:
    seen = [one for one in held if one is not None]
    covers, share = _share(held), 100 * len(seen) / len(held)
    error = math.sqrt(max(covers * (100 - covers), 0) / len(seen)) if seen else math.nan
    return Found(cell.kind, cell.name, covers, error, share, len(held))


def _exact(cell: Cell) -> Found:
    assert cell.outcomes is not None
    total = printed = held = 0.0
    for chance, line in cell.outcomes():
        total += chance
        ends = ends_of(line)
        if ends is not None:
            printed += chance
            held += chance * (ends[0] <= cell.truth <= ends[1])
    covers = 100 * held / printed if printed else math.nan
    return Found(cell.kind, cell.name, covers, 0.0, 100 * printed / total, 0)


def read(path: Path) -> dict[str, Found]:
    """The cells that were measured already, by kind and name."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    return {f"{row['kind']}: {row['name']}": Found(**row) for row in map(json.loads, lines)}


def run(path: Path, kinds: Sequence[str] = (), cells: Iterable[Cell] | None = None) -> dict[str, Found]:
    """Measure what is not in the file yet; all results. kinds: only cells whose key holds one of these words."""
    done = read(path)
    chosen = [cell for cell in cells or all_cells() if not kinds or any(word in cell.key for word in kinds)]
    for cell in chosen:
        if cell.key in done:
            continue
        began_s = time.perf_counter()
        found = measure(cell)
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(found)) + "\n")
        done[cell.key] = found
        took = f"{time.perf_counter() - began_s:5.1f} s"
        mark = "  <-- below" if found.covers < LEVEL else ""
        print(f"{took}  {found.covers:6.2f} ±{found.error:.2f}  {cell.key}{mark}", file=sys.stderr, flush=True)
    return done


def table(done: Mapping[str, Found]) -> str:
    """A row for each kind: its worst cell, and how many cells say that there are too few."""
    head = ["kind of number", "cells", "measured", "too few to say", "covers at least %", "±", "in the cell"]
    rows = [head, ["---", "---:", "---:", "---:", "---:", "---:", "---"]]
    kinds: dict[str, list[Cell]] = {}
    for cell in all_cells():
        kinds.setdefault(cell.kind, []).append(cell)
    for kind, cells in kinds.items():
        found = [done[cell.key] for cell in cells if cell.key in done]
        shown = [one for one in found if one.printed > 0]
        row = [kind, f"{len(cells)}", f"{len(found)}", f"{len(found) - len(shown)}"]
        rows.append([*row, *_worst(shown)])
    return "\n".join(f"| {' | '.join(cells)} |" for cells in rows)


def _worst(found: Sequence[Found]) -> list[str]:
    if not found:
        return ["-", "-", "none"]
    worst = min(found, key=lambda one: one.covers)
    return [f"{worst.covers:.1f}", "exact" if worst.n_runs == 0 else f"{worst.error:.1f}", worst.name]


def write(done: Mapping[str, Found]) -> None:
    """Put the table into docs/statistics.md."""
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(BLOCK.sub(lambda match: f"{match[1]}{table(done)}\n{match[2]}", page), encoding="utf-8")
