"""The grader `text_similarity`: how near a text is to a reference, by a metric that the definition names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evals.suite.graders.definitions import Definition
from evals.suite.graders.grade import Grade, Helpers, NotGraded, passes
from evals.suite.graders.similarity import COSINE, METRICS, CannotCompare, cosine
from evals.suite.graders.templates import Template, Variable


@dataclass(frozen=True)
class TextSimilarityGrader:
    """Scores from 0 to 1 (`cosine`: from -1); a score from `pass_threshold` on passes."""

    name: str
    metric: str
    input: Template
    reference: Template
    pass_threshold: float | None
    type: str = "text_similarity"

    @classmethod
    def read(cls, given: Definition) -> TextSimilarityGrader:
        """The grader of a definition. Raises UsageError if a key is missing, unknown or wrong."""
        given.only("input", "reference", "evaluation_metric", "pass_threshold")
        metric = given.choice("evaluation_metric", (*METRICS, COSINE))
        threshold = given.number("pass_threshold")
        return cls(given.name, metric, given.template("input"), given.template("reference"), threshold)

    @property
    def variables(self) -> list[Variable]:
        return [*self.input.variables, *self.reference.variables]

    def try_out(self) -> None:
        """Compute the metric once, before the first call. Raises EvalsError if a package or its data is missing."""
        if self.metric != COSINE:
            METRICS[self.metric]("a word", "a word")

    async def grade(self, values: Mapping[str, Any], helpers: Helpers) -> Grade:
        """The similarity; details: `input` and `reference`, filled, and `evaluation_metric`."""
        input, reference = self.input.filled(values), self.reference.filled(values)
        try:
            score = await self._score(input, reference, helpers)
        except CannotCompare as error:
            raise NotGraded(f"grader {self.name!r}: {error}", fix="choose another evaluation_metric") from None
        details = {"input": input, "reference": reference, "evaluation_metric": self.metric}
        return Grade(score, passes(score, self.pass_threshold), details=details)

    async def _score(self, input: str, reference: str, helpers: Helpers) -> float:
        if self.metric != COSINE:
            return METRICS[self.metric](input, reference)
        if not input or not reference:
            return float(input == reference)  # the endpoint refuses an empty text
        left, right = await helpers.embed([input, reference])
        return cosine(left, right)
