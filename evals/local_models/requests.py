"""Requests to models in this process: from a prompt and its options to tokens and a checked `Sampling`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evals.chat import is_chat_prompt
from evals.engine.failures import CallFailed, Kind
from evals.errors import did_you_mean
from evals.local_models.language_model import ContextExceeded, LanguageModel, Sampling, check_room, default_max_tokens

OPTIONS = (
    *("temperature", "top_p", "max_tokens", "max_completion_tokens", "n", "stop", "seed"),
    *("logprobs", "top_logprobs", "echo", "user", "presence_penalty", "frequency_penalty"),
)
"What a request may say; the penalties only that there are none."

MAX_TOP = 1000
"Alternatives of a token that may be asked for."


class UpToContext(int):
    """A limit on tokens that, where it is beyond the room that the prompt leaves, means that room."""


@dataclass(frozen=True)
class LocalRequest:
    """One request, as a language model takes it."""

    text: str
    "The prompt as a text; a chat as the model reads it."
    ids: tuple[int, ...]
    sampling: Sampling
    is_chat: bool
    shape: str | None
    "How log probabilities are given: as of the `chat` or the `text` endpoint of OpenAI; None for not at all."
    echo: bool
    "Whether the completion begins with the prompt."

    def recorded(self) -> dict[str, Any]:
        """The sampling for a record."""
        sampling = self.sampling
        kept: dict[str, Any] = {"max_tokens": sampling.max_tokens, "temperature": sampling.temperature}
        if sampling.temperature > 0:
            kept |= {"top_p": sampling.top_p, "seed": sampling.seed}
        if sampling.stop:
            kept["stop"] = list(sampling.stop)
        if sampling.n > 1:
            kept["n"] = sampling.n
        return kept


def read_request(model: LanguageModel, prompt: Any, options: Mapping[str, Any]) -> LocalRequest:
    """The request of a prompt (text, chat or token ids) and options, those that are None left out.

    Raises:
        CallFailed: an option is unknown or out of range, or prompt and completion do not fit the context.
    """
    try:
        text, ids, is_chat = read_prompt(model, prompt)
        shape, top = _logprobs(options)
        request = LocalRequest(
            text=text,
            ids=tuple(ids),
            sampling=_sampling(model, len(ids), is_chat, top, _checked(options)),
            is_chat=is_chat,
            shape=shape,
            echo=bool(options.get("echo")) and not is_chat,
        )
        check_room(len(ids), request.sampling.max_tokens, model.n_ctx)
        return request
    except ContextExceeded as error:
        raise CallFailed(Kind.CONTEXT_LENGTH, str(error)) from None
    except (ValueError, TypeError) as error:
        raise CallFailed(Kind.BAD_REQUEST, str(error)) from None


def read_prompt(model: LanguageModel, prompt: Any) -> tuple[str, Sequence[int], bool]:
    """The prompt as text and tokens, and whether it is a chat. Raises ValueError for what is no prompt."""
    if isinstance(prompt, str):
        return prompt, model.encode(prompt), False
    if is_chat_prompt(prompt) and prompt:
        text = model.render_chat(prompt)
        return text, model.encode(text), True
    if isinstance(prompt, list) and all(isinstance(k, int) and not isinstance(k, bool) for k in prompt):
        return model.decode_bytes(prompt).decode("utf-8", errors="replace"), prompt, False
    raise ValueError("a prompt is a text, a list of messages, or a list of token ids")


def _checked(options: Mapping[str, Any]) -> Mapping[str, Any]:
    for name, value in options.items():
        if name not in OPTIONS:
            near = did_you_mean(name, OPTIONS)
            raise ValueError(f"models of this process take no {name!r}" + (f" ({near})" if near else ""))
        if name.endswith("_penalty") and value:
            raise ValueError(f"models of this process have no {name}")
    return options


def _sampling(
    model: LanguageModel, n_prompt: int, is_chat: bool, top_logprobs: int, options: Mapping[str, Any]
) -> Sampling:
    limit = options.get("max_tokens", options.get("max_completion_tokens"))
    if limit is None:
        limit = default_max_tokens(n_prompt, model.n_ctx, is_chat=is_chat)
    if isinstance(limit, UpToContext):
        limit = min(limit, max(1, model.n_ctx - n_prompt))
    stop = options.get("stop") or ()
    own = (stop,) if isinstance(stop, str) else tuple(stop)
    return Sampling(
        max_tokens=_whole("max_tokens", limit),
        temperature=_number("temperature", options.get("temperature", 1.0)),
        top_p=_number("top_p", options.get("top_p", 1.0)),
        stop=(*own, *model.chat_stop) if is_chat else own,
        seed=None if options.get("seed") is None else _whole("seed", options["seed"]),
        n=_whole("n", options.get("n", 1)),
        top_logprobs=top_logprobs,
    )


def _logprobs(options: Mapping[str, Any]) -> tuple[str | None, int]:
    """The shape that is asked for, and how many alternatives."""
    wanted, top = options.get("logprobs"), options.get("top_logprobs")
    if wanted is None or wanted is False:
        if top:
            raise ValueError("top_logprobs needs logprobs to be true")
        return None, 0
    shape, n = ("chat", top or 0) if wanted is True else ("text", wanted)
    n = _whole("logprobs", n)
    if not 0 <= n <= MAX_TOP:
        raise ValueError(f"{n} alternatives were asked for; it must be from 0 to {MAX_TOP:,}")
    return shape, n


def _whole(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
        raise ValueError(f"{name} is {value!r}, not a whole number")
    return int(value)


def _number(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{name} is {value!r}, not a number")
    return float(value)


def continuation_start(model: LanguageModel, ids: Sequence[int], prompt: str, whole: str) -> int:
    """The place of the first token that belongs to what follows `prompt` in `whole`, whose tokens are `ids`.

    It is the first that ends beyond the prompt without its trailing white space: tokenizers put the space before a
    word into the word's token, and a token may lie across the border. The same rule as for servers that echo.
    """
    pieces = [len(model.decode_bytes([k])) for k in ids]
    extra = max(0, sum(pieces) - len(whole.encode("utf-8", errors="replace")))
    border, end = len(prompt.rstrip().encode("utf-8", errors="replace")) + extra, 0
    for place, size in enumerate(pieces):
        end += size
        if end > border:
            return place
    return len(pieces)
