"""Keeps copies of remote data in the cache, and fetches them again when the source has changed."""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import urllib.error
from collections.abc import Callable
from pathlib import Path

from evals.datasets.cache_folder import data_cache, written_whole
from evals.datasets.opening import shown_name
from evals.errors import DataError, MissingExtra

logger = logging.getLogger(__name__)


ADDRESSES = "write a path, or an address that begins with https://, hf://, s3:// or gs://"


def fetch_remote(url: str) -> Path:
    """The path of a local copy of `url`, with the same suffix. HTTP needs no extra; other schemes need fsspec.

    If the source cannot be reached and the cache has an earlier copy, that copy is used, with a warning.

    Raises:
        DataError: the source cannot be read, and there is no earlier copy.
        MissingExtra: fsspec is not installed.
    """
    folder = data_cache("remote", _hash(url))
    fetch = _fetch_http if url.startswith(("http://", "https://")) else _fetch_fsspec
    try:
        return fetch(url, folder)
    except (DataError, OSError) as error:
        earlier = _newest(folder, _base_name(url))
        if earlier is None or isinstance(error, MissingExtra):
            raise _as_data_error(error, url) from error
        logger.warning("%s cannot be reached (%s); using the copy fetched earlier", shown_name(url), error)
        return earlier


def _fetch_http(url: str, folder: Path) -> Path:
    from evals.datasets.download import download, progress_bar, validator

    try:
        state = validator(url)
    except urllib.error.URLError as error:
        raise DataError(f"cannot be fetched: {error.reason}", where=shown_name(url), fix="check the network") from error

    def fetch(target: Path) -> None:
        with progress_bar(_base_name(url), url) as progress:
            download(url, target, progress=progress)

    return _kept(folder, url, state, fetch)


def _fetch_fsspec(url: str, folder: Path) -> Path:
    try:
        import fsspec
    except ImportError:
        raise MissingExtra(f"reading {url.partition('://')[0]}:// addresses", "data") from None
    try:
        filesystem, path = fsspec.core.url_to_fs(url)
        state = str(filesystem.ukey(path))
    except FileNotFoundError:
        raise DataError("no such file", where=shown_name(url)) from None
    except (ImportError, ValueError) as error:
        raise DataError(f"this kind of address cannot be read: {error}", where=shown_name(url), fix=ADDRESSES) from None

    def fetch(target: Path) -> None:
        with filesystem.open(path, "rb") as source, written_whole(target) as file:
            shutil.copyfileobj(source, file, 1 << 20)

    return _kept(folder, url, state, fetch)


def _kept(folder: Path, url: str, state: str | None, fetch: Callable[[Path], None]) -> Path:
    """The copy of `url` in this state (ETag, size and date). Without a known state it is fetched each time."""
    target = folder / f"{_hash(state or 'unknown')}-{_base_name(url)}"
    if state is None or not target.exists():
        fetch(target)
    return target


def _newest(folder: Path, base_name: str) -> Path | None:
    copies = [path for path in folder.glob("*-*") if path.name.endswith(f"-{base_name}")]
    return max(copies, key=lambda path: path.stat().st_mtime, default=None)


def _as_data_error(error: Exception, url: str) -> DataError:
    return error if isinstance(error, DataError) else DataError(f"cannot be read: {error}", where=shown_name(url))


def _base_name(url: str) -> str:
    return os.path.basename(url.partition("?")[0].rstrip("/")) or "data"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
