"""Images in messages: files of this machine become data URLs without metadata, which every provider takes."""

from __future__ import annotations

import base64
import hashlib
import mimetypes
import urllib.parse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evals.errors import DataError
from evals.images.formats import KINDS, kind_of, size_of
from evals.images.metadata import picture_alone
from evals.images.parts import url_of, with_url
from evals.images.scaling import MAX_BYTES, fits, scaled


@dataclass(frozen=True)
class SentImage:
    """An image as it is sent, and what was done to it."""

    url: str
    "A data URL; an address elsewhere stays as it is."
    sha256: str | None = None
    "Of the bytes that are sent; None for an address."
    size_bytes: int | None = None
    size_px: tuple[int, int] | None = None
    scaled_from_px: tuple[int, int] | None = None
    "Width and height before it was made smaller; None where it was not."
    removed_bytes: int = 0
    "Metadata that was removed."

    def facts(self) -> dict[str, Any]:
        """What is known of it, for a record."""
        facts = {"sha256": self.sha256, "size_bytes": self.size_bytes, "size_px": self.size_px}
        facts |= {"scaled_from_px": self.scaled_from_px, "removed_bytes": self.removed_bytes or None}
        return {key: value for key, value in facts.items() if value is not None}


def has_local_images(messages: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a message names an image by a path of this machine."""
    return any(
        _is_local(url_of(part))
        for message in messages
        if isinstance(message.get("content"), list)
        for part in message["content"]
        if isinstance(part, Mapping)
    )


def inline_images(messages: Sequence[Mapping[str, Any]], folder: Path | None = None) -> Sequence[Mapping[str, Any]]:
    """The messages with each image of this machine as a data URL; the same object where there is none.

    folder: where relative paths start; None for the working folder.

    Raises:
        DataError: a file cannot be read, or is no image by its name.
    """
    if not has_local_images(messages):
        return messages
    return [_inlined_message(message, folder) for message in messages]


def data_url(path: Path) -> str:
    """The picture in an image file, without metadata, as `data:<type>;base64,...`.

    The type is that of the content, else it follows from the end of the name.

    Raises:
        DataError: the file cannot be read, or its name does not end like that of an image.
    """
    return sent_image(str(path)).url


def sent_image(
    url: str, max_px: int | None = None, max_bytes: int = MAX_BYTES, folder: Path | None = None
) -> SentImage:
    """An image as it is sent: of a path or a data URL the picture alone, made smaller where it is above a limit.

    max_px: of the longer side; None for no limit. folder: where relative paths start.

    Raises:
        DataError: the file cannot be read or is no image, or the image cannot be made small enough.
        MissingExtra: it has to be made smaller, and Pillow is not installed.
    """
    if not _is_local(url):
        found = _content_of_data_url(url) if url.startswith("data:") else None
        return SentImage(url) if found is None else _made(*found, f"{url[:40]}...", max_px, max_bytes)
    from urllib.request import url2pathname

    path = Path(url2pathname(urllib.parse.urlsplit(url).path) if url.startswith("file:") else url)
    return _made(*_read(path if folder is None else folder / path), str(path), max_px, max_bytes)


def _made(content: bytes, kind: str, name: str, max_px: int | None, max_bytes: int) -> SentImage:
    kept, before = picture_alone(content), None
    if kept is None:
        raise DataError(
            f"the image {name} is cut off or damaged", fix="get the file again, or open it and save it anew"
        )
    n_removed = len(content) - len(kept)
    if not fits(kept, max_px, max_bytes):
        before, kept = size_of(kept), scaled(kept, max_px, max_bytes)
    kind = kind_of(kept) or kind
    url = f"data:image/{kind};base64,{base64.b64encode(kept).decode('ascii')}"
    return SentImage(url, hashlib.sha256(kept).hexdigest(), len(kept), size_of(kept), before, n_removed)


def _read(path: Path) -> tuple[bytes, str]:
    """(content, format by the name) of an image file."""
    kind, _ = mimetypes.guess_type(path.name)
    if kind is None or not kind.startswith("image/"):
        raise DataError(f"{path} is no image", fix="name a file that ends in .png, .jpg, .gif or .webp")
    if path.exists() and not path.is_file():
        raise DataError(f"the image {path} is no file", fix="correct the path")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"the image {path} cannot be read: {error.strerror}", fix="correct the path") from error
    kind = kind.removeprefix("image/")
    _check_holds(content, kind, str(path), "put the picture there; of Git LFS by `git lfs pull`")
    return content, kind


def _check_holds(content: bytes, kind: str, name: str, fix: str) -> None:
    """Raise DataError for content that is no picture, and is called one of a format that can be told."""
    if (kind in KINDS or kind == "jpg") and kind_of(content) is None:
        holds = f"begins with {content[:24]!r}" if content else "is empty"
        raise DataError(f"the image {name} holds no picture: the file {holds}", fix=fix)


def _content_of_data_url(url: str) -> tuple[bytes, str] | None:
    """(content, format) of a data URL; None where it is not one of an image in base64, or of an unknown format.

    Raises:
        DataError: it is not the picture that it is called.
    """
    head, _, text = url.partition(",")
    if not head.startswith("data:image/") or not head.endswith(";base64"):
        return None
    kind = head[len("data:image/") : -len(";base64")]
    try:
        # `base64` of a shell breaks its lines.
        content = base64.b64decode("".join(text.split()), validate=True)
    except ValueError:
        return None
    _check_holds(content, kind, f"{url[:40]}...", "write the bytes of the file in base64")
    return (content, kind) if kind_of(content) is not None else None


def _inlined_message(message: Mapping[str, Any], folder: Path | None) -> Mapping[str, Any]:
    content = message.get("content")
    if not isinstance(content, list):
        return message
    return {**message, "content": [_inlined_part(part, folder) for part in content]}


def _inlined_part(part: Any, folder: Path | None) -> Any:
    url = url_of(part)
    return with_url(part, sent_image(url, folder=folder).url) if url is not None and _is_local(url) else part


def _is_local(url: str | None) -> bool:
    return url is not None and not url[:6].lower().startswith(("data:", "http:", "https:", "gs:", "s3:"))
