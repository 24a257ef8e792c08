"""Opens data files by name: plain, compressed or remote; errors of the system become DataErrors."""

from __future__ import annotations

import io
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO, TextIO, cast

from evals.datasets.compression import COMPRESSIONS, gzip_open, lz4_open, zstd_open
from evals.errors import DataError, EvalsError, MissingExtra, did_you_mean, listed
from evals.record.special_files import refuse_special
from evals.registry.roots import bundled_data_root


def open_by_file_pattern(filename: str | Path, mode: str = "r", **kwargs: Any) -> Any:
    """An open file: decompressed (and binary) by its suffix, remote by its `scheme://`, else UTF-8 text.

    A relative name that does not exist is looked for in the built-in data.

    Raises:
        DataError: the file cannot be opened.
        MissingExtra: a package for this kind of file is not installed.
    """
    name = os.fspath(filename)
    with reading(name):
        if name.endswith(".gz"):
            return gzip_open(name, mode, _open_anywhere)
        if name.endswith(".lz4"):
            return lz4_open(name, mode, _open_anywhere)
        if name.endswith(".zst"):
            return zstd_open(name, mode, _open_anywhere)
        return _open_anywhere(name, mode, **kwargs)


def open_binary(path: str) -> BinaryIO:
    """The decompressed bytes of a file, local or remote. Raises as `open` does; wrap it in `reading`."""
    if path.endswith(COMPRESSIONS):
        return cast(BinaryIO, open_by_file_pattern(path, "rb"))
    return cast(BinaryIO, _open_anywhere(path, "rb"))


def open_text(path: str, newline: str | None = None) -> TextIO:
    """The decompressed text of a file, UTF-8, without a byte order mark. newline: as for `open`."""
    return io.TextIOWrapper(cast(IO[bytes], open_binary(path)), encoding="utf-8-sig", newline=newline)


def is_url(name: str) -> bool:
    """Whether `name` begins with `scheme://`."""
    scheme, mark, _ = name.partition("://")
    return bool(mark) and scheme.replace("+", "").isalnum()


def shown_name(name: str) -> str:
    """`name` for messages and records: a URL without its query and user, which may contain a key."""
    if not is_url(name) or name.startswith("hf://"):
        return name
    scheme, _, rest = name.partition("?")[0].partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"


@contextmanager
def reading(path: str) -> Iterator[None]:
    """Turns errors of the system inside the block into a DataError that names `path` and a fix."""
    try:
        yield
    except EvalsError as error:
        error.where = error.where or path
        raise
    except FileNotFoundError:
        raise DataError("no such file", where=path, notes=_beside(path)) from None
    except IsADirectoryError:
        raise DataError("this is a folder, a file is needed", where=path, fix="name a file in it") from None
    except PermissionError:
        raise DataError("no permission to read this", where=path) from None
    except (EOFError, zlib.error, OSError) as error:
        raise DataError(f"cannot be read: {_first_line(error)}", where=path, fix=_reading_fix(path)) from error
    except UnicodeDecodeError as error:
        what = f"byte 0x{error.object[error.start]:02x} is not UTF-8"
        raise DataError(what, where=path, fix="save the file as UTF-8") from None
    except Exception as error:
        if type(error).__module__.split(".")[0] in ("zstandard", "zstd", "lz4", "_frame") or "LZ4F" in str(error):
            raise DataError(f"cannot be decompressed: {error}", where=path, fix="get the file again") from error
        raise


def _first_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]


def _reading_fix(path: str) -> str | None:
    return "the file is cut or damaged: get it again" if path.endswith(COMPRESSIONS) else None


def _beside(path: str) -> list[str]:
    folder, name = os.path.split(path)
    try:
        names = sorted(os.listdir(folder or "."))
    except OSError:
        return ["" if not folder or is_url(path) else f"the folder {folder} does not exist either"]
    return [did_you_mean(name, names) or (f"in that folder: {listed(names)}" if names else "that folder is empty")]


def _open_anywhere(name: str, mode: str, **kwargs: Any) -> Any:
    if name.startswith("file://"):
        return _open_anywhere(local_path(name), mode, **kwargs)
    if is_url(name):
        return _open_remote(name, mode)
    if "b" not in mode:
        kwargs.setdefault("encoding", "utf-8")
    if "r" in mode and not os.path.isabs(name) and not os.path.exists(name):
        bundled = bundled_data_root() / name
        name = str(bundled) if bundled.exists() else name
    if "r" in mode:
        refuse_special(name)
    return open(name, mode, **kwargs)


def _open_remote(name: str, mode: str) -> Any:
    try:
        import fsspec
    except ImportError:
        raise MissingExtra(f"reading {name.partition('://')[0]}:// addresses", "data") from None
    return fsspec.open(name, mode, **({} if "b" in mode else {"encoding": "utf-8"})).open()


def local_path(url: str) -> str:
    """The path of a `file://` URL."""
    from urllib.parse import urlparse
    from urllib.request import url2pathname

    return url2pathname(urlparse(url).path)
