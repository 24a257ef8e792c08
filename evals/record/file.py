"""The file under a record: private, locked, appended to in whole batches, never left torn by a failed write."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from evals.errors import RecordError

logger = logging.getLogger("evals")

_FULL = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}
_BINARY = getattr(os, "O_BINARY", 0)
SPEC_START = b'{"spec"'


class RecordFile:
    """An open record. Every method raises RecordError where the operating system says no."""

    def __init__(self, path: Path, fd: int) -> None:
        self.path = path
        self._fd = fd
        self.is_regular = stat.S_ISREG(os.fstat(fd).st_mode)

    @classmethod
    def create(cls, path: Path) -> RecordFile:
        """A new, empty record at `path`; parent folders are made, a record that lies there becomes `<path>.bak`."""
        with _explained(path, at_start=True):
            path.parent.mkdir(parents=True, exist_ok=True)
            _set_aside(path)
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | _BINARY
            return cls._opened(path, os.open(path, flags, 0o600))

    @classmethod
    def reopen(cls, path: Path) -> RecordFile:
        """The existing record at `path`, to go on with."""
        with _explained(path, at_start=True):
            return cls._opened(path, os.open(path, os.O_WRONLY | os.O_APPEND | _BINARY))

    @classmethod
    def _opened(cls, path: Path, fd: int) -> RecordFile:
        file = cls(path, fd)
        if file.is_regular and not _lock(fd):
            file.close()
            raise _busy(path)
        return file

    def append(self, data: bytes) -> None:
        """Add `data` whole, or raise and leave the file as it was."""
        with _explained(self.path):
            status = os.fstat(self._fd)
            if self.is_regular and status.st_nlink == 0:
                raise RecordError(
                    "the record was deleted while it was written",
                    where=str(self.path),
                    fix="start the run again; what was recorded so far is gone",
                )
            try:
                _write_all(self._fd, data)
            except OSError:
                if self.is_regular:
                    with contextlib.suppress(OSError):
                        os.ftruncate(self._fd, status.st_size)
                raise

    def mend(self, size: int) -> None:
        """Drop everything behind the first `size` bytes, and end the last line if it was not."""
        with _explained(self.path):
            os.ftruncate(self._fd, size)
            with open(self.path, "rb") as file:
                file.seek(max(0, size - 1))
                if file.read(1) not in (b"", b"\n"):
                    _write_all(self._fd, b"\n")

    def unlock(self) -> None:
        """Let others write the file: the run is over."""
        with contextlib.suppress(ImportError, OSError):
            import fcntl

            fcntl.flock(self._fd, fcntl.LOCK_UN)

    def discard(self) -> None:
        """Close and remove a file that was just created and could not be begun."""
        self.close()
        if self.is_regular:
            with contextlib.suppress(OSError):
                self.path.unlink()

    def close(self) -> None:
        if self._fd >= 0:
            fd, self._fd = self._fd, -1
            os.close(fd)

    def __del__(self) -> None:
        with contextlib.suppress(Exception):
            self.close()


def _write_all(fd: int, data: bytes) -> None:
    written = os.write(fd, data)
    while written < len(data):
        written += os.write(fd, memoryview(data)[written:])


def _lock(fd: int) -> bool:
    """Whether nobody else writes this file. File systems without locks count as free."""
    try:
        import fcntl

        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except (ImportError, OSError):  # Windows, some network file systems
        return True
    return True


def _busy(path: Path) -> RecordError:
    error = RecordError(
        "another run is writing this record",
        where=str(path),
        fix="wait until it ends, or name another file with --record_path",
    )
    error.exit_code = 2
    return error


def _set_aside(path: Path) -> None:
    """Move an earlier record out of the way; refuse to touch a file that is something else."""
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return
    if not stat.S_ISREG(status.st_mode) or status.st_size == 0:
        return
    fd = os.open(path, os.O_RDONLY | _BINARY)
    try:
        head, is_free = os.read(fd, len(SPEC_START)), _lock(fd)
    finally:
        os.close(fd)
    if head != SPEC_START:
        error = RecordError(
            "this file exists and is no record; it was left as it is",
            where=str(path),
            fix="name another file with --record_path",
        )
        error.exit_code = 2
        raise error
    if not is_free:
        raise _busy(path)
    os.replace(path, f"{path}.bak")
    logger.warning("the record that lay at %s is now %s.bak", path, path.name)


@contextlib.contextmanager
def _explained(path: Path, *, at_start: bool = False) -> Iterator[None]:
    """Turn an OSError into a RecordError that says what to do."""
    try:
        yield
    except OSError as error:
        raise _record_error(path, error, at_start=at_start) from error


def _record_error(path: Path, error: OSError, *, at_start: bool) -> RecordError:
    reason = error.strerror or str(error)
    if error.errno in _FULL:
        explained = RecordError(
            f"the record cannot be written: {reason}",
            where=str(path),
            fix="free some space, then go on with --resume; what was recorded before is whole",
        )
    else:
        fix = "name a file in a folder that you may write to with --record_path"
        explained = RecordError(f"the record cannot be written: {reason}", where=str(path), fix=fix)
        explained.exit_code = 2 if at_start else RecordError.exit_code
    return explained
