"""Splits a completion into pieces for a stream, token by token, without half characters and without stop texts."""

from __future__ import annotations

from collections.abc import Sequence

from evals.local_models.language_model import ScoredToken, stop_position
from evals.local_models.logprobs import new_decoder


class Deltas:
    """The pieces of one completion.

    stop: texts that end the completion and are no part of it. lead: text that is cut off its beginning.
    """

    def __init__(self, stop: Sequence[str] = (), lead: str = "") -> None:
        self._stop = tuple(stop)
        self._lead = lead
        self._decoder = new_decoder()
        self._held = ""
        self._sent = ""
        self._pending: list[ScoredToken] = []
        self._n_released = 0
        self._over = False

    def add(self, token: ScoredToken) -> tuple[str, list[ScoredToken]]:
        """(text that can be sent after this token, tokens whose text is sent with it).

        The text is empty where the token ends within a character, or where a stop text may have begun.
        """
        if self._over:
            return "", []
        self._pending.append(token)
        self._held += self._decoder.decode(token.piece)
        at = stop_position(self._held, self._stop)
        self._over = at is not None
        keep = len(self._held) - at if at is not None else _beginning_of_a_stop(self._held, self._stop)
        certain, self._held = self._held[: len(self._held) - keep], self._held[len(self._held) - keep :]
        if self._held or self._decoder.getstate()[0] or not certain:
            return self._without_lead(certain), []
        return self._without_lead(certain), self._release(len(self._pending))

    def rest(self, text: str, n_tokens: int) -> tuple[str, list[ScoredToken]]:
        """(text, tokens) that were not sent yet, of the finished completion: `text`, in `n_tokens` tokens."""
        more = text[len(self._sent) :] if text.startswith(self._sent) else ""
        self._sent += more
        return more, self._release(max(0, n_tokens - self._n_released))

    def _release(self, n: int) -> list[ScoredToken]:
        released, self._pending = self._pending[:n], self._pending[n:]
        self._n_released += len(released)
        return released

    def _without_lead(self, text: str) -> str:
        if text and self._lead:
            text, self._lead = text.removeprefix(self._lead), ""
        self._sent += text
        return text


def _beginning_of_a_stop(text: str, stop: Sequence[str]) -> int:
    """How many characters at the end of `text` may be the beginning of a stop text."""
    longest = min(len(text), max(map(len, stop), default=1) - 1)
    return next((n for n in range(longest, 0, -1) if any(s.startswith(text[-n:]) for s in stop)), 0)
