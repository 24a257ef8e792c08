"""Long documents in pieces: nothing is lost at a border, and places stay those of the document."""

from __future__ import annotations

import random

import pytest

from evals.contamination.normalise import kept_positions, normalised
from evals.contamination.pieces import PIECE_CHARS, Piece, pieces_of

TEXTS = {
    "ascii": "The keeper counted seven ships, then eight. ",
    "marks": "e\u0301 क\u093c न्दी \u09c7\u09be \u1112\u1161\u11ab, ",
    "blanks": "a" + " " * 300,
}


def pieces(text: str, block: int, overlap: int) -> list[Piece]:
    return list(pieces_of(0, 1, [text[i : i + block] for i in range(0, len(text), block)], overlap))


def put_together(found: list[Piece]) -> str:
    """The normalised document, from the places of the pieces' characters."""
    chars: dict[tuple[int, int], str] = {}
    for piece in found:
        seen: dict[int, int] = {}
        for char, index in zip(normalised(piece.text), kept_positions(piece.text).tolist(), strict=True):
            place = piece.offset(index)
            seen[place] = seen.get(place, -1) + 1
            chars[place, seen[place]] = char
    return "".join(chars[key] for key in sorted(chars))


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
@pytest.mark.parametrize("block", [1, 7, 64, 1000])
def test_pieces_hold_the_document_whatever_the_blocks(text: str, block: int) -> None:
    document = (text * 2000)[: 40 * block + 500]
    assert put_together(pieces(document, block, overlap=5)) == normalised(document)


@pytest.mark.parametrize("block", [600, 5000])
def test_neighbours_share_as_many_kept_characters_as_a_match_may_have(block: int) -> None:
    rng = random.Random(3)
    document = "".join(rng.choices("abcdefgh é\u0301.", k=60_000))
    whole, found = normalised(document), pieces(document, block, overlap=50)
    assert len(found) > 2
    texts = [normalised(piece.text) for piece in found]
    for start in range(0, len(whole) - 50, 7):
        assert any(whole[start : start + 50] in text for text in texts)


def test_an_endless_run_of_blanks_does_not_grow_the_pieces() -> None:
    blanks = " " * 200_000
    parts = ["first half of a long question ", *[blanks] * 30, "and the second half of it"]
    found = list(pieces_of(0, None, iter(parts), overlap=50))
    assert max(len(piece.text) for piece in found) < 2 * PIECE_CHARS
    last = found[-1]
    assert "firsthalfofalongquestionandthesecondhalfofit" in normalised(last.text)
    assert last.offset(last.text.index("and")) == len(parts[0]) + 30 * len(blanks)
    assert last.offset(last.text.index("first")) == 0


def test_a_short_document_is_one_whole_piece() -> None:
    (piece,) = pieces("a b c", 100, overlap=50)
    assert (piece.text, piece.is_whole, piece.tail) == ("a b c", True, None)


def test_an_empty_document_is_one_empty_piece() -> None:
    assert [piece.text for piece in pieces_of(0, 1, iter([]), 50)] == [""]
