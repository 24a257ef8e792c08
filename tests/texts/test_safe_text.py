"""Text from outside, made harmless for people's eyes."""

from __future__ import annotations

import pytest

from evals.errors import DataError
from evals.texts.safe_text import one_line, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, Größe, 数学, 👩‍🔬, فارسی‌", "plain, Größe, 数学, 👩‍🔬, فارسی‌"),
        ("\x1b[2J\x07\x00\x7f", r"\x1b[2J\x07\x00\x7f"),
        ("\x9b31m", r"\x9b31m"),
        ("a\u202eb\u2066c\u061cd\u200fe", r"a\u202eb\u2066c\u061cd\u200fe"),
        ("tag\U000e0041\U000e007f", r"tag\U000e0041\U000e007f"),
        ("zero\u200bwidth\u2060\ufeff", r"zero\u200bwidth\u2060\ufeff"),
        ("\ud800", r"\ud800"),
        ("a\r\nb\rc\td", "a\nb\\rc   d".replace("\\r", r"\x0d")),
        ("\u2028", r"\u2028"),
    ],
)
def test_what_steers_or_hides_is_escaped_and_letters_stay(text, shown):
    assert printable(text) == shown


def test_a_name_is_one_line():
    assert one_line("a\n::error::b") == "a ::error::b"


def test_the_message_of_an_error_steers_no_terminal():
    error = DataError("no \x1b[2Jfile", where="x\n::error::y", notes=["\u202eevil"], fix="\x07")
    assert str(error) == "x ::error::y: no \\x1b[2Jfile\n  \\u202eevil\n  fix: \\x07"
