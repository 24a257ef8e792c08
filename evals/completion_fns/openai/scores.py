"""Log probabilities of continuations, from a completions endpoint that echoes its prompt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evals.completion import ContinuationScore
from evals.engine.failures import CallFailed, Kind

_SLACK = 1e-6
"Nats by which another token may be likelier than the echoed one, which still counts as the likeliest: servers round."


def score_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters by which the endpoint scores the prompt and adds nothing to it."""
    return {**options, "max_tokens": 0, "echo": True, "logprobs": 1, "temperature": 0.0, "n": 1}


def read_scores(raw: Mapping[str, Any], prompt: str, continuations: Sequence[str]) -> list[ContinuationScore]:
    """The score of each continuation: log probability in nats, number of tokens, and whether it is the greedy one.

    raw: the reply to the prompts `prompt + continuation`, in the order of the continuations. The tokens of a
    continuation are those that end after the prompt without its trailing white space: tokenizers put the space before a
    word into the token of the word, and a token may lie across the border.

    Raises:
        CallFailed: the server does not echo the prompt, or gives no log probabilities.
    """
    choices = sorted(raw.get("choices") or [], key=lambda choice: choice.get("index", 0))
    if len(choices) != len(continuations):
        raise CallFailed(Kind.BAD_REPLY, f"{len(choices)} choices for {len(continuations)} prompts")
    start = len(prompt.rstrip())
    ends = [len(prompt) + len(continuation) for continuation in continuations]
    return [_score(choice, start, end) for choice, end in zip(choices, ends, strict=True)]


def _score(choice: Mapping[str, Any], start: int, end: int) -> ContinuationScore:
    found = choice.get("logprobs") or {}
    tokens, logprobs = found.get("tokens") or [], found.get("token_logprobs") or []
    offsets = found.get("text_offset") or _offsets(tokens)
    ends = _ends(tokens, offsets)
    chosen = [k for k in range(len(tokens)) if ends[k] > start and offsets[k] < end]
    if not chosen or len(logprobs) != len(tokens) or ends[chosen[-1]] < end:
        raise CallFailed(Kind.OTHER, "the server does not score prompts (echo with logprobs on /completions)")
    values = [logprobs[k] for k in chosen if logprobs[k] is not None]
    tops = found.get("top_logprobs")
    return ContinuationScore(sum(values), len(values), _is_greedy(logprobs, tops, chosen) if tops else None)


def _is_greedy(logprobs: Sequence[float | None], tops: Sequence[Any], chosen: Sequence[int]) -> bool | None:
    """Whether each token was the likeliest one in its place; None where the server does not say for each of them."""
    for k in chosen:
        own, top = logprobs[k], tops[k]
        if own is None:
            continue
        if not top:
            return None
        if max(top.values()) > own + _SLACK:
            return False
    return True


def _ends(tokens: Sequence[str], offsets: Sequence[int]) -> list[int]:
    """The end of each token, in characters: where the next token with another offset begins.

    The length of a token does not tell: a part of a character is written as `bytes:` with escapes, and has the offset
    of its character.
    """
    found: list[int] = []
    for k in reversed(range(len(tokens))):
        if not found:
            found.append(offsets[k] + (1 if tokens[k].startswith("bytes:\\x") else len(tokens[k])))
        else:
            found.append(offsets[k + 1] if offsets[k + 1] > offsets[k] else found[-1])
    return found[::-1]


def _offsets(tokens: Sequence[str]) -> list[int]:
    offsets, position = [], 0
    for token in tokens:
        offsets.append(position)
        position += len(token)
    return offsets
