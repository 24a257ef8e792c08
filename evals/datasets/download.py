"""Fetches a file over HTTP: resumes broken connections, checks the hash, and puts the file in place only when whole."""

from __future__ import annotations

import hashlib
import http.client
import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

from evals.datasets.cache_folder import cache_errors, make_private, only_one
from evals.datasets.opening import shown_name
from evals.errors import DataError

Progress: TypeAlias = Callable[[int, "int | None"], None]
"Called with the bytes so far and the bytes in all (None if the server does not say)."

CHUNK_BYTES = 1 << 16
TIMEOUT_S = 30.0
ATTEMPTS = 3
"How many attempts in a row may bring no new byte."
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})


@dataclass(frozen=True)
class Expected:
    """The hash and the size that a file must have; None for what is not known."""

    sha256: str | None = None
    size_bytes: int | None = None


def download(
    url: str,
    target: Path,
    expected: Expected = Expected(),
    *,
    progress: Progress | None = None,
    pause_s: float = 1.0,
) -> Path:
    """Fetch `url` to the file `target`, and return `target`. One process at a time fetches it; others wait.

    With a known hash, a part that an interrupted process left is continued, and a complete file is not fetched again.
    progress: called while bytes arrive. pause_s: seconds before the first retry, doubled for each further one.

    Raises:
        DataError: the server refuses or cannot be reached, the file is not the expected one, or the cache cannot be
            written.
    """
    make_private(target.parent)
    with only_one(target.with_name(target.name + ".lock")):
        if expected.sha256 and target.exists() and file_sha256(target) == expected.sha256:
            return target
        part = target.with_name(target.name + ".part")
        if not expected.sha256:
            part.unlink(missing_ok=True)
        resumed = part.exists()
        _fetch_all(url, part, progress, pause_s)
        if resumed and not _is_expected(part, expected):
            part.unlink()
            _fetch_all(url, part, progress, pause_s)
        if not _is_expected(part, expected):
            raise _wrong_file(url, part, expected)
        with cache_errors(target):
            os.replace(part, target)
    return target


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def validator(url: str) -> str | None:
    """A text that identifies the present content of `url`: its ETag, else its date and size; None without them.

    Raises:
        URLError: the server cannot be reached.
    """
    request = urllib.request.Request(url, method="HEAD", headers={"User-Agent": "oaieval"})
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as reply:
            headers = reply.headers
    except urllib.error.HTTPError as error:
        error.close()
        return None
    if headers.get("ETag"):
        return str(headers["ETag"])
    dated = headers.get("Last-Modified")
    return f"{dated} {headers.get('Content-Length')}" if dated else None


@contextmanager
def progress_bar(label: str, url: str) -> Iterator[Progress]:
    """A progress bar on standard error if that is a terminal; else one line there."""
    from tqdm import tqdm

    host = urllib.request.Request(url).host
    if not sys.stderr.isatty():
        print(f"fetching {label} from {host}", file=sys.stderr)
    with tqdm(desc=label, unit="B", unit_scale=True, disable=None, file=sys.stderr, leave=False) as bar:

        def show(done: int, total: int | None) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield show


def _fetch_all(url: str, part: Path, progress: Progress | None, pause_s: float) -> None:
    failures = 0
    etag: str | None = None
    while True:
        before = part.stat().st_size if part.exists() else 0
        try:
            with _request(url, before, etag) as reply:
                etag = reply.headers.get("ETag") or etag
                _save(reply, part, progress)
            return
        except urllib.error.HTTPError as error:
            error.close()
            if error.code == 416 and before:
                return
            if error.code not in _PASSING:
                raise _refused(url, error.code) from None
            problem: Exception = error
        except (http.client.HTTPException, OSError) as error:
            problem = error
        after = part.stat().st_size if part.exists() else 0
        failures = 1 if after > before else failures + 1
        if failures >= ATTEMPTS:
            raise _unreachable(url, problem) from problem
        time.sleep(pause_s * 2 ** (failures - 1))


def _request(url: str, start: int, etag: str | None) -> Any:
    headers = {"User-Agent": "oaieval", "Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
        if etag and not etag.startswith("W/"):
            headers["If-Range"] = etag
    return urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=TIMEOUT_S)


def _save(reply: Any, part: Path, progress: Progress | None) -> None:
    """Append the body of a reply 206 to `part`; any other reply replaces it. A body that ends early raises."""
    with cache_errors(part):
        file = _open_private(part, append=reply.status == 206)
    with file:
        done = file.tell()
        length = reply.headers.get("Content-Length")
        total = done + int(length) if length else None
        while chunk := reply.read(CHUNK_BYTES):
            with cache_errors(part):
                file.write(chunk)
            done += len(chunk)
            if progress:
                progress(done, total)
    if total is not None and done < total:
        raise http.client.IncompleteRead(b"", total - done)


def _open_private(part: Path, *, append: bool) -> BinaryIO:
    flags = os.O_CREAT | os.O_WRONLY | getattr(os, "O_BINARY", 0) | (os.O_APPEND if append else os.O_TRUNC)
    file = os.fdopen(os.open(part, flags, 0o600), "ab" if append else "wb")
    file.seek(0, os.SEEK_END)
    return file


def _is_expected(part: Path, expected: Expected) -> bool:
    if expected.size_bytes is not None and part.stat().st_size != expected.size_bytes:
        return False
    return expected.sha256 is None or file_sha256(part) == expected.sha256


def _wrong_file(url: str, part: Path, expected: Expected) -> DataError:
    size, found = part.stat().st_size, file_sha256(part)
    part.unlink()
    return DataError(
        "this is not the file that was expected",
        where=shown_name(url),
        notes=[f"expected sha256 {expected.sha256}, {expected.size_bytes} bytes", f"got sha256 {found}, {size} bytes"],
        fix="the file changed, or a proxy sent a page instead: compare with the project's own site",
    )


def _refused(url: str, status: int) -> DataError:
    said = http.client.responses.get(status, "")
    return DataError(f"the server answered {status} {said}".rstrip(), where=shown_name(url), fix="check the address")


def _unreachable(url: str, problem: Exception) -> DataError:
    reason = getattr(problem, "reason", None) or problem
    return DataError(
        f"cannot be fetched: {reason}", where=shown_name(url), fix="check the network or the proxy settings"
    )
