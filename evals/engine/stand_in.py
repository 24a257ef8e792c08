"""Stands in for models: counts what an eval would send, and calls nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evals.completion import Completions, ContinuationScore, ContinuationScores
from evals.engine.traits import traits_of
from evals.json_text import dumps

CAPS = ("max_tokens", "max_completion_tokens", "max_output_tokens")
COUNTED = ("tools", "response_format")
"Options of a request that servers count among the tokens of its prompt."


@dataclass
class PlannedCalls:
    """What the calls to one completion function add up to."""

    fn: Any
    grades: bool = False
    "Some of them judge other completions."
    n_calls: int = 0
    n_completions: int = 0
    n_messages: int = 0
    n_bytes: int = 0
    "Of the texts in prompts, and of what is sent as JSON beside them (COUNTED)."
    n_tokens: int = 0
    "Of the prompts by the model's own tokenizer; 0 where there is none here."
    n_images: int = 0
    cap_tokens: int = 0
    "Completion tokens at most, over the calls that have a cap."
    n_uncapped: int = 0
    "Completions without a cap."
    carried_tokens: int = 0
    "Completion tokens, at most, of earlier calls of the same sample: later prompts may hold them."

    def add(self, other: PlannedCalls, times: int) -> None:
        """Count the calls of `other` so many times more."""
        self.grades |= other.grades
        for name in _NUMBERS:
            setattr(self, name, getattr(self, name) + times * getattr(other, name))


_NUMBERS = (
    *("n_calls", "n_completions", "n_messages", "n_bytes", "n_tokens", "n_images"),
    *("cap_tokens", "n_uncapped", "carried_tokens"),
)


class StandIn:
    """Takes the calls of one sample after the other, and answers each with empty texts.

    headroom: the tokens on top of a cap for a completion function and the options of a call, for models that reason.
    verdict: what graders answer, so that none is asked again because nobody can read it.
    """

    def __init__(
        self, headroom: Callable[[Any, Mapping[str, Any]], int] = lambda fn, options: 0, verdict: str = ""
    ) -> None:
        self._headroom, self._verdict = headroom, verdict
        self._planned: dict[str, PlannedCalls] = {}
        self._tokens_before = 0

    def take(self) -> list[PlannedCalls]:
        """The calls since the last time, one entry a completion function; the next sample begins."""
        planned, self._planned, self._tokens_before = list(self._planned.values()), {}, 0
        return planned

    def complete(self, fn: Any, prompt: Any, options: Mapping[str, Any], *, grading: bool) -> Completions:
        """Count a call; its completions are empty texts, or verdicts."""
        own = {**_mapping(fn, "options"), **_mapping(fn, "extra_options")}
        sent = {**options, **{name: value for name, value in own.items() if value is not None}}
        n = int(sent.get("n") or 1)
        caps = [sent[name] for name in CAPS if isinstance(sent.get(name), int | float)]
        cap = int(caps[0]) if caps else getattr(fn, "default_max_tokens", None)
        beside = [dumps(sent[name]) for name in COUNTED if sent.get(name)]
        cap = None if cap is None else int(cap) + self._headroom(fn, sent)
        self._count(fn, prompt, n, cap, beside, grades=grading)
        return Completions([self._verdict if grading else ""] * n, finish_reasons=["stop"] * n)

    def score(self, fn: Any, prompt: Any, continuations: Sequence[str]) -> ContinuationScores:
        """Count a request for log probabilities, which writes nothing; all continuations are equally likely."""
        self._count(fn, [prompt, *continuations], 0, 0, (), grades=False)
        return ContinuationScores([ContinuationScore(-1.0, 1) for _ in continuations])

    def _count(self, fn: Any, prompt: Any, n: int, cap: int | None, beside: Sequence[str], *, grades: bool) -> None:
        found = self._planned.setdefault(key_of(fn), PlannedCalls(fn))
        texts = [*texts_of(prompt), *beside]
        count = getattr(fn, "count_tokens", None)
        found.grades |= grades
        found.n_calls += 1
        found.n_completions += n
        found.n_messages += len(prompt) if isinstance(prompt, list) else 1
        found.n_bytes += sum(len(text.encode("utf-8", "replace")) for text in texts)
        found.n_tokens += sum(map(count, texts)) if callable(count) else 0
        found.n_images += _n_images(prompt)
        found.carried_tokens += self._tokens_before
        if cap is None:
            found.n_uncapped += n
        else:
            found.cap_tokens += n * cap
            self._tokens_before += n * cap


def key_of(fn: Any) -> str:
    """What calls are added up by: server and model. Solvers are copied for each sample, so the object is no key."""
    return traits_of(fn).limit_key


def _mapping(fn: Any, name: str) -> Mapping[str, Any]:
    found = getattr(fn, name, None)
    return found if isinstance(found, Mapping) else {}


def texts_of(prompt: Any) -> list[str]:
    """The texts in a prompt: of a text, of messages, of parts of messages."""
    if isinstance(prompt, str):
        return [prompt]
    if isinstance(prompt, Mapping):
        return texts_of(prompt.get("content") if "content" in prompt else prompt.get("text"))
    return [text for part in prompt for text in texts_of(part)] if isinstance(prompt, list) else []


def _n_images(prompt: Any) -> int:
    if isinstance(prompt, Mapping):
        return int("image" in str(prompt.get("type"))) or _n_images(prompt.get("content"))
    return sum(map(_n_images, prompt)) if isinstance(prompt, list) else 0
