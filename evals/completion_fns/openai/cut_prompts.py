"""Notices servers that cut a long prompt without a word: they count far fewer tokens than it has."""

from __future__ import annotations

import logging
from typing import Any

from evals.completion import Completions

MOST_BYTES_A_TOKEN = 8
"Of UTF-8. English has 4 to 5 with the vocabularies of today, code and other languages fewer."
LEAST_TOKENS = 1000
"Of the count. Ollama leaves half of its context of 2,048 tokens or more; short prompts may be mere dashes."

logger = logging.getLogger(__name__)


class PromptWatch:
    """Looks at prompts and their counts until it has warned once."""

    def __init__(self) -> None:
        self._has_warned = False

    def look(self, prompt: Any, result: Completions) -> None:
        """Warn if the prompt of this result seems to have been cut."""
        n_tokens = _prompt_tokens(result.usage)
        if self._has_warned or n_tokens < LEAST_TOKENS or not looks_cut(prompt, n_tokens):
            return
        self._has_warned = True
        logger.warning(
            "the server counted %s tokens for a prompt of %s bytes: it may have left a part of it out and not said so. "
            "Ollama does beyond its num_ctx, 4,096 by default: set OLLAMA_CONTEXT_LENGTH, or num_ctx in a Modelfile",
            f"{n_tokens:,}", f"{_n_bytes(prompt):,}",
        )  # fmt: skip


def looks_cut(prompt: Any, n_tokens: int) -> bool:
    """Whether a prompt, a text or a chat, is longer than `n_tokens` tokens are. Pictures do not count."""
    most = MOST_BYTES_A_TOKEN * n_tokens
    # A character has at most 4 bytes: most prompts need not be encoded to know.
    return 4 * sum(map(len, _texts(prompt))) > most and _n_bytes(prompt) > most


def _n_bytes(prompt: Any) -> int:
    return sum(len(text.encode("utf-8", "surrogatepass")) for text in _texts(prompt))


def _texts(prompt: Any) -> list[str]:
    if isinstance(prompt, str):
        return [prompt]
    messages = prompt if isinstance(prompt, list) else []
    contents = [message.get("content") for message in messages if isinstance(message, dict)]
    parts = [part for content in contents for part in (content if isinstance(content, list) else [content])]
    return [
        part.get("text") or "" if isinstance(part, dict) else part for part in parts if isinstance(part, dict | str)
    ]


def _prompt_tokens(usage: Any) -> int:
    counts = usage if isinstance(usage, dict) else {}
    found = counts.get("prompt_tokens", counts.get("input_tokens"))
    return found if isinstance(found, int) else 0
