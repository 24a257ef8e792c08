"""Images among the parts of a message, in the words of the chat endpoint, of others, and of datasets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

TRANSCRIPT = "transcript"
"The key of an image part with a description in neutral words; it is never sent beside the image."

_KEYS = {"image_url": "image_url", "input_image": "image_url", "image": "image"}
"By the type of a part, the key of its address: of the chat endpoint, the responses endpoint, Hugging Face datasets."


def url_of(part: Any) -> str | None:
    """The URL or path in a part of a message that is an image; None for other parts, or one without an address.

    A part of type `image` with a `source` is Anthropic's: of bytes in base64 it is a data URL.
    """
    kind = part.get("type") if isinstance(part, Mapping) else None
    if kind not in _KEYS:
        return None
    image = part.get(_KEYS[kind], part.get("url") if kind == "image" else None)
    url = image.get("url") if isinstance(image, Mapping) else image
    if url is None and isinstance(source := part.get("source"), Mapping):
        url = _url_of_source(source)
    return url if isinstance(url, str) else None


def with_url(part: Mapping[str, Any], url: str) -> dict[str, Any]:
    """An image part as the chat endpoint has it, which all backends read, with another URL.

    Keys that no server knows are left out.
    """
    if part.get("type") != "image_url":
        details = {"detail": part["detail"]} if part.get("detail") is not None else {}
        return {"type": "image_url", "image_url": {**details, "url": url}}
    image = part["image_url"]
    details = {} if isinstance(image, str) else dict(image)
    kept = {key: value for key, value in part.items() if key != TRANSCRIPT}
    return {**kept, "image_url": {**details, "url": url}}


def _url_of_source(source: Mapping[str, Any]) -> Any:
    if source.get("type") == "base64":
        return f"data:{source.get('media_type')};base64,{source.get('data')}"
    return source.get("url")
