"""Says whose code failed when a plug-in's `run` raises, so that nobody takes it for a bug of ours."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from evals.errors import ProviderError
from evals.registry.whose_code import blamed_line, class_line, foreign_line
from evals.secrets import redact

logger = logging.getLogger("evals")


class PluginFailed(ProviderError):
    """The code of a plug-in raised something after the run began; what was recorded stays and can be resumed."""


def plugin_failed(evaluation: Any, error: BaseException, failed_samples: Mapping[str, int]) -> PluginFailed:
    """The error for people when `evaluation.run` raised; the traceback goes to the log (`--debug`).

    failed_samples: how many samples had failed before, by kind of error: often the true cause.
    """
    logger.debug("%s.run failed", type(evaluation).__name__, exc_info=error)
    kinds = ", ".join(f"{kind} {count}" for kind, count in failed_samples.items())
    failure = PluginFailed(
        f"{type(evaluation).__name__}.run failed: {type(error).__name__}: {redact(str(error))}",
        where=blamed_line(error, evaluation) or class_line(evaluation) or foreign_line(error),
        notes=[f"samples that had failed before: {kinds}; see them with: evals view RECORD --errors" if kinds else ""],
        fix="fix the failing samples or the eval, then resume; --debug shows the traceback",
    )
    failure.__cause__ = error
    return failure
