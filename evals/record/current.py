"""Functions that record into the recorder of the current run; outside a run, one warning says that events are lost."""

from __future__ import annotations

import logging
from functools import lru_cache
from typing import Any

from evals.record.event import Event as Event
from evals.record.recorders import RecorderBase, default_recorder

logger = logging.getLogger(__name__)


class _NoRecorder(RecorderBase):
    """The recorder outside a run: drops every event, and warns once."""

    def record_event(self, type: str, data: Any = None, sample_id: str | None = None) -> None:
        _warn_once()


@lru_cache(maxsize=1)
def _warn_once() -> None:
    logger.warning("an event was recorded outside any run, or on a thread without the run's context; it is lost")


_nowhere = _NoRecorder(None)


def _recorder() -> RecorderBase:
    return default_recorder() or _nowhere


def current_sample_id() -> str | None:
    """The id of the sample that this code evaluates; None outside a sample."""
    return _recorder().current_sample_id()


def record_match(correct: bool, *, expected: Any = None, picked: Any = None, **extra: Any) -> None:
    """Record a `match` event: `correct`, `expected`, `picked`, and the keys of `extra`.

    A list of one expected answer is recorded as that answer.

    Raises:
        TypeError: `correct` is not True or False.
    """
    return _recorder().record_match(correct, expected=expected, picked=picked, **extra)


def record_embedding(prompt: Any, embedding_type: Any, **extra: Any) -> None:
    """Record an `embedding` event: `prompt`, `embedding_type`, and the keys of `extra`."""
    return _recorder().record_embedding(prompt, embedding_type, **extra)


def record_sampling(prompt: Any, sampled: Any, **extra: Any) -> None:
    """Record a `sampling` event: `prompt`, `sampled` (its completions), and the keys of `extra`.

    The engine records one for each call; only completion functions that are called in another way need this.
    """
    return _recorder().record_sampling(prompt, sampled, **extra)


def record_function_call(name: Any, arguments: Any, return_value: Any, **extra: Any) -> None:
    """Record a `function_call` event: `name`, `arguments`, `return_value`, and the keys of `extra`."""
    return _recorder().record_function_call(name, arguments, return_value, **extra)


def record_cond_logp(prompt: Any, completion: Any, logp: Any, **extra: Any) -> None:
    """Record a `cond_logp` event: `prompt`, `completion`, `logp` (nats), and the keys of `extra`."""
    return _recorder().record_cond_logp(prompt, completion, logp, **extra)


def record_pick_option(prompt: Any, options: Any, picked: Any, **extra: Any) -> None:
    """Record a `pick_option` event: `prompt`, `options`, `picked`, and the keys of `extra`."""
    return _recorder().record_pick_option(prompt, options, picked, **extra)


def record_raw(data: Any) -> None:
    """Record a `raw_sample` event whose data is the row of the dataset."""
    return _recorder().record_raw(data)


def record_metrics(**extra: Any) -> None:
    """Record a `metrics` event with these names and numbers."""
    return _recorder().record_metrics(**extra)


def record_error(msg: str, error: BaseException | None = None, **extra: Any) -> None:
    """Record an `error` event; the sample goes on and still counts as finished.

    Keys: `type` and `message` of the exception, or `message` alone; `note` if `msg` says more than the exception.
    """
    return _recorder().record_error(msg, error, **extra)


def record_extra(data: Any) -> None:
    """Record an `extra` event with any data."""
    return _recorder().record_extra(data)


def record_event(type: str, data: Any = None, sample_id: str | None = None) -> None:
    """Record an event of any type. sample_id: by default the current sample."""
    return _recorder().record_event(type, data, sample_id)


def pause() -> None:
    """Drop the events of the current sample until `unpause` is called."""
    return _recorder().pause()


def unpause() -> None:
    """Record the events of the current sample again."""
    return _recorder().unpause()
