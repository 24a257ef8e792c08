"""What an image file is, by its first bytes: its format, and its width and height."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

_BEGINNINGS: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF8", "gif"),
    (b"BM", "bmp"),
)
KINDS = frozenset(("png", "jpeg", "gif", "bmp", "webp"))
"What `kind_of` can tell."
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"JPEG markers of a frame, whose segment has the size (ITU-T T.81, table B.1)."
_ALONE = frozenset((0x01, *range(0xD0, 0xD9)))
"JPEG markers without a segment."
SCAN, END = 0xDA, 0xD9
"JPEG markers of the start of a scan and of the end of the image."


def kind_of(content: bytes) -> str | None:
    """`png`, `jpeg`, `gif`, `bmp` or `webp`; None for other content."""
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "webp"
    return next((kind for beginning, kind in _BEGINNINGS if content.startswith(beginning)), None)


def is_begun(content: bytes) -> bool:
    """Whether a file goes on behind its first bytes as files of its format do, so that its end can be looked for.

    Where it does not, only its reader can say what it is.
    """
    return _BEGUN[kind_of(content) or ""](content)


def size_of(content: bytes) -> tuple[int, int] | None:
    """Width and height in pixels as the file states them; None where it does not, or is damaged."""
    try:
        return _SIZES[kind_of(content) or ""](content)
    except (KeyError, IndexError, struct.error):
        return None


def segments(content: bytes) -> Iterator[tuple[int, int, int]]:
    """(marker, start, end) of each segment of a JPEG file up to its first scan; the start is that of the marker."""
    at = 2
    while at + 4 <= len(content) and content[at] == 0xFF:
        marker = content[at + 1]
        if marker == 0xFF:  # a fill byte
            at += 1
            continue
        end = at + 2 if marker in _ALONE else at + 2 + int(struct.unpack(">H", content[at + 2 : at + 4])[0])
        yield marker, at, end
        if marker in (SCAN, END):
            return
        at = end


def riff_chunks(content: bytes) -> Iterator[tuple[bytes, int, int]]:
    """(name, start, end) of each chunk of a WebP file, header and padding included."""
    at, whole = 12, min(len(content), 8 + int.from_bytes(content[4:8], "little"))
    while at + 8 <= whole:
        name, size = content[at : at + 4], struct.unpack("<I", content[at + 4 : at + 8])[0]
        end = at + 8 + size + size % 2
        yield name, at, end
        at = end


def _jpeg_is_begun(content: bytes) -> bool:
    if content[3:4] in _FIRST_TABLES:
        return 2 < int.from_bytes(content[4:6], "big") < len(content)
    return content[6:].startswith(_JPEG_NAMES)


def _gif_is_begun(content: bytes) -> bool:
    flags = content[10] if len(content) > 10 else 0
    at = 13 + (3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0)
    return content[4:6] in (b"7a", b"9a") and content[at : at + 1] in (b"", b"\x21", b"\x2c", b"\x3b")


_FIRST_TABLES = (b"\xdb", b"\xc0", b"\xc2", b"\xc4", b"\xfe")
"JPEG markers of tables, frames and comments."
_JPEG_NAMES = (b"JFIF\0", b"JFXX\0", b"Exif\0", b"ICC_PROFILE\0", b"http:", b"Adobe", b"Photoshop", b"MPF\0", b"Ducky")
"Of the applications that name their segments, which often come first."
_BEGUN: dict[str, Callable[[bytes], bool]] = {
    "png": lambda content: content[12:16] == b"IHDR",
    "jpeg": _jpeg_is_begun,
    "gif": _gif_is_begun,
    "webp": lambda content: content[12:16] in (b"VP8 ", b"VP8L", b"VP8X"),
    "bmp": lambda content: True,
    "": lambda content: False,
}


def _png_size(content: bytes) -> tuple[int, int]:
    width, height = struct.unpack(">II", content[16:24])
    return width, height


def _gif_size(content: bytes) -> tuple[int, int]:
    width, height = struct.unpack("<HH", content[6:10])
    return width, height


def _bmp_size(content: bytes) -> tuple[int, int]:
    width, height = struct.unpack("<ii", content[18:26])
    return width, abs(height)


def _jpeg_size(content: bytes) -> tuple[int, int] | None:
    for marker, start, _ in segments(content):
        if marker in _FRAMES:
            height, width = struct.unpack(">HH", content[start + 5 : start + 9])
            return width, height
    return None


def _webp_size(content: bytes) -> tuple[int, int] | None:
    name, start, _ = next(riff_chunks(content), (b"", 0, 0))
    body = content[start + 8 : start + 18]
    if name == b"VP8X":
        return 1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little")
    if name == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if name == b"VP8 ":
        width, height = struct.unpack("<HH", body[6:10])
        return width & 0x3FFF, height & 0x3FFF
    return None


_SIZES = {"png": _png_size, "gif": _gif_size, "bmp": _bmp_size, "jpeg": _jpeg_size, "webp": _webp_size}
