"""Where the tokens of an echoed text lie, in the notations of real servers."""

from __future__ import annotations

import itertools
import random

import pytest

from evals.completion_fns.openai.token_spans import byte_length, spans_of


def spans_by_hand(pieces: list[bytes]) -> list[tuple[int, int]]:
    ends = [sum(map(len, pieces[: k + 1])) for k in range(len(pieces))]
    return list(zip([0, *ends[:-1]], ends, strict=True))


def test_a_begin_token_that_the_text_lacks_has_no_width():
    assert spans_of(["<s>", "ab", " cd", " ef"], "ab cd ef") == [(0, 0), (0, 2), (2, 5), (5, 8)]
    assert spans_of(["<|begin_of_text|>", "ab"], "ab") == [(0, 0), (0, 2)]
    assert spans_of(["<s>", "ab"], "<s>ab") == [(0, 3), (3, 5)]


def test_tokens_that_were_generated_begin_at_the_end_of_the_text():
    found = spans_of(["<s>", "ab", " cd", " x", " y"], "ab cd")
    assert found is not None
    assert found[:3] == [(0, 0), (0, 2), (2, 5)]
    assert all(begin >= 5 for begin, _ in found[3:])


@pytest.mark.parametrize(
    "tokens",
    [
        ["a", "bytes:\\xc3", "bytes:\\xa9", "b"],
        ["a", "\\xc3", "\\xa9", "b"],
        ["a", "<0xC3>", "<0xA9>", "b"],
        ["a", "\u00c3", "\u00a9", "b"],
    ],
)
def test_parts_of_a_character_in_their_notations(tokens: list[str]):
    assert spans_of(tokens, "aéb") == [(0, 1), (1, 2), (2, 3), (3, 4)]


def test_a_part_without_text_belongs_to_the_character_that_another_part_completes():
    assert spans_of(["a", "", "é", "b"], "aéb") == [(0, 1), (1, 3), (1, 3), (3, 4)]
    assert spans_of(["a", "", "", "b"], "aéb") == [(0, 1), (1, 3), (3, 4), (3, 4)]
    assert spans_of(["a", "\ufffd", "\ufffd", "b"], "aéb") == [(0, 1), (1, 2), (2, 3), (3, 4)]


@pytest.mark.parametrize(
    "tokens",
    [["▁the", "▁cat"], ["Ġthe", "Ġcat"], [" the", " cat"], ["the", "Ġcat"], ["the", "cat"]],
)
def test_the_space_before_a_word_in_its_notations(tokens: list[str]):
    assert spans_of(tokens, "the cat") == [(0, 3), (3, 7)]


@pytest.mark.parametrize(
    ("tokens", "text"),
    [([], "a"), (["b"], "a"), (["a"], "a b"), ([" b"], "a b"), (["a", " c"], "a b"), (["<s>"], "a")],
)
def test_tokens_of_another_text_have_no_place(tokens: list[str], text: str):
    assert spans_of(tokens, text) is None


WORDS = ["the", " cat", "é", "日本", "🙂", "\n", "  ", "<s>", "Ġ", "▁", "]", "\ufffd"]


@pytest.mark.parametrize("seed", range(20))
def test_any_cut_of_any_text_is_found_again(seed: int):
    rng = random.Random(seed)
    data = "".join(rng.choices(WORDS, k=12)).encode()
    cuts = sorted({0, len(data), *(rng.randrange(len(data)) for _ in range(9))})
    pieces = [data[a:b] for a, b in itertools.pairwise(cuts)]
    named = [
        "bytes:" + "".join(f"\\x{byte:02x}" for byte in piece) if not _is_text(piece) else piece.decode()
        for piece in pieces
    ]
    assert spans_of(named, data.decode()) == spans_by_hand(pieces)
    assert spans_of(["<|bos|>", *named, "<|eos|>"], data.decode()) is not None
    assert byte_length(data.decode()) == len(data)


def _is_text(piece: bytes) -> bool:
    try:
        return bool(piece.decode()) or True
    except UnicodeDecodeError:
        return False
