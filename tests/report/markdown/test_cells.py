"""Text from outside inside Markdown."""

from __future__ import annotations

import pytest

from evals.report.markdown.cells import cell, fenced


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<img src=x onerror=alert(1)>", r"\<img src=x onerror=alert(1)\>"),
        ("a|b\n|---|", r"a\|b \|---\|"),
        ("[x](javascript:y)", r"\[x\](javascript:y)"),
        ("&lt;b&gt;", r"\&lt;b\&gt;"),
        ("@everyone", "@\u200deveryone"),
        ("# heading *b* ~s~", r"\# heading \*b\* \~s\~"),
        ("\x1b[2J\u202e", r"\\x1b\[2J\\u202e"),
    ],
)
def test_a_cell_holds_no_markup_of_others(text, shown):
    assert cell(text) == shown


def test_a_fence_is_longer_than_those_inside():
    assert fenced("```\n# x\n````").startswith("`````text\n")
