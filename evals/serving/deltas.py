"""The text of a completion as it grows: what may be sent already, no half characters or stop texts."""

from __future__ import annotations

from collections.abc import Sequence

from evals.local_models.language_model import ScoredToken, stop_position
from evals.local_models.logprobs import new_decoder


class Deltas:
    """One completion that is streamed. stop: texts that end it. lead: what is taken off its beginning."""

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
        """The text that is certain after one more token, and the tokens that it completes."""
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
        """What was held back of a completion that is `text` in the end, of `n_tokens` tokens."""
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
    """How many of the last characters may be the beginning of a stop text."""
    longest = min(len(text), max(map(len, stop), default=1) - 1)
    return next((n for n in range(longest, 0, -1) if any(s.startswith(text[-n:]) for s in stop)), 0)
