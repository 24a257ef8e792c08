"""What a completion function says of itself: its traits, read once, and facts that may change, asked each time."""

from __future__ import annotations

import contextlib
import inspect
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

CHAT, TEXT = "chat", "text"
"Values of `prompt_form`."


@dataclass(frozen=True)
class Traits:
    """What a completion function is and can do. Every field comes from an attribute or a method of the object.

    All of them are optional: an object that only has `__call__` gets the default of every field. `Backend` declares
    the attributes with their defaults. They are read when the object is first asked, so set them in the constructor.
    """

    is_local: bool
    "Attribute `is_local`: it uses no network, so it has no limits, and its failures never end the run."
    delegates: bool
    "Attribute `delegates`: it only calls other completion functions; limits, retries and the cache are theirs."
    records_sampling: bool
    "Attribute `records_sampling`: the engine writes a `sampling` event for each call. True by default."
    gives_results: bool
    "Attribute `gives_results`: `__call__` returns a CompletionResult and records by itself, never a bare text."
    speaks_openai: bool
    "Attribute `speaks_openai`: it sends requests of the OpenAI API, so a solver around it is an `OpenAISolver`."
    has_complete: bool
    "Method `complete` is one attempt, which the engine awaits. Else `__call__` runs on a thread and records by itself."
    has_complete_batch: bool
    "It has the method `complete_batch`: several requests are computed together."
    has_score: bool
    "It has the method `score`: log probabilities of continuations after a prompt, in nats."
    has_score_batch: bool
    "It has the method `score_batch`: several requests of `score` together."
    has_seeded: bool
    "It has the method `seeded`: gives a request of a batch its own seed, by sample and draw."
    has_aclose: bool
    "It has the coroutine method `aclose`, which the engine awaits at the end of the run."
    prompt_form: str
    """Attribute `prompt_form`: `chat` where prompts are sent as messages, `text` where a chat is sent as one text;
    empty where it takes both as they are, or does not say."""
    limit_key: str
    "Attribute `limit_key`: objects with equal keys share limits and time-outs. By default the class and the model."
    max_concurrency: int | None
    "Attribute `max_concurrency`: calls in flight that it takes at most; None for no limit of its own."
    batch_size: int | None
    "Attribute `batch_size`: requests in a batch, at most; None where it does not say."
    can_score: bool
    "Attribute `can_score`: False where `score` is there, but useless. By default whether `score` or `score_batch` is."
    score_way: str
    "Attribute `score_way`: `echo` where a server echoes the prompt, `score` (default) where the model is at hand."
    gives_top_logprobs: bool
    "Attribute `gives_top_logprobs`: `complete` takes `logprobs` and `top_logprobs`, as the OpenAI API has them."
    most_alternatives: int | None
    "Attribute `most_alternatives`: how many `top_logprobs` may be asked for, where that is known."
    min_max_tokens: int
    "Attribute `min_max_tokens`: the smallest `max_tokens` that is accepted. 1 by default."
    model: str | None
    "Attribute `model`: the name of the model, under which the registry knows its context length and price."
    host: str | None
    "Attribute `host`: `host:port` of the server, for messages."


_Known = tuple[Callable[[], Any], Traits]
_known: dict[int, _Known] = {}
"By `id`, since objects may be equal, or not hashable. The weak reference removes an entry when its object goes away."


def traits_of(fn: Any) -> Traits:
    """The traits of a completion function; read at the first call for this object, and remembered after that.

    Costs about 0.2 µs for a known object. An object without weak references (with `__slots__`) is read each time.
    """
    known = _known.get(id(fn))
    if known is not None and known[0]() is fn:
        return known[1]
    traits = _read(fn)
    key = id(fn)
    with contextlib.suppress(TypeError):
        _known[key] = (weakref.ref(fn, lambda _: _known.pop(key, None)), traits)
    return traits


def _read(fn: Any) -> Traits:
    has_score, has_score_batch = hasattr(fn, "score"), hasattr(fn, "score_batch")
    can_score = getattr(fn, "can_score", None)
    model, host = getattr(fn, "model", None), getattr(fn, "host", None)
    return Traits(
        is_local=bool(getattr(fn, "is_local", False)),
        delegates=bool(getattr(fn, "delegates", False)),
        records_sampling=bool(getattr(fn, "records_sampling", True)),
        gives_results=bool(getattr(fn, "gives_results", False)),
        speaks_openai=bool(getattr(fn, "speaks_openai", False)),
        has_complete=_has_complete(fn),
        has_complete_batch=hasattr(fn, "complete_batch"),
        has_score=has_score,
        has_score_batch=has_score_batch,
        has_seeded=hasattr(fn, "seeded"),
        has_aclose=inspect.iscoroutinefunction(getattr(fn, "aclose", None)),
        prompt_form=str(getattr(fn, "prompt_form", "")),
        limit_key=_limit_key(fn),
        max_concurrency=_whole(fn, "max_concurrency"),
        batch_size=_whole(fn, "batch_size") or None,
        can_score=has_score or has_score_batch if can_score is None else bool(can_score),
        score_way=str(getattr(fn, "score_way", "score")),
        gives_top_logprobs=bool(getattr(fn, "gives_top_logprobs", False)),
        most_alternatives=_whole(fn, "most_alternatives"),
        min_max_tokens=_whole(fn, "min_max_tokens") or 1,
        model=None if model is None else str(model) or None,
        host=host if isinstance(host, str) and host else None,
    )


def _whole(fn: Any, name: str) -> int | None:
    """An attribute as a whole number; None for a plug-in's attribute of that name that means something else."""
    try:
        return int(getattr(fn, name, None))  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None


def _has_complete(fn: Any) -> bool:
    """Whether `fn.complete` is one attempt at a call, and not a method of a plug-in that has the same name."""
    method = getattr(fn, "complete", None)
    return callable(method) and (inspect.iscoroutinefunction(method) or not callable(fn))


def _limit_key(fn: Any) -> str:
    """Not the object itself: solvers copy their completion functions for each sample."""
    key = getattr(fn, "limit_key", None)
    return str(key) if key else f"{type(fn).__module__}.{type(fn).__qualname__} {getattr(fn, 'model', None) or ''}"


# What may change after construction, or costs something to find out. It is asked each time, so it is no trait.


def preflight(*fns: Any) -> None:
    """Let each completion function find out what must fail before the first call, if it has a method `preflight`.

    Raises:
        EvalsError: whatever a `preflight` raises, such as a missing key.
    """
    for fn in fns:
        if hasattr(fn, "preflight"):
            fn.preflight()


def cache_identity(fn: Any) -> dict[str, Any] | None:
    """What decides the answers of `fn` beside the request, without secrets; None where it does not say."""
    identity: dict[str, Any] | None = fn.cache_identity() if hasattr(fn, "cache_identity") else None
    return identity


def effort_in_words(fn: Any, options: Mapping[str, Any]) -> str | None:
    """The effort of reasoning of calls with these options: the method `effort_in_words`; None where `fn` has none."""
    method = getattr(fn, "effort_in_words", None)
    said: str | None = method(options) if callable(method) else None
    return said


def context_length(fn: Any) -> int | None:
    """Tokens of prompt and completion together: the attribute `n_ctx`, for which a local model may have to load."""
    n_ctx = getattr(fn, "n_ctx", None)
    return n_ctx if isinstance(n_ctx, int) else None


def token_counter(fn: Any) -> Callable[[str], int] | None:
    """The method `count_tokens` (a text to its number of tokens); None where `fn` has none."""
    counter: Callable[[str], int] | None = getattr(fn, "count_tokens", None)
    return counter


def language_model(fn: Any) -> Any:
    """The attribute `language_model`, a `LanguageModel` of this process, loaded if need be; None without one."""
    return getattr(fn, "language_model", None)
