"""VerdictEval: graded answers whose choices have names, with a report that knows names and categories."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from random import Random
from typing import Any, ClassVar

from evals.errors import BadSample, UsageError, did_you_mean, listed
from evals.record.current import record_event
from evals.sample import Sample
from evals.suite.graded.modelgraded import ModelBasedClassify
from evals.suite.samples.doubts import Doubt


class VerdictEval(ModelBasedClassify):
    """A grader picks one of the rubric's choices, and each choice stands for a verdict of the class.

    verdicts: the verdict that each choice of the rubric stands for. Further arguments are those of ModelBasedClassify;
    one completion is graded for each sample.

    Raises:
        UsageError: a choice of the rubric has no verdict, or a verdict is unknown.
    """

    known_verdicts: ClassVar[tuple[str, ...]] = ()

    def __init__(self, modelgraded_spec: str, *args: Any, verdicts: Mapping[str, str], **kwargs: Any) -> None:
        if kwargs.get("multicomp_n", 1) != 1:
            raise UsageError(f"{type(self).__name__} grades one completion a sample", fix="leave out multicomp_n")
        super().__init__(modelgraded_spec, *args, **kwargs)
        self.verdicts = self._checked(verdicts)

    def _checked(self, verdicts: Any) -> dict[str, str]:
        choices, known = self.rubric.choices, self.known_verdicts
        if not isinstance(verdicts, Mapping) or set(verdicts) != set(choices):
            found = list(verdicts) if isinstance(verdicts, Mapping) else verdicts
            raise UsageError(
                f"verdicts must name the rubric's choices {listed(choices)}, and names {found}",
                fix=f"verdicts: {{{', '.join(f'{choice}: {known[0]}' for choice in choices)}}}",
            )
        for choice, verdict in verdicts.items():
            if verdict not in known:
                note = did_you_mean(str(verdict), known)
                raise UsageError(f"choice {choice!r} has the unknown verdict {verdict!r}", notes=[note],
                                 fix=f"use {', '.join(known)}")  # fmt: skip
        return dict(verdicts)

    def row_for_grader(self, sample: Sample | dict[str, Any]) -> dict[str, Any]:
        """The sample with what the rubric asks for beside it; here the sample itself."""
        return sample

    def check_sample(self, sample: Any) -> None:
        """Raise BadSample unless the row has all that the rubric asks for; `category`, if it is there, is a text."""
        if isinstance(sample, dict):
            if not isinstance(sample.get("category", ""), str):
                raise BadSample(f"'category' is {sample['category']!r}, which is no text", sample)
            sample = self.row_for_grader(sample)
        super().check_sample(sample)

    def first_prompt(self, sample: Any) -> Any:
        """What ModelBasedClassify shows for the row as the grader sees it."""
        return super().first_prompt(self.row_for_grader(sample))

    def ideal_completions(self, sample: Any) -> list[str]:
        """An empty list: only the grader can tell what is right."""
        return []

    def doubtful_sample(self, sample: Any) -> Iterator[Doubt]:
        """A doubt about a prompt that is empty."""
        return super().doubtful_sample(sample)

    async def eval_sample(self, test_sample: dict[str, Any], rng: Random | None = None) -> str:
        """Grade as ModelBasedClassify does, then record a `named_verdict` event, and return the choice.

        named_verdict: `choice`; `verdict`, its name, null where no choice was named; `category`, null without one.

        Raises:
            BadSample, RegistryError: `check_sample` refuses the row.
        """
        self.check_sample(test_sample)
        choice: str = await super().eval_sample(self.row_for_grader(test_sample), rng)
        category = test_sample.get("category")
        record_event("named_verdict", {"choice": choice, "verdict": self.verdicts.get(choice), "category": category})
        return choice


def texts_of(sample: dict[str, Any], key: str) -> list[str]:
    """The texts under a key that holds a text, a list of texts, or nothing.

    Raises:
        BadSample: it holds something else.
    """
    value = sample.get(key)
    texts = [value] if isinstance(value, str) else value or []
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise BadSample(f"{key!r} is neither a text nor a list of texts", sample, fix=f'write "{key}": ["..."]')
    return texts
