"""Door: `Translate` under the path of openai/evals."""

from __future__ import annotations

from evals.suite.text.translate import Translate as Translate
