"""Streamed pieces of a completion: joined they are the completion, and nothing is sent that must be taken back."""

from __future__ import annotations

import itertools
import random

import pytest

from evals.local_models.language_model import ScoredToken, stop_position
from evals.serving.deltas import Deltas


def tokens_of(data: bytes, rng: random.Random) -> list[ScoredToken]:
    """`data` cut anywhere, within characters too."""
    cuts = sorted({0, len(data), *(rng.randrange(len(data) + 1) for _ in range(rng.randrange(12)))})
    return [ScoredToken(k, data[a:b], -1.0) for k, (a, b) in enumerate(itertools.pairwise(cuts))]


@pytest.mark.parametrize("seed", range(60))
def test_pieces_joined_are_the_text_before_the_stop(seed):
    rng = random.Random(seed)
    whole = "".join(rng.choices(["a", "b", "ab", "é", "☃", "😀", "\n", " "], k=rng.randrange(1, 20)))
    stop = tuple("".join(rng.choices("ab é\n", k=rng.randrange(1, 4))) for _ in range(rng.randrange(3)))
    at = stop_position(whole, stop)
    expected = whole if at is None else whole[:at]
    deltas, sent, released = Deltas(stop), "", []
    tokens = tokens_of(whole.encode(), rng)
    for token in tokens:
        text, done = deltas.add(token)
        sent += text
        released += done
        assert expected.startswith(sent)
        assert sent.encode().startswith(b"".join(t.piece for t in released)), "a token is named before its text is sent"
    n_tokens = rng.randrange(len(released), len(tokens) + 1)
    text, done = deltas.rest(expected, n_tokens)
    assert sent + text == expected
    assert [*released, *done] == tokens[: len(released) + len(done)]


def test_a_character_is_sent_with_its_last_byte():
    deltas = Deltas()
    pieces = [ScoredToken(1, b"\xf0\x9f", -1.0), ScoredToken(2, b"\x98\x80!", -1.0)]
    assert [deltas.add(piece) for piece in pieces] == [("", []), ("😀!", pieces)]


def test_what_may_begin_a_stop_text_waits():
    deltas = Deltas(("END",))
    assert [deltas.add(ScoredToken(k, piece, 0.0))[0] for k, piece in enumerate([b"xE", b"N", b"x", b"EN", b"D", b"y"])] == [
        "x", "", "ENx", "", "", ""
    ]  # fmt: skip


def test_the_lead_is_taken_off_once():
    deltas = Deltas((), " ")
    assert [deltas.add(ScoredToken(1, piece, 0.0))[0] for piece in (b" ", b" a", b" b")] == ["", " a", " b"]
