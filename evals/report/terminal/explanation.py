"""An explanation of a gap in the terminal: its parts, possible causes, what cannot be told."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from typing import Any

from evals.comparison.explain import Explanation, Part
from evals.record.rows import row_of
from evals.record.scores import report_name
from evals.report.flips import read_samples
from evals.report.run_names import legend
from evals.report.terminal.sample import prompt_parts
from evals.report.words import WIDTH, counted, number, printable, signed, signed_interval, wrapped

MAX_DIFF_LINES = 12
NAME = 41


def explanation_text(e: Explanation, names: Sequence[str]) -> str:
    """The explanation, at most 80 columns wide."""
    evals = e.a.facts.eval_name
    if e.b.facts.eval_name != evals:
        evals = f"{evals} and {e.b.facts.eval_name}"
    sections = [
        [*wrapped(f"{evals}: {counted(e.pairing.n, 'sample')} in both"), *legend([e.a, e.b], names)],
        [f"  {line}" for line in _waterfall(e, names)],
        _listed("points to", e.causes),
        _listed("differs", [change.text for change in e.changes.changes]),
        _listed("cannot be told", e.unknown),
        list(_prompt_lines(e, names)),
    ]
    return "\n\n".join("\n".join(lines) for lines in sections if lines)


def _waterfall(e: Explanation, names: Sequence[str]) -> Iterator[str]:
    metric = report_name(e.b.metric)
    yield f"{'':<{NAME}}  {'':>7}  {'95 % interval':<16}  {'n':>6}"
    yield f"{f'{metric} of {names[0]}':<{NAME}}  {number(e.a.mean):>7}  {'':<16}  {e.a.n:>6,}"
    for part in e.parts:
        yield from _part_lines(part)
    yield f"{f'{metric} of {names[1]}':<{NAME}}  {number(e.b.mean):>7}  {'':<16}  {e.b.n:>6,}"
    yield f"{'gap':<{NAME}}  {signed(e.gap):>7}"
    if e.interaction is not None:
        yield from _part_lines(e.interaction)
        yield "  (the answers gain so much more under the second scorer than under the first;"
        yield "  half of it is in each part)"


def _part_lines(part: Part) -> Iterator[str]:
    bounds = "" if part.interval is None else signed_interval(part.interval, missing="")
    *first, last = wrapped(part.name, width=NAME - 2)
    yield from (f"  {line}" for line in first)
    yield f"  {last:<{NAME - 2}}  {signed(part.value):>7}  {bounds:<16}  {part.n:>6,}"


def _listed(title: str, texts: Sequence[str]) -> list[str]:
    if not texts:
        return []
    lines = [f"  {title}"]
    for text in texts:
        lines += wrapped(text, first="    ")
    return lines


def _prompt_lines(e: Explanation, names: Sequence[str]) -> Iterator[str]:
    """The differing lines of the prompts of one sample."""
    if e.example is None:
        return
    id_a, id_b = e.example
    a, b = _prompt_of(e.a.path, id_a), _prompt_of(e.b.path, id_b)
    yield f"  prompts of {printable(id_a)}, {names[0]} (-) and {names[1]} (+)"
    lines = [line for line in difflib.unified_diff(a, b, lineterm="", n=0) if not line.startswith(("---", "+++", "@@"))]
    for line in lines[:MAX_DIFF_LINES]:
        yield f"    {line}" if len(line) <= WIDTH - 4 else f"    {line[: WIDTH - 7]}..."
    if len(lines) > MAX_DIFF_LINES:
        yield f"    ({len(lines) - MAX_DIFF_LINES:,} more lines)"


def _prompt_of(path: str, sample_id: str) -> list[str]:
    sample = read_samples(path, [sample_id]).get(sample_id)
    prompt: Any = None if sample is None else row_of(sample)["prompt"]
    return [
        f"{label}: {line}"
        for label, text in prompt_parts(prompt)
        for line in printable(text).split("\n")
        if line.strip()
    ]
