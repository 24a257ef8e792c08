"""Pairs of answers in the terminal, for `evals vote`: pages of 80 columns without names, and what was voted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from evals.comparison.voting import Question
from evals.interchange.votes import Vote
from evals.report.words import INDENT, WIDTH, counted, folded_lines, one_line

KEYS = {"1": "answer 1", "2": "answer 2", "t": "tie", "b": "both bad", "s": "skip", "u": "undo", "q": "quit"}
MIN_ROWS = 8
"Rows of a page where the terminal is smaller, or not known to be larger."


def question_lines(question: Question, number_: int, n: int) -> list[str]:
    """A pair as lines of at most 80 columns: the prompt, then both answers, without the names of models."""
    pair = question.pair
    about = f" ({one_line(pair.category)})" if pair.category is not None else ""
    lines = [_rule(f"{number_:,} of {n:,}{about}"), *_text_lines(pair.prompt_text)]
    for place, answer in enumerate(question.answers, start=1):
        lines += ["", _rule(f"answer {place}"), *_text_lines(answer)]
    if question.answers[0] == question.answers[1]:
        lines += ["", _rule("both answers are the same text")]
    return [*lines, ""]


def pages(lines: Sequence[str], rows: int) -> list[list[str]]:
    """The lines in pages that leave room for the lines of keys."""
    size = max(MIN_ROWS, rows - 3)
    return [list(lines[start : start + size]) for start in range(0, len(lines), size)]


def keys_line(page: int, n_pages: int) -> str:
    """What the keys do."""
    words = "  ".join(f"{key} {what}" for key, what in KEYS.items()) + "  > "
    if n_pages == 1:
        return words
    more = "Enter: go on" if page < n_pages else "p: back to page 1"
    return f"page {page} of {n_pages}, {more}\n{words}"


def votes_line(votes: Sequence[Vote]) -> str:
    """`12 votes: 5 for one model, ...`: what a rater has chosen, without saying which model is which."""
    found = Counter(vote.winner for vote in votes)
    decided = found["model_a"] + found["model_b"]
    parts = [f"{decided:,} decided", counted(found["tie"], "tie"), f"{found['both_bad']:,} both bad"]
    return f"{counted(len(votes), 'vote')}: {', '.join(parts)}, {found['skip']:,} skipped"


def _rule(title: str) -> str:
    text = f"--- {title} "
    return text + "-" * max(3, WIDTH - len(text)) if len(text) < WIDTH else text[:WIDTH]


def _text_lines(text: str) -> list[str]:
    """Indented, so that no text can look like a rule of ours."""
    return [f"{INDENT}{line}".rstrip() for line in folded_lines(text.strip("\n") or "(nothing)", WIDTH - len(INDENT))]
