"""MMMU: college-level questions with images, multiple-choice or open; the answer stands after `ANSWER:`."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from evals.completion import ChatPrompt, Prompt
from evals.errors import BadSample
from evals.eval import Report, StreamedEval
from evals.metrics import MatchReport
from evals.record.current import record_match
from evals.suite.choice.options import letter, make_abc
from evals.suite.one_model import require_one
from evals.suite.samples.ideals import require

MAX_IMAGES = 7
MULTIPLE_CHOICE = "multiple-choice"


@dataclass(frozen=True)
class Question:
    """A question with its images. label: the index of the right option, or the answer of an open question."""

    question: str
    answers: Sequence[str]
    label: int | str
    question_type: str
    images: Sequence[str] = ()
    "URLs, most often data URLs."


class MMMU(StreamedEval):
    """Right when the completion contains `ANSWER: ` and the letter of the right option, or the answer.

    A multiple-choice reply without the word ANSWER counts as a random guess, drawn by the sample's generator (Yue et
    al. 2023, arXiv:2311.16502, section 4.1). The match is by substring, so `ANSWER: AB` passes for A. dataset:
    `hf://mmmu/mmmu?name=SUBJECT&split=...`, or rows with the same keys. subject: named in the system message.
    """

    scores_without_calls = True
    prompts_hold_images = True

    def __init__(self, completion_fns: Sequence[Any], dataset: str, subject: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(completion_fns, *args, **kwargs)
        require_one(self, completion_fns)
        self.dataset = dataset
        self.samples_jsonl = dataset
        self.subject = subject

    def check_sample(self, sample: Any) -> None:
        read_question(sample)

    def first_prompt(self, sample: Any) -> Prompt:
        """The prompt with the options in file order; a run shuffles them."""
        question = read_question(sample)
        if question.question_type != MULTIPLE_CHOICE:
            return self._open_prompt(question)
        options, _ = make_abc(question.answers, shuffle=False)
        return self._choice_prompt(question, options)

    def ideal_completions(self, sample: Any) -> list[str]:
        """The answer of an open question; of a multiple-choice one the letter depends on the shuffle."""
        question = read_question(sample)
        return [] if question.question_type == MULTIPLE_CHOICE else [f"ANSWER: {question.label}"]

    async def eval_sample(self, sample: Any, rng: Random) -> None:
        question = read_question(sample)
        is_choice = question.question_type == MULTIPLE_CHOICE
        if is_choice:
            options, expected = make_abc(question.answers, correct_idx=int(question.label), rng=rng)
            prompt = self._choice_prompt(question, options)
        else:
            expected = str(question.label)
            prompt = self._open_prompt(question)
        completion = await self.complete(prompt, temperature=0.0, max_tokens=4096)
        correct = f"ANSWER: {expected}" in completion
        if is_choice and not correct and "ANSWER" not in completion:
            correct = letter(rng.randint(0, len(question.answers) - 1)) == expected
        record_match(correct, expected=expected, picked=expected if correct else None, sampled=completion)

    def new_report(self) -> Report:
        return MatchReport()

    def _choice_prompt(self, question: Question, options: str) -> ChatPrompt:
        letters = ", ".join(letter(i) for i in range(len(question.answers)))
        form = f'"ANSWER: X", where X is one of the letters {letters}. If you are not sure, give your best guess'
        return self._chat(question, f"{question.question}\n{options}", form)

    def _open_prompt(self, question: Question) -> ChatPrompt:
        return self._chat(question, question.question, '"ANSWER: X", where X is the bare answer')

    def _chat(self, question: Question, text: str, form: str) -> ChatPrompt:
        task = (
            f"You are an expert in {self.subject}. Answer the user's question with the help of the images. "
            f"First think it through. Then end your reply with {form}."
        )
        images = [{"type": "image_url", "image_url": {"url": url}} for url in question.images]
        return [
            {"role": "system", "content": [{"type": "text", "text": task}]},
            {"role": "user", "content": [{"type": "text", "text": text}, *images]},
        ]


def read_question(row: Any) -> Question:
    """The question in a row of the MMMU dataset; a Question comes back as it is.

    Raises:
        BadSample: a key is missing, the options are no list, or the answer is the letter of none of them.
    """
    if isinstance(row, Question):
        return row
    require(row, "question", "options", "answer", "question_type")
    answers = _options(row)
    label: int | str = str(row["answer"])
    if row["question_type"] == MULTIPLE_CHOICE:
        label = next((i for i in range(len(answers)) if letter(i) == row["answer"]), -1)
        if label < 0:
            raise BadSample(f"'answer' is {row['answer']!r}, which is the letter of none of the options", row)
    return Question(str(row["question"]), answers, label, row["question_type"], _images(row))


def _options(row: Mapping[str, Any]) -> list[str]:
    """The options, from a list, or from a text that is a Python list, as the dataset has it."""
    options = row["options"]
    if isinstance(options, str):
        try:
            options = ast.literal_eval(options)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            options = None
    if not isinstance(options, list):
        raise BadSample(f"'options' is {row['options']!r}, which is no list", row)
    return [str(option) for option in options]


def _images(row: Mapping[str, Any]) -> list[str]:
    found = [row.get(f"image_{i}") for i in range(1, MAX_IMAGES + 1)]
    for image in found:
        if image is not None and not isinstance(image, str):
            raise BadSample(f"an image is a {type(image).__name__}, not a URL", row)
    return [image for image in found if image is not None]
