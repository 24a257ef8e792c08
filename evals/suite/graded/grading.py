"""From a grader's answer to a choice and a score: pure functions, by the rules of openai/evals."""

from __future__ import annotations

import logging
import string
from collections.abc import Callable, Iterable, Mapping

from evals.errors import RegistryError, did_you_mean

logger = logging.getLogger(__name__)

INVALID_STR = "__invalid__"
"The choice of an answer in which no choice was found."

MatchFn = Callable[[str, str], bool | float]

MATCH_FNS: dict[str, MatchFn] = {
    "include": lambda line, choice: line in choice,
    "exact": lambda line, choice: line == choice,
    "endswith": lambda line, choice: line.endswith(choice),
    "starts_or_endswith": lambda line, choice: line.startswith(choice) or line.endswith(choice),
}
"""Whether a cleaned line of the answer names a choice.

`include` asks whether the line is a part of the choice, not the other way round; openai/evals has it so, and
published numbers rest on it.
"""

DEFAULT_MATCH_FN = "starts_or_endswith"

_NUMBERED: dict[str, Callable[[int], str]] = {
    "from_n": lambda i: str(i + 1),
    "from_n_abc": lambda i: string.ascii_lowercase[i % 26],
    "from_n_ABC": lambda i: string.ascii_uppercase[i % 26],
}

_WITHOUT_PUNCTUATION = str.maketrans("", "", string.punctuation)


def get_choice_strings(choice_strings: list[str] | str, n: int | None = None) -> list[str]:
    """The choices: those listed, the characters of a text, or one for each of `n` completions.

    choice_strings: a list; a text such as `YN`; or `from_n` ("1".."n"), `from_n_abc`, `from_n_ABC` (letters
    start again after the 26th).

    Raises:
        RegistryError: a choice is no text, is empty or holds ASCII punctuation (which is removed from answers
            before they are compared), or `n` is missing.
    """
    if isinstance(choice_strings, str) and choice_strings in _NUMBERED:
        if n is None:
            raise RegistryError(f"choice_strings: {choice_strings} needs the number of completions")
        return [_NUMBERED[choice_strings](i) for i in range(n)]
    if not isinstance(choice_strings, list | tuple | str):
        raise RegistryError(
            f"choice_strings is {choice_strings!r}, neither a list nor a text",
            fix=f'quote it: choice_strings: "{choice_strings}"',
        )
    choices = list(choice_strings)
    for choice in choices:
        _check_choice(choice)
    return choices


def _check_choice(choice: object) -> None:
    if not isinstance(choice, str):
        kind = "a boolean" if isinstance(choice, bool) else f"of type {type(choice).__name__}"
        raise RegistryError(
            f"choice_strings holds {choice!r}, which is {kind} and no text",
            fix='quote the choices, for example ["Yes", "No"]: bare Yes and No are booleans in YAML',
        )
    if not choice or any(character in string.punctuation for character in choice):
        raise RegistryError(
            f"choice {choice!r} is empty or contains punctuation, so no answer can ever match it",
            notes=["answers lose their ASCII punctuation before they are compared with the choices"],
            fix="use letters, digits and spaces only",
        )


def find_match_fn(match_fn: str | MatchFn | None) -> MatchFn:
    """The match function of that name, the default one for None; a callable is returned as it is.

    Raises:
        RegistryError: no match function has that name.
    """
    if callable(match_fn):
        return match_fn
    name = match_fn or DEFAULT_MATCH_FN
    if name not in MATCH_FNS:
        raise RegistryError(
            f"no match_fn is called {name!r}", notes=[did_you_mean(name, MATCH_FNS)], fix=f"use {', '.join(MATCH_FNS)}"
        )
    return MATCH_FNS[name]


def find_choice(text: str, eval_type: str, match_fn: str | MatchFn, choice_strings: Iterable[str]) -> str:
    """The choice that a grader's answer names, or `__invalid__`.

    The first line that names one decides, the last line where `eval_type` starts with `cot_classify`. Lines
    lose surrounding space, then ASCII punctuation; of several choices that fit a line the first listed wins.
    """
    fits = find_match_fn(match_fn)
    choices = list(choice_strings)
    lines = text.strip().split("\n")
    for line in reversed(lines) if eval_type.startswith("cot_classify") else lines:
        cleaned = line.strip().translate(_WITHOUT_PUNCTUATION)
        if not cleaned:
            continue
        for choice in choices:
            if fits(cleaned, choice):
                return choice
    return INVALID_STR


def get_choice(text: str, eval_type: str, match_fn: str | MatchFn, choice_strings: Iterable[str]) -> str:
    """`find_choice`, with a log warning where there is none."""
    choices = list(choice_strings)
    choice = find_choice(text, eval_type, match_fn, choices)
    if choice == INVALID_STR:
        logger.warning("none of the choices %s is named in the grader's answer: %.200r", ", ".join(choices), text)
    return choice


def score_table(
    choice_strings: Iterable[str], choice_scores: Mapping[str, float] | str | None
) -> dict[str, float] | None:
    """The score of each choice; None where the rubric gives none.

    Raises:
        RegistryError: the scores are no numbers.
    """
    if choice_scores is None:
        return None
    if isinstance(choice_scores, str):
        if choice_scores != "from_strings":
            raise RegistryError(
                f"choice_scores: {choice_scores} means nothing",
                fix="write a map from choice to number, or from_strings",
            )
        choice_scores = {choice: choice for choice in choice_strings}  # type: ignore[misc]
    if not isinstance(choice_scores, Mapping) or not choice_scores:
        raise RegistryError(f"choice_scores is {choice_scores!r}", fix="write a map from choice to number")
    try:
        return {choice: float(score) for choice, score in choice_scores.items()}
    except (TypeError, ValueError):
        raise RegistryError(
            f"choice_scores are no numbers: {dict(choice_scores)}", fix="give each choice a number"
        ) from None


def get_choice_score(
    choice: str,
    choice_strings: Iterable[str],
    choice_scores: Mapping[str, float] | str | None = None,
) -> float | None:
    """The number of a choice; None where the rubric has no scores.

    `__invalid__` gets the lowest score of the rubric, as in openai/evals; reports give the mean over valid
    answers and the rate of invalid ones beside it.
    """
    scores = score_table(choice_strings, choice_scores)
    if scores is None:
        return None
    return min(scores.values()) if choice == INVALID_STR else scores[choice]


def misread_choices(choice_strings: Iterable[str], match_fn: str | MatchFn | None) -> list[tuple[str, str]]:
    """Pairs (choice, what an answer that consists of it is read as) that differ: "10" is read as "1"."""
    fits, choices = find_match_fn(match_fn), list(choice_strings)
    read_as = ((choice, next((other for other in choices if fits(choice, other)), INVALID_STR)) for choice in choices)
    return [(choice, other) for choice, other in read_as if choice != other]
