"""What a request to a model in this process may say, and what becomes of it."""

from __future__ import annotations

import pytest
from random_models import random_model

from evals.engine.failures import CallFailed, Kind
from evals.local_models.requests import continuation_start, read_request

MODEL = random_model()


def test_a_text_goes_as_it_is_with_the_defaults_of_the_completions_endpoint():
    request = read_request(MODEL, "Answer: A", {})
    assert (request.text, list(request.ids)) == ("Answer: A", MODEL.encode("Answer: A"))
    sampling = request.sampling
    assert (sampling.max_tokens, sampling.temperature, sampling.top_p, sampling.n) == (16, 1.0, 1.0, 1)
    assert (sampling.stop, sampling.seed, request.is_chat, request.shape) == ((), None, False, None)


def test_a_chat_is_rendered_ends_at_a_line_and_may_fill_the_context():
    request = read_request(MODEL, [{"role": "user", "content": "What is 1?"}], {"stop": ["x"]})
    assert request.text == "Question: What is 1?\nAnswer:"
    assert request.sampling.stop == ("x", "\n")
    assert request.sampling.max_tokens == MODEL.n_ctx - len(request.ids)


def test_token_ids_are_a_prompt():
    ids = MODEL.encode("what is")
    request = read_request(MODEL, ids, {})
    assert (request.ids, request.text) == (tuple(ids), "what is")


@pytest.mark.parametrize(
    ("options", "shape", "n"),
    [
        ({"logprobs": True, "top_logprobs": 5}, "chat", 5),
        ({"logprobs": True}, "chat", 0),
        ({"logprobs": 3}, "text", 3),
        ({"logprobs": 0}, "text", 0),
        ({"logprobs": False}, None, 0),
    ],
)
def test_log_probabilities_are_asked_for_as_of_either_endpoint(options, shape, n):
    request = read_request(MODEL, "x", options)
    assert (request.shape, request.sampling.top_logprobs) == (shape, n)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"temperature": -1}, "temperature"),
        ({"temperature": "hot"}, "temperature"),
        ({"top_p": 2}, "top_p"),
        ({"max_tokens": 1.5}, "max_tokens"),
        ({"n": 0}, "n is 0"),
        ({"n": True}, "n is True"),
        ({"seed": "a"}, "seed"),
        ({"stop": [""]}, "stop"),
        ({"top_logprobs": 3}, "needs logprobs"),
        ({"logprobs": -1}, "alternatives"),
        ({"presence_penalty": 0.5}, "presence_penalty"),
        ({"tempurature": 0}, "did you mean: temperature"),
        ({"tools": []}, "'tools'"),
    ],
)
def test_a_wrong_option_is_a_refused_request(options, message):
    with pytest.raises(CallFailed, match=message) as caught:
        read_request(MODEL, "x", options)
    assert caught.value.kind is Kind.BAD_REQUEST


@pytest.mark.parametrize("prompt", [None, 5, [], ["a", "b"], [{"role": "user", "content": None}]])
def test_what_is_no_prompt_is_a_refused_request(prompt):
    if prompt == []:
        assert read_request(MODEL, prompt, {}).ids == ()
        return
    with pytest.raises(CallFailed) as caught:
        read_request(MODEL, prompt, {})
    assert caught.value.kind is Kind.BAD_REQUEST


@pytest.mark.parametrize(("n_words", "options"), [(90, {}), (200, {"max_tokens": 1}), (96, {"max_tokens": 1})])
def test_what_does_not_fit_the_context_says_so(n_words, options):
    with pytest.raises(CallFailed, match="maximum context length of this model is 96") as caught:
        read_request(MODEL, " A" * n_words, options)
    assert caught.value.kind is Kind.CONTEXT_LENGTH


def test_a_chat_that_fills_the_context_does_not_fit():
    with pytest.raises(CallFailed) as caught:
        read_request(MODEL, [{"role": "user", "content": " A" * 200}], {})
    assert caught.value.kind is Kind.CONTEXT_LENGTH


def test_null_penalties_and_a_user_change_nothing():
    options = {"presence_penalty": 0, "frequency_penalty": 0.0, "user": "me"}
    assert read_request(MODEL, "x", options) == read_request(MODEL, "x", {})


@pytest.mark.parametrize(
    ("prompt", "continuation", "tokens"),
    [
        ("Answer:", " A", [" A"]),
        ("Answer: ", "A", [" A"]),
        ("Answer:", " A B\n", [" A", " B", "\n"]),
        ("", "what", ["w", "h", "a", "t"]),
        ("Answ", "er", ["Answer"]),
        ("Answer: A", "", []),
        ("caf", " \u00e9", [" ", "\u00e9"]),
    ],
)
def test_the_tokens_of_a_continuation_end_beyond_the_prompt(prompt, continuation, tokens):
    ids = MODEL.encode(prompt + continuation)
    start = continuation_start(MODEL, ids, prompt, prompt + continuation)
    assert [MODEL.decode_bytes([k]).decode() for k in ids[start:]] == tokens
