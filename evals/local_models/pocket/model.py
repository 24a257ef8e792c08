"""A pocket model as a language model: tokens, chats, completions and log probabilities, all by numpy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from evals.errors import DataError
from evals.local_models.language_model import Generated, OnToken, Sampling, ScoredToken, TokenIds, check_room
from evals.local_models.pocket import chat, generation, scoring
from evals.local_models.pocket.card import Card, find_card, read_card
from evals.local_models.pocket.tokenizer import END, Tokenizer
from evals.local_models.pocket.weights import Config, Weights


class PocketModel:
    """Fills the protocol `LanguageModel`. Nothing changes after it is made, so threads may share it."""

    chat_stop: tuple[str, ...] = chat.STOP
    chat_lead = chat.LEAD
    end_token = ("<|end|>", END)
    "Its name for clients that ask for tokens; no text becomes it."

    def __init__(self, name: str, weights: Weights, tokenizer: Tokenizer) -> None:
        if len(tokenizer) != weights.config.n_vocab:
            raise ValueError(f"the tokenizer has {len(tokenizer)} ids, the model {weights.config.n_vocab}")
        self.name = name
        self.weights, self.tokenizer = weights, tokenizer
        # The begin token does not count: the last token of a text is never read, so that there is room for it.
        self.n_ctx = weights.config.n_ctx

    @property
    def config(self) -> Config:
        return self.weights.config

    def encode(self, text: str) -> list[int]:
        return self.tokenizer.encode(text)

    def decode_bytes(self, ids: Iterable[int]) -> bytes:
        return self.tokenizer.decode_bytes(ids)

    def render_chat(self, messages: Sequence[Mapping[str, Any]]) -> str:
        return chat.render_chat(messages)

    def generate(
        self, requests: Sequence[tuple[TokenIds, Sampling]], on_token: OnToken | None = None
    ) -> list[list[Generated]]:
        for prompt, sampling in requests:
            self._check(prompt)
            check_room(len(prompt), sampling.max_tokens, self.n_ctx)
        begun = [([END, *prompt], sampling) for prompt, sampling in requests]
        return generation.generate(self.weights, self.tokenizer, begun, on_token)

    def score(
        self, sequences: Sequence[TokenIds], top_logprobs: int = 0, first: Sequence[int] | None = None
    ) -> list[list[ScoredToken]]:
        for sequence in sequences:
            self._check(sequence)
            check_room(len(sequence), 0, self.n_ctx)
        return scoring.score(self.weights, self.tokenizer, sequences, first or [0] * len(sequences), top_logprobs)

    def _check(self, ids: TokenIds) -> None:
        """Raise ValueError for an id that is no token."""
        if ids and not 0 <= min(ids) <= max(ids) < self.config.n_vocab:
            raise ValueError(f"token ids of {self.name} are from 0 to {self.config.n_vocab - 1}")


def load_model(name: str) -> PocketModel:
    """A model that comes with the package, by its name without `pocket/`."""
    return model_of(find_card(name))


def load_folder(folder: Path) -> PocketModel:
    """A model from a folder with `card.json` and `weights.npz`, `tokenizer.json` in it or beside it."""
    return model_of(read_card(folder))


def model_of(card: Card) -> PocketModel:
    """The model that a card describes. Raises DataError where its files do not fit."""
    tokenizer = Tokenizer.load(card.tokenizer_path)
    weights = Weights.load(card.weights_path, card.config)
    expected = card.facts.get("tokenizer_sha256", tokenizer.hash)
    if tokenizer.hash != expected:
        raise DataError("the tokenizer is another one than the model was trained with", where=str(card.tokenizer_path))
    try:
        return PocketModel(f"pocket/{card.name}", weights, tokenizer)
    except ValueError as error:
        raise DataError(str(error), where=str(card.folder)) from None
