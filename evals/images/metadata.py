"""Removes what an image file says beside its picture: texts, EXIF, XMP, places, thumbnails, trailing bytes."""

from __future__ import annotations

import struct
import zlib

from evals.images.formats import END, SCAN, is_begun, kind_of, riff_chunks, segments

_PNG_KEPT = frozenset(
    (b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"acTL", b"fcTL", b"fdAT")
)
"Chunks that decide what is seen. iCCP has a name of free text."
_JPEG_KEPT = frozenset((0xE0, 0xEE))
"APP0 (JFIF) and APP14 (Adobe, which says how colours are coded)."
_ORIENTATION = 0x0112


def without_metadata(content: bytes) -> bytes:
    """The file with the same picture and nothing else; content of another or a damaged format comes back as it is.

    An EXIF orientation is kept, alone: without it the picture would be seen lying on its side.
    """
    picture = picture_alone(content)
    return content if picture is None else picture


def picture_alone(content: bytes) -> bytes | None:
    """As `without_metadata`; None for a PNG, JPEG, GIF or WebP that is cut off or damaged. Pixels are not decoded.

    A file that has nothing of its format but the first bytes is not judged, and comes back as it is.
    """
    strip = _STRIPPERS.get(kind_of(content) or "")
    try:
        return content if strip is None else strip(content)
    except (IndexError, ValueError, struct.error):
        return None if is_begun(content) else content


def _png(content: bytes) -> bytes:
    kept, at = [content[:8]], 8
    while at + 8 <= len(content):
        size, name = struct.unpack(">I4s", content[at : at + 8])
        end = at + 12 + size
        if end > len(content):
            raise ValueError("cut off")
        if name in _PNG_KEPT:
            if zlib.crc32(content[at + 4 : end - 4]) != int.from_bytes(content[end - 4 : end], "big"):
                raise ValueError("checksum")
            kept.append(content[at:end])
        if name == b"eXIf":
            kept.append(_png_chunk(name, _tiff_with(_orientation_of(content[at + 8 : end - 4]))))
        if name == b"IEND":
            return b"".join(kept)
        at = end
    raise ValueError("no end")


def _png_chunk(name: bytes, body: bytes) -> bytes:
    """A chunk; nothing without a body."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) if body else b""


def _jpeg(content: bytes) -> bytes:
    kept, orientation = [content[:2]], 1
    for marker, start, end in segments(content):
        if marker == SCAN:
            head = b"".join(kept)
            return head + _exif_with(orientation) + content[start : _end_of_scans(content, end)]
        if 0xE0 <= marker <= 0xEF or marker == 0xFE:
            if marker == 0xE1:
                orientation = _orientation(content[start + 4 : end]) or orientation
            if marker not in _JPEG_KEPT:
                continue
        kept.append(content[start:end])
    raise ValueError("no scan")


def _end_of_scans(content: bytes, at: int) -> int:
    """The place behind the end marker. Later scans and their tables are passed over, coded data has no markers."""
    while True:
        at = content.index(b"\xff", at)
        marker = content[at + 1]
        if marker == END:
            return at + 2
        if marker == 0xFF:
            at += 1
        elif marker == 0 or 0xD0 <= marker <= 0xD7 or marker == 0x01:
            at += 2
        else:
            at += 2 + int(struct.unpack(">H", content[at + 2 : at + 4])[0])


def _orientation(segment: bytes) -> int | None:
    """The orientation in an EXIF segment of a JPEG file; None where it has none."""
    return _orientation_of(segment[6:]) if segment.startswith(b"Exif\0\0") else None


def _orientation_of(tiff: bytes) -> int | None:
    """The orientation in EXIF data (EXIF 2.3, section 4.6.4); None where it has none, or is damaged."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return None
    try:
        start = struct.unpack(f"{order}I", tiff[4:8])[0]
        (count,) = struct.unpack(f"{order}H", tiff[start : start + 2])
        for place in range(start + 2, start + 2 + 12 * count, 12):
            tag, _, _, value = struct.unpack(f"{order}HHIH", tiff[place : place + 10])
            if tag == _ORIENTATION:
                return value if 1 <= value <= 8 else None
    except struct.error:
        pass
    return None


def _exif_with(orientation: int) -> bytes:
    """An EXIF segment of a JPEG file with the orientation alone; nothing for a picture that stands upright."""
    tiff = _tiff_with(orientation)
    body = b"Exif\0\0" + tiff
    return b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body if tiff else b""


def _tiff_with(orientation: int | None) -> bytes:
    """EXIF data with the orientation alone; nothing for a picture that stands upright."""
    if orientation in (None, 1):
        return b""
    directory = struct.pack(">HHHIHHI", 1, _ORIENTATION, 3, 1, orientation, 0, 0)
    return b"MM\0*" + struct.pack(">I", 8) + directory


def _webp(content: bytes) -> bytes:
    kept = []
    if 8 + int.from_bytes(content[4:8], "little") > len(content):
        raise ValueError("cut off")
    chunks = [(name, content[start:end]) for name, start, end in riff_chunks(content)]
    for _, chunk in chunks:
        if len(chunk) < 8 + int.from_bytes(chunk[4:8], "little"):
            raise ValueError("cut off")
    exif = next((_tiff_with(_orientation_of(chunk[8:])) for name, chunk in chunks if name == b"EXIF"), b"")
    for name, chunk in chunks:
        if name == b"VP8X":  # its flags say which chunks follow: bit 5 ICC, 3 EXIF, 2 XMP
            chunk = chunk[:8] + bytes([chunk[8] & ~0b101100 | (0b1000 if exif else 0)]) + chunk[9:]
        if name in (b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF"):
            kept.append(chunk + b"\0" * (len(chunk) % 2))
    if not kept:
        raise ValueError("no picture")
    body = b"WEBP" + b"".join(kept) + (b"EXIF" + struct.pack("<I", len(exif)) + exif if exif else b"")
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _gif(content: bytes) -> bytes:
    at = 13 + _table_bytes(content[10])
    kept = [content[:at]]
    has_picture = False
    while True:
        start, block = at, content[at] if at < len(content) else None
        if block == 0x3B or (block is None and has_picture):  # some programs leave the last byte out
            return b"".join([*kept, b"\x3b"])
        if block == 0x2C:
            at = _after_blocks(content, at + 11 + _table_bytes(content[at + 9]))
            kept.append(content[start:at])
            has_picture = True
            continue
        if block != 0x21:
            raise ValueError("no block")
        label, at = content[at + 1], _after_blocks(content, at + 2)
        loops = label == 0xFF and content[start + 3 : start + 14] == b"NETSCAPE2.0"
        if label in (0xF9, 0x01) or loops:
            kept.append(content[start:at])


def _table_bytes(flags: int) -> int:
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0


def _after_blocks(content: bytes, at: int) -> int:
    while content[at]:
        at += 1 + content[at]
    return at + 1


_STRIPPERS = {"png": _png, "jpeg": _jpeg, "webp": _webp, "gif": _gif}
