"""People's votes in the browser: the next pair without names, a vote that is written at once, and what a file holds."""

from __future__ import annotations

import getpass
import threading
from collections import Counter, OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evals.comparison.answer_pairs import AnswerPairs, pairs_of_records
from evals.comparison.voting import Ballot, Question
from evals.errors import UsageError
from evals.interchange.votes import Choice, Vote, append_vote, read_votes, standing_votes
from evals.texts.number_text import counted
from evals.texts.safe_text import one_line
from evals.viewer.endpoints import Conflict
from evals.viewer.index import IndexedRun
from evals.viewer.live import shortened
from evals.viewer.run_pages import version_of

MAX_KEPT = 4
"Pairs of records whose answers are kept."
TEXT_LETTERS = 200_000
"Of a prompt or an answer, far more than a person reads; a browser takes seconds to lay out megabytes."
MAX_RATER_LETTERS = 100
MAX_SECONDS = 86_400
WINNERS: Mapping[str, Choice] = {"tie": "tie", "both_bad": "both_bad", "skip": "skip"}


@dataclass
class _Kept:
    pairs: AnswerPairs
    ballots: dict[str, tuple[Any, Ballot]]
    "By rater: the stamp of the file of votes that it knows, and the rater's ballot."


class Votes:
    """Asks for votes and appends them to `path`, as `evals vote` does. Safe to call from threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    def next(self, runs: Sequence[IndexedRun], rater: str) -> dict[str, Any]:
        """The pair that the rater judges next, and how many are done. No name of a model is in it.

        Raises:
            EvalsError: the runs have no question in common, the rater's name cannot be, or a file cannot be read.
        """
        with self._lock:
            return _as_shown(self._ballot(runs, rater)[1])

    def cast(self, runs: Sequence[IndexedRun], given: Mapping[str, Any]) -> dict[str, Any]:
        """Write a vote, and give what `next` gives. given: `rater`, `choice`, `question`, `repeat`, `seconds`.

        choice: `1` or `2` (the place of the better answer), `tie`, `both_bad`, `skip`, `undo`.

        Raises:
            Conflict: `question` is not the one that the rater is asked now.
            EvalsError: as `next`; a choice that is none; the vote cannot be written.
        """
        with self._lock:
            kept, ballot = self._ballot(runs, str(given.get("rater") or ""))
            choice = given.get("choice")
            vote = ballot.undo() if choice == "undo" else _vote(ballot, choice, given)
            if vote is not None:
                # A vote that cannot be written has not been cast: the ballot is then made anew from the file.
                del kept.ballots[ballot.rater]
                append_vote(self.path, vote)
                kept.ballots[ballot.rater] = (self._stamp(), ballot)
            return _as_shown(ballot)

    def summary(self) -> dict[str, Any]:
        """How many votes the file holds, for each two models and rater."""
        rows = vote_rows(read_votes(self.path)) if self.path.exists() else []
        return {"file": one_line(str(self.path)), "rater": user_name(), "rows": rows}

    def _ballot(self, runs: Sequence[IndexedRun], rater: str) -> tuple[_Kept, Ballot]:
        rater = checked_rater(rater)
        version = version_of(runs)
        kept = self._kept.get(version)
        if kept is None:
            if len(runs) != 2:
                raise UsageError("a vote is between two runs", fix="pick two in the list")
            kept = self._kept[version] = _Kept(pairs_of_records(*(run.path for run in runs)), {})
        self._kept.move_to_end(version)
        while len(self._kept) > MAX_KEPT:
            self._kept.popitem(last=False)
        stamp = self._stamp()
        if rater not in kept.ballots or kept.ballots[rater][0] != stamp:
            ballot = Ballot(kept.pairs, rater)
            if self.path.exists():
                sums = {kept.pairs.sha256_a, kept.pairs.sha256_b}
                # One file may hold votes on several pairs of records; a ballot takes those on its own.
                ballot.take(vote for vote in read_votes(self.path) if {vote.sha256_a, vote.sha256_b} == sums)
            kept.ballots[rater] = (stamp, ballot)
        return kept, kept.ballots[rater][1]

    def _stamp(self) -> Any:
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return None
        return found.st_ino, found.st_size, found.st_mtime_ns


def _vote(ballot: Ballot, choice: Any, given: Mapping[str, Any]) -> Vote:
    question = ballot.next()
    if question is None or (question.pair.id, question.pair.repeat) != (given.get("question"), given.get("repeat")):
        raise Conflict("this pair has been voted on already; here is the next one")
    seconds = given.get("seconds")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds <= MAX_SECONDS:
        raise UsageError("a vote needs the seconds that it took")
    return ballot.vote(question, _winner(question, choice), seconds)


def _winner(question: Question, choice: Any) -> Choice:
    if choice in ("1", "2"):
        return question.winner(int(choice) - 1)
    if not isinstance(choice, str) or choice not in WINNERS:
        raise UsageError("a choice is 1, 2, tie, both_bad, skip or undo")
    return WINNERS[choice]


def _as_shown(ballot: Ballot) -> dict[str, Any]:
    question = ballot.next()
    return {
        "n": ballot.n,
        "n_done": ballot.n_done,
        "rater": ballot.rater,
        "question": None
        if question is None
        else {
            "id": question.pair.id,
            "repeat": question.pair.repeat,
            "category": question.pair.category,
            "prompt": shortened(question.pair.prompt_text, TEXT_LETTERS),
            "answers": [shortened(answer, TEXT_LETTERS) for answer in question.answers],
            "notes": _notes(question),
        },
        "left_out": [f"{counted(n, 'sample')} {why}" for why, n in ballot.pairs.left_out.items() if n],
    }


def _notes(question: Question) -> list[str]:
    """What is said beside each answer, in the order in which they are shown."""
    cut = (question.pair.truncated_a, question.pair.truncated_b)
    cut = cut if question.shown_first == "model_a" else (cut[1], cut[0])
    return ["cut off at the limit on tokens" if one else "" for one in cut]


def checked_rater(name: str) -> str:
    """The name of a rater without blanks around it.

    Raises:
        UsageError: it is empty, or longer than MAX_RATER_LETTERS.
    """
    if not name.strip() or len(name) > MAX_RATER_LETTERS:
        raise UsageError(f"a rater needs a name of 1 to {MAX_RATER_LETTERS} letters")
    return name.strip()


def user_name() -> str:
    """The name of the user of this process, as `evals vote` takes it."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "rater"


def vote_rows(votes: Sequence[Vote]) -> list[dict[str, Any]]:
    """A row for each two models and rater, with the counts of the votes that stand."""
    counts: dict[tuple[str, str, str], Counter[str]] = {}
    for vote in standing_votes(votes):
        counts.setdefault((vote.model_a, vote.model_b, vote.rater), Counter())[vote.winner] += 1
    return [
        {
            "model_a": one_line(a),
            "model_b": one_line(b),
            "rater": one_line(rater),
            "n": sum(found.values()),
            "a_better": found["model_a"],
            "b_better": found["model_b"],
            "ties": found["tie"],
            "both_bad": found["both_bad"],
            "skipped": found["skip"],
        }
        for (a, b, rater), found in sorted(counts.items())
    ]
