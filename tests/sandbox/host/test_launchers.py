"""The sandbox within bubblewrap, and the command line that Docker is given."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from evals.errors import UsageError
from evals.sandbox.host.launchers import IMAGE, Launcher, launcher_of
from evals.sandbox.host.pool import Pool
from evals.sandbox.host.problem_spec import problem_spec_of
from evals.sandbox.host.sandbox import Sandbox
from evals.sandbox.problem import FunctionTests, Problem
from evals.sandbox.protocol import Allowance

PROBLEM = Problem("p", "", FunctionTests("def check(candidate):\n    assert candidate(2) == 4\n"), "f", 20.0)
STAND_IN = """#!{python}
import json, os, sys
at = sys.argv.index({image!r})
with open({said!r}, "w") as file:
    json.dump(sys.argv[1:at], file)
os.execv({python!r}, [{python!r}, *sys.argv[at + 2:]])
"""


@pytest.fixture
def docker(tmp_path, monkeypatch):
    """An executable called docker that notes its arguments and runs the command without a container."""
    python, said = os.path.realpath(sys.executable), str(tmp_path / "said.json")
    stand_in = tmp_path / "docker"
    stand_in.write_text(STAND_IN.format(python=python, image=IMAGE, said=said), encoding="utf-8")
    stand_in.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return lambda: json.loads(Path(said).read_text(encoding="utf-8"))


def pairs(arguments: list[str]) -> set[tuple[str, str]]:
    return set(itertools.pairwise(arguments))


def as_stand_in(launcher: Launcher, scratch: Path) -> Launcher:
    """The launcher, for a stand-in that runs here, where nothing is laid out as in the image."""
    plan = replace(launcher.launch.plan, landlock_abi=0, scratch=str(scratch))
    return replace(launcher, launch=replace(launcher.launch, plan=plan))


def test_docker_is_given_no_network_nothing_writable_and_limits(strict, docker, tmp_path):
    (tmp_path / "tmp").mkdir()
    pool = Pool(as_stand_in(launcher_of("docker", "strict", namespaces=False), tmp_path / "tmp"))
    try:
        pool.warm()
        passed = pool.check(problem_spec_of(PROBLEM, 1), "def f(n):\n    return 2 * n\n", Allowance(20.0, 20.0))
        failed = pool.check(problem_spec_of(PROBLEM, 1), "def f(n):\n    return n\n", Allowance(20.0, 20.0))
    finally:
        pool.close()
    assert (passed.status, failed.status) == ("passed", "failed"), (passed, failed)
    arguments = docker()
    assert arguments[0] == "run"
    assert {"--rm", "--interactive", "--read-only"} <= set(arguments)
    wanted = {
        ("--network", "none"),
        ("--cap-drop", "ALL"),
        ("--security-opt", "no-new-privileges"),
        ("--pids-limit", "160"),
    }
    assert wanted <= pairs(arguments)
    assert all(volume.endswith(":ro") for option, volume in pairs(arguments) if option == "--volume")
    user = next(value for option, value in pairs(arguments) if option == "--user")
    assert not user.startswith("0:")


def test_a_launcher_whose_program_is_not_installed_names_it(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    for name in ("docker", "bwrap"):
        with pytest.raises(UsageError, match="there is no `"):
            launcher_of(name, "strict", namespaces=False)


def test_a_container_that_does_not_start_is_a_refusal(docker, tmp_path):
    (tmp_path / "docker").write_text("#!/bin/sh\necho no daemon >&2\nexit 1\n", encoding="utf-8")
    with pytest.raises(UsageError, match="cannot be isolated") as refused:
        Sandbox(workers=1, launcher="docker").__enter__()
    assert "no daemon" in "\n".join(refused.value.notes)


@pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")
def test_bubblewrap_holds_programs_too():
    try:
        sandbox = Sandbox(workers=1, assurance="strict", launcher="bwrap").__enter__()
    except UsageError as error:
        pytest.skip(f"bubblewrap cannot run this Python as an ordinary user: {error}")
    try:
        assert sandbox.check(PROBLEM, "def f(n):\n    return 2 * n\n").passed
        assert sandbox.check(PROBLEM, "def f(n):\n    return n\n").status.value == "failed"
        reads = f"def f(n):\n    return open({str(Path(__file__))!r}) and 4\n"
        assert sandbox.check(PROBLEM, reads).status.value == "failed"
    finally:
        sandbox.__exit__(None, None, None)
