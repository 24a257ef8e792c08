"""Few-shot examples from a dev split: which ones stand before a question, and in which order."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from random import Random

from evals.errors import UsageError
from evals.suite.choice.questions import Question

PICKS = ("first", "seeded")
SCOPES = ("subject", "all")


class FewShotExamples:
    """The examples for the questions of each subject, chosen once.

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

    def of(self, question: Question) -> tuple[Question, ...]:
        """The examples for a question, in the order in which they stand in the prompt.

        Raises:
            UsageError: there are fewer than `n_shots` rows to choose from.
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
    """16 hexadecimal digits that tell sets of examples apart, for the fingerprint of a run."""
    return hashlib.sha256(repr(list(rows)).encode("utf-8", "surrogatepass")).hexdigest()[:16]
