"""Door: `ModelGradedSpec` under the path of openai/evals."""

from __future__ import annotations

from evals.specs import ModelGradedSpec as ModelGradedSpec
