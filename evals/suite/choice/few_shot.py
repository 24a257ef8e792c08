"""Few-shot examples from a dev split: which ones go before a question, and in which order."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from random import Random

from evals.errors import UsageError
from evals.suite.choice.questions import Question

PICKS = ("first", "seeded")
SCOPES = ("subject", "all")


class Shots:
    """The examples of each subject, chosen once.

    pick: `first` takes the first k rows in file order, `seeded` k drawn rows in drawn order, the same at every run
    with this seed. scope: `subject` takes rows of the question's own subject only, `all` any rows; by default
    `subject` where all rows have one.
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

    def of(self, question: Question) -> tuple[Question, ...]:
        """The examples for a question, the first of them nearest to the top of the prompt.

        Raises:
            UsageError: there are fewer rows than examples asked for.
        """
        subject = question.subject if self.by_subject else ""
        if subject not in self._chosen:
            self._chosen[subject] = self._choose(subject)
        return self._chosen[subject]

    def _choose(self, subject: str) -> tuple[Question, ...]:
        rows = self._rows.get(subject, [])
        if len(rows) < self.n_shots:
            of = f" of the subject {subject!r}" if subject else ""
            raise UsageError(
                f"num_few_shot is {self.n_shots}, and few_shot_jsonl has {len(rows)} rows{of}",
                fix="add rows, or lower num_few_shot",
            )
        if self._pick == "first":
            return tuple(rows[: self.n_shots])
        return tuple(Random(f"{self._seed}:{subject}").sample(rows, self.n_shots))


def rows_digest(rows: Iterable[Question]) -> str:
    """A hash of the examples, for the fingerprint of a run."""
    return hashlib.sha256(repr(list(rows)).encode("utf-8", "surrogatepass")).hexdigest()[:16]
