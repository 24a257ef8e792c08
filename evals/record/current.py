"""Records into the recorder of the current context; outside a run it says once that events are lost."""

from __future__ import annotations

import logging
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from evals.record.event import Event as Event
from evals.record.recorders import RecorderBase, default_recorder

if TYPE_CHECKING:
    pass

logger = logging.getLogger(__name__)


class _NoRecorder(RecorderBase):
    """Stands in where no run is active; says once that events are lost."""

    def record_event(self, type: str, data: Any = None, sample_id: str | None = None) -> None:
        _warn_once()


@lru_cache(maxsize=1)
def _warn_once() -> None:
    logger.warning("an event was recorded outside any run, or on a thread without the run's context; it is lost")


_nowhere = _NoRecorder(None)


def _recorder() -> RecorderBase:
    return default_recorder() or _nowhere


def current_sample_id() -> str | None:
    """The id of the sample that is being evaluated in this context."""
    return _recorder().current_sample_id()


def record_match(correct: bool, *, expected: Any = None, picked: Any = None, **extra: Any) -> None:
    """Record whether a completion fits what was expected."""
    return _recorder().record_match(correct, expected=expected, picked=picked, **extra)


def record_embedding(prompt: Any, embedding_type: Any, **extra: Any) -> None:
    """Record an embedding of `prompt`."""
    return _recorder().record_embedding(prompt, embedding_type, **extra)


def record_sampling(prompt: Any, sampled: Any, **extra: Any) -> None:
    """Record a prompt and the completions that came back."""
    return _recorder().record_sampling(prompt, sampled, **extra)


def record_function_call(name: Any, arguments: Any, return_value: Any, **extra: Any) -> None:
    """Record a call of a function or tool."""
    return _recorder().record_function_call(name, arguments, return_value, **extra)


def record_cond_logp(prompt: Any, completion: Any, logp: Any, **extra: Any) -> None:
    """Record the log probability of `completion` after `prompt`."""
    return _recorder().record_cond_logp(prompt, completion, logp, **extra)


def record_pick_option(prompt: Any, options: Any, picked: Any, **extra: Any) -> None:
    """Record which of several options was picked."""
    return _recorder().record_pick_option(prompt, options, picked, **extra)


def record_raw(data: Any) -> None:
    """Record the row of the dataset."""
    return _recorder().record_raw(data)


def record_metrics(**extra: Any) -> None:
    """Record named numbers of the current sample."""
    return _recorder().record_metrics(**extra)


def record_error(msg: str, error: BaseException | None = None, **extra: Any) -> None:
    """Record that something went wrong, and go on."""
    return _recorder().record_error(msg, error, **extra)


def record_extra(data: Any) -> None:
    """Record anything else of interest."""
    return _recorder().record_extra(data)


def record_event(type: str, data: Any = None, sample_id: str | None = None) -> None:
    """Record an event of any type."""
    return _recorder().record_event(type, data, sample_id)


def pause() -> None:
    """Drop the events of the current sample until `unpause`."""
    return _recorder().pause()


def unpause() -> None:
    """Record the current sample's events again."""
    return _recorder().unpause()
