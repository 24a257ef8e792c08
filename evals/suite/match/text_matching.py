"""Pure helpers that read answers out of texts and compare texts loosely."""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from typing import TypeVar

AnswerT = TypeVar("AnswerT", bound=Hashable)

_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)
_ARTICLE = re.compile(r"\b(?:an?|the)\b")


def get_answer(text: str, answer_prompt: str, ignore_case: bool = False) -> str | None:
    """The last occurrence of `answer_prompt` as it stands in `text`, or None."""
    if not ignore_case:
        return answer_prompt if answer_prompt in text else None
    last = re.match(f"(?s:.*)({re.escape(answer_prompt)})", text, re.IGNORECASE)
    return last[1] if last else None


def get_consensus(answers: Iterable[AnswerT | None]) -> AnswerT | None:
    """The most frequent answer, the earlier one of a tie; None where nobody gave one."""
    votes = Counter(answer for answer in answers if answer is not None)
    return votes.most_common(1)[0][0] if votes else None


def normalize(s: str) -> str:
    """Lower case, without ASCII punctuation, without the words a, an and the, single spaces.

    >>> normalize("The  Eiffel-Tower!")
    'eiffeltower'
    """
    bare = s.lower().translate(_NO_PUNCTUATION)
    return " ".join(_ARTICLE.sub(" ", bare).split())


def fuzzy_match(s1: str, s2: str) -> bool:
    """Whether one normalised text contains the other; a text that normalises to nothing matches only its like."""
    first, second = normalize(s1), normalize(s2)
    if not first or not second:
        return first == second
    return first in second or second in first


def f1_score(prediction: str, answers: Sequence[str]) -> float:
    """Token F1 of the normalised texts, the best over `answers`; 0 where no token is shared."""
    return max(_token_f1(normalize(prediction).split(), normalize(answer).split()) for answer in answers)


def _token_f1(found: list[str], wanted: list[str]) -> float:
    n_shared = (Counter(found) & Counter(wanted)).total()
    if n_shared == 0:
        return 0.0
    precision, recall = n_shared / len(found), n_shared / len(wanted)
    return 2 * precision * recall / (precision + recall)


def get_scores_from_text(text: str) -> dict[str, int]:
    """The marks out of five under the `## name` headings of a reply.

    >>> get_scores_from_text("## Style\\nReads well: 4/5")
    {'Style': 4}
    """
    return {name: int(mark) for name, mark in _first_after_headings(text, r"(\d)/5")}


def get_yesno_from_text(text: str) -> dict[str, str]:
    """The first `y` or `n` (not the word: the letter) under each `## name` heading of a reply."""
    return dict(_first_after_headings(text, "([yn])"))


def _first_after_headings(text: str, value: str) -> list[tuple[str, str]]:
    """(heading, value) pairs. A heading without a value of its own takes that of the next one, as in openai/evals."""
    return re.findall(rf"## (.+?)\n.+?{value}", text, re.DOTALL)


def get_letter_from_data(data: str) -> str:
    """`y` or `n`, whichever stands last in `data`; `y` where there is neither, as in openai/evals."""
    return "n" if data.rfind("n") > data.rfind("y") else "y"
