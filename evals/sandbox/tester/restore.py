"""Puts back what tests change in their process, which judges other programs after them."""

from __future__ import annotations

import contextlib
import functools
import os
import sys
from collections.abc import Iterator


@functools.cache
def _folder() -> str:
    """The working folder before any test: it is the same before each, since it is put back."""
    return os.getcwd()


@contextlib.contextmanager
def restored() -> Iterator[None]:
    """Let settings of this process be after the block what they were before: those that tests are known to change."""
    limit, argv, path, folder = sys.getrecursionlimit(), sys.argv, list(sys.path), _folder()
    environment = dict(os.environ)
    warnings, decimal = sys.modules.get("warnings"), sys.modules.get("decimal")
    filters = list(warnings.filters) if warnings is not None else []
    context = decimal.getcontext().copy() if decimal is not None else None
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)
        sys.argv, sys.path[:] = argv, path
        if os.environ != environment:
            os.environ.clear()
            os.environ.update(environment)
        if warnings is not None:
            warnings.filters[:] = filters
        if decimal is None:
            decimal = sys.modules.get("decimal")
        if decimal is not None:
            decimal.setcontext(context.copy() if context is not None else decimal.Context())
        with contextlib.suppress(OSError):
            os.chdir(folder)
