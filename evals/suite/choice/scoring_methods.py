"""The ways to learn which option a model chooses, and which of them a backend can go: found out once a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evals.completion import CompletionResult
from evals.engine.failures import CallFailed, Kind
from evals.engine.traits import traits_of
from evals.errors import UsageError

WAYS = ("top_logprobs", "echo", "score", "parsed")
"Names as `way` has them in YAML, beside `auto`."

MOST_ALTERNATIVES = (20, 5)
"How many alternatives of the next token are asked for: what OpenAI gives at most, then what most servers give."

_REFUSALS = frozenset({Kind.BAD_REQUEST, Kind.OTHER, Kind.BAD_REPLY})
"Failures of a trial call that say that this way is not open; any other says nothing about it."


@dataclass(frozen=True)
class Way:
    """How the choices of a run are learnt.

    name: one of WAYS. `echo` and `score` are calls of the backend's `score`, over the completions endpoint of a server
    or in the process. n_alternatives: asked for with `top_logprobs`.
    """

    name: str
    n_alternatives: int = 0

    @property
    def scores(self) -> bool:
        """Whether texts are scored instead of tokens being asked for."""
        return self.name in ("echo", "score")

    @property
    def gives_logprobs(self) -> bool:
        return self.name != "parsed"

    def in_words(self) -> str:
        words = {
            "top_logprobs": f"log probabilities of the next token ({self.n_alternatives} alternatives)",
            "echo": "log probabilities of the echoed prompt",
            "score": "log probabilities by the backend",
            "parsed": "the text of the reply",
        }
        return f"{self.name}: {words[self.name]}"


def way_of_scoring(fn: Any) -> str | None:
    """`echo` or `score` for a backend that gives log probabilities of texts; None for one that does not.

    A backend with `score` or `score_batch` does, unless its `can_score` says no; `score_way` names it.
    """
    traits = traits_of(fn)
    return traits.score_way if traits.can_score else None


def is_text_model(fn: Any) -> bool:
    """Whether a backend continues texts: those that score continuations do. The others are asked as chats."""
    return way_of_scoring(fn) is not None


def candidates(fn: Any, style: str) -> list[Way]:
    """The ways that may be open to a backend, best first.

    Raises:
        UsageError: the style needs log probabilities of texts, and the backend has none.
    """
    found = []
    scoring = way_of_scoring(fn)
    if scoring is not None:
        found.append(Way(scoring))
    if style == "completion":
        if not found:
            raise UsageError(
                f"style completion compares log probabilities of texts, which {type(fn).__name__} does not give",
                fix="use style: letter, or a backend with `score` (a completions endpoint with echo, hf/, pocket/)",
            )
        return found
    if traits_of(fn).gives_top_logprobs:
        found += _asking_for_alternatives(fn)
    return [*found, Way("parsed")]


def _asking_for_alternatives(fn: Any) -> list[Way]:
    most = traits_of(fn).most_alternatives
    return [Way("top_logprobs", n) for n in (MOST_ALTERNATIVES if most is None else (most,))]


def forced(name: str, fn: Any, style: str) -> list[Way]:
    """The candidates under the name that `way` gives.

    Raises:
        UsageError: no way has this name, or it is not open to the backend.
    """
    if name not in WAYS:
        raise UsageError(f"way is {name!r}", fix=f"way: auto, {', '.join(WAYS)}")
    if name == "top_logprobs" and style == "letter":
        return _asking_for_alternatives(fn)
    found = [way for way in candidates(fn, style) if way.name == name]
    if not found:
        raise UsageError(
            f"way {name} is not open to {type(fn).__name__} with style {style}",
            fix=f"way: auto, or {' or '.join(dict.fromkeys(way.name for way in candidates(fn, style)))}",
        )
    return found


def is_refusal(failure: CallFailed) -> bool:
    """Whether a failed trial call says that the way is not open."""
    return failure.kind in _REFUSALS


def alternatives_of(result: CompletionResult) -> dict[str, float] | None:
    """Token to nats for the first token of a completion; None where the reply holds no alternatives.

    Reads the shapes of the chat, responses and completions endpoints. Tokens in which a tokenizer's mark stands for
    the space (U+2581, U+0120) get the space.
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
        found.setdefault(_plain(token), logprob)
    return found or None


_SPACES = ("\u2581", "\u0120")


def _plain(token: str) -> str:
    return " " + token[1:] if token[:1] in _SPACES else token


def request_for(fn: Any, way: Way) -> dict[str, Any]:
    """The request options that ask for the alternatives of the next token."""
    traits = traits_of(fn)
    if traits.score_way == "echo":
        return {"temperature": 0.0, "max_tokens": 1, "logprobs": way.n_alternatives}
    shortest = traits.min_max_tokens
    return {"temperature": 0.0, "max_tokens": shortest, "logprobs": True, "top_logprobs": way.n_alternatives}
