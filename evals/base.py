"""Door: what registry entries and runs are, under the path of openai/evals."""

from __future__ import annotations

from evals.specs import BaseEvalSpec as BaseEvalSpec
from evals.specs import CompletionFnSpec as CompletionFnSpec
from evals.specs import EvalSetSpec as EvalSetSpec
from evals.specs import EvalSpec as EvalSpec
from evals.specs import RunSpec as RunSpec
