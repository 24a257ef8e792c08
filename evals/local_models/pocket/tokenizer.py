"""Text to token ids and back: text is cut into words, and each word into the longest pieces of a fixed list."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from evals.errors import DataError

END = 0
"The id that ends a document, and begins every prompt. No text becomes it."

WORDS = re.compile(
    r"\n"  # every line break alone
    r"| ?[^\W\d_]+"  # a word, with the space before it
    r"| ?\d"  # every digit alone, with the space before it
    r"| ?(?:[^\s\w]|_)+"  # a run of punctuation, with the space before it
    r"|[^\S\n]+(?!\S)"  # other white space, but for the space that belongs to what follows it
    r"|[^\S\n]"
)
"Cuts text into words, which no piece crosses; every character is in exactly one of them."

_FORMAT = "pocket-tokenizer-1"


def words(text: str) -> Iterator[str]:
    """The words of `text`, in order; joined they are the text again."""
    return (match.group() for match in WORDS.finditer(text))


class Tokenizer:
    """A fixed list of pieces: id 0 is the end of a document, id k the k-th piece, counted from 1.

    pieces: byte strings, all different, all 256 single bytes among them, so that every text can be written.
    """

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self.pieces: tuple[bytes, ...] = (b"", *pieces)
        self._ids = {piece: k for k, piece in enumerate(self.pieces) if k != END}
        if len(self._ids) != len(self.pieces) - 1 or b"" in self._ids:
            raise DataError("a tokenizer's pieces are empty or given twice", fix="list every piece once")
        if any(bytes([k]) not in self._ids for k in range(256)):
            raise DataError("a tokenizer lacks some of the 256 single bytes", fix="add them to its pieces")
        self._longest = max(map(len, self.pieces))
        self._ids_of_word: dict[str, tuple[int, ...]] = {}

    @classmethod
    def load(cls, path: Path) -> Tokenizer:
        """The tokenizer of a file that `save` has written."""
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            if content["format"] != _FORMAT:
                raise ValueError(content["format"])
            return cls(piece.encode("latin-1") for piece in content["pieces"])
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise DataError(f"no tokenizer of the form {_FORMAT}: {error!r}"[:200], where=str(path)) from None

    def save(self, path: Path) -> None:
        """Writes the pieces as JSON, each byte as the character with its number."""
        content = {"format": _FORMAT, "pieces": [piece.decode("latin-1") for piece in self.pieces[1:]]}
        path.write_text(json.dumps(content, indent=0) + "\n", encoding="utf-8", newline="\n")

    def __len__(self) -> int:
        """How many ids there are, the end of a document among them."""
        return len(self.pieces)

    @property
    def hash(self) -> str:
        """SHA-256 of the pieces in their order: models with equal hashes share their tokens."""
        listed = json.dumps([piece.decode("latin-1") for piece in self.pieces])
        return hashlib.sha256(listed.encode()).hexdigest()

    def encode(self, text: str) -> list[int]:
        """The ids of `text`; lone surrogates, which no UTF-8 holds, become question marks."""
        ids: list[int] = []
        known = self._ids_of_word
        for word in WORDS.findall(text):
            found = known.get(word)
            if found is None:
                found = self._remember(word)
            ids.extend(found)
        return ids

    def _remember(self, word: str) -> tuple[int, ...]:
        found = tuple(self._greedy(word.encode("utf-8", errors="replace")))
        if len(self._ids_of_word) < 200_000 and len(word) <= 40:
            self._ids_of_word[word] = found
        return found

    def _greedy(self, word: bytes) -> Iterator[int]:
        """From the left, the longest piece each time."""
        start = 0
        while start < len(word):
            for end in range(min(len(word), start + self._longest), start, -1):
                found = self._ids.get(word[start:end])
                if found is not None:
                    yield found
                    start = end
                    break

    def decode_bytes(self, ids: Iterable[int]) -> bytes:
        """The bytes of `ids`; the end of a document has none."""
        return b"".join([self.pieces[k] for k in ids])

    def decode(self, ids: Sequence[int]) -> str:
        """The text of `ids`; bytes that are no UTF-8 become U+FFFD."""
        return self.decode_bytes(ids).decode("utf-8", errors="replace")
