"""The tokenizer of a served model over HTTP, as vLLM's server offers it and lm-evaluation-harness asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evals.local_models.language_model import LanguageModel
from evals.serving.api_error import missing, wrong_type, wrong_value
from evals.serving.requests import is_id


def tokenizer_info(model: LanguageModel) -> dict[str, Any]:
    """What `GET /tokenizer_info` answers. The template of a model whose chats are written by code is null."""
    end = end_token(model)
    return {
        "tokenizer_class": type(model).__name__,
        "model_max_length": model.n_ctx,
        "bos_token": None,
        "eos_token": None if end is None else end[0],
        "pad_token": None,
        "chat_template": getattr(model, "chat_template", None),
    }


def tokenized(model: LanguageModel, body: Mapping[str, Any]) -> dict[str, Any]:
    """What `POST /tokenize` answers to `prompt`, a text, or `messages`, a chat.

    The end token's name alone is the end token. Begin tokens are never added, whatever `add_special_tokens` says.

    Raises:
        ApiError: there is neither, or it is no text.
    """
    text = body.get("prompt")
    if text is None and isinstance(body.get("messages"), list):
        try:
            text = model.render_chat(body["messages"])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise wrong_value("messages", f"{error}.") from None
    if text is None:
        raise missing("prompt")
    if not isinstance(text, str):
        raise wrong_type("prompt", "a string", text)
    end = end_token(model)
    ids = [end[1]] if end is not None and text == end[0] else list(model.encode(text))
    return {"count": len(ids), "max_model_len": model.n_ctx, "tokens": ids, "token_strs": None}


def detokenized(model: LanguageModel, body: Mapping[str, Any]) -> dict[str, Any]:
    """What `POST /detokenize` answers to `tokens`, a list of ids.

    Raises:
        ApiError: there are none, or not of this model.
    """
    ids = body.get("tokens")
    if not isinstance(ids, list) or not all(is_id(k) for k in ids):
        raise wrong_type("tokens", "an array of token ids", ids)
    try:
        if min(ids, default=0) < 0:
            raise ValueError
        return {"prompt": model.decode_bytes(ids).decode("utf-8", "replace")}
    except (IndexError, KeyError, ValueError, TypeError, OverflowError):
        raise wrong_value("tokens", "it holds ids that are no tokens of this model.") from None


def end_token(model: LanguageModel) -> tuple[str, int] | None:
    """The name and the id of the token that ends a text; None where the model does not say."""
    found: tuple[str, int] | None = getattr(model, "end_token", None)
    return found
