"""Calls a function of a plug-in again if it fails with a transient error, a bounded number of times."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from evals.engine.retry import backoff_s
from evals.engine.settings import EngineSettings

logger = logging.getLogger("evals")


@dataclass
class Retrying:
    """Makes up to `settings.max_attempts` attempts; none begins later than `settings.call_deadline_s` after the first.

    sleep, clock: how to wait and how to tell the time, both in seconds; tests pass others.
    """

    settings: EngineSettings = field(default_factory=EngineSettings)
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic

    def call(self, func: Callable[..., Any], errors: type[BaseException] | tuple[type[BaseException], ...], /,
             *args: Any, **kwargs: Any) -> Any:  # fmt: skip
        """The value of `func(*args, **kwargs)`. Blocks, also while it waits between attempts.

        Raises:
            errors: the last one, when no attempt is left. Exceptions of other types are raised at once.
        """
        began_s = self.clock()
        n_failed = 0
        while True:
            try:
                return func(*args, **kwargs)
            except errors as error:
                n_failed += 1
                wait_s = backoff_s(self.settings, n_failed, None, random.Random())
                is_late = self.clock() - began_s + wait_s > self.settings.call_deadline_s
                if n_failed >= self.settings.max_attempts or is_late:
                    raise
                logger.warning(
                    "attempt %d failed, next in %.1f s: %s: %s", n_failed, wait_s, type(error).__name__, error
                )
                self.sleep(wait_s)


def create_retrying(func: Callable[..., Any], retry_exceptions: Any, *args: Any, **kwargs: Any) -> Any:
    """The value of `func(*args, **kwargs)`, tried again with growing pauses if it raises one of `retry_exceptions`.

    At most 10 attempts in 15 minutes, then the last exception is raised. openai/evals tries for ever, and also tries
    again if the value is falsy.
    """
    errors = retry_exceptions if isinstance(retry_exceptions, type) else tuple(retry_exceptions)
    return Retrying().call(func, errors, *args, **kwargs)
