"""Writes the lines of a finished run in all of its processes: each takes a stretch of the samples in their order."""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from evals.record.batches import resealed
from evals.runner.parts import WRITE_BYTES, PartIndex, Row, lines_at


@dataclass(frozen=True)
class Stretch:
    """Samples that one process copies out of all parts. part, starts, sizes: where each stands.

    line_start: what each line begins with, up to its event id. event_id: of the first line. out: the file to write.
    """

    parts: Sequence[str]
    part: array[int]
    starts: array[int]
    sizes: array[int]
    line_start: bytes
    event_id: int
    out: str


@dataclass(frozen=True)
class Written:
    """What became of a stretch. chunks: sizes of what is to be appended at once, which ends with a whole sample."""

    chunks: list[int]
    is_whole: bool = True


def stretches_of(
    indexes: Sequence[PartIndex],
    rows: Sequence[Row],
    parts: Sequence[Path],
    line_start: bytes,
    event_id: int,
    outs: Sequence[Path],
) -> tuple[list[Stretch], int]:
    """As many stretches as there are `outs`, equal but for one sample, and the event id after the last line."""
    ids = list(accumulate((indexes[part].n_lines[number] for _, part, number in rows), initial=event_id))
    stretches = []
    for i, out in enumerate(outs):
        begin, end = len(rows) * i // len(outs), len(rows) * (i + 1) // len(outs)
        mine = rows[begin:end]
        stretches.append(
            Stretch(
                [str(path) for path in parts],
                array("L", [part for _, part, _ in mine]),
                array("Q", [indexes[part].starts[number] for _, part, number in mine]),
                array("Q", [indexes[part].sizes[number] for _, part, number in mine]),
                line_start,
                ids[begin],
                str(out),
            )
        )
    return stretches, ids[-1]


def write_stretch(stretch: Stretch) -> Written:
    """Copy the samples under their new ids into the file of the stretch, if that can be written."""
    chunks, waiting, n_bytes, event_id = [], [], 0, stretch.event_id
    try:
        with ExitStack() as stack:
            files = [stack.enter_context(open(path, "rb")).fileno() for path in stretch.parts]
            out = stack.enter_context(open(stretch.out, "xb"))
            for part, start, size in zip(stretch.part, stretch.starts, stretch.sizes, strict=True):
                lines = lines_at(files[part], start, size)
                waiting.append(resealed(lines, stretch.line_start, event_id))
                event_id += len(lines)
                n_bytes += len(waiting[-1])
                if n_bytes >= WRITE_BYTES:
                    out.write(b"".join(waiting))
                    chunks.append(n_bytes)
                    waiting, n_bytes = [], 0
            out.write(b"".join(waiting))
            chunks.append(n_bytes)
    except OSError:
        return Written([], is_whole=False)
    return Written(chunks)


def chunks_of(stretches: Sequence[Stretch], written: Sequence[Written]) -> Iterator[bytes]:
    """What the processes wrote, in order. A file that has been read is removed: the record grows meanwhile."""
    for stretch, each in zip(stretches, written, strict=True):
        with open(stretch.out, "rb") as file:
            os.unlink(stretch.out)
            for size in each.chunks:
                yield file.read(size)
