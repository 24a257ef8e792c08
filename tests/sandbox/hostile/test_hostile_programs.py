"""No hostile program passes, reaches anything outside, stays, or ends the evaluator; in the end nothing at all is left."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from another_user import interpreter, run_script
from attacked_problems import ATTACKED, problem
from honest_programs import honest_programs
from hostile_programs import Hostile, hostile_programs
from hostile_run import MORE_WALL_S, attack

MINE = 1.5
"Load a core up to which a machine counts as free, so that lateness is the sandbox's own."


def entries() -> list[object]:
    """Every third is in the short suite; families are mixed in it, since their programs are counted through."""
    return [
        pytest.param(one, id=one.name, marks=pytest.mark.slow if one.slow or number % 3 else ())
        for number, one in enumerate(hostile_programs())
    ]


@pytest.mark.parametrize("hostile", entries())
def test_a_hostile_program_reaches_nothing(sandbox, world, namespaces, hostile: Hostile):
    if hostile.exposed and not namespaces:
        pytest.skip(hostile.exposed)
    outcome = attack(sandbox, world, hostile)
    assert not outcome.violations, outcome


@pytest.mark.parametrize("shape", sorted(ATTACKED))
def test_a_right_solution_of_what_is_attacked_passes(sandbox, world, shape):
    verdict = sandbox.check(problem(shape, world.token, 30.0, 1 << 30), ATTACKED[shape].solution)
    assert (verdict.status.value, verdict.assurance) == ("passed", "strict"), verdict


def test_there_are_enough_kinds_and_names_are_not_used_twice():
    programs = hostile_programs()
    assert len({one.name for one in programs}) == len(programs) >= 300
    assert {one.attacks for one in programs} <= set(ATTACKED)


def test_the_threat_model_counts_them_right():
    page = (Path(__file__).parents[3] / "docs" / "sandbox-threat-model.md").read_text(encoding="utf-8")
    counted = {line.split(" | ")[0]: line.split(" | ")[1] for line in page.splitlines() if line.endswith(" |")}
    assert counted["| hostile, in twelve families"].rstrip(" |") == str(len(hostile_programs()))
    assert counted["| honest and odd, or wrong without malice"].rstrip(" |") == str(len(honest_programs()))
    assert len({one.family for one in hostile_programs()}) == 12


def assert_held(said: dict) -> None:
    assert not said["violations"], said["violations"]
    assert not said["survivors"], said["survivors"]
    assert not said["after"], said["after"]
    assert not said["descriptors_left"], said


def run_everything(*options: str, unprivileged: bool, namespaces: bool = True) -> dict:
    """Outcomes of a process of its own, so that every process that it started can be followed."""
    if (unprivileged or not namespaces) and interpreter() is None:
        pytest.skip("nobody can start no Python on this machine")
    return run_script("hostile_run.py", *options, unprivileged=unprivileged, timeout_s=1800, namespaces=namespaces)


@pytest.mark.slow
@pytest.mark.parametrize("unprivileged", [False, True], ids=["this user", "nobody"])
@pytest.mark.parametrize("assurance", ["strict", "weak"])
def test_nothing_is_left_when_the_sandbox_is_closed(sandbox, namespaces, unprivileged, assurance):
    said = run_everything("--assurance", assurance, *([] if namespaces else ["--exposed"]), unprivileged=unprivileged)
    assert_held(said)
    assert len(said["outcomes"]) > 400


@pytest.mark.slow
@pytest.mark.parametrize("unprivileged", [False, True], ids=["this user", "nobody"])
def test_landlock_holds_programs_where_no_namespaces_can_be_made(sandbox, unprivileged):
    assert_held(run_everything("--exposed", unprivileged=unprivileged, namespaces=False))


@pytest.mark.slow
def test_slow_programs_end_within_two_seconds_of_their_limit(sandbox):
    """What is late is run again, three times at most: lateness on a machine that others use says nothing."""
    late = [one.name for one in hostile_programs() if one.slow]
    for _ in range(3):
        said = run_everything("--slow", "--only", *late, unprivileged=False)
        assert_held(said)
        late = list(said["late"])
        if not late:
            return
    if os.getloadavg()[0] > MINE * (os.cpu_count() or 1):
        pytest.skip(f"others use this machine; more than {MORE_WALL_S} s late: {said['late']}")
    pytest.fail(f"more than {MORE_WALL_S} s after their limit: {said['late']}")
