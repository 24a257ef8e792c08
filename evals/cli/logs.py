"""Where Python's log messages of a run go."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evals.runner.run import RunResult

_FORMAT = "[%(asctime)s] [%(filename)s:%(lineno)d] %(message)s"


def configure(*, debug: bool, log_to_file: str | None) -> None:
    """Warnings on standard error; with `debug` all; with a file everything there instead."""
    from evals.errors import UsageError
    from evals.secrets import redact

    class Redacting(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            return redact(super().format(record))

    logger = logging.getLogger("evals")
    level = logging.DEBUG if debug else logging.INFO if log_to_file else logging.WARNING
    handler: logging.Handler = logging.StreamHandler()
    if log_to_file:
        try:
            handler = logging.FileHandler(log_to_file, encoding="utf-8")
        except OSError as error:
            raise UsageError(f"--log_to_file cannot be written: {error.strerror}", where=log_to_file) from error
    handler.setFormatter(Redacting(_FORMAT if log_to_file or debug else "%(levelname)s: %(message)s"))
    for old in list(logger.handlers):
        logger.removeHandler(old)
        old.close()
    logger.addHandler(handler)
    logger.setLevel(level)
    logger.propagate = False


def run_finished(result: RunResult) -> None:
    """The closing lines of openai/evals, for logs that are searched for them."""
    logger = logging.getLogger("evals.oaieval")
    logger.info("Run started: %s", result.run_spec.run_id)
    logger.info("Final report:")
    for key, value in result.report.items():
        logger.info("%s: %s", key, value)
