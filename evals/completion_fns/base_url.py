"""Base URLs of servers: checked, and shown without what is secret in them."""

from __future__ import annotations

import contextlib
import urllib.parse

from evals.errors import UsageError


def checked_base_url(url: str) -> str:
    """`url` without its final slash and the spaces around it.

    Raises:
        UsageError: it is no http or https URL.
    """
    with contextlib.suppress(ValueError):
        parts = urllib.parse.urlsplit(url)
        if parts.scheme in ("http", "https") and parts.hostname and (parts.port is None or parts.port > 0):
            return url.strip().rstrip("/")
    raise UsageError(f"the base URL {url!r} is no http or https URL", fix="write it like http://localhost:8000/v1")


def host_of(url: str) -> str:
    """`host` or `host:port` of a URL, without user and password."""
    return urllib.parse.urlsplit(url).netloc.rpartition("@")[2]


def shown_url(url: str) -> str:
    """`url` without user, password and query."""
    parts = urllib.parse.urlsplit(url)
    return f"{parts.scheme}://{host_of(url)}{parts.path.rstrip('/')}"


def secrets_of(url: str) -> list[str]:
    """What in a URL must not be shown: its password, and the values of its query."""
    parts = urllib.parse.urlsplit(url)
    return [*([parts.password] if parts.password else []), *(v for _, v in urllib.parse.parse_qsl(parts.query))]
