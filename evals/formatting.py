"""Door: multiple-choice options under the path of openai/evals."""

from __future__ import annotations

from evals.suite.choice.options import make_abc as make_abc
