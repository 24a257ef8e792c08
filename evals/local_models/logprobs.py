"""Tokens as the API's two endpoints write them: texts, bytes, and where they begin."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Sequence
from functools import partial

from evals.completion_fns.openai.objects import Json, chat_alternative, chat_logprobs, chat_token, text_logprobs
from evals.local_models.language_model import LanguageModel, ScoredToken

LOWEST = -9999.0
"What the API gives for a log probability without end: JSON has no infinity."

new_decoder = partial(codecs.getincrementaldecoder("utf-8"), "replace")
"Bytes to text, piece by piece: a character appears with its last byte."


def finite(logprob: float) -> float:
    return max(logprob, LOWEST)


def is_text(piece: bytes) -> bool:
    """Whether a piece is whole characters."""
    try:
        piece.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def shown(piece: bytes, token_id: int, mark: str = "") -> str:
    """A token as text. Parts of characters are written as escapes after `mark`, a mark of the model's own by its id."""
    if not piece:
        return f"<|{token_id}|>"
    if is_text(piece):
        return piece.decode("utf-8")
    return mark + "".join(f"\\x{byte:02x}" for byte in piece)


def chat_logprobs_of(model: LanguageModel, tokens: Iterable[ScoredToken]) -> Json:
    """The `logprobs` of a chat choice; parts of characters as escapes, their bytes beside them."""
    return chat_logprobs([_chat_token(model, token) for token in tokens])


def _chat_token(model: LanguageModel, token: ScoredToken) -> Json:
    top = []
    for token_id, logprob in token.top:
        piece = model.decode_bytes([token_id])
        top.append(chat_alternative(shown(piece, token_id), finite(logprob), piece))
    logprob = LOWEST if token.logprob is None else finite(token.logprob)
    return chat_token(shown(token.piece, token.id), logprob, token.piece, top)


def text_logprobs_of(model: LanguageModel, tokens: Sequence[ScoredToken], n_top: int, start: int) -> Json:
    """The `logprobs` of a text choice. start: characters before its first token.

    Parts of a character are written as `bytes:` and escapes, and begin where the character begins.
    """
    return text_logprobs(
        [shown(token.piece, token.id, "bytes:") for token in tokens],
        [None if token.logprob is None else finite(token.logprob) for token in tokens],
        [_text_top(model, token, n_top) for token in tokens] if n_top else None,
        offsets([token.piece for token in tokens], start),
    )


def _text_top(model: LanguageModel, token: ScoredToken, n_top: int) -> dict[str, float] | None:
    """Alternatives by their text, and the token itself, which OpenAI adds where it is none of them."""
    if token.logprob is None:
        return None
    pairs = [(k, model.decode_bytes([k]), logprob) for k, logprob in token.top[:n_top]]
    found: dict[str, float] = {}
    for token_id, piece, logprob in [*pairs, (token.id, token.piece, token.logprob)]:
        found.setdefault(shown(piece, token_id, "bytes:"), finite(logprob))
    return found


def offsets(pieces: Iterable[bytes], start: int) -> list[int]:
    """How many characters of the text are complete before each piece, and `start` more."""
    decoder, found, position = new_decoder(), [], start
    for piece in pieces:
        found.append(position)
        position += len(decoder.decode(piece))
    return found
