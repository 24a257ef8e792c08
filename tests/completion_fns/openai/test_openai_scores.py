"""Log probabilities of continuations, from a server that echoes its prompt."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from evals.completion import ContinuationScore
from evals.completion_fns.openai.models import OpenAICompletionFn
from evals.completion_fns.openai.scores import read_scores
from evals.engine.failures import CallFailed
from evals.testing.openai_replies import token_logprob
from evals.testing.openai_server import LoopbackServer


def score(prompt: Any, continuations: Sequence[str], **options: Any) -> tuple[list[ContinuationScore], list[Any]]:
    async def once(fn: OpenAICompletionFn) -> list[ContinuationScore]:
        try:
            return await fn.score(prompt, continuations)
        finally:
            await fn.aclose()

    with LoopbackServer("generated") as server:
        return asyncio.run(once(OpenAICompletionFn("m", server.base_url, **options))), server.bodies


def test_all_continuations_are_scored_in_one_request():
    scores, bodies = score("the cat", [" sat on", " lay"], temperature=0.7)
    assert [s.n_tokens for s in scores] == [2, 1]
    assert scores[0].logprob == pytest.approx(token_logprob(" sat") + token_logprob(" on"))
    assert scores[1].logprob == pytest.approx(token_logprob(" lay"))
    assert [body["prompt"] for body in bodies if isinstance(body["prompt"], list)] == [
        ["the cat sat on", "the cat lay"]
    ]
    assert {key: bodies[-1][key] for key in ("echo", "max_tokens", "temperature")} == {
        "echo": True,
        "max_tokens": 1,
        "temperature": 0.0,
    }


def test_a_space_at_the_end_of_the_prompt_belongs_to_the_continuation():
    with_space, _ = score("the cat ", ["sat"])
    without, _ = score("the cat", [" sat"])
    assert with_space == without


def test_greedy_means_that_each_token_was_the_likeliest():
    scores, _ = score("the", [" cat", " at"])
    assert [s.is_greedy for s in scores] == [True, False]


def test_a_chat_is_scored_as_text():
    scores, bodies = score([{"role": "user", "content": "q"}, {"role": "user", "content": "r"}], [" yes"])
    assert bodies[-1]["prompt"] == "User: q\nUser: r\nAssistant: yes"
    assert scores[0].n_tokens == 1


def _choice(tokens: list[str], logprobs: list[float | None], **more: Any) -> dict[str, Any]:
    return {"choices": [{"logprobs": {"tokens": tokens, "token_logprobs": logprobs, **more}}]}


def test_a_token_over_the_border_and_tokens_that_were_generated_after_all():
    raw = _choice(["un", "hap", "py", "!"], [None, -1.0, -2.0, -4.0])
    (found,) = read_scores(raw, "unh", ["appy"])
    assert (found.logprob, found.n_tokens, found.is_greedy) == (-3.0, 2, None)


@pytest.mark.parametrize(
    "raw",
    [
        {"choices": []},
        {"choices": [{"logprobs": None}]},
        _choice(["!"], [-1.0]),
        _choice(["a", " b"], [None]),
    ],
)
def test_a_server_that_does_not_echo_is_an_error_not_a_score(raw: dict[str, Any]):
    with pytest.raises(CallFailed):
        read_scores(raw, "a", [" b"])


def test_parts_of_a_character_count_for_the_text_that_holds_it():
    tokens = ["a", "bytes:\\xc3", "bytes:\\xa9", "b", "bytes:\\xc3", "bytes:\\xa9"]
    logprobs = {
        "tokens": tokens,
        "token_logprobs": [-1.0, -2.0, -4.0, -8.0, -16.0, -32.0],
        "top_logprobs": None,
        "text_offset": [0, 1, 1, 2, 3, 3],
    }
    raw = {"choices": [{"index": 0, "text": "aébé", "logprobs": logprobs}]}
    assert read_scores(raw, "aé", ["bé"])[0].logprob == -56.0
    assert read_scores(raw, "aéb", ["é"])[0] == ContinuationScore(-48.0, 2)
    assert read_scores(raw, "a", ["ébé"])[0].n_tokens == 5
