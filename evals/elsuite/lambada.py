"""Door: `Lambada` under the path of openai/evals."""

from __future__ import annotations

from evals.suite.match.lambada import Lambada as Lambada
