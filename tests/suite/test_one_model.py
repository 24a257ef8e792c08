"""Eval classes that ask one model refuse several, and say how to ask each of them."""

from __future__ import annotations

import pytest

from evals.errors import UsageError
from evals.suite.match.includes import Includes
from evals.suite.one_model import require_one


def test_several_models_are_refused_with_a_way_to_run_each():
    with pytest.raises(UsageError, match=r"(?s)Includes takes one completion function, got 2.*oaievalset"):
        Includes([lambda prompt: "a", lambda prompt: "b"], "samples.jsonl")


@pytest.mark.parametrize("n", [0, 2])
def test_none_is_as_wrong_as_two(n):
    with pytest.raises(UsageError, match=f"object takes one completion function, got {n}"):
        require_one(object(), [print] * n)
    require_one(object(), [print])
