"""Room to reason: calls with headroom on top of an eval's cap, with a larger cap after a cut, or without one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from evals.completion import Completions
from evals.completion_fns.caps import Cap, cap_of, larger_cap, with_headroom
from evals.completion_fns.effort import reasons
from evals.engine.cut_off import VISIBLE_CAP, has_reasoned, is_cut_off, reached_limit
from evals.engine.failures import CallFailed, Kind
from evals.errors import UsageError
from evals.specs import ModelInfo
from evals.texts.thoughts import split_thoughts

Draw = Callable[[Mapping[str, Any]], Awaitable[list[Completions]]]
"The results of a call with these options."

_TOO_LARGE = frozenset({Kind.BAD_REQUEST, Kind.CONTEXT_LENGTH})
"How servers refuse a cap that does not fit."


class RoomToReason:
    """What one backend knows of its model's need for tokens, and the calls that follow from it.

    headroom: in place of the registry's. default_cap: sent with calls that name none, by servers that want one.
    """

    def __init__(self, headroom: int | None, default_cap: int | None) -> None:
        self.headroom = headroom
        self._default_cap = default_cap
        self._has_reasoned = False
        "A reply counted reasoning tokens, showed reasoning, or was cut off before its text began."
        self._has_little_room = False
        "The server refused a cap with headroom, and took the call without a cap."

    def saw(self, result: Completions) -> None:
        """Remember whether a result was reasoned about: the calls after it get headroom.

        Tokens that were spent before a cut and are not in the text were reasoning too, where the server does not say.
        """
        if not self._has_reasoned:
            shows = reached_limit(result) and _shows_reasoning(result)
            self._has_reasoned = has_reasoned(result) or shows or is_cut_off(result)

    def first_cap(self, options: Mapping[str, Any], info: ModelInfo) -> Cap | None:
        """The cap of a call; an eval's cap has headroom while the model reasons.

        Whether it does is known from the registry, or from an earlier reply.
        """
        cap = cap_of(options, self._default_cap)
        if cap is None or not (self._has_reasoned or reasons(info, options)):
            return cap
        return with_headroom(cap, self._headroom(info), info.max_output_tokens)

    async def draw(self, draw: Draw, options: Mapping[str, Any], first: Cap | None) -> list[Completions]:
        """The results of a call. first: of `first_cap`."""
        return await self._capped(draw, options, cap_of(options, self._default_cap), first)

    def needs_more(self, result: Completions, options: Mapping[str, Any], first: Cap | None) -> bool:
        """Whether a result has to be drawn again: reasoning took the tokens of an answer, or of a part of it.

        A text that reached an eval's cap counts only if the cap had no headroom, as nobody knew that the model reasons.
        """
        if is_cut_off(result):
            return True
        if first is None or first.name != VISIBLE_CAP or first != cap_of(options, self._default_cap):
            return False
        return reached_limit(result) and _shows_reasoning(result)

    async def draw_again(
        self, draw: Draw, options: Mapping[str, Any], first: Cap | None, info: ModelInfo
    ) -> list[Completions] | None:
        """The results of the same call with a larger cap; None where there is none, or the server refuses it."""
        larger = None if first is None else larger_cap(first, self._headroom(info), info.max_output_tokens)
        if larger is None:
            return None
        try:
            return await self._capped(draw, options, cap_of(options, self._default_cap), larger)
        except CallFailed as failure:
            if failure.kind not in _TOO_LARGE:
                raise
            return None

    def _headroom(self, info: ModelInfo) -> int:
        return info.headroom_tokens if self.headroom is None else self.headroom

    async def _capped(
        self, draw: Draw, options: Mapping[str, Any], cap: Cap | None, sent: Cap | None
    ) -> list[Completions]:
        """The results of a call with the cap `sent` in place of `cap`, its own; without one where the server has less.

        A server with a short context refuses a cap that does not fit into it; without a cap it takes what is left.
        """
        if cap is None or sent is None or sent == cap:
            return await draw(options)
        without = {name: value for name, value in options.items() if name != cap.name}
        if self._has_little_room:
            return await draw(without)
        try:
            return await draw({**options, sent.name: sent.n_tokens})
        except CallFailed as failure:
            if failure.kind not in _TOO_LARGE or self._default_cap is not None:
                raise
            drawn = await draw(without)
            self._has_little_room = True
            return drawn


def _shows_reasoning(result: Completions) -> bool:
    """Whether a reply counts or shows reasoning, in a place of its own or in the text."""
    return has_reasoned(result) or any(split_thoughts(text).thoughts for text in result.texts)


def checked_headroom(value: Any) -> int | None:
    """The argument `headroom` as a number of tokens. Raises UsageError for anything else."""
    if value is None:
        return None
    try:
        number = int(value)
    except (TypeError, ValueError):
        number = -1
    if number < 0:
        raise UsageError(f"headroom is {value!r}, and must be a number of tokens", fix="write headroom=25000")
    return number
