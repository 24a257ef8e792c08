"""Messages over a socket: four bytes of length, then that many bytes of UTF-8."""

from __future__ import annotations

import _socket
import array
import os
import socket
import struct

_LENGTH = struct.Struct(">I")
MAX_MESSAGE = 1 << 24
"Bytes of the longest message, 16 MiB."


class TooLong(ValueError):
    """A message is longer than the channel takes."""


class Channel:
    """One end of a stream socket. Blocks.

    sock: `_socket.socket`, the base of `socket.socket`, is enough; a candidate makes only that, since it costs less.
    max_bytes: of one message.
    """

    def __init__(self, sock: _socket.socket, max_bytes: int = MAX_MESSAGE) -> None:
        self.sock = sock
        self.max_bytes = max_bytes
        self._buffer = b""

    def fileno(self) -> int:
        return self.sock.fileno()

    def send(self, text: str, fds: tuple[int, ...] = (), *, then: str = "") -> None:
        """Send one message, and descriptors with its first byte. then: another message right after it.

        Raises:
            TooLong: a message is longer than `max_bytes`.
            EOFError: the other end is closed.
        """
        data = framed(text, self.max_bytes)
        if then:
            data += framed(then, self.max_bytes)
        if fds:
            rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))
            sent = self.sock.sendmsg([data], [rights])
            data = data[sent:]
        # To send nothing is an error too once the other end has read everything, done its work and closed.
        if not data:
            return
        try:
            self.sock.sendall(data)
        except (BrokenPipeError, ConnectionResetError) as error:
            raise EOFError from error

    def receive(self) -> str:
        """The next message.

        Raises:
            TooLong: it says that it is longer than `max_bytes`; nothing of it is read.
            EOFError: the other end is closed.
            UnicodeDecodeError: it is not UTF-8.
        """
        buffer = self._buffer
        while len(buffer) < 4:
            buffer = self._buffer = buffer + self._read(65536)
        end = _LENGTH.unpack_from(buffer)[0] + 4
        if end - 4 > self.max_bytes:
            raise TooLong(f"a message of {end - 4:,} bytes; at most {self.max_bytes:,} are taken")
        if len(buffer) < end:
            self._fill(end)
            buffer = self._buffer
        self._buffer = buffer[end:]
        return buffer[4:end].decode("utf-8", "surrogatepass")

    def _fill(self, size: int) -> None:
        """Read until the buffer has this many bytes. If the socket times out, they are kept for the next call."""
        parts, got = [self._buffer], len(self._buffer)
        try:
            while got < size:
                part = self._read(min(1 << 20, size - got + 4096))
                parts.append(part)
                got += len(part)
        finally:
            self._buffer = b"".join(parts)

    def receive_with_fds(self, n_fds: int) -> tuple[str, list[int]]:
        """The next message and the descriptors that came with its first byte. Nothing may be buffered."""
        data, ancillary, _, _ = self.sock.recvmsg(65536, socket.CMSG_LEN(n_fds * 4))
        if not data:
            raise EOFError
        self._buffer += data
        return self.receive(), _fds_in(ancillary) if ancillary else []

    def _read(self, size: int) -> bytes:
        try:
            part = self.sock.recv(size)
        except ConnectionResetError as error:  # the other end closed before it had read everything
            raise EOFError from error
        if not part:
            raise EOFError
        return part

    def close(self) -> None:
        self.sock.close()


def _fds_in(ancillary: list[tuple[int, int, bytes]]) -> list[int]:
    fds = array.array("i")
    for level, kind, content in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            # Ancillary data that did not fit is cut, perhaps within a number.
            fds.frombytes(content[: len(content) - len(content) % fds.itemsize])
    return list(fds)


def framed(text: str, max_bytes: int = MAX_MESSAGE) -> bytes:
    """A message as it is sent. Raises TooLong."""
    # Texts of programs may hold lone surrogates, which plain UTF-8 has no form for.
    data = text.encode("utf-8", "surrogatepass")
    if len(data) > max_bytes:
        raise TooLong(f"a message of {len(data):,} bytes; at most {max_bytes:,} are taken")
    return _LENGTH.pack(len(data)) + data


def from_fd(fd: int, max_bytes: int = MAX_MESSAGE) -> Channel:
    """A channel over an inherited descriptor, which it owns from here on."""
    return Channel(socket.socket(fileno=os.dup(fd)), max_bytes)
