"""Puts back what tests change in their process, which judges other programs after them."""

from __future__ import annotations

import contextlib
import functools
import os
import sys


@functools.cache
def _folder() -> str:
    """The working folder before any test: it is the same before each, since it is put back."""
    return os.getcwd()


class Restored:
    """Puts back, after its `with` block, those settings of this process that tests are known to change."""

    def __enter__(self) -> None:
        self._limit, self._argv, self._path = sys.getrecursionlimit(), sys.argv, list(sys.path)
        # As bytes: to read `os.environ` itself decodes each name and value.
        self._environment = dict(_held(os.environ))
        warnings, decimal = sys.modules.get("warnings"), sys.modules.get("decimal")
        self._filters = None if warnings is None else (warnings, list(warnings.filters))
        self._context = decimal.getcontext().copy() if decimal is not None else None
        self._folder = _folder()

    def __exit__(self, *raised: object) -> None:
        sys.setrecursionlimit(self._limit)
        sys.argv, sys.path[:] = self._argv, self._path
        if _held(os.environ) != self._environment:
            os.environ.clear()
            os.environ.update({os.fsdecode(name): os.fsdecode(text) for name, text in self._environment.items()})
        if self._filters is not None:
            warnings, filters = self._filters
            warnings.filters[:] = filters
        decimal = sys.modules.get("decimal")
        if decimal is not None:
            decimal.setcontext(self._context.copy() if self._context is not None else decimal.Context())
        with contextlib.suppress(OSError):
            os.chdir(self._folder)


def _held(environment: os._Environ[str]) -> dict[bytes, bytes]:
    """What `os.environ` is a view of."""
    found: dict[bytes, bytes] = vars(environment)["_data"]
    return found
