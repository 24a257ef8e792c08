"""Marks one reply: by the rules of its kind, by tests, or by graders; and what is recorded of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evals.completion_fns.graders import NamedGrader
from evals.engine.calls import first_completion
from evals.exams.items import MARKED_BY_RULE, Item
from evals.exams.marking import Mark
from evals.exams.paper import Prompt
from evals.sandbox.verdict import Status
from evals.suite.answers.answer_places import after_phrases
from evals.suite.code.extraction import extract_program
from evals.suite.code.judge import Judge
from evals.suite.code.problems import code_problem
from evals.suite.exam.marks import HUMAN, GraderMark, HumanMarks, Marking, Verdict, graders_of
from evals.suite.exam.model_marks import GRADING, model_mark
from evals.suite.exam.prompts import Asked
from evals.suite.exam.replies import answer_phrases, mark_reply

CLOSE = 1e-9
_PICTURE = r"(?:images?|pictures?|graphs?|figures?|charts?|diagrams?|maps?|photos?|drawings?)"
_NO_IMAGE = re.compile(
    rf"\b(?:no|without (?:the|an|any)|(?:can(?:no|')t|cannot|unable to|not able to|do(?:es)? not|don't) (?:\w+ ){{0,3}}"
    rf"(?:see|view|access|open|have)(?: access to)?(?: (?:the|an|any|a|this|that|your))?) (?:\w+ )?{_PICTURE}\b"
    rf"|\b{_PICTURE} (?:is|was|are|were) (?:not|missing)",
    re.IGNORECASE,
)
SHORT_REPLY = 3
"Words of a reply that may be an answer and nothing else."


@dataclass(frozen=True)
class Marked:
    """What came of one reply."""

    mark: Mark | None
    "None while a grader's mark is missing."
    details: Mapping[str, Any] = field(default_factory=dict)
    "Further keys of the `exam` event."


@dataclass(frozen=True)
class Grading:
    """Everything that marks replies in a run.

    graders: the run's own, in order, for questions whose paper names none. models: the completion function of each
    grader by its name. adjudicator: the name of the model that decides between marks far apart. instead: graders by
    their names, in place of all models that the paper names.
    """

    judge: Judge
    graders: Sequence[str] = ()
    instead: Mapping[str, NamedGrader] = field(default_factory=dict)
    models: Mapping[str, Any] = field(default_factory=dict)
    adjudicator: str | None = None
    people: HumanMarks | None = None
    timeout_s: float | None = None

    async def marked(self, item: Item, asked: Asked, reply: str, blocks: Prompt, run: int) -> Marked:
        """The mark of a reply. run: which of the replies to this question it is, from 0.

        Raises:
            HarnessFailed: the sandbox failed. CallFailed: a grader could not be asked.
        """
        if item.kind in MARKED_BY_RULE:
            return Marked(mark_reply(asked.shown.item, reply, answer_phrases(blocks)))
        if item.kind == "code":
            return await self._tested(item, reply)
        return await self._graded(item, asked, reply, run)

    async def _tested(self, item: Item, reply: str) -> Marked:
        row = code_problem(item.problem, self.timeout_s)
        program = extract_program(reply, row.problem.prompt, row.problem.entry_point)
        if not program.parsed:
            return Marked(Mark("invalid"), {"program": program.source})
        (verdict,) = await self.judge.start(row.problem, [program.source]).results()
        details = {"program": program.source, "verdict": verdict.status.value, "detail": verdict.detail[:300]}
        return Marked(Mark.of_share(float(verdict.status is Status.PASSED)), details)

    async def _graded(self, item: Item, asked: Asked, reply: str, run: int) -> Marked:
        if not reply.strip():
            return Marked(Mark("blank", picked=""))
        wanted = graders_of(item, self.graders, list(self.instead))
        question = _question_of(asked)
        marking = Marking(item, wanted, of_people=self.people.of(item, run) if self.people is not None else ())
        for name in dict.fromkeys(name for name in wanted if name != HUMAN):
            marking.of_models[name] = await model_mark(item, name, question, reply, self._asker(name))
        verdict = marking.verdict()
        if verdict.missing == ("adjudication",) and self.adjudicator is not None:
            further = await model_mark(item, self.adjudicator, question, reply, self._asker(self.adjudicator))
            verdict = marking.verdict(further)
        people = {mark.grader for mark in marking.of_people}
        return Marked(_mark_of(item, verdict), _details(verdict, people))

    def _asker(self, name: str) -> Callable[[list[dict[str, Any]]], Any]:
        async def ask(messages: list[dict[str, Any]]) -> str:
            grader = self.instead.get(name) or NamedGrader(name, self.models[name])
            return first_completion(await grader.ask(messages, **GRADING))

        return ask


def answer_began(item: Item, reply: str, blocks: Prompt, mark: Mark | None) -> bool:
    """Whether a reply that was cut off had come to its answer; of free answers each word is one.

    It had where it states an answer behind a phrase, or is hardly longer than an answer. What a rule finds in
    reasoning that breaks off, such as its last number, is no answer.
    """
    if mark is not None and mark.status == "invalid":
        return False
    if item.kind not in MARKED_BY_RULE or len(reply.split()) <= SHORT_REPLY:
        return True
    return any(True for _ in after_phrases(reply, answer_phrases(blocks)))


def says_no_image(reply: str) -> bool:
    """Whether a reply says, in English, that it sees no image: then the question was not really tried without it."""
    return _NO_IMAGE.search(reply) is not None


def _question_of(asked: Asked) -> str:
    """The question as the model has seen it, texts alone."""
    content = asked.messages[-1]["content"]
    if isinstance(content, str):
        return content
    return "\n".join(part["text"] if part.get("type") == "text" else "[an image]" for part in content)


def _mark_of(item: Item, verdict: Verdict) -> Mark | None:
    if verdict.points is None:
        return None
    share = verdict.points / item.points
    return Mark.of_share(1.0 if share > 1 - CLOSE else max(0.0, share))


def _details(verdict: Verdict, people: Collection[str]) -> dict[str, Any]:
    marks: list[GraderMark] = list(verdict.marks)
    found = {
        "people": [mark.grader for mark in marks if mark.grader in people],
        "marks": [mark.data() for mark in marks],
        "missing": list(verdict.missing),
        "gap": verdict.gap,
        "adjudicated_by": verdict.adjudicated_by,
        "unused": list(verdict.unused),
    }
    return {key: value for key, value in found.items() if value not in (None, [])}
