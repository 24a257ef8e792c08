"""Odd programs that are right pass, and wrong ones get the verdict that says in which way."""

from __future__ import annotations

import pytest
from honest_programs import Honest, honest_programs
from hostile_run import judge


def entries() -> list[object]:
    return [pytest.param(one, id=one.name, marks=pytest.mark.slow if one.slow else ()) for one in honest_programs()]


@pytest.mark.parametrize("honest", entries())
def test_an_honest_program_is_judged_right(sandbox, namespaces, honest: Honest):
    if honest.exposed and not namespaces:
        pytest.skip(honest.exposed)
    outcome = judge(sandbox, honest)
    assert not outcome.violations, outcome
    assert outcome.assurance == "strict"


def test_names_are_not_used_twice():
    programs = honest_programs()
    assert len({one.name for one in programs}) == len(programs) >= 100
