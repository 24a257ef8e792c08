"""How the option that a model chooses is found out, and which of these methods a backend supports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evals.completion import CompletionResult
from evals.engine.failures import CallFailed, Kind
from evals.engine.traits import traits_of
from evals.errors import UsageError

METHODS = ("top_logprobs", "echo", "score", "parsed")
"The names of the methods, as the argument `way` takes them, beside `auto`."

MOST_ALTERNATIVES = (20, 5)
"How many alternatives of the next token are asked for: what OpenAI gives at most, then what most servers give."

_REFUSALS = frozenset({Kind.BAD_REQUEST, Kind.OTHER, Kind.BAD_REPLY, Kind.NO_ANSWER})
"Failures of a trial call which mean that the backend does not support the method; others say nothing about it."


@dataclass(frozen=True)
class ScoringMethod:
    """How the choices of a run are found out; the same for all samples, since scores of two methods differ."""

    name: str
    "One of METHODS. `echo` and `score` call the backend's `score`: by a completions endpoint, or in the process."
    n_alternatives: int = 0
    "Alternatives of the next token that `top_logprobs` asks for."

    @property
    def scores_texts(self) -> bool:
        """Whether the log probabilities of texts are asked for, instead of the next token."""
        return self.name in ("echo", "score")

    def in_words(self) -> str:
        """The line about the method in a report."""
        words = {
            "top_logprobs": f"log probabilities of the next token ({self.n_alternatives} alternatives)",
            "echo": "log probabilities of the echoed prompt",
            "score": "log probabilities by the backend",
            "parsed": "the text of the reply",
        }
        return f"{self.name}: {words[self.name]}"


def is_text_model(fn: Any) -> bool:
    """Whether a backend continues texts: those that give log probabilities of texts do. The others get chats."""
    return traits_of(fn).can_score


def methods_of(fn: Any, style: str) -> list[ScoringMethod]:
    """The methods that a backend may support, best first. style: `letter` or `completion`.

    Raises:
        UsageError: the style needs log probabilities of texts, and the backend gives none.
    """
    traits = traits_of(fn)
    found = [ScoringMethod(traits.score_way)] if traits.can_score else []
    if style == "completion":
        if not found:
            raise UsageError(
                f"style completion compares log probabilities of texts, which {type(fn).__name__} does not give",
                fix="use style: letter, or a backend with `score` (a completions endpoint with echo, hf/, pocket/)",
            )
        return found
    if traits.gives_top_logprobs:
        found += asking_for_alternatives(fn)
    return [*found, ScoringMethod("parsed")]


def asking_for_alternatives(fn: Any) -> list[ScoringMethod]:
    """The methods that ask for alternatives of the next token, by how many they ask for, most first."""
    most = traits_of(fn).most_alternatives
    return [ScoringMethod("top_logprobs", n) for n in (MOST_ALTERNATIVES if most is None else (most,))]


def methods_named(name: str, fn: Any, style: str) -> list[ScoringMethod]:
    """The methods of a backend under the name that `way` gives; several where numbers of alternatives are tried.

    `top_logprobs` is tried with any backend.

    Raises:
        UsageError: no method has this name, or the backend does not support it with this style.
    """
    if name not in METHODS:
        raise UsageError(f"way is {name!r}", fix=f"way: auto, {', '.join(METHODS)}")
    if name == "top_logprobs" and style == "letter":
        return asking_for_alternatives(fn)
    found = [method for method in methods_of(fn, style) if method.name == name]
    if not found:
        others = dict.fromkeys(method.name for method in methods_of(fn, style))
        raise UsageError(
            f"{type(fn).__name__} does not support way: {name} with style: {style}",
            fix=f"way: auto, or {' or '.join(others)}",
        )
    return found


def is_refusal(failure: CallFailed) -> bool:
    """Whether the failure of a trial call means that the backend does not support the method."""
    return failure.kind in _REFUSALS


def alternatives_of(result: CompletionResult) -> dict[str, float] | None:
    """The alternatives of a completion's first token: each token with its log probability in nats; None without any.

    Reads the forms of the chat, responses and completions endpoints. A tokenizer's mark for the space at the start of a
    token (U+2581, U+0120) becomes a space.
    """
    logprobs = getattr(result, "logprobs", None)
    first = logprobs[0] if logprobs else None
    if not isinstance(first, Mapping):
        return None
    content, tops = first.get("content"), first.get("top_logprobs")
    if content:
        pairs = [(top["token"], top["logprob"]) for top in content[0].get("top_logprobs") or ()]
    else:
        pairs = list((tops[0] or {}).items()) if tops else []
    found: dict[str, float] = {}
    for token, logprob in pairs:
        if logprob is not None:  # some servers write null for a probability of 0
            found.setdefault(_plain(token), logprob)
    return found or None


_SPACES = ("\u2581", "\u0120")


def _plain(token: str) -> str:
    return " " + token[1:] if token[:1] in _SPACES else token


def request_for(fn: Any, method: ScoringMethod) -> dict[str, Any]:
    """The sampling arguments that ask for the alternatives of the next token."""
    traits = traits_of(fn)
    if traits.score_way == "echo":
        return {"temperature": 0.0, "max_tokens": 1, "logprobs": method.n_alternatives}
    n_tokens = traits.min_max_tokens
    return {"temperature": 0.0, "max_tokens": n_tokens, "logprobs": True, "top_logprobs": method.n_alternatives}
