"""The exact bytes of each token, whatever kind of tokenizer it is: parts of characters too."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

_BYTE_TOKEN = re.compile(r"<0x([0-9A-Fa-f]{2})>")
_SPACE_MARK = "\u2581"


def byte_alphabet() -> dict[str, int]:
    """The letters in which byte-level tokenizers write bytes: printable ones as themselves, the others from U+0100 on.

    Source: GPT-2's `bytes_to_unicode`, Radford et al. 2019.
    """
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + place): byte for place, byte in enumerate(others)}


class Pieces:
    """Token ids to bytes for one tokenizer of transformers."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._special = set(tokenizer.all_special_ids)
        self._added = {k: str(token) for k, token in tokenizer.added_tokens_decoder.items()}
        self._kind = kind_of(tokenizer)
        self._alphabet = byte_alphabet()
        self._known: dict[int, bytes] = {}

    def decode(self, ids: Iterable[int]) -> bytes:
        """The bytes of `ids`, joined. Raises IndexError for an id that is no token."""
        return b"".join(self.piece(int(k)) for k in ids)

    def piece(self, token_id: int) -> bytes:
        found = self._known.get(token_id)
        if found is None:
            found = self._known[token_id] = self._bytes(token_id)
        return found

    def _bytes(self, token_id: int) -> bytes:
        if token_id in self._special:
            return b""
        if token_id in self._added:
            return self._added[token_id].encode()
        if not 0 <= token_id < len(self._tokenizer):
            raise IndexError(f"{token_id} is no token")
        token = self._tokenizer.convert_ids_to_tokens(token_id)
        if token is None:
            return b""
        if self._kind == "bytes" and all(letter in self._alphabet for letter in token):
            return bytes(self._alphabet[letter] for letter in token)
        if self._kind == "spaces":
            byte = _BYTE_TOKEN.fullmatch(token)
            return bytes([int(byte[1], 16)]) if byte else token.replace(_SPACE_MARK, " ").encode()
        return str(self._tokenizer.decode([token_id])).encode()


def kind_of(tokenizer: Any) -> str:
    """`bytes` for byte-level tokenizers, `spaces` for those that mark spaces by U+2581, else `text`."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is not None:
        parts = json.loads(backend.to_str())
        said = json.dumps([parts.get("decoder"), parts.get("pre_tokenizer"), parts.get("normalizer")])
        if "ByteLevel" in said:
            return "bytes"
        if "Metaspace" in said or "\\u2581" in said:
            return "spaces"
        return "text"
    return "spaces" if any(token.startswith(_SPACE_MARK) for token in tokenizer.get_vocab()) else "text"
