"""Shared by all tests: `evals` can be imported by the processes that tests start, installed or not."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

ROOT = Path(__file__).parents[1]

# The same inputs in every run, and no limits on time: machines that run tests are shared.
hypothesis.settings.register_profile(
    "evals",
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.data_too_large],
)
hypothesis.settings.load_profile("evals")


SETTINGS = ("EVALS_LOG_DIR", "EVALS_PROJECT_FILE", "EVALS_THREADS", "EVALS_SEQUENTIAL", "EVALS_THREAD_TIMEOUT")
"What a user may have set for runs of his own; tests say for themselves where records go and how many calls there are."


@pytest.fixture(autouse=True, scope="session")
def _as_in_a_plain_terminal() -> None:
    """Without settings of the user, and where Ctrl-C is not ignored, as it is in what a shell starts with `&`."""
    for name in SETTINGS:
        os.environ.pop(name, None)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True, scope="session")
def _children_find_the_checkout() -> None:
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    os.environ["PYTHONPATH"] = os.pathsep.join(dict.fromkeys(paths))


@pytest.fixture(autouse=True)
def _logging_stays_as_it_was() -> Iterator[None]:
    """A test that runs a command in this process leaves no handlers and levels to the next one."""
    logger = logging.getLogger("evals")
    before = list(logger.handlers), logger.level, logger.propagate
    yield
    logger.handlers[:], level, logger.propagate = before
    logger.setLevel(level)
