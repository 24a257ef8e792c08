"""One rater's way through pairs of answers: which pair comes next, which answer stands first, what is done."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass

from evals.comparison.answer_pairs import AnswerPair, AnswerPairs
from evals.errors import DataError
from evals.interchange.votes import Choice, Side, Vote, now_text, standing_votes
from evals.texts.answer_style import style_of

DEFAULT_SEED = 20220722


@dataclass(frozen=True)
class Question:
    """One pair as a rater sees it."""

    pair: AnswerPair
    shown_first: Side

    @property
    def answers(self) -> tuple[str, str]:
        """The answers in the order in which they are shown."""
        a, b = self.pair.answer_a, self.pair.answer_b
        return (a, b) if self.shown_first == "model_a" else (b, a)

    def winner(self, place: int) -> Side:
        """The model whose answer stands at a place, 0 or 1."""
        sides: tuple[Side, Side] = ("model_a", "model_b")
        return sides[place] if self.shown_first == "model_a" else sides[1 - place]


class Ballot:
    """The pairs that one rater judges, and the rater's votes so far.

    The order follows from the seed, so that raters who stop early have judged the same pairs; which answer stands first
    follows from seed, rater and sample. It writes nothing: what `vote` and `undo` return is to be appended to the file.
    """

    def __init__(self, pairs: AnswerPairs, rater: str, seed: int = DEFAULT_SEED) -> None:
        self.pairs, self.rater, self.seed = pairs, rater, seed
        self._order = sorted(pairs.pairs, key=lambda pair: _random("order", seed, pair).random())
        self._by_key = {self._vote(pair, "skip", 0).key: pair for pair in self._order}
        self._votes: list[Vote] = []
        "The rater's votes that stand, the oldest first."

    def take(self, votes: Iterable[Vote], *, again_skipped: bool = False) -> None:
        """Take in earlier votes. again_skipped: questions that the rater skipped are asked again.

        Raises:
            DataError: a vote is about other files.
        """
        known = {self.pairs.sha256_a, self.pairs.sha256_b}
        for vote in standing_votes(votes):
            if {vote.sha256_a, vote.sha256_b} != known:
                raise DataError(
                    f"a vote of {vote.rater} on {vote.question_id} is about other files than these",
                    notes=["the checksums of the files differ: other records, or the same ones run again"],
                    fix="give another file of votes: --votes PATH",
                )
            if vote.key in self._by_key and not (again_skipped and vote.winner == "skip"):
                self._votes.append(vote)

    @property
    def n(self) -> int:
        """How many pairs there are."""
        return len(self._order)

    @property
    def n_done(self) -> int:
        """How many of them the rater has voted on, or skipped."""
        return len(self._votes)

    def next(self) -> Question | None:
        """The next pair; None if all are done."""
        done = {vote.key for vote in self._votes}
        for key, pair in self._by_key.items():
            if key not in done:
                return Question(pair, self._first(pair))
        return None

    def vote(self, question: Question, choice: Choice, seconds: float) -> Vote:
        """The rater's vote on a question."""
        vote = self._vote(question.pair, choice, seconds)
        self._votes.append(vote)
        return vote

    def undo(self) -> Vote | None:
        """The line that takes the rater's last vote back; that question is then open again. None without a vote."""
        if not self._votes:
            return None
        last = self._votes.pop()
        # The question that was taken back comes next, wherever it stands in the order.
        pair = self._by_key.pop(last.key)
        self._by_key = {last.key: pair, **self._by_key}
        return self._vote(pair, "undo", 0)

    def _vote(self, pair: AnswerPair, choice: Choice, seconds: float) -> Vote:
        return Vote(
            question_id=pair.id,
            model_a=self.pairs.model_a,
            model_b=self.pairs.model_b,
            winner=choice,
            rater=self.rater,
            shown_first=self._first(pair),
            seconds=round(seconds, 2),
            sha256_a=self.pairs.sha256_a,
            sha256_b=self.pairs.sha256_b,
            created_at=now_text(),
            repeat=pair.repeat,
            eval_name=self.pairs.eval_name,
            category=pair.category,
            style_a=style_of(pair.answer_a),
            style_b=style_of(pair.answer_b),
        )

    def _first(self, pair: AnswerPair) -> Side:
        return "model_a" if _random("side", self.seed, pair, self.rater).random() < 0.5 else "model_b"


def _random(what: str, seed: int, pair: AnswerPair, rater: str = "") -> random.Random:
    return random.Random(f"{what} {seed} {rater} {pair.id} {pair.repeat}")
