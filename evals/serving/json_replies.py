"""Replies that are JSON: the form is written here, and the model fills in its values, one after the other."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from evals.local_models.language_model import Generated, Sampling, random_stream
from evals.serving.json_form import JsonForm
from evals.serving.served_model import ServedModel

TEXT_TOKENS, NUMBER_TOKENS = 24, 8
"The most tokens of one value."
_NUMBER = re.compile(r"\s*(-?\d{1,15}(?:\.\d{1,15})?)")


async def json_completions(served: ServedModel, prompt: str, sampling: Sampling, form: JsonForm) -> list[Generated]:
    """`n` completions that are JSON of the form, whole unless `max_tokens` ends them before.

    prompt: the chat as text. Where any object will do, the reply is the model's own if it is one, else an object that
    holds it under `text`.

    Raises:
        ContextExceeded: prompt and values do not fit into the context.
    """
    found = []
    for draw in range(sampling.n):
        seed = None if sampling.seed is None else sampling.seed + draw
        writer = _Writer(served, prompt + served.model.chat_lead, replace(sampling, n=1, seed=seed, top_logprobs=0))
        text = await writer.any_object() if form.schema is None else await writer.value(form.schema, "")
        found.append(_ended(served, text, sampling.max_tokens))
    return found


def _ended(served: ServedModel, text: str, max_tokens: int) -> Generated:
    ids = served.model.encode(text)
    if len(ids) <= max_tokens:
        return Generated(text, (), "stop", len(ids))
    cut = served.model.decode_bytes(ids[:max_tokens]).decode("utf-8", "ignore")
    return Generated(cut, (), "length", max_tokens)


def _holding(text: str) -> str:
    return json.dumps({"text": text}, ensure_ascii=False)


class _Writer:
    """Writes one reply. prompt: what the model reads before the JSON."""

    def __init__(self, served: ServedModel, prompt: str, sampling: Sampling) -> None:
        self._served, self._prompt, self._sampling = served, prompt, sampling
        self._rng = random_stream(sampling.seed, 0)

    async def any_object(self) -> str:
        text = (await self._generate("", self._sampling.max_tokens, self._sampling.stop)).strip()
        try:
            if isinstance(json.loads(text), dict):
                return text
        except ValueError:
            pass
        # The object around the text takes some tokens of the limit too.
        while text and len(self._served.model.encode(_holding(text))) > self._sampling.max_tokens:
            text = text[:-1]
        return _holding(text)

    async def value(self, schema: Mapping[str, Any], so_far: str) -> str:
        """The JSON of a value. so_far: the JSON before it."""
        if "anyOf" in schema:
            return await self.value(schema["anyOf"][0], so_far)
        if "enum" in schema:
            return await self._one_of([json.dumps(value, ensure_ascii=False) for value in schema["enum"]], so_far)
        kind = schema["type"]
        if kind == "object":
            return await self._object(schema, so_far)
        if kind == "array":
            return await self._array(schema, so_far)
        if kind == "string":
            return await self._string(schema, so_far)
        if kind in ("integer", "number"):
            return await self._number(schema, so_far)
        return await self._one_of(["true", "false"] if kind == "boolean" else ["null"], so_far)

    async def _object(self, schema: Mapping[str, Any], so_far: str) -> str:
        written = "{"
        for name, part in schema["properties"].items():
            written += ("" if written == "{" else ", ") + json.dumps(name, ensure_ascii=False) + ": "
            written += await self.value(part, so_far + written)
        return written + "}"

    async def _array(self, schema: Mapping[str, Any], so_far: str) -> str:
        n = min(
            max(1, int(schema.get("minItems", 1))),
            int(schema.get("maxItems", math.inf)) if "maxItems" in schema else 64,
        )
        written = "["
        for place in range(n):
            written += ", " if place else ""
            written += await self.value(schema["items"], so_far + written)
        return written + "]"

    async def _string(self, schema: Mapping[str, Any], so_far: str) -> str:
        text = await self._generate(so_far + '"', TEXT_TOKENS, ('"', "\n", "\\"))
        text = text[: schema.get("maxLength")].ljust(schema.get("minLength", 0), ".")
        return json.dumps(text, ensure_ascii=False)

    async def _number(self, schema: Mapping[str, Any], so_far: str) -> str:
        found = _NUMBER.match(await self._generate(so_far, NUMBER_TOKENS, (",", "}", "\n")))
        is_whole = schema["type"] == "integer"
        low, high = schema.get("minimum", -math.inf), schema.get("maximum", math.inf)
        drawn = float(found[1]) if found is not None else 0.0
        value = min(max(drawn, low), high)
        if not is_whole:
            return json.dumps(value)
        return json.dumps(math.floor(value) if math.floor(value) >= low else math.ceil(value))

    async def _one_of(self, options: Sequence[str], so_far: str) -> str:
        """The likeliest of some values, or one drawn by their likelihoods at a temperature above 0."""
        if len(options) == 1:
            return options[0]
        scores = [await self._score(so_far, option) for option in options]
        best = max(scores)
        if not self._sampling.temperature:
            return options[scores.index(best)]
        weights = [math.exp((score - best) / self._sampling.temperature) for score in scores]
        return self._rng.choices(options, weights)[0]

    async def _score(self, so_far: str, option: str) -> float:
        """The log probability of a value and what ends it, in nats."""
        model = self._served.model
        n_before = len(model.encode(self._prompt + so_far))
        tokens = await self._served.score(model.encode(self._prompt + so_far + option + ","), 0)
        return math.fsum(token.logprob or 0.0 for token in tokens[n_before:])

    async def _generate(self, so_far: str, max_tokens: int, stop: tuple[str, ...]) -> str:
        model = self._served.model
        ids = model.encode(self._prompt + so_far)
        drawn = await self._served.generate(ids, replace(self._sampling, max_tokens=max_tokens, stop=stop))
        return drawn[0].text
