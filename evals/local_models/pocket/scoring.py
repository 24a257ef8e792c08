"""Log probabilities of the tokens of many texts at once; what texts begin with in common is read once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from evals.local_models.language_model import ScoredToken, TokenIds
from evals.local_models.pocket.packing import Ids, Pack, packs
from evals.local_models.pocket.threads import WORTH_THREADS, computing, in_parallel
from evals.local_models.pocket.tokenizer import END, Tokenizer
from evals.local_models.pocket.transformer import logits, read
from evals.local_models.pocket.weights import Array, Weights
from evals.local_models.sampling import likeliest, log_probabilities

MAX_ROWS = 4096
"Tokens that are read at a time, and where threads share the work, by each of them."
SHARED_ROWS = 1024
MAX_SCORED = 512
"Rows whose log probabilities of all next tokens are in memory at a time."


def score(
    weights: Weights, tokenizer: Tokenizer, sequences: Sequence[TokenIds], first: Sequence[int], n_top: int
) -> list[list[ScoredToken]]:
    """Each token of each sequence from its place in `first` on, given the begin token and those before it."""
    asked = [k for k, sequence in enumerate(sequences) if first[k] < len(sequence)]

    def scored(pack: Pack) -> list[tuple[int, list[ScoredToken]]]:
        hidden = read(weights, pack).hidden
        owners = [asked[place] for place in pack.order]
        rows = [part.path[first[k] :] for k, part in zip(owners, pack.parts, strict=True)]
        ids = [token for k in owners for token in sequences[k][first[k] :]]
        tokens = iter(_scored(weights, tokenizer, hidden, np.concatenate(rows), ids, n_top))
        return [(k, [next(tokens) for _ in own]) for k, own in zip(owners, rows, strict=True)]

    found: list[list[ScoredToken]] = [[] for _ in sequences]
    with computing() as n_threads:
        is_worth = n_threads > 1 and weights.config.n_parameters >= WORTH_THREADS
        parts = packs([[END, *sequences[k][:-1]] for k in asked], SHARED_ROWS if is_worth else MAX_ROWS)
        for done in in_parallel(scored, parts, n_threads if is_worth else 1):
            for k, tokens in done:
                found[k] = tokens
    return found


def _scored(
    weights: Weights, tokenizer: Tokenizer, hidden: Array, rows: Ids, ids: Sequence[int], n_top: int
) -> list[ScoredToken]:
    """The tokens `ids`, each after its row of `hidden`."""
    found: dict[int, ScoredToken] = {}
    for logprobs, places in _by_row(weights, hidden, rows):
        top = likeliest(logprobs, n_top)
        for place in places:
            k = ids[place]
            found[place] = ScoredToken(k, tokenizer.pieces[k], float(logprobs[k]), top)
    return [found[place] for place in range(len(ids))]


def _by_row(weights: Weights, hidden: Array, rows: Ids) -> Iterator[tuple[Array, list[int]]]:
    """For each row that is asked for: the log probabilities after it, and the places in `rows` that ask."""
    places: dict[int, list[int]] = {}
    for place, row in enumerate(rows.tolist()):
        places.setdefault(row, []).append(place)
    distinct = list(places)
    for start in range(0, len(distinct), MAX_SCORED):
        block = distinct[start : start + MAX_SCORED]
        logprobs = log_probabilities(logits(weights, hidden[block]))
        for row, each in zip(block, logprobs, strict=True):
            yield each, places[row]
