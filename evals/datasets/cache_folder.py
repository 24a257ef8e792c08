"""The folder for what was expanded or fetched: files appear whole or not at all, and only their owner reads them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from evals.errors import DataError


def data_cache(*parts: str) -> Path:
    """`EVALS_CACHE_DIR`/data (else in the user's cache folder) and the sub-folders `parts`; not made yet."""
    from evals.engine.cache import default_cache_dir

    return default_cache_dir().joinpath("data", *parts)


def make_private(folder: Path) -> None:
    """Make `folder` and what is above it, for its owner alone."""
    with cache_errors(folder):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)


class CacheFile:
    """A file being written; a full disk is a message about the cache, not about what is being read."""

    def __init__(self, handle: int, target: Path) -> None:
        self._file = os.fdopen(handle, "wb")
        self._target = target

    def write(self, data: bytes) -> None:
        try:
            self._file.write(data)
        except OSError as error:
            raise _cache_error(error, self._target) from error

    def close(self) -> None:
        with cache_errors(self._target):
            self._file.close()


@contextmanager
def written_whole(target: Path) -> Iterator[CacheFile]:
    """A file that becomes `target` when the block ends well, and vanishes when it does not."""
    make_private(target.parent)
    with cache_errors(target):
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent)
    file = CacheFile(handle, target)
    try:
        try:
            yield file
        finally:
            file.close()
        with cache_errors(target):
            os.replace(name, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise


@contextmanager
def cache_errors(path: Path) -> Iterator[None]:
    """Turns a full or forbidden cache folder into a message that names EVALS_CACHE_DIR."""
    try:
        yield
    except OSError as error:
        raise _cache_error(error, path) from error


def _cache_error(error: OSError, path: Path) -> DataError:
    return DataError(
        f"the cache cannot be written: {error.strerror or error}",
        where=str(path),
        fix="set EVALS_CACHE_DIR to a folder with room that can be written",
    )


@contextmanager
def only_one(lock: Path) -> Iterator[None]:
    """Lets one process at a time into the block; others wait. The file `lock` stays."""
    from filelock import FileLock  # costs 40 ms, and only downloads need it

    claim = FileLock(lock, mode=0o600)
    with cache_errors(lock):
        claim.acquire()
    try:
        yield
    finally:
        claim.release()
