"""Door: `ModelBasedClassify` under the path of openai/evals."""

from __future__ import annotations

from evals.suite.graded.modelgraded import ModelBasedClassify as ModelBasedClassify
