"""A causal model of transformers as a language model: tokens, chats, completions and log probabilities."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from evals.chat import chat_prompt_to_text_prompt
from evals.local_models.hf import generation, scoring
from evals.local_models.hf.forward import Forward
from evals.local_models.hf.loading import load
from evals.local_models.hf.location import Location
from evals.local_models.hf.pieces import Pieces
from evals.local_models.language_model import Generated, OnToken, Sampling, ScoredToken, TokenIds, check_room

DEFAULT_N_CTX = 2048
"Where neither the model nor its tokenizer says how much it reads."
MAX_CREDIBLE_N_CTX = 10**8
"Tokenizers without a limit say 10^30."


class HfModel:
    """Fills the protocol `LanguageModel`. name: as users call it. n_ctx: instead of the model's own."""

    def __init__(self, name: str, model: Any, tokenizer: Any, n_ctx: int | None = None, max_rows: int = 32) -> None:
        self.name = name
        self.tokenizer = tokenizer
        self.n_ctx = n_ctx or _n_ctx(model, tokenizer)
        self._forward = Forward(model)
        self._pieces = Pieces(tokenizer)
        self._begin = _begin(tokenizer)
        self._ends = frozenset(_ends(model, tokenizer))
        self._max_rows = max_rows
        self._lock = threading.Lock()
        self.has_template = bool(getattr(tokenizer, "chat_template", None))
        self.chat_stop: tuple[str, ...] = () if self.has_template else ("\nUser:",)
        self.chat_lead = "" if self.has_template else " "
        end = tokenizer.eos_token_id
        self.end_token = None if end is None else (str(tokenizer.eos_token), int(end))
        self.chat_template = getattr(tokenizer, "chat_template", None)

    def encode(self, text: str) -> list[int]:
        found: list[int] = self.tokenizer.encode(_clean(text), add_special_tokens=False)
        return found

    def decode_bytes(self, ids: Iterable[int]) -> bytes:
        return self._pieces.decode(ids)

    def render_chat(self, messages: Sequence[Mapping[str, Any]]) -> str:
        """By the tokenizer's template; without one by the rule of openai/evals, `User: ...` and `Assistant:`.

        Raises ValueError for messages that the template refuses, or that are no texts.
        """
        plain = [_plain(message) for message in messages]
        if not self.has_template:
            return chat_prompt_to_text_prompt(plain)
        from jinja2.exceptions import TemplateError

        try:
            text: str = self.tokenizer.apply_chat_template(plain, tokenize=False, add_generation_prompt=True)
        except TemplateError as error:
            raise ValueError(f"the model's chat template refuses these messages: {error}") from None
        begin = "".join(self.tokenizer.convert_ids_to_tokens(self._begin))
        return text.removeprefix(begin)

    def generate(
        self, requests: Sequence[tuple[TokenIds, Sampling]], on_token: OnToken | None = None
    ) -> list[list[Generated]]:
        for prompt, sampling in requests:
            self._check(prompt)
            check_room(len(prompt), sampling.max_tokens, self.n_ctx)
        begun = [([*self._begin, *prompt] or self._first_of_all(), sampling) for prompt, sampling in requests]
        with self._lock:
            return generation.generate(self._forward, self._pieces, begun, self._ends, self._max_rows, on_token)

    def score(
        self, sequences: Sequence[TokenIds], top_logprobs: int = 0, first: Sequence[int] | None = None
    ) -> list[list[ScoredToken]]:
        """Each token given those before it.

        A model whose tokenizer adds no begin token has no log probability for a first token, unless `first` asks for
        it: then its begin token, or its end token, is put before that sequence, as lm-evaluation-harness does.
        """
        rows, starts = [], []
        for k, sequence in enumerate(sequences):
            self._check(sequence)
            check_room(len(sequence), 0, self.n_ctx)
            start = 0 if first is None else first[k]
            begin = self._begin
            if not begin and first is not None and start == 0:
                begin = self._first_of_all()
            rows.append([*begin, *sequence])
            starts.append(len(begin) + start)
        with self._lock:
            return scoring.score(self._forward, self._pieces, rows, starts, top_logprobs)

    def _first_of_all(self) -> list[int]:
        """What stands before a text of which nothing is known. Raises ValueError where there is no such token."""
        for token in (self.tokenizer.bos_token_id, self.tokenizer.eos_token_id):
            if token is not None:
                return [token]
        raise ValueError(f"{self.name} has neither a begin nor an end token: a prompt must not be empty")

    def _check(self, ids: TokenIds) -> None:
        """Raise ValueError for an id that is no token."""
        if ids and not 0 <= min(ids) <= max(ids) < self._forward.n_vocab:
            raise ValueError(f"token ids of {self.name} are from 0 to {self._forward.n_vocab - 1}")


def load_model(
    location: Location, *, name: str | None = None, n_ctx: int | None = None, max_rows: int = 32, **how: Any
) -> HfModel:
    """The model in a folder, or of the hub. how: as of `evals.local_models.hf.loading.load`."""
    return HfModel(name or f"hf/{location.name}", *load(location, **how), n_ctx=n_ctx, max_rows=max_rows)


def _clean(text: str) -> str:
    """Lone surrogates, which no tokenizer takes, as question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _n_ctx(model: Any, tokenizer: Any) -> int:
    names = ("max_position_embeddings", "n_positions", "max_sequence_length", "seq_length")
    config = model.config.get_text_config() if hasattr(model.config, "get_text_config") else model.config
    said = [getattr(config, name, None) for name in names]
    found = [n for n in (*said, tokenizer.model_max_length) if isinstance(n, int) and 0 < n < MAX_CREDIBLE_N_CTX]
    return min(found, default=DEFAULT_N_CTX)


def _begin(tokenizer: Any) -> list[int]:
    """The tokens that the tokenizer itself puts before a text."""
    bare = tokenizer.encode("a", add_special_tokens=False)
    whole = tokenizer.encode("a")
    for start in range(len(whole) - len(bare) + 1):
        if whole[start : start + len(bare)] == bare:
            return list(whole[:start])
    return []


def _ends(model: Any, tokenizer: Any) -> list[int]:
    said = getattr(model.generation_config, "eos_token_id", None)
    found = said if isinstance(said, list) else [said]
    return [k for k in (*found, tokenizer.eos_token_id) if k is not None]


_NAMED_ROLES = {"example_user": "user", "example_assistant": "assistant"}
"openai/evals writes examples as system messages with these names."


def _plain(message: Mapping[str, Any]) -> dict[str, str]:
    content = message.get("content")
    if isinstance(content, list) and all(isinstance(part, Mapping) and part.get("type") == "text" for part in content):
        content = "\n".join(str(part.get("text", "")) for part in content)
    if not isinstance(content, str):
        raise ValueError(f"this model reads texts; a message of role {message.get('role')!r} holds something else")
    role = _NAMED_ROLES.get(str(message.get("name")), str(message.get("role")))
    return {"role": "system" if role == "developer" else role, "content": content}
