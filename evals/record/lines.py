"""Turns events and reports into the lines of a record, with all known secrets masked."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from evals.json_text import NOTHING, dumps, encode, plain
from evals.record.event import Event
from evals.secrets import known_secrets, redact


def event_line(event: Event, data_text: str) -> str:
    """The line of one event. data_text: its data as JSON text, already masked."""
    repeat = "" if event.repeat is None else f', "repeat": {event.repeat}'
    return (
        f'{{"run_id": {_quoted(event.run_id)}, "event_id": {event.event_id}, "sample_id": {_quoted(event.sample_id)}, '
        f'"type": {_quoted(event.type)}, "data": {data_text}, "created_by": {_quoted(event.created_by)}, '
        f'"created_at": "{event.created_at}"{repeat}}}\n'
    )


def _quoted(value: Any) -> str:
    """The value as JSON. A text that comes again and again is encoded once."""
    return _text(value) if type(value) is str else dumps(value)


_text = lru_cache(maxsize=64)(dumps)


def line_of(value: Mapping[str, Any]) -> bytes:
    """The line of the run spec or of the final report, as UTF-8, with known secrets masked."""
    return encode(safe_text(value) + "\n")


def safe_text(value: Any, hidden: frozenset[str] = NOTHING) -> str:
    """`value` as one line of JSON, without the `hidden` keys at any depth, and with known secrets masked."""
    if hidden:
        value = plain(value, hidden)
    text = dumps(value)
    return dumps(_masked(plain(value))) if _has_secret(text) else text


@lru_cache(maxsize=8)
def _needles(secrets: tuple[str, ...]) -> tuple[str, ...]:
    """The secrets as they are written inside JSON text: a quote in one is escaped there."""
    return tuple(dumps(secret)[1:-1] for secret in secrets)


def _has_secret(text: str) -> bool:
    for needle in _needles(known_secrets()):  # noqa: SIM110  (a generator costs more than the search: once an event)
        if needle in text:
            return True
    return False


def _masked(value: Any) -> Any:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, list):
        return [_masked(item) for item in value]
    if isinstance(value, dict):
        return {redact(key): _masked(item) for key, item in value.items()}
    return value
