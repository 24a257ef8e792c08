"""Where Python's log messages of a run go."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evals.runner.result import RunResult

_FORMAT = "[%(asctime)s] [%(filename)s:%(lineno)d] %(message)s"


@contextmanager
def configured(*, debug: bool, log_to_file: str | None, say_events: bool = False) -> Iterator[None]:
    """Warnings on standard error; with `say_events` what a dry run says, with `debug` all; a file gets it instead.

    What was set before is set again afterwards: notebooks call commands in their own process.
    """
    from evals.cli.outputs import check_output
    from evals.errors import UsageError
    from evals.secrets import redact
    from evals.texts.safe_text import printable

    class Redacting(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            return printable(redact(super().format(record)))

    logger = logging.getLogger("evals")
    level = logging.DEBUG if debug else logging.INFO if log_to_file or say_events else logging.WARNING
    handler: logging.Handler = logging.StreamHandler()
    if log_to_file:
        check_output("--log_to_file", log_to_file, [], own="lines")
        try:
            os.close(os.open(log_to_file, os.O_CREAT | os.O_WRONLY, 0o600))  # private: prompts and answers may be in it
            handler = logging.FileHandler(log_to_file, encoding="utf-8")
        except OSError as error:
            raise UsageError(f"--log_to_file cannot be written: {error.strerror}", where=log_to_file) from error
    handler.setFormatter(Redacting(_FORMAT if log_to_file or debug else "%(levelname)s: %(message)s"))
    before = list(logger.handlers), logger.level, logger.propagate
    logger.handlers[:] = [handler]
    logger.setLevel(level)
    logger.propagate = False
    try:
        yield
    finally:
        handler.close()
        logger.handlers[:], old_level, logger.propagate = before
        logger.setLevel(old_level)


def run_finished(result: RunResult) -> None:
    """The closing lines of openai/evals, for logs that are searched for them."""
    logger = logging.getLogger("evals.oaieval")
    logger.info("Run started: %s", result.run_spec.run_id)
    logger.info("Final report:")
    for key, value in result.report.items():
        logger.info("%s: %s", key, value)
