"""Door: `MMMU` under the path of openai/evals."""

from __future__ import annotations

from evals.suite.choice.mmmu import MMMU as MMMU
