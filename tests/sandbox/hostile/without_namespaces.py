"""Starts a command in which no namespace can be made, as in a container with Docker's default profile: `COMMAND ARG ...`."""

from __future__ import annotations

import ctypes
import os
import struct
import sys

ALLOW, EPERM, ENOSYS = 0x7FFF0000, 0x00050001, 0x00050026
NEW_NAMESPACES = 0x7E020000
NUMBERS = {"x86_64": (272, 56), "aarch64": (97, 220)}
"Of unshare and clone."


def instructions() -> list[tuple[int, int, int, int]]:
    """Code, jumps if true and if false, operand."""
    unshare, clone = NUMBERS[os.uname().machine]
    return [
        (0x20, 0, 0, 0),
        (0x15, 0, 1, unshare),
        (0x06, 0, 0, EPERM),
        (0x15, 0, 1, 435),
        (0x06, 0, 0, ENOSYS),
        (0x15, 0, 3, clone),
        (0x20, 0, 0, 16),
        (0x45, 0, 1, NEW_NAMESPACES),
        (0x06, 0, 0, EPERM),
        (0x06, 0, 0, ALLOW),
    ]


def main() -> None:
    code = b"".join(struct.pack("HBBI", code, true, false, k) for code, true, false, k in instructions())
    held = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("HxxxxxxQ", len(code) // 8, ctypes.addressof(held))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, program, 0, 0):
        raise OSError(ctypes.get_errno(), "no filter could be put on")
    os.execv(sys.argv[1], sys.argv[1:])


if __name__ == "__main__":
    main()
