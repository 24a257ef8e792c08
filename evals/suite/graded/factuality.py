"""Factuality: a grader holds an answer against a reference: it agrees, partly, contradicts, or was not attempted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evals.eval import Report
from evals.sample import Sample
from evals.suite.graded.factuality_report import VERDICTS, FactualityReport
from evals.suite.graded.report import GradedReport
from evals.suite.graded.verdict_eval import VerdictEval, texts_of

DEFAULT_VERDICTS = {"A": "agrees", "P": "partly", "C": "contradicts", "N": "not_attempted"}


class Factuality(VerdictEval):
    """Answers to questions of fact, each graded against a reference; the last completion function is the grader.

    Rows have `input`, `ideal` (the reference), and where known `category`, `accepted` (other answers that are right)
    and `false_claims` (what people wrongly answer), which the grader is told in `{hints}`.
    verdicts: which verdict each choice of the rubric stands for: `agrees`, `partly`, `contradicts`, `not_attempted`.

    Raises:
        RegistryError, UsageError: as for ModelBasedClassify and VerdictEval.
    """

    known_verdicts = VERDICTS

    def __init__(
        self,
        modelgraded_spec: str = "factuality",
        *args: Any,
        verdicts: Mapping[str, str] = DEFAULT_VERDICTS,
        **kwargs: Any,
    ) -> None:
        super().__init__(modelgraded_spec, *args, verdicts=verdicts, **kwargs)

    def row_for_grader(self, sample: Sample | dict[str, Any]) -> dict[str, Any]:
        """The sample with `hints`: a line each for other right answers and for known false ones."""
        return like(sample, {"hints": hints(sample)})

    def new_report(self) -> Report:
        """An empty FactualityReport."""
        graded = super().new_report()
        assert isinstance(graded, GradedReport)
        return FactualityReport(graded, self.verdicts)


def like(sample: Sample | dict[str, Any], added: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of the sample with further fields, which knows its file and line as the sample does."""
    row = {**sample, **added}
    if not isinstance(sample, Sample):
        return row
    return Sample(row, path=sample.path, line=sample.line, index=sample.index, repeated=sample.repeated)


def hints(sample: dict[str, Any]) -> str:
    """What a row says beside its reference: `accepted` and `false_claims`, a line each.

    Raises:
        BadSample: one of them is neither a text nor a list of texts.
    """
    accepted, false = texts_of(sample, "accepted"), texts_of(sample, "false_claims")
    lines = [f"Also right: {'; '.join(accepted)}"] if accepted else []
    return "\n".join(lines + ([f"Known to be false: {'; '.join(false)}"] if false else []))
