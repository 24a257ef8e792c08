"""Turns image columns of Hugging Face datasets into data URLs, which fit into JSON rows and chat messages."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from evals.errors import DataError
from evals.images.formats import kind_of


def undecoded(loaded: Any) -> tuple[Any, list[str]]:
    """The dataset with its images not decoded, so that no image library is needed; and the names of their columns."""
    import datasets

    columns = [name for name, feature in loaded.features.items() if isinstance(feature, datasets.Image)]
    for name in columns:
        loaded = loaded.cast_column(name, datasets.Image(decode=False))
    return loaded, columns


def with_image_urls(row: Mapping[str, Any], columns: Sequence[str]) -> dict[str, Any]:
    """The row with the images in `columns` as data URLs; None stays None.

    Raises:
        DataError: an image is not PNG, JPEG, GIF, BMP or WebP.
    """
    return {key: _data_url(value) if key in columns and value is not None else value for key, value in row.items()}


def _data_url(image: Mapping[str, Any]) -> str:
    content = image["bytes"] if image["bytes"] is not None else Path(image["path"]).read_bytes()
    return f"data:image/{_kind(content)};base64,{base64.b64encode(content).decode('ascii')}"


def _kind(content: bytes) -> str:
    kind = kind_of(content)
    if kind is not None:
        return kind
    raise DataError("an image has an unknown format", fix="store it as PNG, JPEG, GIF or WebP")
