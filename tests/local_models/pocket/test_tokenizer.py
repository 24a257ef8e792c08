"""Text to token ids and back."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from evals.errors import DataError
from evals.local_models.pocket.tokenizer import END, Tokenizer, words

BYTES = [bytes([k]) for k in range(256)]
PIECES = [*BYTES, b" A", b" the", b" th", b"the", b"ing", b" 7", b"   ", b"\xc3\xa4"]


@pytest.fixture
def tokenizer() -> Tokenizer:
    return Tokenizer(PIECES)


def pieces_of(tokenizer: Tokenizer, text: str) -> list[str]:
    return [tokenizer.decode([k]) for k in tokenizer.encode(text)]


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("Answer: A\n", ["Answer", ":", " A", "\n"]),
        ("17 + 25 = 42", ["1", "7", " +", " 2", "5", " =", " 4", "2"]),
        ("def f(x):\n    return x_1", ["def", " f", "(", "x", "):", "\n", "   ", " return", " x", "_", "1"]),
        ("a\n\n  \nb\t c ", ["a", "\n", "\n", "  ", "\n", "b", "\t", " c", " "]),
        ("Grüße, 東京!", ["Grüße", ",", " 東京", "!"]),
        ("don't ...", ["don", "'", "t", " ..."]),
        ("x\ty", ["x", "\t", "y"]),
    ],
)
def test_no_piece_crosses_a_word_border(text: str, cut: list[str]) -> None:
    assert list(words(text)) == cut


def test_any_text_comes_back_and_its_words_join_to_it(tokenizer: Tokenizer) -> None:
    rng = Random(3)
    alphabet = "the ing A7 \n\t  _.,()ä東😀é²\u00a0\u2028\r\x00"
    for _ in range(300):
        text = "".join(rng.choice(alphabet) for _ in range(rng.randrange(60)))
        assert "".join(words(text)) == text
        assert tokenizer.decode(tokenizer.encode(text)) == text


def test_the_longest_piece_is_taken_from_the_left(tokenizer: Tokenizer) -> None:
    assert pieces_of(tokenizer, "the thing") == ["the", " th", "ing"]
    assert pieces_of(tokenizer, " then") == [" the", "n"]
    assert pieces_of(tokenizer, "17 7") == ["1", "7", " 7"]


def test_a_prompt_and_what_follows_at_a_word_border_are_cut_alike_apart_and_together(tokenizer: Tokenizer) -> None:
    prompt, letter = "Question: 1 + 1?\nAnswer:", " A"
    assert tokenizer.encode(prompt + letter) == tokenizer.encode(prompt) + tokenizer.encode(letter)


def test_no_text_becomes_the_end_of_a_document(tokenizer: Tokenizer) -> None:
    assert END not in tokenizer.encode("<|end|>\x00")
    assert tokenizer.decode([END]) == ""


def test_bytes_that_are_no_text_are_shown_as_such_and_surrogates_do_not_raise(tokenizer: Tokenizer) -> None:
    assert tokenizer.decode(tokenizer.encode("é")[:1]) == "\ufffd"
    assert tokenizer.decode(tokenizer.encode("a\ud800b")) == "a?b"


def test_a_saved_tokenizer_is_the_same(tokenizer: Tokenizer, tmp_path: Path) -> None:
    tokenizer.save(tmp_path / "tokenizer.json")
    again = Tokenizer.load(tmp_path / "tokenizer.json")
    assert again.pieces == tokenizer.pieces
    assert again.hash == tokenizer.hash
    assert again.hash != Tokenizer(PIECES[::-1]).hash


@pytest.mark.parametrize("content", ["", "[]", '{"format": "other", "pieces": []}', '{"pieces": ["a"]}'])
def test_another_file_is_no_tokenizer(content: str, tmp_path: Path) -> None:
    (tmp_path / "t.json").write_text(content)
    with pytest.raises(DataError, match="no tokenizer"):
        Tokenizer.load(tmp_path / "t.json")


@pytest.mark.parametrize("pieces", [BYTES[:255], [*BYTES, b"a"], [*BYTES, b""]])
def test_pieces_must_be_different_and_hold_all_bytes(pieces: list[bytes]) -> None:
    with pytest.raises(DataError, match=r"pieces|bytes"):
        Tokenizer(pieces)
