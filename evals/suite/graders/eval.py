"""HostedEval: an eval of OpenAI's hosted Evals: rows, a prompt with variables, and graders with their thresholds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from evals.completion import Prompt
from evals.completion_fns.graders import GraderArgument, NamedGrader, checked_aggregate, make_graders
from evals.engine.calls import grader_name
from evals.errors import BadSample, UsageError
from evals.eval import Report, StreamedEval
from evals.record.current import record_event, record_match, record_metrics
from evals.record.metric_ranges import MetricRange
from evals.suite.code.judge import Checker, Judge
from evals.suite.graded.options import checked_retries
from evals.suite.graders.answers import item_of, sample_of_result, stored_sample
from evals.suite.graders.grade import Grade, Grader, NotGraded
from evals.suite.graders.helpers import RunHelpers, asks_a_model, every
from evals.suite.graders.model_graders import ScoreModelGrader
from evals.suite.graders.panel import panel_grade, verdict_data
from evals.suite.graders.prompts import Prompts, request_of
from evals.suite.graders.read import read_graders
from evals.suite.graders.report import GradesReport, metrics_of
from evals.suite.graders.string_check import StringCheckGrader
from evals.suite.graders.templates import Absent, lookup

EMBEDDING_MODEL = "text-embedding-3-large"
"The model of `cosine` in hosted Evals."


class HostedEval(StreamedEval):
    """Right if all graders pass the answer. The arguments are the keys of a hosted eval and of its run.

    testing_criteria: definitions of graders. input_messages: the prompt with variables of the row: a list of messages,
    or an object with `template` or `item_reference`; the row's `input` if None. sampling_params: of the request.
    grader: the model of all model graders, in place of the models that their definitions name, or a panel of several
    (`evals.completion_fns.graders`). aggregate: how the grades of a panel become one. retries: how often a grader model
    is asked again if its grade cannot be read. structured_outputs: False for grader models whose server refuses a
    `response_format`: the form of the answer is then asked for in words. embedding_model: for `cosine`. sandbox,
    workers: for `python` graders, as for PassAtK. A row that holds a finished answer as `sample` is graded without a
    call. Of two completion functions the last one is the grader.

    Raises:
        UsageError: a definition cannot be used (it says where and why), or more than two completion functions.
    """

    def __init__(
        self,
        completion_fns: Sequence[Any],
        samples_jsonl: str,
        *args: Any,
        testing_criteria: Sequence[Any],
        input_messages: Any = None,
        sampling_params: Mapping[str, Any] | None = None,
        grader: GraderArgument | None = None,
        aggregate: str = "majority",
        retries: int = 0,
        structured_outputs: bool = True,
        embedding_model: str = EMBEDDING_MODEL,
        sandbox: str | Checker = "auto",
        workers: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(completion_fns, *args, **kwargs)
        if len(completion_fns) not in (1, 2):
            raise UsageError(
                f"{type(self).__name__} takes one completion function and maybe a grader, got {len(completion_fns)}",
                fix="name the model, or the model and the grader: oaieval MODEL,GRADER EVAL",
            )
        self.samples_jsonl = samples_jsonl
        self.graders: list[Grader] = read_graders(testing_criteria)
        self.prompts = Prompts.read(input_messages)
        self.request = request_of(sampling_params)
        self.aggregate, self.retries = checked_aggregate(aggregate), checked_retries(retries)
        self._graders_of_argument: list[NamedGrader] = []
        self.helpers = self._make_helpers(
            grader, embedding_model, Judge(sandbox, "weak", workers), structured_outputs=structured_outputs
        )
        self.further_completion_fns = self.helpers.completion_fns
        self.scores_without_calls = not self.further_completion_fns

    @property
    def named_graders(self) -> Sequence[NamedGrader]:
        """All graders that may be asked, each once."""
        return self.helpers.named_graders

    @property
    def metric_ranges(self) -> Mapping[str, MetricRange]:  # type: ignore[override]
        """Of the scores that models give within a `range`. What other graders give is judged by the scores."""
        names = {grader.name: "score" if len(self.graders) == 1 else f"score/{grader.name}" for grader in self.graders}
        return {names[one.name]: one.range for one in self.graders if isinstance(one, ScoreModelGrader)}

    def _make_helpers(
        self, grader: GraderArgument | None, embedding_model: str, judge: Judge, *, structured_outputs: bool
    ) -> RunHelpers:
        given = [NamedGrader(grader_name(fn), fn) for fn in self.completion_fns[1:]]
        if not given and grader is not None:
            given = self._graders_of_argument = make_graders(grader, self.registry, self.completion_fn)
        return RunHelpers(
            self.graders, self.registry, given, self.completion_fn, embedding_model, judge,
            structured_outputs=structured_outputs,
        )  # fmt: skip

    def preflight(self) -> None:
        """Try what the graders need beside models: packages, the sandbox. Raises EvalsError for what is missing."""
        self.helpers.preflight()

    def fingerprint(self) -> dict[str, Any]:
        """The version of the scorer, and the graders named by `grader`."""
        graders = {one.name: dict(one.identity) for one in self._graders_of_argument}
        return {**super().fingerprint(), "graders": graders} if graders else super().fingerprint()

    def check_sample(self, sample: Any) -> None:
        """Raise BadSample unless the row has a value for each variable of an item, and a prompt or an answer."""
        if not isinstance(sample, dict):
            raise BadSample(f"a sample must be an object, got {type(sample).__name__}", sample)
        values = {"item": item_of(sample)}
        try:
            if stored_sample(sample) is None:
                self.prompts.filled(sample)
            for grader in every(self.graders):
                for variable in grader.variables:
                    if variable.namespace == "item":
                        lookup(variable, values)
        except BadSample as error:
            notes = [note for note in error.notes if not note.startswith("keys found")]
            raise BadSample(error.what, sample, notes=notes, fix=error.fix) from None

    def first_prompt(self, sample: Any) -> Prompt | None:
        """The prompt with the row's values; None for a row that holds an answer."""
        prompt: Prompt | None = None if sample.get("sample") is not None else self.prompts.filled(sample)
        return prompt

    def ideal_completions(self, sample: Any) -> list[str]:
        """The reference of a single `string_check` that compares the whole answer with `eq`; else an empty list."""
        grader = self.graders[0]
        if len(self.graders) > 1 or not isinstance(grader, StringCheckGrader) or grader.operation != "eq":
            return []
        whole = len(grader.input.parts) == 1 and [v.text for v in grader.input.variables] == ["sample.output_text"]
        if not whole or any(v.namespace == "sample" for v in grader.reference.variables) or "sample" in sample:
            return []
        return [grader.reference.filled({"item": item_of(sample)})]

    async def eval_sample(self, sample: Any, rng: Random) -> None:
        """Get the answer and grade it; record a `grade` event for each grader, then `match` and `metrics`.

        Sent: the prompt with the options in `sampling_params`. grade: `name`, `type`, `score`, `passed` (None without a
        threshold), `invalid`, and what the grader adds. match, if a grader gives verdicts: `correct`, whether all of
        these pass; `expected`, the reference of a single grader; `picked`, the answer. metrics: `score` of a single
        grader, else `score/NAME` and `passed/NAME` of each; `invalid`.

        Raises:
            BadSample: `check_sample` refuses the row. NotGraded: a grader failed. CallFailed: a call failed.
        """
        self.check_sample(sample)
        answer = stored_sample(sample)
        if answer is None:
            prompt = self.prompts.filled(sample)
            answer = sample_of_result(await self.complete_with(self.completion_fn, prompt, **self.request))
        values = {"item": item_of(sample), "sample": answer}
        grades = {grader.name: await self._grade(grader, values) for grader in self.graders}
        verdicts = [grade.passed for grade in grades.values() if grade.passed is not None]
        if verdicts:
            expected = [grade.details.get("reference") for grade in grades.values()]
            record_match(
                all(verdicts), expected=expected[0] if len(expected) == 1 else None, picked=answer["output_text"]
            )
        record_metrics(**metrics_of(grades))

    async def _grade(self, grader: Grader, values: Mapping[str, Any]) -> Grade:
        """The grade of one criterion, recorded. A part that the answer does not have gives 0."""
        n_retries = 0
        try:
            if self.helpers.panel and asks_a_model(grader):
                grade = await self._grade_of_panel(grader, values)
            else:
                grade, n_retries = await self._read_grade(grader, values, self.helpers)
        except Absent as error:
            grade = Grade(0.0, False, details={"problem": str(error)})
        said = {"score": grade.score, "passed": grade.passed, "invalid": grade.invalid, **grade.details}
        if n_retries:
            said["n_retries"] = n_retries
        record_event("grade", {"name": grader.name, "type": grader.type, **said})
        return grade

    async def _read_grade(self, grader: Grader, values: Mapping[str, Any], helpers: RunHelpers) -> tuple[Grade, int]:
        """A grade, and how often a model was asked again because it could not be read."""
        n_retries = 0
        while True:
            is_last = n_retries == self.retries or not asks_a_model(grader)
            try:
                grade = await grader.grade(values, helpers)
                if is_last or not grade.invalid:
                    return grade, n_retries
            except NotGraded:
                if is_last:
                    raise
            n_retries += 1

    async def _grade_of_panel(self, grader: Grader, values: Mapping[str, Any]) -> Grade:
        """The grade of a panel of models; a `verdict` event for each."""
        grades = {}
        for place, one in enumerate(self.helpers.panel):
            try:
                grades[one.name], n_retries = await self._read_grade(grader, values, self.helpers.of_panel(place))
            except NotGraded as error:
                grades[one.name], n_retries = Grade(0.0, None, True, {"problem": str(error)}), self.retries
            record_event("verdict", verdict_data(one.name, grader.name, grades[one.name], n_retries))
        return panel_grade(grades, self.aggregate, getattr(grader, "pass_threshold", None))

    def new_report(self) -> Report:
        """An empty GradesReport."""
        return GradesReport(panel=[one.name for one in self.helpers.panel], aggregate=self.aggregate)
