"""Small picture files, made without an image library."""

from __future__ import annotations

import base64
import struct
import zlib


def png_chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(*extra: bytes, rows: bytes = zlib.compress(b"\0\0\0\0")) -> bytes:
    """A PNG file of one black pixel. extra: chunks before the pixels; rows: what the chunk of the pixels holds."""
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(extra) + png_chunk(b"IDAT", rows) + png_chunk(b"IEND", b"")


PNG = png()
PNG_URL = "data:image/png;base64," + base64.b64encode(PNG).decode()
GIF = b"GIF89a\1\0\1\0\x80\0\0\0\0\0\xff\xff\xff" + b",\0\0\0\0\1\0\1\0\0" + b"\2\2D\1\0" + b";"
"One pixel."
