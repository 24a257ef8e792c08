"""Gives completions from a file or a list: for tests, demonstrations, and answers that were made elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from evals.completion import Completions, FunctionCall
from evals.completion_fns.backend import Backend
from evals.completion_fns.data_files import find_data_file
from evals.completion_fns.tool_calls import read_arguments
from evals.engine.context import SampleCalls, current_calls
from evals.engine.failures import CallFailed, Kind
from evals.errors import DataError, UsageError
from evals.record.current import current_sample_id
from evals.registry.typed_arguments import typed_arguments
from evals.texts.number_text import counted

KEYS = ("sample_id", "prompt", "input")
_FIX = 'write rows like {"sample_id": "...", "completion": "..."}; "prompt" works too, and a list in "completions"'


@dataclass(frozen=True)
class Line:
    """The completions for one sample or prompt. endless: the only completion is given to every call."""

    completions: Sequence[str]
    endless: bool
    tool_calls: Sequence[FunctionCall] = ()
    "The functions that each completion calls."


@typed_arguments
class ScriptedCompletionFn(Backend):
    """Answers by a script: a file, or a list of completions.

    path: JSON lines or a JSON list. A row has a key (`sample_id`, `prompt` or `input`) and `completion`, which is given
    as often as asked, or `completions`, which are given once each in this order, from the start for every sample. A
    JSON object maps keys to either. `tool_calls` in a row, a list of `name` and `arguments`, are the functions that its
    completion calls. Rows that are texts, and the argument `completions`, are given in the order of the
    calls; with several calls in flight that order is chance, so use them with one call at a time. default: given where
    the script has nothing.

    A call is looked up by the id of its sample, then by its prompt, then by the text of its last message.

    Raises:
        UsageError: neither path nor completions, or both. DataError: the file cannot be read, or a row has no key, no
            completion, or the key of another row.
    """

    is_local = True

    def __init__(
        self,
        path: str | Path | None = None,
        completions: Sequence[str] | None = None,
        default: str | None = None,
        registry: Any = None,
    ) -> None:
        if (path is None) == (completions is None):
            raise UsageError(
                "a script needs either a path or completions", fix="--completion_args path=completions.jsonl"
            )
        self.default = default
        self._in_order: list[str] = list(completions or ())
        self._by_key: dict[str, Line] = {}
        self._fallback_calls = SampleCalls()
        self._n_played = 0
        if path is not None:
            self._read(find_data_file(path, registry))

    def _read(self, path: Path) -> None:
        for number, row in enumerate(read_rows(path), 1):
            where = f"{path}:{number}"
            if isinstance(row, str):
                self._in_order.append(row)
            else:
                key, line = line_of(row, where)
                if key in self._by_key:
                    raise DataError(f"the script has two rows for {key[:80]!r}", where=where, fix="keep one of them")
                self._by_key[key] = line

    async def complete(self, prompt: Any, **kwargs: Any) -> Completions:
        """The next `n` completions for the prompt. Raises CallFailed where the script has no more."""
        n_completions = int(kwargs.get("n") or 1)
        line = next((self._by_key[key] for key in lookup_keys(prompt) if key in self._by_key), None)
        texts = [self._next(prompt) for _ in range(n_completions)]
        result = Completions(texts, model="scripted", finish_reasons=["stop"] * len(texts), cost_usd=0.0)
        if line is not None and line.tool_calls:
            result.tool_calls = [list(line.tool_calls) for _ in texts]
        return result

    def _next(self, prompt: Any) -> str:
        for key in lookup_keys(prompt):
            if key in self._by_key:
                return self._say(key, self._by_key[key])
        if self._n_played < len(self._in_order):
            self._n_played += 1
            return self._in_order[self._n_played - 1]
        if self.default is not None:
            return self.default
        played = f" (all {self._n_played} in order were played)" if self._n_played else ""
        raise CallFailed(Kind.OTHER, f"the script has no completion for {_asked(prompt)}{played}")

    def _say(self, key: str, line: Line) -> str:
        if line.endless:
            return line.completions[0]
        # The position is kept with the sample: each sample starts at the first completion, whatever else is in flight.
        calls = current_calls() or self._fallback_calls
        position = calls.next_draw(f"scripted {id(self)} {key}")
        if position < len(line.completions):
            return line.completions[position]
        n = len(line.completions)
        raise CallFailed(
            Kind.OTHER, f"the script has only {counted(n, 'completion')} for {key[:80]!r}, one more was asked for"
        )


def lookup_keys(prompt: Any) -> Iterable[str]:
    """The keys under which a script may have the current call, the most exact one first."""
    sample_id = current_sample_id()
    if sample_id is not None:
        yield sample_id
    yield prompt_key(prompt)
    if isinstance(prompt, list) and prompt and isinstance(prompt[-1], dict):
        content = prompt[-1].get("content")
        if isinstance(content, str):
            yield content


def prompt_key(prompt: Any) -> str:
    """The key of a prompt: a text itself, of another prompt its JSON."""
    return prompt if isinstance(prompt, str) else json.dumps(prompt, sort_keys=True, ensure_ascii=False)


def _asked(prompt: Any) -> str:
    sample_id = current_sample_id()
    text = prompt_key(prompt)
    shown = repr(text if len(text) <= 80 else text[:77] + "...")
    return f"sample {sample_id} or prompt {shown}" if sample_id is not None else f"prompt {shown}"


def line_of(row: Any, where: str) -> tuple[str, Line]:
    """(key, completions) of a row. where: `file:line`, for the DataError that a broken row raises."""
    if not isinstance(row, Mapping):
        raise DataError("this row is neither an object nor a text", where=where, fix=_FIX)
    key = next((row[name] for name in KEYS if name in row), None)
    if key is None:
        raise DataError("this row has no key", where=where, notes=[f"keys found: {', '.join(row)}"], fix=_FIX)
    calls = _calls(row.get("tool_calls"), where)
    said = row["completions"] if "completions" in row else row.get("completion", "" if calls else None)
    return prompt_key(key), replace(_line(said, where), tool_calls=calls)


def _calls(given: Any, where: str) -> list[FunctionCall]:
    """The `tool_calls` of a row. Raises DataError for one without a name."""
    calls: list[FunctionCall] = []
    for number, call in enumerate(given if isinstance(given, list) else []):
        if not isinstance(call, Mapping) or not isinstance(call.get("name"), str):
            fix = 'write {"name": "...", "arguments": {...}}'
            raise DataError(f"tool call {number + 1} has no name", where=where, fix=fix)
        arguments = read_arguments(call.get("arguments"))
        calls.append({"id": str(call.get("id", f"call_{number + 1}")), "name": call["name"], "arguments": arguments})
    return calls


def _line(said: Any, where: str) -> Line:
    if isinstance(said, str):
        return Line([said], endless=True)
    if isinstance(said, list) and said and all(isinstance(text, str) for text in said):
        return Line(said, endless=False)
    raise DataError("this row has no completion, or one that is no text", where=where, fix=_FIX)


def read_rows(path: Path) -> list[Any]:
    """The rows of a file: JSON lines, or in a `.json` file a list, or an object that becomes a row for each key."""
    from evals.data import get_json, get_jsonl

    if path.suffix != ".json":
        return get_jsonl(str(path))
    whole = get_json(str(path))
    if isinstance(whole, dict):
        items = whole.items()
        return [{"prompt": key, "completions" if isinstance(said, list) else "completion": said} for key, said in items]
    if isinstance(whole, list):
        return whole
    raise DataError("a script is a list or an object", where=str(path), fix=_FIX)
