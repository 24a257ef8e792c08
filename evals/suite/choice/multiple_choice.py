"""MultipleChoice: lettered options in random order, and the completion must be the letter of the right one."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from evals.completion import Prompt
from evals.data import open_samples
from evals.errors import BadSample
from evals.eval import Report, StreamedEval
from evals.metrics import MatchReport
from evals.suite.choice.options import make_abc
from evals.suite.match.match import record_and_check_match
from evals.suite.one_model import require_one
from evals.suite.samples.doubts import Doubt, option_doubts, prompt_doubts

ROW_SHAPES: tuple[tuple[str, str, str], ...] = (
    ("question", "answers", "label"),
    ("question", "choices", "answer"),
    ("ctx", "endings", "label"),
)
"Keys of question, options and right option: our own rows, MMLU (hendrycks_test), HellaSwag."


@dataclass(frozen=True)
class Question:
    """A question with its options. label: index of the right option."""

    question: str
    answers: Sequence[str]
    label: int


class MultipleChoice(StreamedEval):
    """Shows the options as lines `A) ...` in random order, and asks for the letter of the right one: one token.

    dataset: `hf://NAME?split=...`, or a file of rows in one of ROW_SHAPES. instructions: text before the question. The
    order is drawn by the sample's own generator, so it is the same in every run.
    """

    scores_without_calls = True
    reads_beginning = True

    def __init__(
        self, completion_fns: Sequence[Any], dataset: str, *args: Any, instructions: str | None = "", **kwargs: Any
    ) -> None:
        super().__init__(completion_fns, *args, **kwargs)
        require_one(self, completion_fns)
        self.dataset = dataset
        self.samples_jsonl = dataset
        self.instructions = instructions or ""

    def check_sample(self, sample: Any) -> None:
        read_question(sample)

    def doubtful_sample(self, sample: Any) -> Iterator[Doubt]:
        """Doubts about the options, and about an empty question."""
        question = read_question(sample)
        return itertools.chain(option_doubts(question.answers, [question.label]), prompt_doubts(question.question))

    def first_prompt(self, sample: Any) -> Prompt:
        """The prompt with the options in file order; a run shuffles them."""
        question = read_question(sample)
        options, _ = make_abc(question.answers, correct_idx=question.label, shuffle=False)
        return self._prompt(question, options)

    def ideal_completions(self, sample: Any) -> list[str]:
        """None: the right letter depends on the shuffle."""
        return []

    async def eval_sample(self, sample: Any, rng: Random) -> None:
        question = read_question(sample)
        options, letter = make_abc(question.answers, correct_idx=question.label, rng=rng)
        prompt = self._prompt(question, options)
        completion = await self.complete(prompt, temperature=0.0, max_tokens=1)
        record_and_check_match(prompt=prompt, sampled=completion, expected=letter)

    def new_report(self) -> Report:
        return MatchReport()

    def _prompt(self, question: Question, options: str) -> str:
        request = "Reply with the letter of the correct answer and nothing else."
        return f"{self.instructions}\n{request}\n\n{question.question}\n{options}"


def get_dataset(url: str) -> list[Question]:
    """All questions of a dataset. url: as the argument `dataset`. Raises as `read_question`."""
    return [read_question(row) for row in open_samples(url)]


def read_question(row: Any) -> Question:
    """The question in a row of one of ROW_SHAPES; a Question comes back as it is.

    Raises:
        BadSample: the row has other keys, options that are no texts, or a label that is none of the options.
    """
    if isinstance(row, Question):
        return row
    keys = next((shape for shape in ROW_SHAPES if isinstance(row, Mapping) and all(key in row for key in shape)), None)
    if keys is None:
        shapes = " or ".join(", ".join(shape) for shape in ROW_SHAPES)
        raise BadSample("no multiple-choice question", row, fix=f"name the keys {shapes}")
    text, answers, label = (row[key] for key in keys)
    _check_answers(row, keys[1], answers)
    return Question(str(text), answers, _label_index(row, keys[2], label, len(answers)))


def _check_answers(row: Any, key: str, answers: Any) -> None:
    if not isinstance(answers, list) or not answers:
        raise BadSample(f"{key!r} is no list of options", row, fix=f'write {key!r} as ["...", "..."]')
    for answer in answers:
        if not isinstance(answer, str):
            raise BadSample(f"{key!r} holds {answer!r}, which is no text", row, fix="put every option in quotes")


def _label_index(row: Any, key: str, label: Any, n_answers: int) -> int:
    """The index of the right option, from a label that is a number, a text of digits, or a capital letter."""
    index = -1
    if isinstance(label, int) and not isinstance(label, bool):
        index = label
    elif isinstance(label, str) and label.isdecimal():
        index = int(label)
    elif isinstance(label, str) and len(label) == 1 and "A" <= label <= "Z":
        index = ord(label) - ord("A")
    if not 0 <= index < n_answers:
        raise BadSample(
            f"{key!r} is {label!r}, which is none of the {n_answers} options",
            row,
            fix=f"give the index of the right option, 0 to {n_answers - 1}",
        )
    return index
