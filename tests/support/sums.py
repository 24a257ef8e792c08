"""An eval of four sums, a function that answers three of them, and a backend that counts what it is asked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from evals.completion import Completions
from evals.completion_fns.backend import Backend
from evals.engine.failures import CallFailed, Kind
from evals.eval import Eval

QUESTIONS = {"1 + 1?": "2", "2 + 2?": "4", "3 + 3?": "6", "4 + 4?": "8"}


def write_sums(root: Path) -> Path:
    """A registry with the eval `sums` of four questions."""
    (root / "evals").mkdir(parents=True)
    (root / "data").mkdir()
    rows = [json.dumps({"input": question, "ideal": answer}) + "\n" for question, answer in QUESTIONS.items()]
    (root / "data" / "sums.jsonl").write_text("".join(rows), encoding="utf-8")
    body = {"class": "evals.suite:Match", "args": {"samples_jsonl": "sums.jsonl"}}
    (root / "evals" / "sums.yaml").write_text(f"sums: {{id: sums.dev.v0}}\nsums.dev.v0: {json.dumps(body)}\n")
    return root


class MakesSamples(Eval):
    """An eval that has no dataset and makes its samples in `run`."""

    def eval_sample(self, sample: Any, rng: Any) -> None: ...

    def run(self, recorder: Any) -> dict[str, Any]:
        return {}


def three_of_four(prompt: Any) -> str:
    question = prompt if isinstance(prompt, str) else prompt[-1]["content"]
    return "9" if question == "4 + 4?" else QUESTIONS[question]


class Adder(Backend):
    """A backend that counts what it is asked, and cannot answer one question."""

    def __init__(self, broken_for: str = "") -> None:
        self.broken_for = broken_for
        self._asked: list[str] = []

    async def complete(self, prompt: Any, **kwargs: Any) -> Completions:
        self._asked.append(prompt)
        if prompt == self.broken_for:
            raise CallFailed(Kind.CONTENT_FILTER, "the filter said no")
        return Completions([three_of_four(prompt)])
