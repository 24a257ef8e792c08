"""Preference: a grader says which of two answers is better, the model's or that of a reference or a second model."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

from evals.completion import ChatPrompt, Completions, Prompt
from evals.completion_fns.replay import ReplayCompletionFn
from evals.engine.calls import first_completion
from evals.engine.cut_off import reached_limit
from evals.errors import BadSample, RegistryError, UsageError
from evals.eval import StreamedEval
from evals.record.current import record_event, record_metrics
from evals.suite.graded.grading import INVALID_STR
from evals.suite.graded.preference_report import PreferenceReport
from evals.suite.graded.preference_verdicts import (
    Answer,
    OrderVerdict,
    Side,
    again_prompt,
    is_consistent,
    merged_outcome,
    outcome_for_model,
    winner_of,
)
from evals.suite.graded.rubric import call_kwargs, make_rubric, rubric_digest
from evals.suite.graded.verdicts import stated_choice
from evals.suite.graders.grade import NotGraded
from evals.suite.samples.doubts import Doubt, prompt_doubts
from evals.suite.samples.messages import check_prompt
from evals.texts.answer_style import style_of

logger = logging.getLogger(__name__)

REFERENCE = "reference"
"What the baseline is called where answers of the data are the baseline and the row names no model."
FIELDS = ("input", "answer_1", "answer_2")
"What a rubric of preference may hold as placeholders, beside keys of the row."
_ORDERS: tuple[Side, Side] = ("model_a", "model_b")


class Preference(StreamedEval):
    """The last completion function is the grader; with three of them, the second one is the baseline.

    baseline: the name of a model whose answers are the baseline; without one the rows' `reference` is. swap: ask in
    both orders; verdicts that disagree are a tie. Otherwise a coin, seeded by sample, decides which answer stands
    first. modelgraded_spec: a rubric with the placeholders FIELDS, whose scores say how far the first answer is
    preferred: 1, 0, and 0.5 for a tie. eval_type: the form of the grader's answer. retries: how often the grader is
    asked again after an answer without a verdict. sample_kwargs, eval_kwargs: options of the requests for answers and
    for verdicts (see `call_kwargs`). Rows may hold a finished answer as `completion`.

    Raises:
        RegistryError: there is no such rubric, or it cannot compare two answers. UsageError: arguments do not fit.
    """

    ideal_field = "reference"

    def __init__(
        self,
        completion_fns: Sequence[Any],
        *args: Any,
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
        self.rubric = make_rubric(self.mg, eval_type=eval_type)
        self._check_rubric()
        self.swap, self.retries = bool(swap), _count("retries", retries)
        self.sample_call, self.grader_call = call_kwargs(sample_kwargs), call_kwargs(eval_kwargs)
        for name, call in (("sample_kwargs", self.sample_call), ("eval_kwargs", self.grader_call)):
            if call["n"] != 1:
                raise UsageError(f"{name} asks for {call['n']} completions, and one is judged", fix="use --repeats N")
        self._share_out(baseline)
        self._n_unreadable_shown = 0

    def _share_out(self, baseline: str | None) -> None:
        """Which completion function answers, which is the baseline, which one judges."""
        given = list(self.completion_fns)
        if len(given) > 3 or (len(given) == 3 and baseline is not None):
            what = f"{len(given)} completion functions were named" + (" and a baseline" if baseline is not None else "")
            raise UsageError(what, fix="name MODEL,GRADER with baseline=NAME, or MODEL,BASELINE,GRADER")
        self.grader, self.baseline_name = given[-1], baseline
        self.baseline = given[1] if len(given) == 3 else None
        # Stored answers are judged again: then the record stands for the baseline too.
        self._stored = given[0] if isinstance(given[0], ReplayCompletionFn) else None
        if baseline is not None:
            self.baseline = self._stored or self.registry.make_completion_fn(baseline)
        self.judges_itself = len(given) == 1
        self.further_completion_fns = [fn for fn in (self.baseline, self.grader) if fn is not None]
        self.completion_fns = given[:1]

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

    async def prepare(self) -> None:
        """Warn where the model judges its own answers."""
        if self.judges_itself and not all("completion" in row for row in self.stream_samples()):
            logger.warning("one model answers and judges its own answers; name a grader: oaieval MODEL,GRADER EVAL")

    def check_sample(self, sample: Any) -> None:
        """Raise BadSample unless the row has `input`, and `reference` where no model is the baseline, and all that the
        rubric asks for."""
        if not isinstance(sample, dict):
            raise BadSample(f"a sample must be an object, got {type(sample).__name__}", sample)
        check_prompt(sample, "input", "add the prompt as 'input'")
        for key in ("reference", "completion"):
            if key in sample and not isinstance(sample[key], str):
                raise BadSample(f"{key!r} is {type(sample[key]).__name__}, not a text", sample)
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
        """The version of the scorer, and a digest of all that the rubric says."""
        return {**super().fingerprint(), "rubric": rubric_digest(self.mg)}

    async def eval_sample(self, sample: dict[str, Any], rng: Random) -> None:
        """Get both answers, ask the grader, and record `battle` and `metrics`.

        battle: the row's `question_id`; `model_a` (the model under test) and `model_b`, null where the command line
        names them; `winner`, `outcome`, `verdicts` (one for each order), `style_a`, `style_b`, `truncated_a`,
        `truncated_b`. metrics:
        `score`, the outcome; `first_preferred`; with `swap` `inconsistent`; `length_difference` in characters.
        Equal answers are a tie, without a call.

        Raises:
            NotGraded: no verdict could be read, retries included. CallFailed: a call failed. BadSample: see
                `check_sample`.
        """
        self.check_sample(sample)
        first = rng.choice(_ORDERS)
        a = await self._answer(self.completion_fn, sample, "completion")
        b = await self._answer(self._baseline_of(sample), sample, "reference" if self.baseline is None else "")
        orders = _ORDERS if self.swap else (first,)
        is_same = a.text.strip() == b.text.strip()
        verdicts = [] if is_same else [await self._verdict(sample, a, b, order) for order in orders]
        self._record(sample, a, b, verdicts)

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

    async def _verdict(self, sample: dict[str, Any], a: Answer, b: Answer, shown_first: Side) -> OrderVerdict:
        """What the grader says of the answers in one order."""
        texts = (a.text, b.text) if shown_first == "model_a" else (b.text, a.text)
        prompt: ChatPrompt = self.rubric.grader_prompt({**sample, "answer_1": texts[0], "answer_2": texts[1]})
        read_as, said = self.rubric.read_as, ""
        for n_asked in range(1, self.retries + 2):
            said = first_completion(await self.complete_with(self.grader, prompt, grading=True, **self.grader_call))
            choice = stated_choice(said, read_as, self.rubric.choices)
            if choice != INVALID_STR:
                assert self.rubric.scores is not None
                outcome = outcome_for_model(self.rubric.scores[choice], shown_first)
                return OrderVerdict(shown_first, choice, outcome, n_asked)
            prompt = again_prompt(prompt, said, self.rubric.choices)
        times = "once" if self.retries == 0 else f"{self.retries + 1} times"
        raise NotGraded(
            f"no verdict was read in the grader's answer, asked {times}: {said[:120]!r}",
            fix="take another grader, or more tokens: eval_kwargs: {max_tokens: N}",
        )

    def _record(self, sample: dict[str, Any], a: Answer, b: Answer, verdicts: Sequence[OrderVerdict]) -> None:
        outcome = merged_outcome(verdicts)
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
        if verdicts:
            metrics["first_preferred"] = sum(verdict.first_preferred for verdict in verdicts) / len(verdicts)
        if len(verdicts) > 1:
            metrics["inconsistent"] = not is_consistent(verdicts)
        record_metrics(**metrics)

    def new_report(self) -> PreferenceReport:
        """An empty report."""
        return PreferenceReport()


def _count(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise UsageError(f"{name} is {value!r}", fix="give a number from 0")
    return value
