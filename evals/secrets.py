"""Keeps keys out of records, logs, caches and messages: knows which values are secret, and masks them."""

from __future__ import annotations

import os
import re

SECRET_NAME = re.compile(r"api[-_]?key|token(?!s|izer)|secret|passw(or)?d|authorization|credential", re.IGNORECASE)
MASK = "***"

_MIN_LENGTH = 8
_registered: set[str] = set()
_found: tuple[str, ...] | None = None


def is_secret_name(name: str) -> bool:
    """Whether a variable or argument of this name holds a secret."""
    return bool(SECRET_NAME.search(name))


def register_secret(value: str) -> None:
    """Mask `value` from now on. Texts under eight characters are ignored: they would mask ordinary words."""
    global _found
    if len(value) >= _MIN_LENGTH:
        _registered.add(value)
        _found = None


def known_secrets() -> tuple[str, ...]:
    """Registered secrets and those in the environment when first asked, longest first."""
    global _found
    if _found is None:
        environment = {value for name, value in os.environ.items() if is_secret_name(name)}
        values = {value.strip() for value in environment | _registered}
        _found = tuple(sorted((v for v in values if len(v) >= _MIN_LENGTH), key=len, reverse=True))
    return _found


def redact(text: str) -> str:
    """`text` with every known secret masked."""
    for secret in known_secrets():
        if secret in text:
            text = text.replace(secret, MASK)
    return text
