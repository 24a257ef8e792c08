"""What all reports share: numbers and p-values as text, harmless characters, lines of 80 columns."""

from __future__ import annotations

import math
import os
import textwrap
from collections.abc import Iterator

from evals.stats.estimate import Interval
from evals.texts.number_text import UNDEFINED as UNDEFINED
from evals.texts.number_text import counted as counted
from evals.texts.number_text import interval_text as interval_text
from evals.texts.number_text import level_text as level_text
from evals.texts.number_text import money as money
from evals.texts.number_text import number as number
from evals.texts.number_text import percent as percent
from evals.texts.number_text import points as points
from evals.texts.number_text import seconds as seconds
from evals.texts.number_text import signed as signed
from evals.texts.number_text import signed_interval_text as signed_interval_text
from evals.texts.safe_text import one_line as one_line
from evals.texts.safe_text import printable as printable
from evals.texts.terminal_columns import columns_of as columns_of
from evals.texts.terminal_columns import columns_of_char
from evals.texts.terminal_columns import distinct_in_columns as distinct_in_columns
from evals.texts.terminal_columns import in_columns as in_columns

WIDTH = 80
"Columns of a report in the terminal."

INDENT = "  "
LABEL_WIDTH = 12
"Columns of the label of `labelled`."

NOT_DEFINED = "not defined"
"Stands for an interval without ends."


def interval(bounds: Interval, missing: str = NOT_DEFINED) -> str:
    """`0.301 to 0.954`. missing: the text where the ends are not defined."""
    return interval_text(bounds.low, bounds.high) if bounds.defined else missing


def signed_interval(bounds: Interval, missing: str = NOT_DEFINED) -> str:
    """`-0.261 to -0.150`. missing: the text where the ends are not defined."""
    return signed_interval_text(bounds.low, bounds.high) if bounds.defined else missing


def p_value(p: float) -> str:
    """A p-value: `0.0123`, three decimals from 0.001 up, `< 0.0001` below that, a dash where it is not defined."""
    if math.isnan(p):
        return UNDEFINED
    return "< 0.0001" if p < 0.0001 else f"{p:.4f}" if p < 0.001 else f"{p:.3f}" if p < 0.9995 else "1"


def p_text(p: float) -> str:
    """`p = 0.012`, `p < 0.0001`."""
    text = p_value(p)
    return f"p {text}" if text.startswith("<") else f"p = {text}"


def wrapped(text: str, first: str = "", rest: str | None = None, width: int = WIDTH) -> list[str]:
    """`text`, made printable, in lines of at most `width` columns.

    first, rest: what stands before the first line and before all others; `rest` is `first` and two spaces unless given.
    No line ends at a hyphen: it may be one of an id, an option or a path, which people copy.
    """
    following = f"{first}  " if rest is None else rest
    return textwrap.wrap(
        printable(text), width, initial_indent=first, subsequent_indent=following, break_on_hyphens=False
    )


def indented(text: str) -> list[str]:
    """`wrapped`, indented by two columns; by four from the second line on."""
    return wrapped(text, first="  ")


def labelled(label: str, text: str, max_lines: int | None, *, keeps_end: bool = False) -> list[str]:
    """The lines of `text` beside a column with its label, in at most 80 columns.

    max_lines: of the text; the last line then says how long all of it is. None shows everything. keeps_end: of a long
    text leave out the middle, as of a prompt whose question stands at its end.
    """
    label = one_line(label)
    fold = _lines_of_both_ends if keeps_end and max_lines is not None else folded_lines
    lines = list(fold(text, WIDTH - LABEL_WIDTH - len(INDENT), max_lines))
    first, *rest = lines or [""]
    if len(label) >= LABEL_WIDTH:
        return [f"{INDENT}{label}", *(f"{INDENT}{'':<{LABEL_WIDTH}}{line}".rstrip() for line in lines)]
    margin = f"{INDENT}{'':<{LABEL_WIDTH}}"
    return [f"{INDENT}{label:<{LABEL_WIDTH}}{first}".rstrip(), *(f"{margin}{line}".rstrip() for line in rest)]


def folded_lines(text: str, width: int, max_lines: int | None = None) -> Iterator[str]:
    """Printable lines of at most `width` columns; after `max_lines` of them, how long the whole text is."""
    shown = text if max_lines is None else text[: max_lines * width * 2]  # escapes make text longer, never shorter
    n_lines = 0
    for paragraph in printable(shown).split("\n"):
        for line in _folded(paragraph, width):
            if max_lines is not None and n_lines == max_lines:
                yield f"... ({len(text):,} characters in all)"
                return
            n_lines += 1
            yield line
    if len(shown) < len(text):
        yield f"... ({len(text):,} characters in all)"


def _lines_of_both_ends(text: str, width: int, max_lines: int | None) -> Iterator[str]:
    """The first lines, how long the whole text is, and the last lines: `max_lines` and one, or all where they fit."""
    assert max_lines is not None
    n_head = max_lines // 4
    n_tail = max_lines - n_head
    room = max_lines * width * 2
    if len(text) <= room:
        lines = [line for paragraph in printable(text).split("\n") for line in _folded(paragraph, width)]
        head, tail = lines[:n_head], lines[max(n_head, len(lines) - n_tail) :]
    else:
        head = list(folded_lines(text[:room], width, None))[:n_head]
        tail = list(folded_lines(text[-room:], width, None))[-n_tail:]
        lines = []
    yield from head
    if len(lines) != len(head) + len(tail):
        yield f"... ({len(text):,} characters in all)"
    yield from tail


def _folded(line: str, width: int) -> Iterator[str]:
    """`line` in pieces of at most `width` columns, broken at spaces where there are some."""
    start = 0
    while True:
        end, columns, space = start, 0, -1
        while end < len(line) and columns + columns_of_char(line[end]) <= width:
            columns += columns_of_char(line[end])
            space = end if line[end] == " " else space
            end += 1
        if end >= len(line):
            yield line[start:]
            return
        if space > start:
            yield line[start:space]
            start = space + 1
        else:
            yield line[start:end]
            start = end


def near_path(place: str) -> str:
    """A `file:line` from the working folder where that is shorter."""
    near = os.path.relpath(place) if os.path.isabs(place) else place
    return min(place, near, key=len)
