"""The file of a record: private, locked, and appended to in whole batches; a failed write leaves no torn line."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from evals.errors import RecordError
from evals.record.segments import SUFFIX, first_line_after, n_segments, write_segment

logger = logging.getLogger("evals")

PIPE_READER_WITHIN_S = 3.0
"How long a named pipe may have no reader; opening it would wait for ever."

_FULL = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}
_BINARY = getattr(os, "O_BINARY", 0)
SPEC_START = b'{"spec"'
PARTS_SUFFIX = ".parts"
"Of the folder beside a record where the processes of one run keep their parts of it until the run ends."
_MOST_TRIES = 20
"How often others may rename the file while it is opened."


class RecordFile:
    """An open record. Methods that read or write raise RecordError if the operating system refuses.

    path: the file. fd: its open descriptor, which this object closes. is_regular: False for pipes and devices, which
    cannot be locked, truncated or read back.
    """

    def __init__(self, path: Path, fd: int, rotate_bytes: int | None = None) -> None:
        self.path = path
        self._fd = fd
        self._rotate_bytes = rotate_bytes
        self.is_regular = stat.S_ISREG(os.fstat(fd).st_mode)

    @classmethod
    def create(cls, path: Path, *, rotate_bytes: int | None = None) -> RecordFile:
        """A new, empty record at `path`. Missing folders are made.

        An earlier record there is renamed to `<path>.bak`, or `<path>.bak.2` and so on: none is overwritten.

        Raises:
            RecordError: the file cannot be made, another run writes it, or it exists and is not a record.
        """
        with explained(path, at_start=True):
            path.parent.mkdir(parents=True, exist_ok=True)
            _refuse_link(path)
            for _ in range(_MOST_TRIES):
                access = os.O_WRONLY if path.exists() and not path.is_file() else os.O_RDWR
                file = cls._locked(path, _open_to_append(path, access))
                if file is None:
                    continue
                if not file.is_regular or os.fstat(file._fd).st_size == 0:
                    file._make_private()
                    file._rotate_bytes = rotate_bytes
                    return file
                file._set_aside()
        raise _busy(path)

    @classmethod
    def reopen(cls, path: Path, *, rotate_bytes: int | None = None) -> RecordFile:
        """The existing record at `path`, opened for appending.

        Raises:
            RecordError: the file cannot be opened, or another run writes it.
        """
        with explained(path, at_start=True):
            for _ in range(_MOST_TRIES):
                file = cls._locked(path, os.open(path, os.O_WRONLY | os.O_APPEND | _BINARY))
                if file is not None:
                    file._rotate_bytes = rotate_bytes
                    return file
        raise _busy(path)

    @classmethod
    def _locked(cls, path: Path, fd: int) -> RecordFile | None:
        """The file, locked; None if another run has renamed it since it was opened: the lock is on an old record."""
        file = cls(path, fd)
        if not file.is_regular:
            return file
        if not _lock(fd):
            file.close()
            raise _busy(path)
        try:
            is_current = os.path.samestat(os.fstat(fd), os.stat(path))
        except FileNotFoundError:
            is_current = False
        if is_current:
            return file
        file.close()
        return None

    def _make_private(self) -> None:
        """Let nobody else read an empty file that was there before."""
        if not self.is_regular or not hasattr(os, "fchmod"):
            return
        try:
            os.fchmod(self._fd, 0o600)
        except PermissionError:
            self.close()
            raise _refused(self.path, "this file belongs to another user, who could read the record") from None

    def _set_aside(self) -> None:
        """Rename this earlier record and close it. A file that is not a record is an error and is not touched.

        Its lock is held until it has its new name, so two runs that start together cannot rename each other's record.
        """
        try:
            os.lseek(self._fd, 0, os.SEEK_SET)
            if os.read(self._fd, len(SPEC_START)) != SPEC_START:
                raise _refused(self.path, "this file exists and is not a record; it was not changed")
            target = _free_name(self.path)
            if os.name == "nt":  # an open file cannot be renamed there
                self.close()
            os.replace(self.path, target)
            for beside in (SUFFIX, PARTS_SUFFIX):
                if Path(f"{self.path}{beside}").is_dir():
                    os.replace(f"{self.path}{beside}", f"{target}{beside}")
            logger.warning("the earlier record at %s is now %s", self.path, target.name)
        finally:
            self.close()

    def append(self, data: bytes) -> int:
        """Append all of `data`, or raise and leave the file unchanged. Returns the place in the file where it begins.

        Raises:
            RecordError: the disk is full, the file was deleted, or the write failed in another way.
        """
        with explained(self.path):
            status = os.fstat(self._fd)
            if self.is_regular and status.st_nlink == 0:
                raise RecordError(
                    "the record was deleted while the run wrote it",
                    where=str(self.path),
                    fix="start the run again; what was recorded so far is lost",
                )
            try:
                _write_all(self._fd, data)
            except OSError:
                if self.is_regular:
                    with contextlib.suppress(OSError):
                        os.ftruncate(self._fd, status.st_size)
                raise
            if self._rotate_bytes is not None and status.st_size + len(data) >= self._rotate_bytes:
                self._rotate()
        return status.st_size

    def _rotate(self) -> None:
        """Move the lines into a segment, and go on with a new file of this name, which is locked before it has it."""
        if not self.is_regular:
            return
        with open(self.path, "rb") as file:
            first = file.readline()
            number = n_segments(first) + 1
            if number == 1:
                file.seek(0)
            write_segment(file, self.path, number)
        place = os.path.realpath(self.path)  # a resumed record may have been named by a link, which stays one
        fresh = Path(f"{place}.new")
        fd = os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND | _BINARY, 0o600)
        try:
            _lock(fd)
            _write_all(fd, first_line_after(first, number))
            os.replace(fresh, place)
        except OSError:
            os.close(fd)
            fresh.unlink(missing_ok=True)
            raise
        self._fd, old = fd, self._fd
        os.close(old)

    def mend(self, size: int) -> None:
        """Cut the file to its first `size` bytes, and add a line end if the last line has none."""
        with explained(self.path):
            os.ftruncate(self._fd, size)
            with open(self.path, "rb") as file:
                file.seek(max(0, size - 1))
                if file.read(1) not in (b"", b"\n"):
                    _write_all(self._fd, b"\n")

    def unlock(self) -> None:
        """Release the lock, so that another run may write the file."""
        with contextlib.suppress(ImportError, OSError):
            import fcntl

            fcntl.flock(self._fd, fcntl.LOCK_UN)

    def discard(self) -> None:
        """Close the file and remove it: its first line could not be written."""
        self.close()
        if self.is_regular:
            with contextlib.suppress(OSError):
                self.path.unlink()

    def close(self) -> None:
        """Close the file. A second call does nothing."""
        if self._fd >= 0:
            fd, self._fd = self._fd, -1
            os.close(fd)

    def __del__(self) -> None:
        with contextlib.suppress(Exception):
            self.close()


def _open_to_append(path: Path, access: int) -> int:
    """A descriptor of the file, which is made if it is not there. A pipe must have a reader soon.

    Raises:
        OSError: ENXIO where nobody reads the pipe.
    """
    flags = access | os.O_CREAT | os.O_APPEND | _BINARY
    give_up_at = time.monotonic() + PIPE_READER_WITHIN_S
    while True:
        try:
            fd = os.open(path, flags | getattr(os, "O_NONBLOCK", 0), 0o600)
        except OSError as error:
            if error.errno != errno.ENXIO or time.monotonic() > give_up_at:
                raise
            time.sleep(0.05)
            continue
        if hasattr(os, "set_blocking"):
            os.set_blocking(fd, True)
        return fd


def _write_all(fd: int, data: bytes) -> None:
    written = os.write(fd, data)
    while written < len(data):
        written += os.write(fd, memoryview(data)[written:])


def _lock(fd: int) -> bool:
    """Whether the lock was taken: nobody else writes this file. A file system without locks counts as taken."""
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


def _refused(path: Path, what: str) -> RecordError:
    error = RecordError(what, where=str(path), fix="name another file with --record_path")
    error.exit_code = 2
    return error


def _refuse_link(path: Path) -> None:
    """Refuse a symbolic link to a file: in a folder of many users it may lead anywhere. /dev/stdout links to a pipe."""
    if path.is_symlink() and not (path.exists() and not path.is_file()):
        raise _refused(path, "a record is not written through a symbolic link")


def _free_name(path: Path) -> Path:
    """The first of `<path>.bak`, `<path>.bak.2`, `<path>.bak.3` ... that is not there; an empty file holds the name."""
    number = 1
    while True:
        target = Path(f"{path}.bak" if number == 1 else f"{path}.bak.{number}")
        try:
            os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except FileExistsError:
            number += 1
        else:
            return target


@contextlib.contextmanager
def explained(path: Path, *, at_start: bool = False) -> Iterator[None]:
    """Turn an OSError into a RecordError that says what to do. at_start: exit code 2, since nothing was called yet."""
    try:
        yield
    except OSError as error:
        raise _record_error(path, error, at_start=at_start) from error


def _record_error(path: Path, error: OSError, *, at_start: bool) -> RecordError:
    reason = "nobody reads this pipe" if error.errno == errno.ENXIO else error.strerror or str(error)
    if error.errno in _FULL:
        explained = RecordError(
            f"the record cannot be written: {reason}",
            where=str(path),
            fix="free some space, then continue with --resume; what was recorded before is complete",
        )
    else:
        fix = "name a file in a folder that you may write to with --record_path"
        explained = RecordError(f"the record cannot be written: {reason}", where=str(path), fix=fix)
        explained.exit_code = 2 if at_start else RecordError.exit_code
    return explained


def is_being_written(path: Path) -> bool:
    """Whether another run holds the lock of the record; False where files have no locks, or it cannot be opened."""
    try:
        fd = os.open(path, os.O_RDONLY | _BINARY)
    except OSError:
        return False
    try:
        return not _lock(fd)
    finally:
        os.close(fd)
