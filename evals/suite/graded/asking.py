"""Asks the graders of a run by a rubric: again where a verdict cannot be read, and in both orders where asked to."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evals.completion import ChatPrompt, CompletionResult, Completions
from evals.completion_fns.function import FunctionCompletionFn
from evals.completion_fns.graders import NamedGrader
from evals.engine.cut_off import reached_limit
from evals.engine.failures import CallFailed, Kind
from evals.errors import listed
from evals.suite.graded.answer_prompts import choice_to_str
from evals.suite.graded.grading import INVALID_STR, find_choice, get_choice_score
from evals.suite.graded.panel import Verdict, both_orders
from evals.suite.graded.rubric import Rubric
from evals.suite.graded.verdicts import stated_choice

logger = logging.getLogger(__name__)

RETRIES = 1
"How often a grader is asked again by default, where its verdict cannot be read."

INVALID_SHOWN = 3
"How many answers without a choice are logged; the report counts all of them."

UNREAD = (INVALID_STR, INVALID_STR)

ASK_AGAIN = "Your verdict could not be read. Reply with exactly one of {choices}, and nothing else."


@dataclass
class Asking:
    """How graders are asked by one rubric.

    options: of each request. retries: how often one is asked again. turned: what each choice becomes in the other
    order; None where one order is asked. by_line_ends: verdicts are read by the rule of openai/evals, and whole words
    are the second opinion; only the first answer counts, and an unreadable one has the lowest score.
    """

    rubric: Rubric
    options: Mapping[str, Any]
    retries: int
    turned: Mapping[str, str] | None = None
    by_line_ends: bool = False
    _n_invalid_shown: int = field(default=0, init=False)

    async def verdicts(self, grader: NamedGrader, fields: Sequence[Mapping[str, Any]]) -> list[Verdict]:
        """The verdicts of one grader: one for each of its answers; with both orders one for both.

        fields: values for the rubric's placeholders, in the order as drawn, and where both are asked in the other one.

        Raises:
            CallFailed: the grader could not be asked.
        """
        first = await self._asked(grader, self.rubric.grader_prompt(fields[0]))
        if self.turned is None:
            return first
        second = await self._asked(grader, self.rubric.grader_prompt(fields[1]))
        return [both_orders(first[0], self._turned_back(second[0]))]

    async def _asked(self, grader: NamedGrader, question: ChatPrompt) -> list[Verdict]:
        """The verdicts in the answers to one question, which is asked again while none can be read."""
        prompt, n_retries = question, 0
        answers: list[str] = []
        read: list[tuple[str, str]] = []
        while True:
            try:
                result = await grader.ask(prompt, **self.options)
            except CallFailed as failure:
                if n_retries == 0 or not _knows_one_question(grader, failure):
                    raise
                logger.warning("%s failed when asked again, so its first answer counts: %s", grader.name, failure)
                break
            answers = list(result.get_completions())
            read = [
                UNREAD if self._breaks_off(result, place) else self._choice(answer)
                for place, answer in enumerate(answers[:1] if self.by_line_ends else answers)
            ]
            if n_retries == self.retries or any(choice != INVALID_STR for choice, _ in read):
                break
            n_retries += 1
            prompt = self._again(question, answers[0] if answers else "")
        if not read:
            read = [UNREAD]
        for answer, (choice, _) in zip(answers, read, strict=False):
            self._log_invalid(grader, answer, choice)
        return [self._verdict(grader, one, n_retries if place == 0 else 0) for place, one in enumerate(read)]

    def _breaks_off(self, result: CompletionResult, place: int) -> bool:
        """Whether an answer ended at the limit on tokens before its verdict, which stands at its end.

        A sentence of the reasons could be read as one. The rule of openai/evals reads it.
        """
        if self.by_line_ends or not self.rubric.read_as.startswith("cot_classify"):
            return False
        return isinstance(result, Completions) and reached_limit(result, place)

    def _again(self, question: ChatPrompt, answer: str) -> ChatPrompt:
        wanted = ASK_AGAIN.format(choices=choice_to_str(self.rubric.choices))
        said = {"role": "assistant", "content": answer or "(nothing)"}
        return [*question, said, {"role": "user", "content": wanted}]

    def _verdict(self, grader: NamedGrader, read: tuple[str, str], n_retries: int) -> Verdict:
        choice, otherwise = read
        return Verdict(
            grader.name, choice, self._score(choice), n_retries, otherwise=otherwise if otherwise != choice else None
        )

    def _turned_back(self, verdict: Verdict) -> Verdict:
        """A verdict on the other order in terms of the first."""
        choice = (self.turned or {}).get(verdict.choice, verdict.choice)
        return Verdict(verdict.grader, choice, self._score(choice), verdict.n_retries)

    def _score(self, choice: str) -> float | None:
        if choice == INVALID_STR and not self.by_line_ends:
            return None
        return get_choice_score(choice, self.rubric.choices, self.rubric.scores)

    def _choice(self, answer: str) -> tuple[str, str]:
        """The choice in a grader's answer, and what another rule reads.

        The other rule reads whole words; it is a second opinion where that of openai/evals holds.
        """
        rubric = self.rubric
        choice = otherwise = find_choice(answer, rubric.read_as, rubric.match_fn, rubric.choices)
        if rubric.reads_stated:
            otherwise = stated_choice(answer, rubric.read_as, rubric.choices)
        return (choice, otherwise) if self.by_line_ends else (otherwise, otherwise)

    def _log_invalid(self, grader: NamedGrader, answer: str, choice: str) -> None:
        if choice == INVALID_STR and self._n_invalid_shown < INVALID_SHOWN:
            self._n_invalid_shown += 1
            more = "" if self._n_invalid_shown < INVALID_SHOWN else " (further ones are only counted)"
            wanted = listed(self.rubric.choices)
            logger.warning("the grader named none of %s: %.200r%s", wanted, answer, more)


def _knows_one_question(grader: NamedGrader, failure: CallFailed) -> bool:
    """Whether a Python function failed by itself: it may look for the rubric in the prompt, and find a conversation."""
    return isinstance(grader.fn, FunctionCompletionFn) and failure.kind is Kind.OTHER
