"""The stock postprocessors."""

from __future__ import annotations

import pytest

from evals.solvers.postprocessors.postprocessors import RemovePeriod, RemoveQuotes, Strip
from evals.solvers.solver import SolverResult


@pytest.mark.parametrize(("text", "left"), [("  abc\n", "abc"), ("abc", "abc"), ("", ""), (" ", "")])
def test_strip_takes_white_space_off_both_ends(text: str, left: str):
    assert Strip()(SolverResult(text)).output == left


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ('"abc"', "abc"),
        ("'abc'", "abc"),
        ("abc'", "abc'"),
        ("a'b'c", "a'b'c"),
        ("''", ""),
        ("'", "'"),
        ("", ""),
        ("'abc\"", "'abc\""),
        (" 'abc'", " 'abc'"),
        ("''abc''", "'abc'"),
    ],
)
def test_remove_quotes_takes_one_matching_pair(text: str, left: str):
    assert RemoveQuotes()(SolverResult(text)).output == left


@pytest.mark.parametrize(
    ("text", "left"), [("abc.", "abc"), ("abc...", "abc"), ("a.b", "a.b"), (".", ""), (".5", ".5")]
)
def test_remove_period_takes_all_final_periods(text: str, left: str):
    assert RemovePeriod()(SolverResult(text)).output == left


@pytest.mark.parametrize("postprocessor", [Strip(), RemoveQuotes(), RemovePeriod()])
def test_metadata_is_kept(postprocessor):
    assert postprocessor(SolverResult("a", reasoning="b")).metadata == {"reasoning": "b"}
