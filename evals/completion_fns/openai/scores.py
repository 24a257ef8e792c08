"""Log probabilities of continuations, from a completions endpoint that echoes its prompt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evals.completion import ContinuationScore
from evals.completion_fns.openai.token_spans import byte_length, spans_of
from evals.engine.failures import CallFailed, Kind

_SLACK = 1e-6
"Nats by which another token may be likelier than the echoed one, which still counts as the likeliest: servers round."


NO_SCORES = "the server does not score prompts (echo with logprobs on /completions)"


def score_options(options: Mapping[str, Any], n_generated: int = 1, temperature: float = 0.0) -> dict[str, Any]:
    """The parameters by which the endpoint scores the prompt.

    n_generated: tokens that are generated after it and not looked at. One and not none, because llama-cpp-python's
    server takes 0 as no limit.
    """
    return {**options, "max_tokens": n_generated, "echo": True, "logprobs": 1, "temperature": temperature, "n": 1}


def read_scores(raw: Mapping[str, Any], prompt: str, continuations: Sequence[str]) -> list[ContinuationScore]:
    """The score of each continuation: log probability in nats, number of tokens, and whether it is the greedy one.

    raw: the reply to the prompts `prompt + continuation`, in the order of the continuations. The tokens of a
    continuation are those that end after the prompt without its trailing white space: tokenizers put the space before a
    word into the token of the word, and a token may lie across the border.

    Raises:
        CallFailed: the server does not echo the prompt, or gives no log probabilities of its tokens.
    """
    choices = sorted(raw.get("choices") or [], key=lambda choice: choice.get("index", 0))
    if len(choices) != len(continuations):
        raise CallFailed(Kind.BAD_REPLY, f"{len(choices)} choices for {len(continuations)} prompts")
    start = byte_length(prompt.rstrip())
    texts = [prompt + continuation for continuation in continuations]
    return [_score(echoed_tokens(choice, text), start) for choice, text in zip(choices, texts, strict=True)]


@dataclass(frozen=True)
class EchoedTokens:
    """The tokens of a text that a server echoed; sequences have one entry a token, those beyond the text are left out.

    spans: where each lies, in bytes of the text. logprobs: in nats; None where the server gave none. best: the log
    probability of the likeliest token of the place; None where the server names no alternatives.
    """

    tokens: Sequence[str]
    spans: Sequence[tuple[int, int]]
    logprobs: Sequence[float | None]
    best: Sequence[float | None]


def echoed_tokens(choice: Mapping[str, Any], text: str) -> EchoedTokens:
    """The tokens of `text` in a choice of a reply with `echo`.

    Raises:
        CallFailed: the choice does not hold them, or not their log probabilities.
    """
    found = choice.get("logprobs")
    if not isinstance(found, Mapping):
        raise CallFailed(Kind.OTHER, NO_SCORES)
    tokens, logprobs, tops = found.get("tokens") or [], found.get("token_logprobs") or [], found.get("top_logprobs")
    if not tokens or len(logprobs) != len(tokens) or not all(isinstance(token, str) for token in tokens):
        raise CallFailed(Kind.OTHER, NO_SCORES)
    spans = spans_of(tokens, text)
    n_bytes = byte_length(text)
    if spans is None or max(end for _, end in spans) < n_bytes:
        raise CallFailed(Kind.OTHER, f"{NO_SCORES}: its tokens are not those of the prompt")
    kept = [k for k, (begin, _) in enumerate(spans) if begin < n_bytes]
    best = [max(tops[k].values()) if tops and tops[k] else None for k in kept]
    return EchoedTokens([tokens[k] for k in kept], [spans[k] for k in kept], [logprobs[k] for k in kept], best)


def _score(echoed: EchoedTokens, start: int) -> ContinuationScore:
    chosen = [k for k, (_, end) in enumerate(echoed.spans) if end > start]
    if not chosen:
        raise CallFailed(Kind.OTHER, NO_SCORES)
    values = [(echoed.logprobs[k], echoed.best[k]) for k in chosen if echoed.logprobs[k] is not None]
    total = sum(own for own, _ in values if own is not None)
    return ContinuationScore(total, len(values), _is_greedy(values))


def _is_greedy(values: Sequence[tuple[float | None, float | None]]) -> bool | None:
    """Whether each token was the likeliest one in its place; None where the server does not say for each of them."""
    for own, best in values:
        if own is None or best is None:
            return None
        if best > own + _SLACK:
            return False
    return True
