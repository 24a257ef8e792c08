"""ModelBasedClassify: a grader model graders the completion by a rubric and picks one of its choices."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from random import Random
from typing import Any

from evals.completion import Prompt
from evals.completion_fns.graders import GraderArgument, NamedGrader, last_of_command_line, make_graders
from evals.datasets.templates import double_braces
from evals.engine.calls import first_completion
from evals.errors import BadSample, RegistryError, UsageError, did_you_mean, listed
from evals.eval import Report, StreamedEval
from evals.record.current import record_event, record_metrics
from evals.record.metric_ranges import MetricRange
from evals.specs import ModelGradedSpec
from evals.suite.graded.asking import RETRIES, Asking
from evals.suite.graded.grading import INVALID_STR, MatchFn, refuse_punctuation
from evals.suite.graded.options import Drawn, checked_panel, checked_retries, other_way_round, turned_choices
from evals.suite.graded.panel import Verdict, panel_verdict
from evals.suite.graded.report import GradedReport
from evals.suite.graded.rubric import (
    call_kwargs,
    completions_per_sample,
    concat_n_completions,
    make_rubric,
    rubric_digest,
    rubric_doubts,
    warn_of_misread,
)
from evals.suite.samples.doubts import Doubt, prompt_doubts
from evals.suite.samples.messages import check_prompt

logger = logging.getLogger(__name__)

OPENAI_EVALS_RULE = (
    "verdicts are read by openai/evals' rule, the start or end of a line; class evals.suite:ModelBasedClassify reads "
    "whole words"
)


class ModelBasedClassify(StreamedEval):
    """A grader, or a panel of them, graders the completions of the evaluated models.

    modelgraded_spec: the name of a rubric in the registry. modelgraded_spec_args: values for its placeholders, the
    same for every sample. sample_kwargs, eval_kwargs: options of the requests to the evaluated models and to the
    grader (see `call_kwargs`). multicomp_n: completions for each sample, or `from_models` for one of each evaluated
    model. eval_type: the form of answer that the grader is asked for. match_fn: a name in MATCH_FNS, or a function.
    metaeval: samples have the right `choice`, and the grader is scored against it.

    grader: see `evals.completion_fns.graders`; without it the last completion function grades the completions of those
    before it, and a single one does both. aggregate: how the verdicts of a panel become one. swap: graders see both
    orders of what they compare; a mapping says what each choice becomes in the other one. retries: how often a grader
    is asked again if its verdict cannot be read; by default RETRIES, and 0 for entries of openai/evals form.

    Raises:
        RegistryError: there is no such rubric, or it cannot grade.
        UsageError: `multicomp_n` does not fit the number of models, an option is unknown, a grader cannot be used, or
            the rubric compares nothing that could be swapped.
    """

    scorer_version = "3"

    def __init__(
        self,
        modelgraded_spec: str,
        *args: Any,
        modelgraded_spec_args: dict[str, Any] | None = None,
        sample_kwargs: dict[str, Any] | None = None,
        eval_kwargs: dict[str, Any] | None = None,
        multicomp_n: int | str = 1,
        eval_type: str | None = None,
        match_fn: str | MatchFn | None = None,
        metaeval: bool = False,
        grader: GraderArgument | None = None,
        aggregate: str = "majority",
        swap: bool | Mapping[str, str] = False,
        retries: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._graders_of_argument = [] if grader is None else make_graders(grader, self.registry, self.completion_fn)
        self._take_graders()
        self.multicomp_n = completions_per_sample(multicomp_n, len(self.completion_fns))
        self.modelgraded_spec_args = modelgraded_spec_args or {}
        self.sample_kwargs = {"max_tokens": 1024, **(sample_kwargs or {})}
        self.eval_kwargs = {"max_tokens": 1024, **(eval_kwargs or {})}
        self.eval_type = eval_type
        self.match_fn = match_fn
        self.metaeval = metaeval
        self.mg: ModelGradedSpec = self.registry.get_modelgraded_spec(modelgraded_spec)
        self.rubric = make_rubric(self.mg, eval_type=eval_type, n=self.multicomp_n, match_fn=match_fn, punctuation=True)
        self.retries = None if retries is None else checked_retries(retries)
        self.aggregate = checked_panel(aggregate, self._graders_of_argument, self.rubric, self.mg)
        self._turned = turned_choices(swap, self.mg, self.rubric, self.multicomp_n)
        self._sample_call = call_kwargs(self.sample_kwargs)
        self._eval_call = call_kwargs(self.eval_kwargs)
        if self._eval_call["n"] > 1 and (len(self._graders_of_argument) > 1 or self._turned is not None):
            raise UsageError("n_samples of eval_kwargs goes with one grader and one order", fix="leave n_samples out")
        self._unknown_labels: set[str] = set()

    def _take_graders(self) -> None:
        """Tell graders from evaluated models among the completion functions."""
        named = self._graders_of_argument
        self.eval_completion_fn = named[0].fn if named else self.completion_fns[-1]
        self.further_completion_fns = [grader.fn for grader in named] or [self.eval_completion_fn]
        if len(self.completion_fns) > 1 and not named:
            self.completion_fns = self.completion_fns[:-1]

    @property
    def named_graders(self) -> Sequence[NamedGrader]:
        """The graders; one that is the last completion function has its name on the command line."""
        if self._graders_of_argument or not self.further_completion_fns:
            return self._graders_of_argument
        return [last_of_command_line(self.eval_completion_fn, self.completion_fn_names)]

    @property
    def metric_ranges(self) -> Mapping[str, MetricRange]:  # type: ignore[override]
        """Of the scores that the rubric gives; empty for one without scores."""
        scores = set((self.rubric.scores or {}).values())
        return dict.fromkeys(("score", "score_valid"), (min(scores), max(scores))) if len(scores) > 1 else {}

    @cached_property
    def asking(self) -> Asking:
        """How the graders are asked; entries of openai/evals form keep their own rules."""
        by_line_ends = self.openai_evals_rules
        retries = (0 if by_line_ends else RETRIES) if self.retries is None else self.retries
        return Asking(self.rubric, self._eval_call, retries, self._turned, by_line_ends)

    def preflight(self) -> None:
        """Warn of what is paid for and not read, and of choices that openai/evals' rule takes for others.

        Raises:
            RegistryError: a choice has punctuation, and openai/evals' rule reads the verdicts.
        """
        n_samples = self._sample_call["n"]
        if n_samples > 1 and (self.openai_evals_rules or self.multicomp_n > 1):
            logger.warning("n_samples is %d, and only the first of so many completions is graded", n_samples)
        if self.openai_evals_rules and self.rubric.reads_stated:
            refuse_punctuation(self.rubric.choices)
            warn_of_misread(self.mg.key, self.rubric.choices, None)

    async def eval_sample(self, test_sample: dict[str, Any], rng: Random | None = None) -> str:
        """Get the missing completions, ask the graders, record `verdict` and `metrics`, and return the first choice.

        Both requests have temperature 0 and 1,024 tokens unless sample_kwargs, eval_kwargs and the grader's own args
        say otherwise. Completions that the sample already has are not requested. verdict, one for each grader (not for
        entries of openai/evals form, unless `grader` or `swap` is given): see `Verdict.data`. metrics: `choice` of all
        together (`__invalid__` if the answer names none, `__inconsistent__`, `__split__`), `score` (a number, or None
        for a rubric without scores and an unreadable verdict), for metaeval `metascore`, whether the choice is the
        sample's, and by the rules of openai/evals `read_otherwise`, where a reading by whole words differs. With
        `n_samples` each completion is graded; by the rules of openai/evals the first alone.

        Raises:
            BadSample, RegistryError: `check_sample` refuses the row.
        """
        self.check_sample(test_sample)
        missing = list(self._missing_outputs(test_sample))
        drawn = [await self._completions(test_sample[key]) for key, _ in missing]
        names = [output for _, output in missing]
        choices = [
            choice
            for texts in (zip(*drawn, strict=False) if drawn else [()])
            for choice in await self._grade(test_sample, dict(zip(names, texts, strict=True)))
        ]
        return choices[0]

    async def _grade(self, sample: dict[str, Any], completions: dict[str, Drawn]) -> list[str]:
        """Ask the graders about the completions, and record what they say: one choice, or one for each answer."""
        fields = [self._fields(sample, {name: drawn.text for name, drawn in completions.items()})]
        if self._turned is not None:
            there = self._fields(sample, {name: drawn.turned for name, drawn in completions.items()})
            fields.append(other_way_round(there, self.mg.input_outputs))
        verdicts = [await self.asking.verdicts(grader, fields) for grader in self.named_graders]
        if len(verdicts) == 1:
            return [self._record(sample, [verdict]) for verdict in verdicts[0]]
        return [self._record(sample, [of_one[0] for of_one in verdicts])]

    def _record(self, sample: dict[str, Any], verdicts: list[Verdict]) -> str:
        if not self.openai_evals_rules or self._graders_of_argument or self._turned is not None:
            for verdict in verdicts:
                record_event("verdict", verdict.data())
        choice, score = panel_verdict(verdicts, self.aggregate)
        metrics: dict[str, Any] = {"choice": choice, "score": score}
        if self.metaeval:
            metrics["metascore"] = choice == sample["choice"]
        if len(verdicts) == 1 and verdicts[0].otherwise is not None:
            metrics["read_otherwise"] = verdicts[0].otherwise
        record_metrics(**metrics)
        return choice

    def new_report(self) -> Report:
        """An empty report; for a rubric without scores it has the share of each choice (`rate/CHOICE`)."""
        rubric = self.rubric
        rate_of = rubric.choices if rubric.scores is None else ()
        is_openai = self.openai_evals_rules and rubric.reads_stated
        panel = [grader.name for grader in self.named_graders] if len(self.named_graders) > 1 else []
        how = [OPENAI_EVALS_RULE] if is_openai else []
        if panel:
            how.append(f"{self.aggregate} of a panel of {len(panel)} graders: {', '.join(panel)}")
        return GradedReport(rubric.choices, rate_of, how=how, panel=panel, has_scores=rubric.scores is not None)

    def check_sample(self, sample: Any) -> None:
        """Raise BadSample unless the row has all that the rubric asks for.

        For each pair of the rubric's `input_outputs`: a prompt under the first key (a text or a list of messages), or
        a finished completion under the second. A value for each placeholder, here or in modelgraded_spec_args. For
        metaeval: `choice`, a text.

        Raises:
            RegistryError: several completions, and the rubric has no `output_template`.
        """
        if not isinstance(sample, dict):
            raise BadSample(f"a sample must be an object, got {type(sample).__name__}", sample)
        missing = list(self._missing_outputs(sample))
        if self._turned is not None and self.multicomp_n > 1 and not missing:
            raise BadSample(
                "the completions are in one text already, so their order cannot be swapped",
                sample,
                fix="let the run draw them, or drop swap",
            )
        for key, output in missing:
            check_prompt(sample, key, f"add the prompt as {key!r}, or a finished completion as {output!r}")
        if missing and self.multicomp_n > 1 and not self.mg.output_template:
            raise RegistryError(
                f"rubric {self.mg.key!r} has no output_template to list {self.multicomp_n} completions with",
                where=self.mg.where,
                fix='add one to the rubric, for example output_template: "{i}. {output}\\n"',
            )
        self._check_placeholders(sample)
        if self.metaeval:
            self._check_label(sample)

    def doubtful_setup(self) -> Iterator[Doubt]:
        """Doubts about the rubric, see `rubric_doubts`."""
        return rubric_doubts(self.mg, self.rubric)

    def doubtful_sample(self, sample: Any) -> Iterator[Doubt]:
        """A doubt about a prompt that is empty."""
        return itertools.chain(*(prompt_doubts(sample[key]) for key, _ in self._missing_outputs(sample)))

    def fingerprint(self) -> dict[str, Any]:
        """The version of the scorer, a digest of all that the rubric says, and the graders named by `grader`."""
        graders = {grader.name: dict(grader.identity) for grader in self._graders_of_argument}
        said = {**super().fingerprint(), "rubric": rubric_digest(self.mg)}
        return {**said, "graders": graders} if graders else said

    def first_prompt(self, sample: Any) -> Prompt | None:
        """The prompt of the first missing completion; the grader's prompt if the sample has all completions."""
        for key, _ in self._missing_outputs(sample):
            prompt: Prompt | None = sample.get(key)
            return prompt
        self._check_placeholders(sample)
        return self.rubric.grader_prompt(self._fields(sample, {}))

    def ideal_completions(self, sample: Any) -> list[str]:
        """An empty list: only the grader can tell what is right."""
        return []

    def _missing_outputs(self, sample: dict[str, Any]) -> list[tuple[str, str]]:
        """(key of the prompt, key of its completion) for each completion that the sample does not have."""
        return [(key, output) for key, output in self.mg.input_outputs.items() if output not in sample]

    async def _completions(self, prompt: Prompt) -> list[Drawn]:
        """What is graded: one text, or with `n_samples` several."""
        if self.multicomp_n == 1:
            return [Drawn(text, text) for text in await self._drawn(self.completion_fn, prompt)]
        models = self.completion_fns if len(self.completion_fns) > 1 else self.completion_fns * self.multicomp_n
        texts = [(await self._drawn(model, prompt))[0] for model in models]
        template = self.mg.output_template or ""
        return [Drawn(concat_n_completions(texts, template), concat_n_completions(texts[::-1], template))]

    async def _drawn(self, model: Any, prompt: Prompt) -> list[str]:
        result = await self.complete_with(model, prompt, **self._sample_call)
        first = first_completion(result)
        return [first] if self.openai_evals_rules else list(result.get_completions())

    def _fields(self, sample: dict[str, Any], completions: dict[str, str]) -> dict[str, Any]:
        """Values for the rubric's placeholders: completions, then the sample, its prompts and the args; later ones win.

        For entries of openai/evals form braces in the sample's prompts appear doubled in the grader's prompt.
        openai/evals does the same, and a grader's answer may depend on every character.
        """
        keys = self.mg.input_outputs if self.openai_evals_rules else ()
        prompts = {key: double_braces(sample[key]) for key in keys if key in sample}
        return {**completions, **sample, **prompts, **self.modelgraded_spec_args, "n": self.multicomp_n}

    def _check_placeholders(self, sample: dict[str, Any]) -> None:
        args = self.modelgraded_spec_args
        known = {*self.mg.input_outputs.values(), *sample, *args, "n"}
        for name in self.rubric.placeholders:
            if name not in known and not name.isidentifier():
                raise RegistryError(
                    f"rubric {self.mg.key!r} has {{{name}}}, which is no name of a placeholder",
                    where=self.mg.where,
                    fix="double the braces that are text, as in a JSON example: {{ and }}",
                )
            if name not in known:
                raise BadSample(
                    f"nothing fills the placeholder {{{name}}} of rubric {self.mg.key!r}",
                    sample,
                    notes=[f"args given: {', '.join(args)}" if args else "", did_you_mean(name, sorted(known))],
                    fix=f"add {name!r} to the sample or to modelgraded_spec_args; braces that are text are doubled: "
                    f"{{{{{name}}}}}",
                )

    def _check_label(self, sample: dict[str, Any]) -> None:
        label = sample.get("choice")
        if not isinstance(label, str):
            what = "no 'choice'" if "choice" not in sample else f"'choice' is {label!r}, not a text"
            raise BadSample(
                what,
                sample,
                fix=f"add the right choice, one of {listed(self.rubric.choices)}, as a text, or drop metaeval",
            )
        if label not in {*self.rubric.choices, INVALID_STR, *self._unknown_labels}:
            self._unknown_labels.add(label)
            logger.warning(
                "label %r is none of the choices %s, so the grader can never agree with it",
                label,
                listed(self.rubric.choices),
            )
