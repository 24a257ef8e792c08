"""Reads a choice and a score from a grader's answer: pure functions, by the rules of openai/evals."""

from __future__ import annotations

import logging
import string
from collections.abc import Callable, Iterable, Mapping

from evals.errors import RegistryError, did_you_mean

logger = logging.getLogger(__name__)

INVALID_STR = "__invalid__"
"The choice that is recorded if the answer names none."

MatchFn = Callable[[str, str], bool | float]

MATCH_FNS: dict[str, MatchFn] = {
    "include": lambda line, choice: line in choice,
    "exact": lambda line, choice: line == choice,
    "endswith": lambda line, choice: line.endswith(choice),
    "starts_or_endswith": lambda line, choice: line.startswith(choice) or line.endswith(choice),
}
"""Match functions by name: whether a line of the answer, without punctuation, names a choice.

`include` asks whether the line is a part of the choice, and not whether the choice is a part of the line. openai/evals
does it this way, and published numbers depend on it.
"""

DEFAULT_MATCH_FN = "starts_or_endswith"

_NUMBERED: dict[str, Callable[[int], str]] = {
    "from_n": lambda i: str(i + 1),
    "from_n_abc": lambda i: string.ascii_lowercase[i % 26],
    "from_n_ABC": lambda i: string.ascii_uppercase[i % 26],
}

_WITHOUT_PUNCTUATION = str.maketrans("", "", string.punctuation)


def get_choice_strings(
    choice_strings: list[str] | str, n: int | None = None, *, punctuation: bool = False
) -> list[str]:
    """The choices of a rubric as a list.

    choice_strings: a list; a text such as `YN`, whose characters are the choices; or a name that stands for one choice
    for each of `n` completions: `from_n` ("1" to "n"), `from_n_abc`, `from_n_ABC` (the letters start again after 26).

    punctuation: whether choices such as `A>B` may be. The rule of openai/evals removes it from answers first.

    Raises:
        RegistryError: there is no choice, or one appears twice; a choice is not a text, is empty or contains ASCII
            punctuation that it may not; or `n` is missing.
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
        _check_choice(choice, punctuation)
    if not choices:
        raise RegistryError("choice_strings is empty", fix='name the choices, for example ["Yes", "No"]')
    repeated = next((choice for choice in choices if choices.count(choice) > 1), None)
    if repeated is not None:
        raise RegistryError(f"choice_strings holds {repeated!r} twice", fix="name each choice once")
    return choices


def refuse_punctuation(choices: Iterable[str]) -> None:
    """Raise RegistryError for a choice that the rule of openai/evals can never find."""
    for choice in choices:
        _check_choice(choice, False)


def _check_choice(choice: object, punctuation: bool) -> None:
    if not isinstance(choice, str):
        kind = "a boolean" if isinstance(choice, bool) else f"of type {type(choice).__name__}"
        raise RegistryError(
            f"choice_strings holds {choice!r}, which is {kind} and not a text",
            fix='quote the choices, for example ["Yes", "No"]: bare Yes and No are booleans in YAML',
        )
    if not any(character.isalnum() for character in choice):
        raise RegistryError(f"choice {choice!r} has no letter or digit", fix="name choices by words or numbers")
    if not punctuation and any(character in string.punctuation for character in choice):
        raise RegistryError(
            f"choice {choice!r} contains punctuation, so no answer can ever match it",
            notes=["by this match_fn answers lose their ASCII punctuation before they are compared with the choices"],
            fix="use letters, digits and spaces only, or class evals.suite:ModelBasedClassify without a match_fn",
        )


def find_match_fn(match_fn: str | MatchFn | None) -> MatchFn:
    """The match function called `match_fn` in MATCH_FNS; the default for None. A function is returned unchanged.

    Raises:
        RegistryError: there is no match function of that name.
    """
    if callable(match_fn):
        return match_fn
    name = match_fn or DEFAULT_MATCH_FN
    if name not in MATCH_FNS:
        raise RegistryError(
            f"there is no match_fn {name!r}", notes=[did_you_mean(name, MATCH_FNS)], fix=f"use {', '.join(MATCH_FNS)}"
        )
    return MATCH_FNS[name]


def find_choice(text: str, eval_type: str, match_fn: str | MatchFn, choice_strings: Iterable[str]) -> str:
    """The choice that a grader's answer names; `__invalid__` if it names none.

    The first line that names a choice decides; if `eval_type` starts with `cot_classify`, the last one. Spaces around
    a line and all ASCII punctuation in it are removed first. If several choices fit a line, the first in the list wins.

    Raises:
        RegistryError: `match_fn` is unknown.
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
    """The same as `find_choice`, and a warning in the log if the answer names no choice."""
    choices = list(choice_strings)
    choice = find_choice(text, eval_type, match_fn, choices)
    if choice == INVALID_STR:
        logger.warning("none of the choices %s is named in the grader's answer: %.200r", ", ".join(choices), text)
    return choice


def score_table(
    choice_strings: Iterable[str], choice_scores: Mapping[str, float] | str | None
) -> dict[str, float] | None:
    """The score of each choice; None if the rubric has no scores.

    choice_scores: a map from choice to number, or `from_strings`: each choice is its own number.

    Raises:
        RegistryError: a score is not a number, or `choice_scores` is neither of these.
    """
    if choice_scores is None:
        return None
    if isinstance(choice_scores, str):
        if choice_scores != "from_strings":
            raise RegistryError(
                f"choice_scores is {choice_scores!r}, which has no meaning",
                fix="write a map from choice to number, or from_strings",
            )
        choice_scores = {choice: choice for choice in choice_strings}  # type: ignore[misc]
    if not isinstance(choice_scores, Mapping) or not choice_scores:
        raise RegistryError(f"choice_scores is {choice_scores!r}", fix="write a map from choice to number")
    try:
        return {choice: float(score) for choice, score in choice_scores.items()}
    except (TypeError, ValueError):
        raise RegistryError(
            f"choice_scores are not all numbers: {dict(choice_scores)}", fix="give each choice a number"
        ) from None


def get_choice_score(
    choice: str,
    choice_strings: Iterable[str],
    choice_scores: Mapping[str, float] | str | None = None,
) -> float | None:
    """The score of a choice; None if the rubric has no scores.

    `__invalid__` gets the lowest score of the rubric, as in openai/evals. Reports also give the mean over valid
    answers and the rate of invalid ones.

    Raises:
        KeyError: the rubric gives the choice no score.
        RegistryError: as for `score_table`.
    """
    scores = score_table(choice_strings, choice_scores)
    if scores is None:
        return None
    return min(scores.values()) if choice == INVALID_STR else scores[choice]


def misread_choices(choice_strings: Iterable[str], match_fn: str | MatchFn | None) -> list[tuple[str, str]]:
    """The choices that are read as another one when they are the whole answer: pairs (choice, what it is read as).

    With choices "1" and "10" and the default match function, the answer "10" is read as "1".
    """
    fits, choices = find_match_fn(match_fn), list(choice_strings)
    read_as = ((choice, next((other for other in choices if fits(choice, other)), INVALID_STR)) for choice in choices)
    return [(choice, other) for choice, other in read_as if choice != other]
