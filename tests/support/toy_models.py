"""Language models small enough to follow by hand: next-token tables, and likelihoods by the letters of a text."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from evals.completion import Completions, ContinuationScore
from evals.completion_fns.backend import Backend
from evals.engine.failures import CallFailed, Kind
from evals.record import LocalRecorder
from evals.record.reader import read_record
from evals.specs import RunSpec
from evals.suite.choice.eval import Choice

Table = Callable[[str], Mapping[str, float]]
"Prompt to the probabilities of the next token."


def text_of(prompt: Any) -> str:
    return prompt if isinstance(prompt, str) else "\n".join(message["content"] for message in prompt)


def hashed(prompt: str, tokens: Sequence[str] = (" A", " B", " C", " D", "A", "B", "C", "D", " x")) -> dict[str, float]:
    """Probabilities that look random and are the same at every call."""
    weights = [hashlib.sha256(f"{prompt}|{token}".encode()).digest()[0] + 1 for token in tokens]
    return {token: weight / sum(weights) for token, weight in zip(tokens, weights, strict=True)}


class ChatModel(Backend):
    """A chat model that gives the likeliest alternatives of its first token."""

    gives_top_logprobs = True

    def __init__(self, table: Table = hashed, *, most: int = 20, reply: str | None = None) -> None:
        self.table, self.most, self.reply = table, most, reply
        self.calls: list[tuple[Any, dict[str, Any]]] = []

    async def complete(self, prompt: Any, **kwargs: Any) -> Completions:
        self.calls.append((prompt, kwargs))
        table = self.table(text_of(prompt))
        best = sorted(table, key=lambda token: -table[token])
        n = kwargs.get("top_logprobs", 0)
        if n > self.most:
            raise CallFailed(Kind.BAD_REQUEST, f"top_logprobs is at most {self.most}")
        top = [{"token": token, "logprob": math.log(table[token])} for token in best[:n]]
        logprobs = [{"content": [{**top[0], "top_logprobs": top}]}] if top else None
        return Completions([best[0] if self.reply is None else self.reply], logprobs=logprobs)


class ScoringModel(Backend):
    """A model that scores texts: letters by the table, longer texts letter by letter, each worth its own number."""

    is_local = True

    def __init__(self, table: Table = hashed, n_ctx: int | None = None) -> None:
        self.table, self.n_ctx = table, n_ctx
        self.prompts: list[tuple[Any, list[str]]] = []

    async def complete(self, prompt: Any, **kwargs: Any) -> Completions:
        table = self.table(prompt)
        return Completions([max(table, key=lambda token: table[token])])

    async def score(self, prompt: Any, continuations: Sequence[str]) -> list[ContinuationScore]:
        self.prompts.append((prompt, list(continuations)))
        if self.n_ctx is not None and len(prompt) > self.n_ctx:
            raise CallFailed(Kind.CONTEXT_LENGTH, "the prompt is too long")
        table = self.table(prompt)
        return [self._score(prompt, table, text) for text in continuations]

    def _score(self, prompt: str, table: Mapping[str, float], text: str) -> ContinuationScore:
        if text in table:
            return ContinuationScore(math.log(table[text]), 1)
        values = [-(hashlib.sha256(f"{prompt[-1:]}{char}".encode()).digest()[0] + 1) / 100 for char in text]
        return ContinuationScore(math.fsum(values), len(text.split()))


def write_rows(path: Path, rows: Iterable[Any]) -> str:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def run_choice(fn: Any, rows: Iterable[Any], folder: Path, **args: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The report of a run over `rows`, and its `choice` events in the order of the rows."""
    shots = args.pop("shots", None)
    if shots is not None:
        args["few_shot_jsonl"] = write_rows(folder / "dev.jsonl", shots)
    evaluation = Choice([fn], write_rows(folder / "rows.jsonl", rows), name="rows.dev.v0", **args)
    record = folder / "record.jsonl"
    record.unlink(missing_ok=True)
    recorder = LocalRecorder(str(record), RunSpec(["toy"], "rows.dev.v0", "rows", "dev", {}, ""))
    report = evaluation.run(recorder)
    recorder.record_final_report(report)
    recorder.close()
    found = [
        (int(sample.sample_id.rsplit(".", 1)[1]), sample.data("choice")) for sample in read_record(record).samples()
    ]
    return report, [event for _, events in sorted(found, key=lambda pair: pair[0]) for event in events]
