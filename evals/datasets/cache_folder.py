"""The cache folder for data: files appear whole or not at all, and only their owner can read them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from evals.errors import DataError


def data_cache(*parts: str) -> Path:
    """The folder `data` with the sub-folders `parts` in `EVALS_CACHE_DIR`, else in the user's cache. It is not made."""
    from evals.engine.cache import default_cache_dir

    return default_cache_dir().joinpath("data", *parts)


def make_private(folder: Path) -> None:
    """Make `folder` and its parents, readable by the owner alone.

    Raises:
        DataError: the cache folder cannot be written.
    """
    with cache_errors(folder):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)


class CacheFile:
    """A file of the cache that is being written. Errors are about the cache, not about the data that is read."""

    def __init__(self, handle: int, target: Path) -> None:
        self._file = os.fdopen(handle, "wb")
        self._target = target

    def write(self, data: bytes) -> None:
        """Append `data`.

        Raises:
            DataError: the cache cannot be written.
        """
        try:
            self._file.write(data)
        except OSError as error:
            raise _cache_error(error, self._target) from error

    def close(self) -> None:
        """Close the file.

        Raises:
            DataError: the last bytes cannot be written.
        """
        with cache_errors(self._target):
            self._file.close()


@contextmanager
def written_whole(target: Path) -> Iterator[CacheFile]:
    """A new file that becomes `target` if the block ends normally, and is removed if it raises.

    Raises:
        DataError: the cache cannot be written.
    """
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
    """Turns an OSError inside the block into a DataError whose fix names EVALS_CACHE_DIR."""
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
    """Lets one process at a time into the block; others wait. The file `lock` is not removed.

    Raises:
        DataError: the lock file cannot be made.
    """
    from filelock import FileLock  # its import takes 40 ms, and only downloads need it

    claim = FileLock(lock, mode=0o600)
    with cache_errors(lock):
        claim.acquire()
    try:
        yield
    finally:
        claim.release()
