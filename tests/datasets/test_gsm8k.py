"""GSM8K as rows."""

from __future__ import annotations

import pytest

from evals.datasets.gsm8k import plain_number
from evals.errors import BadSample


@pytest.mark.parametrize(("text", "number"), [("18", "18"), (" 1,450,000 ", "1450000"), ("-3", "-3"), ("0.5", "0.5")])
def test_a_number_loses_its_separators(text, number):
    assert plain_number(text, "here") == number


def test_an_answer_that_is_no_number_is_refused():
    with pytest.raises(BadSample, match="is not a number"):
        plain_number("18 dollars", "here:1")
