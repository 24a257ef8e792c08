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
from evals.images.metadata import without_metadata
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
        return SentImage(url) if found is None else _made(*found, max_px, max_bytes)
    from urllib.request import url2pathname

    path = Path(url2pathname(urllib.parse.urlsplit(url).path) if url.startswith("file:") else url)
    return _made(*_read(path if folder is None else folder / path), max_px, max_bytes)


def with_url(part: Mapping[str, Any], url: str) -> dict[str, Any]:
    """An image part of a message with another URL, and without the keys that no server knows."""
    image = part["image_url"]
    details = {} if isinstance(image, str) else dict(image)
    kept = {key: value for key, value in part.items() if key != TRANSCRIPT}
    return {**kept, "image_url": {**details, "url": url}}


TRANSCRIPT = "transcript"
"The key of an image part with a description in neutral words; it is never sent beside the image."


def url_of(part: Any) -> str | None:
    """The URL or path in a part of a message that is an image; None for other parts."""
    if not isinstance(part, Mapping) or part.get("type") != "image_url":
        return None
    image = part.get("image_url")
    url = image.get("url") if isinstance(image, Mapping) else image
    return url if isinstance(url, str) else None


def _made(content: bytes, kind: str, max_px: int | None, max_bytes: int) -> SentImage:
    kept, before = without_metadata(content), None
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
    if kind in KINDS and kind_of(content) is None:
        holds = f"begins with {content[:24]!r}" if content else "is empty"
        raise DataError(
            f"the image {path} holds no picture: the file {holds}",
            fix="put the picture there; of Git LFS by `git lfs pull`",
        )
    return content, kind


def _content_of_data_url(url: str) -> tuple[bytes, str] | None:
    """(content, format) of a data URL; None where it is not one of an image in base64."""
    head, _, text = url.partition(",")
    if not head.startswith("data:image/") or not head.endswith(";base64"):
        return None
    try:
        content = base64.b64decode(text, validate=True)
    except ValueError:
        return None
    return (content, head[len("data:image/") : -len(";base64")]) if kind_of(content) is not None else None


def _inlined_message(message: Mapping[str, Any], folder: Path | None) -> Mapping[str, Any]:
    content = message.get("content")
    if not isinstance(content, list):
        return message
    return {**message, "content": [_inlined_part(part, folder) for part in content]}


def _inlined_part(part: Any, folder: Path | None) -> Any:
    url = url_of(part)
    return with_url(part, sent_image(url, folder=folder).url) if url is not None and _is_local(url) else part


def _is_local(url: str | None) -> bool:
    return url is not None and not url.startswith(("data:", "http:", "https:", "gs:", "s3:"))
