"""Every property of the sandbox is tried by breaking it: with namespaces, without, as root and as an ordinary user."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from sandbox_world import WITHOUT_NAMESPACES, needs

from evals.cli.main import main
from evals.errors import UsageError
from evals.sandbox.host.isolation import Property, require

ROOT = Path(__file__).parents[3]
NOBODY = 65534


def test_doctor_says_what_holds(strict, capsys):
    assert main(["sandbox", "doctor", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["isolated"] is True
    assert {row["name"] for row in found["properties"] if row["holds"]} >= {
        "no network",
        "nothing survives",
        "no environment",
    }


def test_doctor_prints_a_line_for_each_property(strict, capsys):
    assert main(["sandbox", "doctor"]) == 0
    out = capsys.readouterr().out
    assert "holds   no network" in out
    assert "BROKEN" not in out


def test_a_property_that_does_not_hold_is_a_refusal_that_names_the_fix():
    held, broken = Property("no network", True, "refused"), Property("no root", False, "done: 0", "do this")
    require([held])
    with pytest.raises(UsageError, match="would not be isolated on this machine: no root") as refused:
        require([held, broken])
    assert refused.value.fix == "do this"
    assert refused.value.exit_code == 2


DOCTOR = "from evals.cli.main import main; raise SystemExit(main(['sandbox', 'doctor', '--json']))"


def test_an_ordinary_user_is_isolated_too(strict, as_ordinary_user):
    done = as_ordinary_user(DOCTOR)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert found["isolated"] is True
    assert found["layers"]["user id of programs"] == "the evaluator's own"


def test_where_the_kernel_allows_no_namespace_every_property_holds_too(strict, as_ordinary_user):
    needs(namespaces=False)
    done = as_ordinary_user(WITHOUT_NAMESPACES + DOCTOR)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert found["isolated"] is True
    assert found["layers"]["namespaces"] == "none"
    assert "Operation not permitted" in found["without"]


def test_without_namespaces_a_program_changes_no_other_process(strict, as_ordinary_user):
    needs(namespaces=False)
    done = as_ordinary_user(WITHOUT_NAMESPACES + CHANGES)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.split() == ["passed"]


CHANGES = """
import os
from evals.sandbox.problem import FunctionTests, Problem
from evals.sandbox.host.sandbox import Sandbox
program = '''
import os, resource
def f(pid):
    refused = 0
    for change in (
        lambda: resource.prlimit(pid, resource.RLIMIT_NOFILE, (7, 7)),
        lambda: os.setpriority(os.PRIO_PROCESS, pid, 15),
        lambda: os.setpriority(os.PRIO_PGRP, 0, 15),
        lambda: os.setpriority(os.PRIO_USER, 0, 15),
        lambda: os.sched_setaffinity(pid, {0}),
    ):
        try:
            change()
        except PermissionError:
            refused += 1
    resource.setrlimit(resource.RLIMIT_NOFILE, (30, 30))
    os.setpriority(os.PRIO_PROCESS, 0, min(19, os.getpriority(os.PRIO_PROCESS, 0) + 3))
    os.nice(1)
    return refused
'''
tests = FunctionTests(f"def check(candidate):\\n    assert candidate({os.getpid()}) == 5\\n")
with Sandbox(workers=1) as sandbox:
    print(sandbox.check(Problem("p", "", tests, "f", 20.0), program).status.value)
"""


@pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")
def test_in_bubblewrap_every_property_holds_for_an_ordinary_user(strict, as_ordinary_user):
    done = as_ordinary_user(DOCTOR.replace("'--json'", "'--json', '--sandbox', 'bwrap'"))
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert found["isolated"] is True
    assert found["layers"]["namespaces"] == "of bubblewrap"
