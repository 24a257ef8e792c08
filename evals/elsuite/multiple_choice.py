"""Door: `MultipleChoice` under the path of openai/evals."""

from __future__ import annotations

from evals.suite.choice.multiple_choice import MultipleChoice as MultipleChoice
from evals.suite.choice.multiple_choice import Question as Sample  # noqa: F401
from evals.suite.choice.multiple_choice import get_dataset as get_dataset
