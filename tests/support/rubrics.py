"""A small rubric for tests of grading."""

from __future__ import annotations

from evals.specs import ModelGradedSpec


def rubric_spec(**changes: object) -> ModelGradedSpec:
    """A rubric with the choices Yes and No and no scores, with `changes` to its fields."""
    fields = {
        "prompt": "Is {completion} good?",
        "choice_strings": ["Yes", "No"],
        "input_outputs": {"input": "completion"},
        "key": "good",
    }
    return ModelGradedSpec(**{**fields, **changes})
