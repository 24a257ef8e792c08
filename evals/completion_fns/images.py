"""Images in messages: files of this machine become data URLs, which every provider takes."""

from __future__ import annotations

import base64
import mimetypes
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from evals.errors import DataError


def has_local_images(messages: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a message names an image by a path of this machine."""
    return any(
        _is_local(_url_of(part))
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
    """The content of an image file as `data:<type>;base64,...`; the type follows from the end of its name.

    Raises:
        DataError: the file cannot be read, or its name does not end like that of an image.
    """
    kind, _ = mimetypes.guess_type(path.name)
    if kind is None or not kind.startswith("image/"):
        raise DataError(f"{path} is no image", fix="name a file that ends in .png, .jpg, .gif or .webp")
    if path.exists() and not path.is_file():
        raise DataError(f"the image {path} is no file", fix="correct the path")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"the image {path} cannot be read: {error.strerror}", fix="correct the path") from error
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"


def _inlined_message(message: Mapping[str, Any], folder: Path | None) -> Mapping[str, Any]:
    content = message.get("content")
    if not isinstance(content, list):
        return message
    return {**message, "content": [_inlined_part(part, folder) for part in content]}


def _inlined_part(part: Any, folder: Path | None) -> Any:
    url = _url_of(part) if isinstance(part, Mapping) else None
    if url is None or not _is_local(url):
        return part
    path = Path(urllib.request.url2pathname(urllib.parse.urlsplit(url).path) if url.startswith("file:") else url)
    image = part["image_url"]
    details = {} if isinstance(image, str) else dict(image)
    return {**part, "image_url": {**details, "url": data_url(path if folder is None else folder / path)}}


def _url_of(part: Mapping[str, Any]) -> str | None:
    if part.get("type") != "image_url":
        return None
    image = part.get("image_url")
    url = image.get("url") if isinstance(image, Mapping) else image
    return url if isinstance(url, str) else None


def _is_local(url: str | None) -> bool:
    return url is not None and not url.startswith(("data:", "http:", "https:", "gs:", "s3:"))
