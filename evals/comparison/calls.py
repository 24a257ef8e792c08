"""What a comparison needs of a recorded call: prompt, last message, model, cache; from its bytes where that can be."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

from evals.chat import with_pictures_by_digest
from evals.json_text import dumps, encode
from evals.record.event import Event
from evals.record.first_pass import unread_data


class Call(NamedTuple):
    """What a `sampling` event says of its call. Prompts are JSON text, as in records: equal ones, equal texts."""

    prompt: bytes | None
    "None if it was not recorded."
    last: bytes | None
    "The last message of the prompt; the prompt itself where it has no messages."
    model: str
    "Empty if it was not recorded."
    is_hot: bool
    "From the cache, and drawn at a temperature above 0."


def call_of(event: Event) -> Call | None:
    """What a `sampling` event says of its call; None where its data is no object."""
    written = unread_data(event)
    call = None if written is None else call_as_written(written)
    if call is not None:
        return call
    data = event.data
    if not isinstance(data, dict):
        return None
    prompt, model = data.get("prompt"), data.get("model")
    prompt = with_pictures_by_digest(prompt)  # records of earlier versions hold them whole
    if isinstance(prompt, dict):
        prompt = dict(sorted(prompt.items()))
    last = prompt[-1] if isinstance(prompt, list) and prompt else prompt
    is_hot = bool(data.get("cached_at_temperature"))
    return Call(_text(prompt), _text(last), str(model) if model else "", is_hot)


def _text(value: Any) -> bytes | None:
    return None if value is None else encode(dumps(value))


_PROMPT, _SAMPLED, _MODEL = b'{"prompt": ', b', "sampled": ', b', "model": "'


def call_as_written(data: bytes) -> Call | None:
    """The call in JSON text that begins in the form in which the engine records it; None for others: they are parsed.

    A quote inside a JSON string has a backslash before it. So a text with bare quotes is found only where it is a key,
    and a brace with a bare quote only where a nested object begins.
    """
    end = data.find(_SAMPLED)
    at = data.find(_MODEL, end)
    if end < 0 or at < 0 or not data.startswith(_PROMPT) or b'"cached_at_temperature"' in data:
        return None
    prompt, name_from = data[len(_PROMPT) : end], at + len(_MODEL)
    last = _last_message(prompt)
    model = data[name_from : data.find(b'"', name_from)]
    if last is None or data.find(b'{"', end, at) >= 0 or b"\\" in model:
        return None
    return Call(prompt, last, _name(model), False)


def _last_message(prompt: bytes) -> bytes | None:
    """The last message of a prompt of flat messages, or a prompt that is a text; None for others."""
    if prompt.startswith(b'"'):
        return prompt if prompt.endswith(b'"') else None
    if not prompt.startswith(b'[{"') or not prompt.endswith(b"}]") or b'": {' in prompt or b'": [' in prompt:
        return None
    return prompt[max(1, prompt.rfind(b', {"') + 2) : -1]


@lru_cache(maxsize=256)
def _name(model: bytes) -> str:
    return model.decode("utf-8", "replace")
