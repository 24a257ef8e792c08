"""Tokens in replies: parts of characters, the model's own marks, and where tokens begin."""

from __future__ import annotations

import itertools
import math
import random

import pytest
from stand_in import StandIn

from evals.local_models.language_model import ScoredToken
from evals.local_models.logprobs import chat_logprobs_of, offsets, shown, text_logprobs_of


@pytest.mark.parametrize(
    ("piece", "text"),
    [(b" cat", " cat"), ("é".encode(), "é"), (b"\xc3", "\\xc3"), (b"a\xc3", "\\x61\\xc3"), (b"", "<|7|>")],
)
def test_a_token_as_text(piece, text):
    assert shown(piece, 7) == text


@pytest.mark.parametrize("seed", range(40))
def test_offsets_count_the_characters_that_end_before_a_token(seed):
    rng = random.Random(seed)
    text = "".join(rng.choices("aé☃😀\n", k=15))
    data = text.encode()
    cuts = sorted({0, len(data), *rng.choices(range(len(data)), k=8)})
    ends = [len("".join(text[: k + 1]).encode()) for k in range(len(text))]
    expected = [5 + sum(end <= cut for end in ends) for cut in cuts[:-1]]
    assert offsets([data[a:b] for a, b in itertools.pairwise(cuts)], 5) == expected


def test_a_chosen_token_stands_among_its_alternatives():
    token = ScoredToken(98, b"a", -3.0, ((66, -0.5), (67, -1.0)))
    found = text_logprobs_of(StandIn(), [token], 2, 0)
    assert found == {
        "tokens": ["a"],
        "token_logprobs": [-3.0],
        "top_logprobs": [{"A": -0.5, "B": -1.0, "a": -3.0}],
        "text_offset": [0],
    }
    assert text_logprobs_of(StandIn(), [token], 0, 0)["top_logprobs"] is None


def test_what_json_cannot_hold_is_written_as_the_api_writes_it():
    tokens = [ScoredToken(98, b"a", None), ScoredToken(98, b"a", -math.inf)]
    assert text_logprobs_of(StandIn(), tokens, 1, 0)["token_logprobs"] == [None, -9999.0]
    assert [t["logprob"] for t in chat_logprobs_of(StandIn(), tokens)["content"]] == [-9999.0, -9999.0]


def test_bytes_of_a_chat_token_are_exact():
    found = chat_logprobs_of(StandIn(), [ScoredToken(0xC3 + 1, b"\xc3", -1.0, ((0xA9 + 1, -2.0),))])["content"][0]
    assert (found["token"], found["bytes"]) == ("\\xc3", [0xC3])
    assert found["top_logprobs"] == [{"token": "\\xa9", "logprob": -2.0, "bytes": [0xA9]}]
