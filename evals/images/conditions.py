"""The conditions under which a model sees the images of a prompt: as they are, not at all, or in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evals.errors import DataError
from evals.images.inline import SentImage, sent_image
from evals.images.parts import TRANSCRIPT, url_of, with_url
from evals.images.scaling import MAX_BYTES

VISION, NO_VISION, TRANSCRIBED = "vision", "no_vision", "transcribed"
CONDITIONS = (VISION, NO_VISION, TRANSCRIBED)


@dataclass(frozen=True)
class ImageOptions:
    """How the images of prompts are sent to the evaluated model. max_px: of the longer side; None for no limit."""

    condition: str | None = None
    "One of CONDITIONS; None where nobody said it, which is `vision` unless the eval has one of its own."
    max_px: int | None = None
    max_bytes: int = MAX_BYTES

    def changed(self) -> dict[str, Any]:
        """The values that are not the default, for fingerprints."""
        found: dict[str, Any] = {} if self.seen_as == VISION else {"condition": self.seen_as}
        found |= {} if self.max_px is None else {"max_px": self.max_px}
        return found if self.max_bytes == MAX_BYTES else {**found, "max_bytes": self.max_bytes}

    @property
    def seen_as(self) -> str:
        """One of CONDITIONS."""
        return self.condition or VISION


def has_images(prompt: Any) -> bool:
    """Whether a prompt is a chat with an image in it."""
    if not isinstance(prompt, list):
        return False
    for message in prompt:  # a generator costs more than the search: once a call
        parts = message.get("content") if isinstance(message, (dict, Mapping)) else None
        if isinstance(parts, list) and any(url_of(part) is not None for part in parts):
            return True
    return False


def in_condition(
    messages: Sequence[Mapping[str, Any]], options: ImageOptions
) -> tuple[list[Mapping[str, Any]], list[dict[str, Any]]]:
    """(the chat as it is sent, what is known of each image of it, for the record).

    `vision`: pictures without metadata as data URLs. `no_vision`: each is the line `IMAGE: image-1.png`, numbered
    through the chat, whatever its file is called. `transcribed`: the line `IMAGE: ` with its `transcript`. A message
    that has no image stays as it is, so a chat without images is the same in all conditions.

    Raises:
        DataError: an image cannot be sent, or has no transcript where that is asked for.
    """
    known: list[dict[str, Any]] = []
    sent: list[Mapping[str, Any]] = []
    for message in messages:
        content = message.get("content")
        if not isinstance(content, list) or all(url_of(part) is None for part in content):
            sent.append(message)
            continue
        parts = [part if url_of(part) is None else _part(part, options, known) for part in content]
        sent.append({**message, "content": _as_text(parts) if options.seen_as != VISION else parts})
    return sent, known


def _part(part: Mapping[str, Any], options: ImageOptions, known: list[dict[str, Any]]) -> dict[str, Any]:
    """The part that is sent in place of an image; what is known of the image is added to `known`."""
    url = url_of(part)
    assert url is not None
    name = f"image-{len(known) + 1}.png"
    if options.seen_as == VISION:
        image: SentImage = sent_image(url, options.max_px, options.max_bytes)
        known.append({"name": name, **image.facts()})
        return with_url(part, image.url)
    known.append({"name": name})
    if options.seen_as == NO_VISION:
        return {"type": "text", "text": f"IMAGE: {name}"}
    text = part.get(TRANSCRIPT)
    if not isinstance(text, str) or not text.strip():
        raise DataError(
            f"image {len(known)} of the prompt has no '{TRANSCRIPT}', and the condition is {TRANSCRIBED}",
            fix=f'describe it in neutral words: "{TRANSCRIPT}": "..." beside "image_url"',
        )
    return {"type": "text", "text": f"IMAGE: {text.strip()}"}


def _as_text(parts: Sequence[Any]) -> Any:
    """Parts that are all texts as one text, a line each: models without vision take no parts."""
    if all(isinstance(part, Mapping) and part.get("type") == "text" for part in parts):
        return "\n".join(str(part.get("text", "")) for part in parts)
    return list(parts)
