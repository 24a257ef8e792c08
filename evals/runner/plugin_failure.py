"""Says whose code failed when a plug-in's `run` or constructor raises, so that nobody takes it for a bug of ours."""

from __future__ import annotations

import inspect
import logging
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from evals.errors import EvalsError, ProviderError, UsageError
from evals.secrets import redact

logger = logging.getLogger("evals")

PACKAGE = Path(__file__).resolve().parents[1]


class PluginFailed(ProviderError):
    """The code of a plug-in raised something after the run began; what was recorded stays and can be resumed."""


def is_foreign(function: Any) -> bool:
    """Whether the code of a function or class lies outside the folder of this package.

    Decides whose fault a surprise is: of code outside it becomes a message that names the plug-in, of our own code it
    is our bug and keeps its traceback.
    """
    try:
        return not _is_ours(inspect.getfile(function))
    except (TypeError, OSError):
        return True


def foreign_line(error: BaseException) -> str | None:
    """`file:line` of the innermost frame outside this package; None where all frames are ours."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not _is_ours(frame.filename)]
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else None


def _is_ours(filename: str) -> bool:
    path = Path(filename)
    return path.is_absolute() and PACKAGE in path.resolve().parents


def plugin_failed(evaluation: Any, error: Exception, failed_samples: Mapping[str, int]) -> PluginFailed:
    """The error for people when `evaluation.run` raised; the traceback goes to the log (`--debug`).

    failed_samples: how many samples had failed before, by kind of error: often the true cause.
    """
    logger.debug("%s.run failed", type(evaluation).__name__, exc_info=error)
    kinds = ", ".join(f"{kind} {count}" for kind, count in failed_samples.items())
    failure = PluginFailed(
        f"{type(evaluation).__name__}.run failed: {type(error).__name__}: {redact(str(error))}",
        where=foreign_line(error),
        notes=[f"samples that had failed before: {kinds}; see them with: evals view RECORD --errors" if kinds else ""],
        fix="mend the samples that failed, or the eval, then resume; --debug shows the traceback",
    )
    failure.__cause__ = error
    return failure


@contextmanager
def blaming_plugin(what: str, where: str | None, *, foreign: bool) -> Iterator[None]:
    """Turn what a constructor raises into a UsageError; surprises of our own classes pass as they are."""
    try:
        yield
    except EvalsError:
        raise
    except (AssertionError, ValueError) as error:
        raise UsageError(f"{what} cannot be run like this: {error or type(error).__name__}", where=where) from error
    except Exception as error:
        if not foreign:
            raise
        logger.debug("%s failed", what, exc_info=error)
        raise UsageError(
            f"{what} cannot be made: {type(error).__name__}: {redact(str(error))}",
            where=where,
            notes=[f"raised at {foreign_line(error)}; --debug shows the traceback"],
        ) from error
