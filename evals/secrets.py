"""Keeps keys out of records, logs, caches and messages: knows which values are secret and masks them."""

from __future__ import annotations

import json
import os
import re
import urllib.parse
from collections.abc import Mapping
from typing import Any

SECRET_NAME = re.compile(
    r"(?:api|access|private|subscription|account|signing|encryption|goog)[-_]?key|token(?!s|iz)|secret|passw(?:or)?d"
    r"|passphrase|authorization|credential|bearer|cookie|connection[-_]?string",
    re.IGNORECASE,
)
"Names of arguments and variables that hold a secret, whatever their value looks like."

_VARIABLE_NAME = re.compile(r"(?:^|_)(?:keys?|auth|pass|pat|pwd|sas|dsn|jwt)(?:_?\d+|_id)?$", re.IGNORECASE)
"Names of environment variables that may hold one. `label_key` is no secret among arguments, so this is not for them."

_HEADERS = re.compile(r"(?:^|[-_.])(?:headers|cookies)$", re.IGNORECASE)
"Arguments that are HTTP headers: each of their values is a secret, as gateways have names of their own for keys."

_PLAIN_HEADERS = re.compile(r"accept(?:-.*)?|content-type|user-agent", re.IGNORECASE)
"Headers whose values are ordinary words, which must not be masked wherever they stand."

_IN_COMMAND = re.compile(r"([A-Za-z_][\w.-]*)=(\{[^}]*\}?|[^,\s'\"]+)")
MASK = "***"

_MIN_LENGTH = 8
_registered: set[str] = set()
_found: tuple[str, ...] | None = None


def is_secret_name(name: str) -> bool:
    """Whether an argument or a variable of this name holds a secret, such as `OPENAI_API_KEY`."""
    return bool(SECRET_NAME.search(name))


def _may_be_secret(variable: str, value: str) -> bool:
    """Whether an environment variable holds a secret, by its name alone or by name and look: `DEPLOY_KEY=a8f3...`."""
    if is_secret_name(variable):
        return True
    looks_random = len(value) >= 20 or bool(re.search(r"\d", value) and re.search(r"[A-Za-z]", value))
    return bool(_VARIABLE_NAME.search(variable)) and looks_random and not re.search(r"\s|^[/~.]", value)


def register_secret(value: str) -> None:
    """Mask `value` from now on. Texts of fewer than 8 characters are ignored: they could be ordinary words."""
    global _found
    if len(value) >= _MIN_LENGTH:
        _registered.add(value)
        _found = None


def register_secrets_in(arguments: Any) -> None:
    """Mask from now on every text under the name of a secret, at any depth; the key of `Bearer KEY` too.

    The values of HTTP headers (`headers`, `extra_headers`, `cookies`) are secrets, whatever their names are.
    A text with `<`, such as the token `<|end|>` of a vocabulary, is not a secret.
    """
    if isinstance(arguments, Mapping):
        for name, value in arguments.items():
            if _HEADERS.search(str(name)):
                _register_headers(value)
            elif is_secret_name(str(name)):
                _register_texts(value)
            else:
                register_secrets_in(value)
    elif isinstance(arguments, list | tuple):
        for value in arguments:
            register_secrets_in(value)


def _register_headers(value: Any) -> None:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            value = {"": value}
    if isinstance(value, Mapping):
        value = {name: part for name, part in value.items() if not _PLAIN_HEADERS.fullmatch(str(name))}
    _register_texts(value)


def _register_texts(value: Any) -> None:
    if isinstance(value, str):
        if "<" not in value:
            for text in {value, *re.split(r"[\s;,=]+", value)[1:]}:
                register_secret(text)
    elif isinstance(value, Mapping):
        for part in value.values():
            _register_texts(part)
    elif isinstance(value, list | tuple):
        for part in value:
            _register_texts(part)


def without_secrets(arguments: Any) -> Any:
    """A copy of the arguments without those that have the name of a secret, at any depth. Of headers the names stay."""
    if isinstance(arguments, Mapping):
        kept = {name: value for name, value in arguments.items() if not is_secret_name(str(name))}
        return {
            name: _names_of_headers(value) if _HEADERS.search(str(name)) else without_secrets(value)
            for name, value in kept.items()
        }
    return [without_secrets(value) for value in arguments] if isinstance(arguments, list | tuple) else arguments


def _names_of_headers(value: Any) -> Any:
    return dict.fromkeys(value, MASK) if isinstance(value, Mapping) else None if value is None else MASK


def without_secrets_in_command(text: str) -> str:
    """A command line with a mask for what `name=value` names as a secret, and for every known secret."""
    return redact(_IN_COMMAND.sub(_masked_pair, text))


def _masked_pair(match: re.Match[str]) -> str:
    is_secret = is_secret_name(match[1]) or _HEADERS.search(match[1])
    return f"{match[1]}={MASK}" if is_secret else match[0]


def known_secrets() -> tuple[str, ...]:
    """All secrets of at least 8 characters, the longest first: registered ones, and those of the environment.

    The environment is read at the first call, and again after a new secret was registered.
    """
    global _found
    if _found is None:
        environment = {value for name, value in os.environ.items() if _may_be_secret(name, value)}
        values = {value.strip() for value in environment | _registered}
        values |= {urllib.parse.quote(value, safe="") for value in values}  # as a server quotes it from a URL
        _found = tuple(sorted((v for v in values if len(v) >= _MIN_LENGTH), key=len, reverse=True))
    return _found


def redact(text: str) -> str:
    """`text` with every known secret replaced by `***`."""
    for secret in known_secrets():
        if secret in text:
            text = text.replace(secret, MASK)
    return text
