"""Door: completion functions for tests under the path of openai/evals."""

from __future__ import annotations

from evals.testing.doubles import TestCompletionFn as TestCompletionFn
from evals.testing.doubles import TestCompletionResult as TestCompletionResult
