"""A recorder and a model that keep what they were called with, and a run over rows of a real file."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from evals.completion import Completions
from evals.record import DummyRecorder, LocalRecorder
from evals.specs import RunSpec


class RecordedCalls(DummyRecorder):
    """Keeps the positional and keyword arguments of `record_match` and `record_metrics`, as plug-ins' tests see them."""

    def __init__(self) -> None:
        super().__init__(None)
        self.matches: list[tuple[tuple[Any, ...], dict[str, Any]]] = []
        self.metrics: list[dict[str, Any]] = []

    def record_match(self, *args: Any, **kwargs: Any) -> None:
        self.matches.append((args, kwargs))

    def record_metrics(self, **kwargs: Any) -> None:
        self.metrics.append(kwargs)


class Model:
    """A completion function that answers by a function of the prompt, or always the same, and keeps its calls."""

    def __init__(self, answer: Callable[[Any], str] | str) -> None:
        self.answer = answer
        self.calls: list[tuple[Any, dict[str, Any]]] = []

    def __call__(self, prompt: Any, **kwargs: Any) -> Completions:
        self.calls.append((prompt, kwargs))
        return Completions([self.answer if isinstance(self.answer, str) else self.answer(prompt)])


def recorded(cls: Callable[..., Any], sample: Any, completion: str, **args: Any) -> RecordedCalls:
    """What an eval class records for one sample and completion, called as the tests of openai/evals do."""
    evaluation = cls([Model(completion)], "", eval_registry_path=Path("."), **args)
    recorder = RecordedCalls()
    with recorder.as_default_recorder("x"):
        evaluation.eval_sample(sample, None)
    return recorder


def run_over(
    cls: Callable[..., Any], rows: Iterable[Any], answer: Callable[[Any], str] | str, folder: Path, **args: Any
) -> dict[str, Any]:
    """The report of a run over `rows` in a file, with a record on disk."""
    data = folder / "samples.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    evaluation = cls([Model(answer)], str(data), eval_registry_path=folder, name="rows.dev.v0", **args)
    spec = RunSpec(["model"], "rows.dev.v0", "rows", "dev", {}, "")
    recorder = LocalRecorder(str(folder / "record.jsonl"), spec)
    try:
        report: dict[str, Any] = evaluation.run(recorder)
    finally:
        recorder.close()
    return report
