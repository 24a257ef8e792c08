"""Prompts of multiple-choice questions: templates, few-shot examples before them, as one text or as turns."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from evals.completion import ChatPrompt, Prompt
from evals.datasets.templates import placeholders
from evals.errors import UsageError, did_you_mean
from evals.suite.choice.few_shot import FewShotExamples
from evals.suite.choice.questions import LETTERS, Question

FIELDS = ("question", "options", "letters", "context", "subject", "category")
"Placeholders of the header and the template."

LETTER_TEMPLATE = "{question}\n{options}\nAnswer:"
COMPLETION_TEMPLATE = "Question: {question}\nAnswer:"


@dataclass(frozen=True)
class Wording:
    """How a question is worded. A few-shot example is the template, the delimiter, the answer and the separator."""

    style: str
    "`letter`: the answer is the letter of an option. `completion`: it is the option's text."
    template: str
    header: str = ""
    "Stands once, before the first example, or before the question where there are no examples."
    option: str = "{letter}. {choice}"
    delimiter: str = " "
    "Stands between prompt and answer. It is scored with the answer."
    separator: str = "\n\n"
    letters: str = LETTERS
    blank: str | None = None
    "A mark in the question. Each option takes its place in turn, and the text after the mark is scored (WinoGrande)."

    def check(self) -> None:
        """Check the placeholders of header, template and option.

        Raises:
            UsageError: there is no such placeholder.
        """
        for name, text, known in (
            ("template", self.template, FIELDS),
            ("header", self.header, FIELDS),
            ("option", self.option, ("letter", "choice")),
        ):
            for placeholder in placeholders(text):
                if placeholder not in known:
                    note = did_you_mean(placeholder, known) or f"there are: {', '.join(known)}"
                    raise UsageError(
                        f"{name} has no placeholder {{{placeholder}}}", notes=[note], fix="correct the name"
                    )
        self._check_complete()

    def _check_complete(self) -> None:
        """Raise UsageError for wordings in which a question or an answer cannot be told from another."""
        if not placeholders(self.template):
            raise UsageError(
                "template has no placeholder, so that every prompt is the same", fix="put {question} in it"
            )
        if "options" in placeholders(self.template) and "choice" not in placeholders(self.option):
            raise UsageError("option does not show the options", fix='put {choice} in it: "{letter}. {choice}"')
        if len(set(self.letters)) < len(self.letters):
            twice = next(letter for letter in self.letters if self.letters.count(letter) > 1)
            raise UsageError(f"letters has {twice!r} twice", fix="give each option a letter of its own")

    def letters_for(self, question: Question) -> str:
        return self.letters[: question.n]

    def block(self, question: Question, order: Sequence[int], option: int | None = None) -> str:
        """The question up to where the answer begins. option: the index of the option that takes the blank's place."""
        return self.template.format(**self._fields(question, order, option))

    def head(self, question: Question) -> str:
        """The header, filled for this question's subject."""
        return self.header.format(**self._fields(question, range(question.n), None)) if self.header else ""

    def answer(self, question: Question, order: Sequence[int], place: int) -> str:
        """The answer if the option at `place` of `order` is right: its letter, its text, or what follows the blank."""
        if self.blank is not None:
            return question.question.partition(self.blank)[2].strip()
        return self.letters[place] if self.style == "letter" else question.choices[order[place]]

    def solved(self, question: Question) -> tuple[str, str]:
        """(block, answer) of a few-shot example, with its options in the order of the file."""
        right = min(question.right)
        order = range(question.n)
        option = right if self.blank is not None else None
        return self.block(question, order, option), self.answer(question, order, right)

    def _fields(self, question: Question, order: Sequence[int], option: int | None) -> dict[str, str]:
        fields = question.fields()
        letters = self.letters_for(question)
        lines = [
            self.option.format(letter=letter, choice=question.choices[index])
            for letter, index in zip(letters, order, strict=False)
        ]
        fields["options"] = "\n".join(lines)
        fields["letters"] = ", ".join(letters[:-1]) + f" or {letters[-1]}"
        if option is not None and self.blank is not None:
            fields["question"] = question.question.partition(self.blank)[0] + question.choices[option]
        return fields


class PromptMaker:
    """Makes prompts. What stands before a question is made once for each subject and number of examples.

    as_turns: examples are messages of user and assistant, so that the prompt is a chat; else it is one text.
    """

    def __init__(self, wording: Wording, shots: FewShotExamples, *, as_turns: bool = False) -> None:
        self.wording, self.shots, self.as_turns = wording, shots, as_turns
        self._texts: dict[tuple[str, str, int], str] = {}
        self._turns: dict[tuple[str, str, int], ChatPrompt] = {}

    def prompt(self, question: Question, order: Sequence[int], n_shots: int, option: int | None = None) -> Prompt:
        """The prompt for a question with the first `n_shots` examples before it.

        order: of the options, as indices into the row's. option: the one that takes the blank's place.
        """
        block = self.wording.block(question, order, option)
        key = (question.subject, question.category, n_shots)
        if n_shots and self.shots.holds(question):
            if self.as_turns:
                return [*self._turns_before(question, n_shots), {"role": "user", "content": block}]
            return self._text_before(question, n_shots) + block
        if not self.as_turns:
            if key not in self._texts:
                self._texts[key] = self._text_before(question, n_shots)
            return self._texts[key] + block
        if key not in self._turns:
            self._turns[key] = self._turns_before(question, n_shots)
        return [*self._turns[key], {"role": "user", "content": block}]

    def _text_before(self, question: Question, n_shots: int) -> str:
        wording = self.wording
        examples = [wording.solved(example) for example in self.shots.of(question)[:n_shots]]
        solved = [f"{block}{wording.delimiter}{answer}{wording.separator}" for block, answer in examples]
        return wording.head(question) + "".join(solved)

    def _turns_before(self, question: Question, n_shots: int) -> ChatPrompt:
        head = self.wording.head(question).strip()
        messages: ChatPrompt = [{"role": "system", "content": head}] if head else []
        for example in self.shots.of(question)[:n_shots]:
            block, answer = self.wording.solved(example)
            messages += [{"role": "user", "content": block}, {"role": "assistant", "content": answer}]
        return messages


def prompt_text(prompt: Prompt) -> str:
    """A prompt as one text, for its hash and its length: a chat as JSON."""
    return prompt if isinstance(prompt, str) else json.dumps(prompt, ensure_ascii=False)
