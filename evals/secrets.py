"""Keeps keys out of records, logs, caches and messages: knows which values are secret and masks them."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any

SECRET_NAME = re.compile(r"api[-_]?key|token(?!s|izer)|secret|passw(or)?d|authorization|credential", re.IGNORECASE)
MASK = "***"

_MIN_LENGTH = 8
_registered: set[str] = set()
_found: tuple[str, ...] | None = None


def is_secret_name(name: str) -> bool:
    """Whether a variable or an argument of this name holds a secret, such as `OPENAI_API_KEY`."""
    return bool(SECRET_NAME.search(name))


def register_secret(value: str) -> None:
    """Mask `value` from now on. Texts of fewer than 8 characters are ignored: they could be ordinary words."""
    global _found
    if len(value) >= _MIN_LENGTH:
        _registered.add(value)
        _found = None


def register_secrets_in(arguments: Any) -> None:
    """Mask from now on every text under the name of a secret, at any depth; the key of `Bearer KEY` too.

    A text with `<`, such as the token `<|end|>` of a vocabulary, is not a secret.
    """
    if isinstance(arguments, Mapping):
        for name, value in arguments.items():
            if is_secret_name(str(name)):
                _register_texts(value)
            else:
                register_secrets_in(value)
    elif isinstance(arguments, list | tuple):
        for value in arguments:
            register_secrets_in(value)


def _register_texts(value: Any) -> None:
    if isinstance(value, str):
        if "<" not in value:
            for text in {value, *value.split(" ")[1:]}:
                register_secret(text)
    elif isinstance(value, Mapping):
        for part in value.values():
            _register_texts(part)
    elif isinstance(value, list | tuple):
        for part in value:
            _register_texts(part)


def without_secrets(arguments: Any) -> Any:
    """A copy of the arguments without those that have the name of a secret, at any depth."""
    if isinstance(arguments, Mapping):
        kept = {name: value for name, value in arguments.items() if not is_secret_name(str(name))}
        return {name: without_secrets(value) for name, value in kept.items()}
    return [without_secrets(value) for value in arguments] if isinstance(arguments, list | tuple) else arguments


def known_secrets() -> tuple[str, ...]:
    """All secrets of at least 8 characters, the longest first: registered ones, and those of the environment.

    The environment is read at the first call, and again after a new secret was registered.
    """
    global _found
    if _found is None:
        environment = {value for name, value in os.environ.items() if is_secret_name(name)}
        values = {value.strip() for value in environment | _registered}
        _found = tuple(sorted((v for v in values if len(v) >= _MIN_LENGTH), key=len, reverse=True))
    return _found


def redact(text: str) -> str:
    """`text` with every known secret replaced by `***`."""
    for secret in known_secrets():
        if secret in text:
            text = text.replace(secret, MASK)
    return text
