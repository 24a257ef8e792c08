"""The hostile programs have teeth: evaluators as they are often written are fooled by them, or it is said why not."""

from __future__ import annotations

import pytest
from another_user import interpreter, run_script
from hostile_programs import hostile_programs

FAMILIES = sorted({one.family for one in hostile_programs()} - {"resources"})


TRIES = 3


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_a_naive_evaluator_is_fooled(family):
    """Programs that fool none are run again: on a loaded machine what one leaves behind may end before the look at it."""
    if interpreter() is None:
        pytest.skip("nobody can start no Python on this machine")
    chosen, found = [family], {}
    for _ in range(TRIES):
        said = run_script("naive_evaluators.py", "--first", "--only", *chosen, unprivileged=True, timeout_s=1800)
        assert said["programs"] > 0
        chosen, found = said["fooled_none_without_a_reason"], said["found"]
        if not chosen:
            return
    pytest.fail(str({name: found[name] for name in chosen}))


def test_every_program_without_teeth_says_why():
    toothless = [one for one in hostile_programs() if one.naive]
    assert all(len(one.naive or "") > 8 for one in toothless)
    assert len(toothless) < len(hostile_programs()) * 0.6
