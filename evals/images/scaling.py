"""Makes images that are too large smaller. Only this file imports Pillow, and only for an image above a limit."""

from __future__ import annotations

import io
from typing import Any

from evals.errors import DataError, MissingExtra
from evals.images.formats import kind_of, size_of

MAX_BYTES = 20_000_000
"Bytes of one image. Providers refuse larger ones; some take less."
SHRINK = 0.8
SMALLEST_PX = 16


def fits(content: bytes, max_px: int | None, max_bytes: int) -> bool:
    """Whether an image is within both limits. max_px: of the longer side; None for no limit."""
    size = size_of(content) if max_px is not None else None
    return len(content) <= max_bytes and (size is None or max_px is None or max(size) <= max_px)


def scaled(content: bytes, max_px: int | None, max_bytes: int) -> bytes:
    """The image in its own format, made smaller until it is within both limits.

    Raises:
        MissingExtra: Pillow is not installed.
        DataError: the image cannot be decoded, or not made small enough.
    """
    try:
        from PIL import Image, ImageOps
    except ImportError:
        raise MissingExtra("making images smaller", "images") from None
    try:
        picture: Any = ImageOps.exif_transpose(Image.open(io.BytesIO(content)))
        picture.load()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise DataError(f"an image cannot be decoded: {error}", fix="store it as PNG, JPEG or WebP") from None
    longest = min(max(picture.size), max_px or max(picture.size))
    while longest >= SMALLEST_PX:
        made = _encoded(picture, longest, kind_of(content) or "png")
        if len(made) <= max_bytes:
            return made
        longest = int(longest * SHRINK)
    raise DataError(f"an image has more than {max_bytes:,} bytes at any size", fix="raise --max_image_bytes")


def _encoded(picture: Any, longest: int, kind: str) -> bytes:
    factor = longest / max(picture.size)
    size = tuple(max(1, round(side * factor)) for side in picture.size)
    smaller = picture.copy() if factor >= 1 else _in_eight_bits(picture).convert(_mode(picture)).resize(size)
    out = io.BytesIO()
    smaller.save(out, format=kind, **({"quality": 90} if kind in ("jpeg", "webp") else {}))
    return out.getvalue()


def _in_eight_bits(picture: Any) -> Any:
    """The picture with 8 bits a channel: Pillow's own conversion of 16 bits makes all values above 255 white."""
    if not picture.mode.startswith("I"):
        return picture
    return picture.convert("I").point(lambda value: value * (1 / 257)).convert("L")


def _mode(picture: Any) -> str:
    """The mode in which a resize mixes colours: one with a palette has nothing to mix."""
    if picture.mode in ("RGB", "RGBA", "L", "LA", "CMYK"):
        return str(picture.mode)
    return "RGBA" if "transparency" in picture.info else "RGB"
