"""Counts of what an answer looks like."""

from __future__ import annotations

import pytest

from evals.texts.answer_style import AnswerStyle, style_of


@pytest.mark.parametrize(
    ("text", "style"),
    [
        ("", AnswerStyle(0, 0, 0, 0)),
        ("# Title\n\n## Part\n#hashtag", AnswerStyle(25, 0, 2, 0)),
        ("- a\n* b\n  + c\n1. d\n2) e\n-5 degrees\n3.5", AnswerStyle(38, 5, 0, 0)),
        ("**one** and __two__, not ** three ** or a__b__c", AnswerStyle(47, 0, 0, 2)),
        ("```\n# comment\n- x\n```\n- y", AnswerStyle(25, 1, 0, 0)),
        ("- **x**: y", AnswerStyle(10, 1, 0, 1)),
    ],
)
def test_marks_of_markdown_are_counted(text: str, style: AnswerStyle) -> None:
    assert style_of(text) == style


def test_a_long_hostile_text_takes_no_long_time() -> None:
    assert style_of("**a" * 100_000 + "__" * 100_000 + "- " * 100_000).characters == 700_000
