"""Few-shot examples from a dev split: which ones stand before a question, and in which order."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Iterable, Sequence
from random import Random

from evals.errors import UsageError
from evals.suite.choice.questions import Question
from evals.suite.samples.example_pool import NEAR, SAME, NearCopies, Solved
from evals.texts.number_text import counted

PICKS = ("first", "seeded")
SCOPES = ("subject", "all")


class FewShotExamples:
    """The examples for the questions of each subject, chosen once; never the question that is asked itself.

    rows: what to choose from. n_shots: examples before a question. pick: `first` takes the first n_shots rows in file
    order; `seeded` draws n_shots rows and keeps them in drawn order, the same in every run with this seed. scope:
    `subject` chooses among the rows of the question's subject, `all` among all rows; None is `subject` where every row
    has a subject, else `all`.
    """

    def __init__(
        self,
        rows: Sequence[Question] = (),
        n_shots: int = 0,
        *,
        pick: str = "first",
        scope: str | None = None,
        seed: int = 0,
    ) -> None:
        self.n_shots = n_shots
        self.by_subject = scope == "subject" or (scope is None and bool(rows) and all(row.subject for row in rows))
        self._pick, self._seed = pick, seed
        self._rows: dict[str, list[Question]] = {}
        for row in rows:
            self._rows.setdefault(row.subject if self.by_subject else "", []).append(row)
        self._chosen: dict[str, tuple[Question, ...]] = {}
        self._held: dict[str, frozenset[str]] = {}
        self._near_copies: dict[str, NearCopies] = {}

    def of(self, question: Question) -> tuple[Question, ...]:
        """The examples for a question, in the order in which they stand in the prompt.

        Where the question is among those of its subject, they are chosen anew from the other rows.

        Raises:
            UsageError: there are fewer than `n_shots` rows to choose from.
        """
        return self._choose(self._subject(question), question) if self.holds(question) else self._usual(question)

    def holds(self, question: Question) -> bool:
        """Whether the question is one of the examples for its subject."""
        subject = self._subject(question)
        if subject not in self._held:
            self._held[subject] = frozenset(example.question.strip() for example in self._usual(question))
        # The text alone decides nearly always: what makes a question one is only compared where the texts are equal.
        if question.question.strip() not in self._held[subject]:
            return False
        return identity(question) in map(identity, self._usual(question))

    def overlap(self, question: Question) -> str | None:
        """SAME if the question is one of the examples for its subject, NEAR if it is nearly one, else None."""
        if self.holds(question):
            return SAME
        subject = self._subject(question)
        if subject not in self._near_copies:
            self._near_copies[subject] = NearCopies(map(_solved, self._usual(question)))
        return NEAR if self._near_copies[subject].has(_solved(question)) else None

    def _subject(self, question: Question) -> str:
        return question.subject if self.by_subject else ""

    def _usual(self, question: Question) -> tuple[Question, ...]:
        subject = self._subject(question)
        if subject not in self._chosen:
            self._chosen[subject] = self._choose(subject)
        return self._chosen[subject]

    def _choose(self, subject: str, asked: Question | None = None) -> tuple[Question, ...]:
        rows = self._rows.get(subject, [])
        if len(rows) < self.n_shots:
            of = f" of the subject {subject!r}" if subject else ""
            raise UsageError(
                f"num_few_shot is {self.n_shots}, and few_shot_jsonl has {counted(len(rows), 'row')}{of}",
                fix="add rows, or lower num_few_shot",
            )
        if asked is not None:
            rows = [row for row in rows if identity(row) != identity(asked)]
        if self._pick == "first":
            return tuple(rows[: self.n_shots])
        return tuple(Random(f"{self._seed}:{subject}").sample(rows, min(self.n_shots, len(rows))))


def identity(question: Question) -> Hashable:
    """What makes two rows the same question: its text, its passage, and its options in any order."""
    return question.question.strip(), question.context.strip(), tuple(sorted(question.choices))


def _solved(question: Question) -> Solved:
    """The question with its options as one text, and the texts of the right ones."""
    text = "\n".join([question.context, question.question, *sorted(question.choices)])
    return Solved(text, tuple(question.choices[index] for index in sorted(question.right)))


def rows_digest(rows: Iterable[Question]) -> str:
    """16 hexadecimal digits that tell sets of examples apart, for the fingerprint of a run."""
    return hashlib.sha256(repr(list(rows)).encode("utf-8", "surrogatepass")).hexdigest()[:16]
