"""A result in the report of a failed test: metrics, the first wrong samples, and the command that shows all."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from evals.json_text import dumps
from evals.report.words import printable
from evals.runner.result import RunResult, SampleRow

N_SHOWN = 5
WIDTH = 66


def result_text(result: RunResult, n_shown: int = N_SHOWN) -> str:
    """Metrics with interval and n, the first wrong and failed samples, the record. n_shown: samples of each kind."""
    lines = [f"{name:<12} {metric}" for name, metric in result.metrics.items()]
    if result.problem is not None:
        lines += [f"{'not whole':<12} {line}" for line in result.problem.what.splitlines()[:1]]
    if result.record_path is None:
        return "\n".join(lines)
    lines += _section("wrong", result, n_shown) + _section("failed", result, n_shown)
    lines += ["", f"{'record':<12} {result.record_path}"]
    if result.counters.scores.n:
        lines.append(f"{'all of them':<12} evals view {result.record_path} --wrong")
    return "\n".join(lines)


def _section(which: str, result: RunResult, n_shown: int) -> list[str]:
    rows = result.samples.wrong() if which == "wrong" else result.samples.failed()
    shown = list(islice(rows, n_shown))
    n_more = sum(1 for _ in rows)
    if not shown:
        return []
    total = len(shown) + n_more
    head = f"{which}: {total:,}" if not n_more else f"{which}: {total:,}, the first {len(shown)}"
    return ["", head, *(line for row in shown for line in _sample_lines(row))]


def row_text(row: SampleRow) -> str:
    """One sample. Its first line holds the expected and the given answer, because summaries show only that line."""
    head = f"expected {_short(row.expected, 24)}, got {_short(row.completion, 24)}"
    about = [f"{'sample':<12} {_short(_name(row))}", f"{'prompt':<12} {_short(_last(row.prompt))}"]
    return "\n".join([head, "", *about, *_facts(row)])


def _sample_lines(row: SampleRow) -> Iterator[str]:
    repeat = f", repeat {row.repeat}" if row.repeat else ""
    yield f"  {_short(_name(row))}{repeat}"
    yield from (f"    {line}" for line in _facts(row))


def _name(row: SampleRow) -> str:
    """`q-17 (quiz.test.3)`: the row's own id with the positional one, or the latter alone."""
    return row.sample_id if row.id in ("", row.sample_id) else f"{row.id} ({row.sample_id})"


def _facts(row: SampleRow) -> Iterator[str]:
    if row.error is not None:
        yield f"{'error':<12} {_short(': '.join(str(row.error[k]) for k in ('type', 'message') if row.error.get(k)))}"
        return
    yield f"{'expected':<12} {_short(row.expected)}"
    yield f"{'got':<12} {_short(row.completion)}"
    if row.picked is not None and row.picked != row.completion:
        yield f"{'picked':<12} {_short(row.picked)}"


def _last(prompt: Any) -> Any:
    """The last message of a chat, which holds the question."""
    if isinstance(prompt, list) and prompt and isinstance(prompt[-1], dict):
        return prompt[-1].get("content")
    return prompt


def _short(value: Any, width: int = WIDTH) -> str:
    """`value` on one line. The middle of a long text is left out, because answers stand at the end."""
    text = "(nothing)" if value is None else value if isinstance(value, str) else dumps(value)
    text = printable(text).replace("\n", " ⏎ ")
    if len(text) <= width:
        return text
    half = (width - 5) // 2
    return f"{text[:half]} ... {text[-half:]}"
