"""Few-shot examples for a question: never the row that is asked itself; near copies of it are found."""

from __future__ import annotations

import functools
import json
import unicodedata
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from evals.chat import is_chat_prompt
from evals.completion import ChatPrompt

SAME, NEAR = "same", "near"
"How an example may overlap with the row that is asked."

_MIN_CONTAINED = 12
"Characters of a question that is looked for within another one; shorter ones stand in many."
_MIN_WORDS, _SHARED_WORDS = 10, 0.9
_NO_MATTER = dict.fromkeys(map(ord, " \t\r\n\f\v.,;:!?\"'`\u2018\u2019\u201c\u201d\u2026\u3001\u3002\u3000"))
"Deleted by `str.translate`."
_INSTRUCTIONS = ("system", "developer")

Row = TypeVar("Row")


@dataclass(frozen=True)
class Solved:
    """A question with its answers, as far as it matters whether two rows are the same one."""

    question: str
    answers: tuple[str, ...] = ()
    whole: str = ""
    "The question with the instructions before it; the question itself where there are none."

    @functools.cached_property
    def plain(self) -> str:
        """The question without letter case, spaces and punctuation."""
        return _plain(self.question)

    @functools.cached_property
    def words(self) -> frozenset[str]:
        return frozenset(self.question.casefold().split())


@dataclass(frozen=True)
class Example:
    """A solved sample as it is sent, and what it asks."""

    messages: ChatPrompt
    solved: Solved


class ExamplePool:
    """Examples of which the first `n` stand before a question, without those that ask the very same; None: all."""

    def __init__(self, examples: Sequence[Example] = (), n: int | None = None) -> None:
        self._examples, self._n = list(examples), n
        self._shown = self._examples[:n]
        self._first = self._messages(self._shown)
        wholes: dict[str, set[str]] = {}
        for example in examples:
            wholes.setdefault(example.solved.question, set()).add(example.solved.whole)
        # "Answer yes or no." after a passage in the system message is no question by itself.
        self._questions = {question for question, found in wholes.items() if len(found) == 1}
        self._near_copies = NearCopies(example.solved for example in self._shown)
        self._held = {self._key(example.solved) for example in self._shown}

    def __len__(self) -> int:
        return len(self._shown)

    def messages_for(self, asked: Sequence[Solved]) -> ChatPrompt:
        """The messages of the examples for a row. asked: the ways in which the row may be worded."""
        if not self._held:
            return self._first
        keys = {self._key(one) for one in asked}
        if keys.isdisjoint(self._held):
            return self._first
        others = [example for example in self._examples if self._key(example.solved) not in keys]
        return self._messages(others[: self._n])

    def overlap(self, asked: Sequence[Solved]) -> str | None:
        """SAME if the row is one of the examples, NEAR if it is nearly one, else None."""
        if not self._held.isdisjoint(self._key(one) for one in asked):
            return SAME
        return NEAR if any(self._near_copies.has(one) for one in asked) else None

    def _messages(self, examples: Sequence[Example]) -> ChatPrompt:
        return [message for example in examples for message in example.messages]

    def _key(self, solved: Solved) -> str:
        """What two rows have in common if they are the same one."""
        return solved.question if solved.question in self._questions else solved.whole


def solved_prompt(prompt: Any, answers: Iterable[Any] = ()) -> Solved:
    """What a prompt (a text, or a chat) asks. System messages without a name are instructions, not the question."""
    texts = tuple(str(answer) for answer in answers)
    if not is_chat_prompt(prompt):
        return Solved(str(prompt).strip(), texts, str(prompt).strip())
    asked = [message for message in prompt if message.get("role") not in _INSTRUCTIONS or "name" in message] or prompt
    return Solved(_texts(asked), texts, _texts(prompt))


def solved_messages(messages: ChatPrompt) -> Solved:
    """What a few-shot example asks that is written as messages, of which the last one is the answer."""
    if len(messages) < 2:
        return solved_prompt(messages)
    return solved_prompt(messages[:-1], [messages[-1].get("content")])


def until_enough(rows: Iterable[Row], n: int | None, key: Callable[[Row], Hashable]) -> Iterator[Row]:
    """The rows up to where `n` are left without those of any one key; all rows if `n` is None."""
    counts: Counter[Hashable] = Counter()
    for total, row in enumerate(rows if n != 0 else (), start=1):
        counts[key(row)] += 1
        yield row
        if n is not None and total - counts.most_common(1)[0][1] >= n:
            return


class NearCopies:
    """Tells whether a question is nearly one of some examples.

    It is if they are one but for letter case, spaces and punctuation; or if their answers are the same, and one
    question of 12 characters or more stands within the other, or 90 % of their words, of 10 or more, are the same.
    """

    def __init__(self, examples: Iterable[Solved]) -> None:
        found = list(examples)
        self._plains = frozenset(example.plain for example in found)
        self._answers = [(answer, example) for example in found for answer in map(_plain, example.answers)]

    def has(self, asked: Solved) -> bool:
        if asked.plain in self._plains:
            return True
        # A worked solution ends with its answer. Most pairs end here, which costs 0.1 us a pair.
        wanted = tuple(filter(None, map(_plain, asked.answers)))
        return any(_is_nearly_one(example, asked) for given, example in self._answers if given.endswith(wanted))


def _is_nearly_one(example: Solved, asked: Solved) -> bool:
    short, long = sorted((example.plain, asked.plain), key=len)
    if len(short) >= _MIN_CONTAINED and short in long:
        return True
    shared = len(example.words & asked.words)
    of = len(example.words) + len(asked.words) - shared
    return of >= _MIN_WORDS and shared >= _SHARED_WORDS * of


def _plain(text: str) -> str:
    return (text if text.isascii() else unicodedata.normalize("NFKC", text)).casefold().translate(_NO_MATTER)


def _texts(messages: ChatPrompt) -> str:
    contents = [message.get("content") for message in messages]
    return "\n".join(part.strip() if isinstance(part, str) else json.dumps(part) for part in contents)
