"""When a completion ends, and what of it is kept."""

from __future__ import annotations

import pytest

from evals.local_models.decoding import drafts_of
from evals.local_models.language_model import Sampling, ScoredToken

END = 0


def draft(**options):
    return drafts_of(0, [5, 6, 7], Sampling(**{"max_tokens": 9, "temperature": 0.0, **options}), frozenset({END}))[0]


def written(pieces, **options):
    """The completion of these pieces; those after its end must not be needed."""
    one = draft(**options)
    for number, piece in enumerate(pieces, 1):
        one.add(ScoredToken(number if piece else END, piece, -0.5))
        if one.finish_reason is not None:
            return one.finished(), number
    raise AssertionError("it never ended")


def test_the_end_token_ends_and_is_counted_but_no_token_of_the_text():
    found, _ = written([b"a", b"b", b""])
    assert (found.text, len(found.tokens), found.finish_reason, found.n_drawn) == ("ab", 2, "stop", 3)


def test_the_limit_ends_with_length():
    found, _ = written([b"a", b"b", b"c"], max_tokens=2)
    assert (found.text, found.finish_reason, found.n_drawn) == ("ab", "length", 2)


def test_the_end_token_at_the_limit_is_a_stop():
    assert written([b"a", b""], max_tokens=2)[0].finish_reason == "stop"


def test_no_tokens_may_be_asked_for():
    found = draft(max_tokens=0).finished()
    assert (found.text, found.tokens, found.finish_reason, found.n_drawn) == ("", (), "length", 0)


@pytest.mark.parametrize(
    ("pieces", "stop", "text", "kept", "drawn"),
    [
        ([b"a", b"\n", b"b"], ("\n",), "a", [b"a"], 2),
        ([b"a", b" b\nc", b"d"], ("\n",), "a b", [b"a", b" b\nc"], 2),
        ([b"a", b" E", b"N", b"D", b"x"], ("END",), "a ", [b"a", b" E"], 4),
        ([b"x", b"ab", b"c"], ("abc", "b"), "xa", [b"x", b"ab"], 2),
        ([b"\xe6\x9d", b"\xb1", b"!"], ("東",), "", [], 2),
    ],
    ids=["a token of its own", "inside a token", "over several tokens", "the first of two", "split characters"],
)
def test_a_stop_text_is_cut_off_wherever_token_borders_are(pieces, stop, text, kept, drawn):
    found, number = written(pieces, stop=stop)
    assert (found.text, [token.piece for token in found.tokens]) == (text, kept)
    assert (found.finish_reason, found.n_drawn, number) == ("stop", drawn, drawn)


def test_bytes_that_are_no_text_are_replaced():
    assert written([b"\xe6\x9d", b"", b""])[0].text == "\ufffd"


def test_draws_have_streams_of_their_own_and_drafts_without_chance_are_one():
    several = drafts_of(3, [1], Sampling(max_tokens=4, n=3, seed=1), frozenset())
    assert [each.draw for each in several] == [0, 1, 2]
    assert len({each.stream.random() for each in several}) == 3
    assert len(drafts_of(3, [1], Sampling(max_tokens=4, n=3, temperature=0.0), frozenset())) == 1


def test_the_last_token_is_never_read():
    assert [draft(max_tokens=n).n_read for n in (0, 1, 2, 9)] == [3, 3, 4, 11]
