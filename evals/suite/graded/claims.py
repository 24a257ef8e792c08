"""ClaimSupport: a grader lists the claims of an answer, and says which of them a given passage supports."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from evals.completion import Completions, Prompt
from evals.completion_fns.graders import GraderArgument, NamedGrader, last_of_command_line, make_graders
from evals.engine.calls import first_completion
from evals.engine.cut_off import reached_limit
from evals.errors import BadSample, UsageError
from evals.eval import Report, StreamedEval
from evals.metrics import Mean, with_keys
from evals.record.current import record_event, record_metrics
from evals.record.metric_ranges import MetricRange
from evals.record.recorders import Event
from evals.suite.graded.rubric import call_kwargs, make_rubric, rubric_digest
from evals.suite.graded.unit_ratio import unit_ratio_keys
from evals.suite.graders.grade import NotGraded
from evals.suite.samples.doubts import Doubt, prompt_doubts
from evals.suite.samples.messages import check_prompt
from evals.suite.text.text_loss import Ratio

_SUPPORTED = r"S|supported|fully supported"
_NOT_SUPPORTED = (
    r"U|NS|unsupported|(?:not|partly|partially) supported|contradict(?:ed|s|ion)|refuted"
    r"|not (?:stated|found|mentioned)|unverifiable|unverified|uncertain|unsure|unclear|neutral"
)
_BEHIND = r"[*_)\]]*(?:\s*\([^()]*\))?[*_]*(?:\s*[:|]|\s+[\u2013-]+\s|(?<=[)\]])\s)[*_]*\s*(?P<claim>\S.*)"
_LINE = re.compile(
    rf"[\W\d_]*(?:(?P<yes>{_SUPPORTED})|(?P<no>{_NOT_SUPPORTED})|(?P<other>[A-Z]{{1,2}})){_BEHIND}", re.IGNORECASE
)
_NONE = re.compile(r"\W*none\W*", re.IGNORECASE)


@dataclass(frozen=True)
class Claim:
    """One fact that an answer states."""

    text: str
    is_supported: bool
    "Whether the passage says it."


def read_claims(text: str) -> list[Claim] | None:
    """The claims in a grader's list: lines `S: ...` (supported) and `U: ...` (not). None for a text that is no list.

    `NONE` alone is a list without claims. Bullets, numbers, emphasis and remarks in brackets around the letter do not
    count, and words such as `supported`, `unsupported`, `partly supported` and `contradicted` stand for it: what is
    not wholly supported is not. Lines of another form, such as a heading, are passed over; a line with other letters
    makes the list unreadable.
    """
    lines = [unicodedata.normalize("NFKC", line).strip() for line in text.splitlines() if line.strip()]
    found = [match for line in lines if (match := _LINE.fullmatch(line)) is not None]
    if any(match["other"] for match in found):
        return None
    if found:
        return [Claim(match["claim"], match["yes"] is not None) for match in found]
    return [] if any(_NONE.fullmatch(line) for line in lines) else None


class ClaimSupport(StreamedEval):
    """Answers from a passage; a grader lists their claims, each with its verdict.

    Rows have `passage` and `question`; the eval's `prompt` makes the input of them. A row with a finished `completion`
    is graded without a call. modelgraded_spec: the rubric, with `{passage}`, `{question}` and `{completion}`.
    sample_kwargs, eval_kwargs: options of the requests to model and grader, as for ModelBasedClassify. grader: one
    grader; without it the last completion function is the grader.

    Raises:
        RegistryError: there is no such rubric. UsageError: more than a model and a grader are named.
    """

    metric_ranges: Mapping[str, MetricRange] = {"n_claims": None, "n_supported": None}

    scorer_version = "2"

    def __init__(
        self,
        *args: Any,
        modelgraded_spec: str = "claims",
        sample_kwargs: dict[str, Any] | None = None,
        eval_kwargs: dict[str, Any] | None = None,
        grader: GraderArgument | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._take_grader(grader)
        self.mg = self.registry.get_modelgraded_spec(modelgraded_spec)
        self.rubric = make_rubric(self.mg)
        self._sample_call, self._eval_call = call_kwargs(sample_kwargs), call_kwargs(eval_kwargs)

    def _take_grader(self, given: GraderArgument | None) -> None:
        named = [] if given is None else make_graders(given, self.registry, self.completion_fn)
        if len(named) > 1:
            raise UsageError(
                f"ClaimSupport takes one grader, got {len(named)}",
                fix="name one: lists of claims by several graders cannot be put together",
            )
        if len(self.completion_fns) > (1 if named else 2):
            raise UsageError(
                f"ClaimSupport takes a model and a grader, got {len(self.completion_fns)} completion functions",
                fix="name the model, and the grader with --grader: oaieval MODEL EVAL --grader GRADER",
            )
        self._named_grader = named[0] if named else None
        self._grader_fn = named[0].fn if named else self.completion_fns[-1]
        self.further_completion_fns = [self._grader_fn]
        self.completion_fns = self.completion_fns[:1]

    @property
    def named_graders(self) -> Sequence[NamedGrader]:
        """The grader; one that is the last completion function has its name on the command line."""
        if self._named_grader is not None:
            return [self._named_grader]
        return [last_of_command_line(self._grader_fn, self.completion_fn_names)]

    def check_sample(self, sample: Any) -> None:
        """Raise BadSample unless the row has the texts `passage` and `question`, and a prompt or a `completion`."""
        if not isinstance(sample, dict):
            raise BadSample(f"a sample must be an object, got {type(sample).__name__}", sample)
        for key in ("passage", "question", *(["completion"] if "completion" in sample else [])):
            if not isinstance(sample.get(key), str) or not sample[key].strip():
                raise BadSample(f"{key!r} is no text, or an empty one", sample, fix=f'write "{key}": "..."')
        if "completion" not in sample:
            check_prompt(sample, "input", 'set prompt: "{passage}\\n\\n{question}" in the args of the eval')

    def doubtful_sample(self, sample: Any) -> Iterator[Doubt]:
        """A doubt about a prompt that is empty."""
        return prompt_doubts(sample["input"]) if "completion" not in sample else iter(())

    def first_prompt(self, sample: Any) -> Prompt | None:
        """The prompt; the grader's for a row that has its completion."""
        prompt: Prompt | None = self.rubric.grader_prompt(sample) if "completion" in sample else sample.get("input")
        return prompt

    def ideal_completions(self, sample: Any) -> list[str]:
        """An empty list: only the grader can tell what is right."""
        return []

    def fingerprint(self) -> dict[str, Any]:
        """The version of the scorer, a digest of all that the rubric says, and the grader named by `grader`."""
        said = {**super().fingerprint(), "rubric": rubric_digest(self.mg)}
        named = self._named_grader
        return {**said, "graders": {named.name: dict(named.identity)}} if named is not None else said

    async def eval_sample(self, sample: Any, rng: Random) -> None:
        """Get the answer and the grader's list of its claims; record a `claims` and a `metrics` event.

        claims: `claims`, a list of `claim` and `supported`. metrics: `score`, 1 if no claim is unsupported, else 0;
        `n_claims`, `n_supported`.

        Raises:
            BadSample: `check_sample` refuses the row. NotGraded: the grader gave no list, or one that was cut off.
        """
        self.check_sample(sample)
        answer = sample.get("completion")
        if answer is None:
            answer = await self.complete(sample["input"], **self._sample_call)
        question = self.rubric.grader_prompt({**sample, "completion": answer})
        listed = await self.named_graders[0].ask(question, **self._eval_call)
        if isinstance(listed, Completions) and reached_limit(listed):
            raise NotGraded("the grader's list of claims was cut off", fix="raise max_tokens of eval_kwargs")
        claims = read_claims(first_completion(listed))
        if claims is None:
            raise NotGraded(f"the grader gave no list of claims: {first_completion(listed)[:100]!r}",
                            fix="name a grader that follows the rubric")  # fmt: skip
        n_supported = sum(claim.is_supported for claim in claims)
        record_event("claims", {"claims": [{"claim": c.text, "supported": c.is_supported} for c in claims]})
        record_metrics(score=float(n_supported == len(claims)), n_claims=len(claims), n_supported=n_supported)

    def new_report(self) -> Report:
        """An empty ClaimsReport."""
        return ClaimsReport()


class ClaimsReport:
    """Answers without an unsupported claim, and the share of claims that the passage supports: see `as_dict`."""

    def __init__(self) -> None:
        self._score, self._any, self._without = Mean(), Mean(), Mean()
        self._supported = Ratio()

    def add(self, sample_id: str, events: Sequence[Event]) -> None:
        for event in events:
            if event.type == "metrics" and "n_claims" in event.data:
                n_claims, n_supported = event.data["n_claims"], event.data["n_supported"]
                self._score.add(sample_id, event.data["score"])
                self._any.add(sample_id, 1 - event.data["score"])
                self._without.add(sample_id, float(n_claims == 0))
                self._supported.add(sample_id, n_supported, n_claims)

    def as_dict(self) -> dict[str, Any]:
        """The report so far.

        `score`: share of answers without an unsupported claim. `any_unsupported`: share of the others.
        `without_claims`: share of answers that claim nothing, which have no unsupported claim either. `supported`:
        share of all claims that the passage supports; its error counts answers, since the claims of one depend on each
        other.
        """
        report = with_keys({}, "score", self._score)
        report = with_keys(report, "any_unsupported", self._any)
        report = with_keys(report, "without_claims", self._without)
        report.update(unit_ratio_keys("supported", self._supported, report["n"]))
        report["n_claims"] = round(self._supported.bottom)
        return report
