"""Door: `Lambada` under the path of openai/evals."""

from __future__ import annotations

from evals.suite.lambada import Lambada as Lambada
