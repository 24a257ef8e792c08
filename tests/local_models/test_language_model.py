"""The words of the seam between language models and what uses them."""

from __future__ import annotations

import pytest

from evals.local_models.language_model import (
    ContextExceeded,
    Sampling,
    chat_text,
    check_room,
    default_max_tokens,
    random_stream,
    stop_position,
)


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_tokens": -1},
        {"temperature": -0.1},
        {"temperature": float("nan")},
        {"temperature": float("inf")},
        {"top_p": 1.01},
        {"n": 0},
        {"top_logprobs": -1},
        {"stop": ("\n", "")},
    ],
)
def test_a_value_out_of_range_is_named(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Sampling(**{"max_tokens": 5, **wrong})


def test_the_limits_themselves_are_in_range():
    limits = Sampling(max_tokens=0, temperature=0.0, top_p=0.0, n=1, top_logprobs=0)
    assert limits.stop == ()


def test_a_prompt_that_fills_the_context_fits_and_one_token_more_does_not():
    check_room(500, 12, 512)
    with pytest.raises(ContextExceeded) as caught:
        check_room(500, 13, 512)
    assert (caught.value.n_prompt, caught.value.n_asked, caught.value.n_ctx) == (500, 13, 512)
    assert all(number in str(caught.value) for number in ("512", "500", "13"))


def test_a_stream_is_told_by_its_seed_and_draw():
    def first(seed, draw):
        return random_stream(seed, draw).random()

    assert first(7, 0) == first(7, 0)
    assert len({first(7, 0), first(7, 1), first(8, 0), first(71, 1), first(7, 11)}) == 5
    assert first(None, 0) != first(None, 0)


@pytest.mark.parametrize(
    ("text", "stop", "position"),
    [
        ("a\nb", ("\n",), 1),
        ("a\nb END", (" END", "\n"), 1),
        ("abc", ("\n",), None),
        ("abc", (), None),
        ("\n", ("\n",), 0),
    ],
)
def test_the_first_stop_text_counts(text, stop, position):
    assert stop_position(text, stop) == position
    assert stop_position(text.encode(), [part.encode() for part in stop]) == position


def test_a_chat_without_a_limit_gets_what_is_left_and_a_text_as_many_as_openai_gives():
    assert default_max_tokens(500, 512, is_chat=True) == 12
    assert default_max_tokens(600, 512, is_chat=True) == 1
    assert default_max_tokens(500, 512, is_chat=False) == 16


def test_a_chat_reply_loses_its_lead_once():
    assert [chat_text(text, " ") for text in (" A", "A", "  A", "")] == ["A", "A", " A", ""]
