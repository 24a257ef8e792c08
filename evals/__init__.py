"""Evaluations of language models: YAML registry, durable records, honest statistics.

Names and submodules load when they are first used: `import evals` by itself imports nothing heavy.
"""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evals import api as api
    from evals import base as base
    from evals import data as data
    from evals import eval as eval
    from evals import metrics as metrics
    from evals import record as record
    from evals import registry as registry
    from evals.completion import CompletionFn as CompletionFn
    from evals.completion import CompletionResult as CompletionResult
    from evals.completion_fns.dummy import DummyCompletionFn as DummyCompletionFn
    from evals.completion_fns.openai.models import OpenAIChatCompletionFn as OpenAIChatCompletionFn
    from evals.completion_fns.openai.models import OpenAICompletionFn as OpenAICompletionFn
    from evals.completion_fns.openai.models import OpenAICompletionResult as OpenAICompletionResult
    from evals.data import get_csv as get_csv
    from evals.data import get_json as get_json
    from evals.data import get_jsonl as get_jsonl
    from evals.data import get_jsonls as get_jsonls
    from evals.data import get_lines as get_lines
    from evals.data import iter_jsonls as iter_jsonls
    from evals.eval import Eval as Eval
    from evals.runner.api import estimate as estimate
    from evals.runner.api import run as run
    from evals.runner.result import RunResult as RunResult
    from evals.runner.result import read_result as read_result
    from evals.suite.match.match import record_and_check_match as record_and_check_match

__version__ = "0.1.0"

_HOMES = {
    "CompletionFn": "evals.completion",
    "CompletionResult": "evals.completion",
    "DummyCompletionFn": "evals.completion_fns.dummy",
    "OpenAIChatCompletionFn": "evals.completion_fns.openai.models",
    "OpenAICompletionFn": "evals.completion_fns.openai.models",
    "OpenAICompletionResult": "evals.completion_fns.openai.models",
    "get_csv": "evals.data",
    "get_json": "evals.data",
    "get_jsonl": "evals.data",
    "get_jsonls": "evals.data",
    "get_lines": "evals.data",
    "iter_jsonls": "evals.data",
    "Eval": "evals.eval",
    "RunResult": "evals.runner.result",
    "read_result": "evals.runner.result",
    "estimate": "evals.runner.api",
    "run": "evals.runner.api",
    "record_and_check_match": "evals.suite.match.match",
}

__all__ = ["__version__", *_HOMES]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        value = getattr(importlib.import_module(_HOMES[name]), name)
        globals()[name] = value
        return value
    if name.startswith("_"):
        raise AttributeError(f"module 'evals' has no attribute {name!r}")
    try:
        return importlib.import_module(f"evals.{name}")
    except ModuleNotFoundError as error:
        if error.name != f"evals.{name}":
            raise
        raise AttributeError(f"module 'evals' has no attribute {name!r}") from None


class _UsersModules:
    """The last finder of imports: `evals.elsuite.mine` may lie in a user's copy of openai/evals on `sys.path`."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> Any:
        if not name.startswith("evals."):
            return None
        return importlib.import_module("evals.registry.users_modules").find_spec(name)


sys.meta_path.append(_UsersModules)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
