"""Runs program and tests in one process, for tests that need live objects: what it says can be forged."""

from __future__ import annotations

import os
import sys
import types

from evals.sandbox.inside.channel import Channel
from evals.sandbox.inside.source import FILE, MODULE, compiled, cut, line_of
from evals.sandbox.inside.wire import dumps
from evals.sandbox.protocol import SameProcessJob

TESTS_FILE = "tests.py"


def run_with_tests(channel: Channel, job: SameProcessJob) -> None:
    """Run the program, then `check` on its entry point, and say how it went: passed, syntax, or raised."""
    code = compiled(job.source, FILE)
    if isinstance(code, str):
        channel.send(dumps(["syntax", code]))
        return
    sys.stdin = open(os.devnull)  # noqa: SIM115
    sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: SIM115
    module = types.ModuleType(MODULE)
    module.__dict__["__file__"] = FILE
    sys.modules[MODULE] = module
    try:
        exec(code, module.__dict__)
        # A copy, so that names of the tests do not take the place of the program's own.
        tests = dict(module.__dict__)
        exec(compile(job.tests, TESTS_FILE, "exec", dont_inherit=True), tests)
        tests["check"](module.__dict__[job.entry_point])
    except BaseException as error:
        try:
            text = cut(str(error))
        except BaseException:
            text = ""
        names = [kind.__name__ for kind in type(error).__mro__][:16]
        channel.send(dumps(["raised", names, text, line_of(error)]))
    else:
        channel.send(dumps(["passed"]))
