"""Door: `TestMatch` under the path of openai/evals."""

from __future__ import annotations

from evals.suite.match.built_in import TestMatch as TestMatch
