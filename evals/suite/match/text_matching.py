"""Pure functions that read answers from texts and compare texts loosely."""

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
    """`answer_prompt` as the text writes it, at its last occurrence; None if the text does not contain it."""
    if not ignore_case:
        return answer_prompt if answer_prompt in text else None
    last = re.match(f"(?s:.*)({re.escape(answer_prompt)})", text, re.IGNORECASE)
    return last[1] if last else None


def get_consensus(answers: Iterable[AnswerT | None]) -> AnswerT | None:
    """The most frequent answer; the earliest of several equally frequent ones; None if there is no answer.

    None among `answers` is no answer and does not count.
    """
    votes = Counter(answer for answer in answers if answer is not None)
    return votes.most_common(1)[0][0] if votes else None


def normalize(s: str) -> str:
    """The text in lower case, without ASCII punctuation and the words a, an and the, with single spaces.

    These are the rules of SQuAD's evaluation script (Rajpurkar et al. 2016, arXiv:1606.05250).

    >>> normalize("The  Eiffel-Tower!")
    'eiffeltower'
    """
    bare = s.lower().translate(_NO_PUNCTUATION)
    return " ".join(_ARTICLE.sub(" ", bare).split())


def fuzzy_match(s1: str, s2: str) -> bool:
    """Whether one normalised text contains the other.

    A text that is empty after normalising matches only another such text.
    """
    first, second = normalize(s1), normalize(s2)
    if not first or not second:
        return first == second
    return first in second or second in first


def f1_score(prediction: str, answers: Sequence[str]) -> float:
    """Token F1 of the normalised texts, in [0, 1]: the best over `answers`; 0 if no token is shared.

    Tokens are words between spaces. Rajpurkar et al. 2016, arXiv:1606.05250.

    Raises:
        ValueError: `answers` is empty.
    """
    return max(_token_f1(normalize(prediction).split(), normalize(answer).split()) for answer in answers)


def _token_f1(found: list[str], wanted: list[str]) -> float:
    n_shared = (Counter(found) & Counter(wanted)).total()
    if n_shared == 0:
        return 0.0
    precision, recall = n_shared / len(found), n_shared / len(wanted)
    return 2 * precision * recall / (precision + recall)


def get_scores_from_text(text: str) -> dict[str, int]:
    """The marks out of five (`4/5`) under the `## name` headings of a reply, by name.

    >>> get_scores_from_text("## Style\\nReads well: 4/5")
    {'Style': 4}
    """
    return {name: int(mark) for name, mark in _first_after_headings(text, r"(\d)/5")}


def get_yesno_from_text(text: str) -> dict[str, str]:
    """The first letter `y` or `n` under each `## name` heading of a reply, by name.

    The letter may be part of a word: `any` gives `n`. As in openai/evals.
    """
    return dict(_first_after_headings(text, "([yn])"))


def _first_after_headings(text: str, value: str) -> list[tuple[str, str]]:
    """(heading, value) pairs. A heading without a value gets the value of the next heading, as in openai/evals."""
    return re.findall(rf"## (.+?)\n.+?{value}", text, re.DOTALL)


def get_letter_from_data(data: str) -> str:
    """`y` or `n`: the one that comes last in `data`; `y` if `data` has neither. As in openai/evals."""
    return "n" if data.rfind("n") > data.rfind("y") else "y"
