"""The graders of hosted Evals as classes of their own: the keys of one definition are the arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evals.suite.graders.eval import HostedEval
from evals.suite.graders.helpers import EVALUATED

ANSWER = "{{ sample.output_text }}"


def _given(**keys: Any) -> dict[str, Any]:
    """A definition of these keys, without those that are None."""
    return {key: value for key, value in keys.items() if value is not None}


class StringCheck(HostedEval):
    """Right if the check of `input` (the answer) and `reference` holds. Other arguments are those of HostedEval.

    operation: `eq`, `ne`, `like` (contains), or `ilike` (contains, in any case).
    """

    def __init__(self, *args: Any, reference: str, operation: str = "eq", input: str = ANSWER, **kwargs: Any) -> None:
        criterion = _given(type="string_check", operation=operation, input=input, reference=reference)
        super().__init__(*args, testing_criteria=[criterion], **kwargs)


class TextSimilarity(HostedEval):
    """Right if the similarity of `input` (the answer) and `reference` reaches `pass_threshold`; `score` is its mean.

    evaluation_metric: one of `evals.suite.graders.similarity.METRICS`, or `cosine`.
    """

    def __init__(
        self,
        *args: Any,
        reference: str,
        evaluation_metric: str = "fuzzy_match",
        pass_threshold: float | None = None,
        input: str = ANSWER,
        **kwargs: Any,
    ) -> None:
        criterion = _given(
            type="text_similarity",
            evaluation_metric=evaluation_metric,
            input=input,
            reference=reference,
            pass_threshold=pass_threshold,
        )
        super().__init__(*args, testing_criteria=[criterion], **kwargs)


class LabelModel(HostedEval):
    """Right if the label that a model gives to the answer is one of `passing_labels`.

    input: messages with variables, the prompt of the grader. model: the grader's name. Without it a second
    completion function grades, or the evaluated model itself.
    """

    def __init__(
        self,
        *args: Any,
        input: Sequence[Any],
        labels: Sequence[str],
        passing_labels: Sequence[str],
        model: str = EVALUATED,
        grading_params: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        criterion = _given(
            type="label_model",
            model=model,
            input=input,
            labels=labels,
            passing_labels=passing_labels,
            sampling_params=grading_params,
        )
        super().__init__(*args, testing_criteria=[criterion], **kwargs)


class ScoreModel(HostedEval):
    """Right if the score that a model gives to the answer reaches `pass_threshold`; `score` is the mean.

    input: messages with variables, the prompt of the grader. range: lowest and highest score, 0 and 1 if None. model:
    the grader's name; without it a second completion function grades, or the evaluated model itself. grading_params:
    options of its request.
    """

    def __init__(
        self,
        *args: Any,
        input: Sequence[Any],
        range: Sequence[float] | None = None,
        pass_threshold: float | None = None,
        model: str = EVALUATED,
        grading_params: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        criterion = _given(
            type="score_model",
            model=model,
            input=input,
            range=range,
            pass_threshold=pass_threshold,
            sampling_params=grading_params,
        )
        super().__init__(*args, testing_criteria=[criterion], **kwargs)


class PythonGraded(HostedEval):
    """Right if what `grade(sample, item)` in `source` returns reaches `pass_threshold`; `score` is the mean.

    The source is run in the sandbox.
    """

    def __init__(self, *args: Any, source: str, pass_threshold: float | None = None, **kwargs: Any) -> None:
        criterion = _given(type="python", source=source, pass_threshold=pass_threshold)
        super().__init__(*args, testing_criteria=[criterion], **kwargs)


class MultiGraded(HostedEval):
    """Right if the value of `calculate_output` reaches `pass_threshold`; `score` is the mean.

    graders: a definition for each key of the formula.
    """

    def __init__(
        self,
        *args: Any,
        graders: Mapping[str, Any],
        calculate_output: str,
        pass_threshold: float | None = None,
        **kwargs: Any,
    ) -> None:
        criterion = _given(
            type="multi", graders=graders, calculate_output=calculate_output, pass_threshold=pass_threshold
        )
        super().__init__(*args, testing_criteria=[criterion], **kwargs)
