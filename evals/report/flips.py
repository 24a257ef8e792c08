"""Shows samples that two runs scored differently: the prompt, and what each run answered."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from evals.comparison.compare import Comparison
from evals.record.reader import read_record
from evals.record.rows import row_of
from evals.record.sample_record import SampleRecord
from evals.report.terminal.sample import prompt_parts
from evals.report.words import labelled, one_line

MAX_LINES = 8
"Lines shown of each text."

MAX_MESSAGES = 3
"A prompt with more messages is shown by its last message only."


def read_samples(path: str, ids: Collection[str]) -> dict[str, SampleRecord]:
    """The first finished evaluation of each of these samples, by sample id."""
    found: dict[str, SampleRecord] = {}
    wanted = set(ids)
    if not wanted:
        return found
    for sample in read_record(path).samples(wanted):
        if sample.error is None:
            known = found.get(sample.sample_id)
            if known is None or sample.repeat < known.repeat:
                found[sample.sample_id] = sample
    return found


class FlipTexts:
    """The texts of the flips that are shown. Reads each record once more, and keeps only these samples."""

    def __init__(self, comparison: Comparison, names: Sequence[str], n: int) -> None:
        """names: of both runs. n: flips shown in each direction; 0 shows all."""
        self._comparison, self._names = comparison, names
        c = comparison
        self.fell = c.fell[:n] if n else c.fell
        self.rose = c.rose[:n] if n else c.rose
        shown = [*self.fell.tolist(), *self.rose.tolist()]
        self._ids = {i: (c.ids([i])[0], c.b.sample_ids[c.pairing.rows_b[i]]) for i in shown}
        self._samples_a = read_samples(c.a.path, {a for a, _ in self._ids.values()})
        self._samples_b = read_samples(c.b.path, {b for _, b in self._ids.values()})

    def text(self, pair: int) -> str:
        """One flip as text: prompt, both completions, expected answer. pair: its position in the comparison."""
        lines = [self._head(pair)]
        for label, text in self._parts(pair):
            lines += labelled(label, text, MAX_LINES)
        return "\n".join(lines)

    def row(self, pair: int) -> dict[str, Any]:
        """One flip as plain values."""
        c = self._comparison
        id_a, id_b = self._ids[pair]
        a, b = row_of(self._samples_a[id_a]), row_of(self._samples_b[id_b])
        return {
            "id": self._comparison.names([pair])[0],
            "sample_id": id_a,
            "score_a": float(c.scores_a[pair]),
            "score_b": float(c.scores_b[pair]),
            "prompt_a": a["prompt"],
            "prompt_b": b["prompt"],
            "completion_a": a["completion"],
            "completion_b": b["completion"],
            "picked_a": a["picked"],
            "picked_b": b["picked"],
            "expected": a["expected"],
        }

    def _head(self, pair: int) -> str:
        c = self._comparison
        before, after = float(c.scores_a[pair]), float(c.scores_b[pair])
        id_a, id_b = self._ids[pair]
        other = "" if id_a == id_b else f"{id_b} in {self._names[1]}"
        called = c.names([pair])[0]
        beside = ", ".join(text for text in (id_a if called != id_a else "", other) if text)
        name = one_line(f"{called} ({beside})" if beside else called)
        return f"{name}  {score_word(before, c.is_binary)} -> {score_word(after, c.is_binary)}"

    def _parts(self, pair: int) -> Iterator[tuple[str, str]]:
        row = self.row(pair)
        name_a, name_b = self._names
        if row["prompt_a"] == row["prompt_b"]:
            yield from shown_prompt(row["prompt_a"])
        else:
            yield from ((f"{name_a}: {label}", text) for label, text in shown_prompt(row["prompt_a"]))
            yield from ((f"{name_b}: {label}", text) for label, text in shown_prompt(row["prompt_b"]))
        yield name_a, _text(row["completion_a"])
        yield name_b, _text(row["completion_b"])
        if row["expected"] is not None:
            yield "expected", _text(row["expected"])
        for name, picked, completion in (
            (name_a, row["picked_a"], row["completion_a"]),
            (name_b, row["picked_b"], row["completion_b"]),
        ):
            if picked is not None and picked != completion:
                yield f"picked, {name}", _text(picked)


def score_word(score: float, is_binary: bool) -> str:
    """`right` or `wrong`; the number if scores are graded."""
    if is_binary:
        return "right" if score else "wrong"
    return f"{score:.3g}"


def shown_prompt(prompt: Any) -> Iterator[tuple[str, str]]:
    """(role, text) of the messages to show: all of a short prompt, the last one of a long prompt."""
    parts = list(prompt_parts(prompt)) if prompt is not None else []
    if len(parts) > MAX_MESSAGES:
        yield "prompt", f"({len(parts) - 1} messages, then)"
        parts = parts[-1:]
    yield from parts


def _text(value: Any) -> str:
    from evals.json_text import dumps

    if value is None:
        return "(nothing)"
    return value if isinstance(value, str) else dumps(value)
