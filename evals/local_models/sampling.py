"""Chooses the next token of each row of a batch; every row by its own request and its own random numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from evals.local_models.decoding import Draft
from evals.local_models.language_model import OnToken, Sampling, ScoredToken

Array = NDArray[np.float64]
Ids = NDArray[np.intp]


def log_probabilities(logits: Array) -> Array:
    """Natural logarithms of the probabilities of each row, over the last axis."""
    shifted: Array = logits - logits.max(axis=-1, keepdims=True)
    shifted -= np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return shifted


def chosen(logprobs: Array, requests: Sequence[Sampling], chances: Sequence[float]) -> Ids:
    """A token for each row of `logprobs`. chances: a number in [0, 1) a row, which decides where it is not greedy."""
    ids: Ids = logprobs.argmax(axis=-1)
    drawn = [row for row, request in enumerate(requests) if request.temperature > 0 and request.top_p > 0]
    if drawn:
        temperatures = np.array([requests[row].temperature for row in drawn])
        weights = _weights(logprobs[drawn], temperatures)
        for place, row in enumerate(drawn):
            ids[row] = _draw(weights[place], requests[row].top_p, chances[row])
    return ids


def _weights(logprobs: Array, temperatures: Array) -> Array:
    """What each token of each row is drawn in proportion to; the largest of a row is 1."""
    best = logprobs.max(axis=-1, keepdims=True)
    with np.errstate(over="ignore"):
        weights: Array = np.exp((logprobs - best) / temperatures[:, None])
    return weights


def _draw(weights: Array, top_p: float, chance: float) -> int:
    """The token whose share of the summed weights `chance` falls into.

    With top_p below 1 only the fewest heaviest tokens whose share reaches it are left, those of low ids first among
    equals (Holtzman et al. 2020, arXiv:1904.09751, section 3.1).
    """
    if top_p >= 1.0:
        return _fall(np.cumsum(weights), chance)
    heaviest = np.argsort(-weights, kind="stable")
    summed = np.cumsum(weights[heaviest])
    n_left = int(np.searchsorted(summed, top_p * summed[-1])) + 1
    return int(heaviest[_fall(summed[:n_left], chance)])


def _fall(summed: Array, chance: float) -> int:
    """The first place whose sum exceeds `chance` of the last one."""
    return min(int(np.searchsorted(summed, chance * summed[-1], side="right")), len(summed) - 1)


def likeliest(logprobs: Array, n: int) -> tuple[tuple[int, float], ...]:
    """The n likeliest tokens of one row, best first, low ids first among equals: id and nats."""
    n = min(n, len(logprobs))
    if n == 0:
        return ()
    if n == 1:
        best = int(logprobs.argmax())
        return ((best, float(logprobs[best])),)
    ids = np.flatnonzero(logprobs >= np.partition(logprobs, -n)[-n])
    ids = ids[np.argsort(-logprobs[ids], kind="stable")][:n]
    return tuple((int(k), float(logprobs[k])) for k in ids)


def draw_next(
    logprobs: Array, rows: Sequence[Draft], piece_of: Callable[[int], bytes], on_token: OnToken | None = None
) -> list[int]:
    """The next token of each row of `logprobs`, which the drafts that are not done take. piece_of: a token's bytes."""
    chances = [draft.stream.random() if draft.sampling.temperature > 0 else 0.0 for draft in rows]
    ids: list[int] = chosen(logprobs, [draft.sampling for draft in rows], chances).tolist()
    for row, (draft, k) in enumerate(zip(rows, ids, strict=True)):
        if draft.finish_reason is not None:
            continue
        top = likeliest(logprobs[row], draft.sampling.top_logprobs)
        token = ScoredToken(k, piece_of(k), float(logprobs[row, k]), top)
        draft.add(token)
        if on_token is not None:
            on_token(draft.request, draft.draw, token)
    return ids
