"""docs/pass-at-k.md names every argument and form, and its numbers are so."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from evals.registry import Registry
from evals.stats.pass_at_k import pass_at_k
from evals.suite.code.pass_at_k import PassAtK
from evals.suite.code.problems import FORMS

PAGE = (Path(__file__).parents[2] / "docs" / "pass-at-k.md").read_text(encoding="utf-8")


def test_every_argument_is_described():
    names = set(inspect.signature(PassAtK.__init__).parameters) - {"self", "args", "kwargs", "completion_fns"}
    assert [name for name in sorted(names) if f"`{name}`" not in PAGE and f"{name}:" not in PAGE] == []


def test_every_field_of_a_form_is_named():
    assert [key for keys in FORMS.values() for key in keys if f"`{key}`" not in PAGE] == []


def test_the_numbers_shown_are_those_that_come_out():
    shown = re.search(r"k=10\) +# (0\.\d+)\.\.\.", PAGE)
    assert shown is not None
    assert str(pass_at_k(200, 13, 10)).startswith(shown[1])
    with pytest.raises(ValueError, match="draw more") as refused:
        pass_at_k(5, 2, 10)
    assert str(refused.value) in PAGE


@pytest.mark.parametrize("name", ["humaneval", "humaneval.report.v1", "humaneval.codex.v1"])
def test_the_evals_on_humaneval_can_be_made(name):
    registry = Registry()
    spec = registry.find_eval(name)
    made = registry.get_class(spec)(completion_fns=[lambda prompt, **_: None], name=spec.key, registry=registry)
    assert isinstance(made, PassAtK)
