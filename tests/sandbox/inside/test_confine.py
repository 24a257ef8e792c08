"""Limits are lowered and never raised, and what is put on a process stays."""

from __future__ import annotations

import json

from sandbox_world import in_a_process

START = """
import json, os, resource, sys
from evals.sandbox.inside import confine, linux
def said(value):
    print(json.dumps(value))
"""


def test_limits_are_those_of_the_problem_and_of_every_program():
    found = json.loads(in_a_process(START + """
confine.inherited()
confine.limits_of_problem(1 << 30, 7)
names = ["NPROC", "AS", "CPU", "NOFILE", "FSIZE", "CORE", "MEMLOCK", "MSGQUEUE"]
said({name: resource.getrlimit(getattr(resource, "RLIMIT_" + name)) for name in names})
"""))  # fmt: skip
    wanted = {
        "NPROC": 64,
        "AS": 1 << 30,
        "CPU": 7,
        "NOFILE": 64,
        "FSIZE": 1 << 24,
        "CORE": 1,
        "MEMLOCK": 0,
        "MSGQUEUE": 0,
    }
    assert found == {name: [value, value] for name, value in wanted.items()}


def test_a_limit_is_never_above_the_one_that_is_there():
    found = in_a_process(START + """
resource.setrlimit(resource.RLIMIT_NOFILE, (20, 30))
confine.lower((resource.RLIMIT_NOFILE, 64))
said(resource.getrlimit(resource.RLIMIT_NOFILE))
""")  # fmt: skip
    assert json.loads(found) == [30, 30]


def test_no_capability_is_left_and_none_comes_back():
    found = json.loads(in_a_process(START + """
linux.bar_capabilities()
confine.inherited()
linux.in_turn(confine.confining(confine.Layers(None, None)))
status = dict(line.split(":\\t") for line in open("/proc/self/status").read().splitlines() if line.startswith(("Cap", "NoNew")))
said(status)
"""))  # fmt: skip
    assert {name: int(found[name], 16) for name in ("CapPrm", "CapEff", "CapInh", "CapAmb")} == dict.fromkeys(
        ("CapPrm", "CapEff", "CapInh", "CapAmb"), 0
    )
    assert found["NoNewPrivs"] == "1"


def test_rehearsing_changes_no_limit_but_that_of_core_files():
    found = json.loads(in_a_process(START + """
kinds = [kind for kind in range(16) if kind != resource.RLIMIT_CORE]
before = [resource.getrlimit(kind) for kind in kinds]
confine.rehearse()
said(before == [resource.getrlimit(kind) for kind in kinds])
"""))  # fmt: skip
    assert found is True
