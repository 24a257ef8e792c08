"""Preference: graders say which of two answers is better, the model's or that of a reference or a second model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from random import Random
from typing import Any

from evals.completion import Completions, Prompt
from evals.completion_fns.graders import GraderArgument, NamedGrader, last_of_command_line, make_graders
from evals.completion_fns.replay import ReplayCompletionFn
from evals.engine.calls import first_completion
from evals.engine.cut_off import reached_limit
from evals.errors import BadSample, RegistryError, UsageError
from evals.eval import StreamedEval
from evals.record.current import record_event, record_metrics
from evals.record.metric_ranges import MetricRange
from evals.suite.graded.asking import Asking
from evals.suite.graded.options import checked_panel, checked_retries
from evals.suite.graded.panel import panel_verdict
from evals.suite.graded.preference_report import PreferenceReport
from evals.suite.graded.preference_verdicts import Answer, OrderVerdict, Side, grader_verdict, winner_of
from evals.suite.graded.rubric import call_kwargs, make_rubric, rubric_digest
from evals.suite.graders.grade import NotGraded
from evals.suite.samples.doubts import Doubt, prompt_doubts
from evals.suite.samples.messages import check_prompt
from evals.texts.answer_style import style_of

REFERENCE = "reference"
"What the baseline is called where answers of the data are the baseline and the row names no model."
FIELDS = ("input", "answer_1", "answer_2")
"What a rubric of preference may hold as placeholders, beside keys of the row."
_ORDERS: tuple[Side, Side] = ("model_a", "model_b")


class Preference(StreamedEval):
    """Graders say which of two answers is better. The first completion function writes one of them.

    grader: see `evals.completion_fns.graders`; without it the last completion function is the grader. aggregate: how
    the verdicts of a panel become one. baseline: the name of a model whose answers are the baseline; a further
    completion function is one too; without either the rows' `reference` is. swap: ask in both orders; verdicts that
    disagree are a tie. Otherwise a coin, seeded by sample, decides which answer stands first. modelgraded_spec: a
    rubric with the placeholders FIELDS, whose scores say how far the first answer is preferred: 1, 0, and 0.5 for a
    tie. eval_type: the form of the grader's answer. retries: how often a grader is asked again after an answer without
    a verdict. sample_kwargs, eval_kwargs: options of the requests for answers and for verdicts (see `call_kwargs`).
    Rows may hold a finished answer as `completion`.

    Raises:
        RegistryError: there is no such rubric, or it cannot compare two answers. UsageError: arguments do not fit.
    """

    ideal_field = "reference"

    metric_ranges: Mapping[str, MetricRange] = {"length_difference": None}

    def __init__(
        self,
        completion_fns: Sequence[Any],
        *args: Any,
        grader: GraderArgument | None = None,
        aggregate: str = "majority",
        baseline: str | None = None,
        swap: bool = False,
        modelgraded_spec: str = "preference",
        eval_type: str = "cot_classify",
        retries: int = 2,
        sample_kwargs: dict[str, Any] | None = None,
        eval_kwargs: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(completion_fns, *args, **kwargs)
        self.mg = self.registry.get_modelgraded_spec(modelgraded_spec)
        self.rubric = make_rubric(self.mg, eval_type=eval_type, punctuation=True)
        self._check_rubric()
        self.swap, self.retries = bool(swap), checked_retries(retries)
        self.sample_call, grader_call = call_kwargs(sample_kwargs), call_kwargs(eval_kwargs)
        for name, call in (("sample_kwargs", self.sample_call), ("eval_kwargs", grader_call)):
            if call["n"] != 1:
                raise UsageError(f"{name} asks for {call['n']} completions, and one is judged", fix="use --repeats N")
        self.asking = Asking(self.rubric, grader_call, self.retries)
        self._graders_of_argument = [] if grader is None else make_graders(grader, self.registry, self.completion_fn)
        self.aggregate = checked_panel(aggregate, self._graders_of_argument, self.rubric, self.mg)
        self._share_out(baseline)

    def _share_out(self, baseline: str | None) -> None:
        """Which completion function answers, which is the baseline, which one judges."""
        given = list(self.completion_fns)
        self._last_grader = None if self._graders_of_argument else given[-1]
        writers = given if self._graders_of_argument or len(given) == 1 else given[:-1]
        if len(writers) > 2 or (len(writers) == 2 and baseline is not None):
            what = f"{len(writers)} models were named" + (" and a baseline" if baseline is not None else "")
            raise UsageError(what, fix="name MODEL with baseline=NAME, or MODEL,BASELINE, and the grader with --grader")
        self.baseline_name = baseline
        self.baseline = writers[1] if len(writers) == 2 else None
        # Stored answers are judged again: then the record stands for the baseline too.
        self._stored = given[0] if isinstance(given[0], ReplayCompletionFn) else None
        if baseline is not None:
            self.baseline = self._stored or self.registry.make_completion_fn(baseline)
        judges = [one.fn for one in self._graders_of_argument] or [given[-1]]
        self.further_completion_fns = [fn for fn in (self.baseline, *judges) if fn is not None]
        self.completion_fns = given[:1]

    @property
    def named_graders(self) -> Sequence[NamedGrader]:
        """The graders; one that is the last completion function has its name on the command line."""
        if self._last_grader is None:
            return self._graders_of_argument
        return [last_of_command_line(self._last_grader, self.completion_fn_names)]

    @cached_property
    def metaeval(self) -> bool:
        """Whether the answers are finished, so that no model but graders is asked."""
        samples = self.stream_samples()
        return len(samples) > 0 and "completion" in samples[0]

    def _check_rubric(self) -> None:
        scores = self.rubric.scores
        if scores is None or any(not 0 <= score <= 1 for score in scores.values()):
            raise RegistryError(
                f"rubric {self.mg.key!r} cannot compare two answers: its scores are {scores}",
                where=self.mg.where,
                fix='give choice_scores from 0 to 1 for the first answer: {"A": 1, "B": 0, "Tie": 0.5}',
            )
        if missing := [name for name in FIELDS[1:] if name not in self.rubric.placeholders]:
            what = f"rubric {self.mg.key!r} does not show {missing[0]}"
            raise RegistryError(what, where=self.mg.where, fix=f"put {{{missing[0]}}} into its prompt")

    def check_sample(self, sample: Any) -> None:
        """Raise BadSample unless the row has `input`, and `reference` where no model is the baseline, and all that the
        rubric asks for."""
        if not isinstance(sample, dict):
            raise BadSample(f"a sample must be an object, got {type(sample).__name__}", sample)
        check_prompt(sample, "input", "add the prompt as 'input'")
        for key in ("reference", "completion"):
            if key in sample and not isinstance(sample[key], str):
                raise BadSample(
                    f"{key!r} is {type(sample[key]).__name__}, not a text", sample, fix=f'write "{key}": "..."'
                )
        if self._baseline_of(sample) is None and not sample.get("reference"):
            fix = "add the answer to compare with as 'reference', or name a model: baseline=MODEL"
            raise BadSample("no 'reference'", sample, fix=fix)
        self.rubric.grader_prompt({**sample, "answer_1": "", "answer_2": ""})

    def doubtful_sample(self, sample: Any) -> Iterator[Doubt]:
        """A doubt about a prompt that is empty."""
        return prompt_doubts(sample["input"])

    def ideal_completions(self, sample: Any) -> list[str]:
        """An empty list: only the grader can tell what is better."""
        return []

    def first_prompt(self, sample: Any) -> Prompt | None:
        """The prompt of the sample; the grader's prompt if the sample has its answer."""
        if "completion" not in sample:
            return super().first_prompt(sample)
        shown = {"answer_1": sample["completion"], "answer_2": sample.get("reference", "...")}
        return self.rubric.grader_prompt({**sample, **shown})

    def fingerprint(self) -> dict[str, Any]:
        """The version of the scorer, a digest of all that the rubric says, and the graders named by `grader`."""
        graders = {grader.name: dict(grader.identity) for grader in self._graders_of_argument}
        said = {**super().fingerprint(), "rubric": rubric_digest(self.mg)}
        return {**said, "graders": graders} if graders else said

    async def eval_sample(self, sample: dict[str, Any], rng: Random) -> None:
        """Get both answers, ask the graders, and record `verdict`, `battle` and `metrics`.

        verdict, one for each grader: see `Verdict.data`; its choice is `model_a`, `model_b`, `tie` or
        `__inconsistent__`. battle: the row's `question_id`; `model_a` (the model under test) and `model_b`, null where
        the command line names them; `winner`, `outcome`, `verdicts` (of each grader on each order), `style_a`,
        `style_b`, `truncated_a`, `truncated_b`. metrics: `score`, the outcome; `first_preferred`;
        `length_difference` in characters. Equal answers are a tie, without a call.

        Raises:
            NotGraded: no verdict could be read, retries included. CallFailed: a call failed. BadSample: see
                `check_sample`.
        """
        self.check_sample(sample)
        first = rng.choice(_ORDERS)
        a = await self._answer(self.completion_fn, sample, "completion")
        b = await self._answer(self._baseline_of(sample), sample, "reference" if self.baseline is None else "")
        orders = _ORDERS if self.swap else (first,)
        if a.text.strip() == b.text.strip():
            self._record(sample, a, b, [], 0.5)
            return
        verdicts = [[await self._verdict(one, sample, a, b, order) for order in orders] for one in self.named_graders]
        of_graders = list(map(grader_verdict, verdicts))
        for verdict in of_graders:
            record_event("verdict", verdict.data())
        _, outcome = panel_verdict(of_graders, self.aggregate)
        if outcome is None:
            times = "once" if self.retries == 0 else f"{self.retries + 1} times"
            raise NotGraded(
                f"no verdict was read in a grader's answers, asked {times}",
                fix="look at the answer with evals view; another grader, or more tokens: eval_kwargs: {max_tokens: N}",
            )
        self._record(sample, a, b, [verdict for found in verdicts for verdict in found], outcome)

    def _baseline_of(self, sample: dict[str, Any]) -> Any:
        """The completion function of the baseline; None where the row's reference is the baseline."""
        return self._stored if self.baseline is None and "reference" not in sample else self.baseline

    async def _answer(self, fn: Any, sample: dict[str, Any], key: str) -> Answer:
        """The answer that the row has under `key`, else a model's."""
        if key in sample:
            return Answer(sample[key], style_of(sample[key]), bool(sample.get(f"{key}_truncated")))
        result = await self.complete_with(fn, sample["input"], **self.sample_call)
        text = first_completion(result)
        return Answer(text, style_of(text), isinstance(result, Completions) and reached_limit(result))

    async def _verdict(
        self, grader: NamedGrader, sample: dict[str, Any], a: Answer, b: Answer, shown_first: Side
    ) -> OrderVerdict:
        """What a grader says of the answers in one order."""
        texts = (a.text, b.text) if shown_first == "model_a" else (b.text, a.text)
        fields = {**sample, "answer_1": texts[0], "answer_2": texts[1]}
        return OrderVerdict.of((await self.asking.verdicts(grader, [fields]))[0], shown_first)

    def _record(
        self, sample: dict[str, Any], a: Answer, b: Answer, verdicts: Sequence[OrderVerdict], outcome: float
    ) -> None:
        of_data = self.baseline is None and "reference" in sample
        record_event(
            "battle",
            {
                **{key: sample[key] for key in ("question_id",) if key in sample},
                "model_a": sample.get("model") if "completion" in sample else None,
                "model_b": str(sample.get("reference_model") or REFERENCE) if of_data else self.baseline_name,
                "winner": winner_of(outcome),
                "outcome": outcome,
                "verdicts": [verdict.data() for verdict in verdicts],
                "style_a": a.style,
                "style_b": b.style,
                "truncated_a": a.truncated,
                "truncated_b": b.truncated,
            },
        )
        metrics: dict[str, Any] = {"score": outcome, "length_difference": len(a.text) - len(b.text)}
        firsts = [verdict.first_preferred for verdict in verdicts]
        if read := [first for first in firsts if first is not None]:
            metrics["first_preferred"] = sum(read) / len(read)
        record_metrics(**metrics)

    def new_report(self) -> PreferenceReport:
        """An empty report."""
        graders = [grader.name for grader in self.named_graders]
        how = f"{self.aggregate} of a panel of {len(graders)} graders: {', '.join(graders)}"
        return PreferenceReport(graders, how) if len(graders) > 1 else PreferenceReport()
