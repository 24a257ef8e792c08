"""A whole program runs as `python program.py` would run it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile

import pytest
from sandbox_world import candidate

from evals.sandbox.inside.wire import dumps, loads
from evals.sandbox.protocol import Limits, ProgramJob, job_parts


def ran(source: str, given: str = "") -> tuple[list, str, str]:
    """What is said of its end, and what it printed to standard output and error."""
    with contextlib.ExitStack() as stack:
        channel = stack.enter_context(candidate())
        files = [stack.enter_context(tempfile.TemporaryFile()) for _ in range(3)]
        files[0].write(given.encode())
        files[0].seek(0)
        channel.send(dumps(job_parts(ProgramJob(source, Limits(1 << 30, 30)))), tuple(file.fileno() for file in files))
        said = loads(channel.receive())
        with contextlib.suppress(EOFError):
            channel.receive()  # until it has ended
        for file in files[1:]:
            file.seek(0)
        return said, files[1].read().decode(), files[2].read().decode()


PROGRAMS = [
    "print(sum(map(int, input().split())))",
    "import sys\nprint(__name__, sys.argv[1:], __file__.endswith('program.py'), file=sys.stderr)",
    "print('said')\nexit()\nprint('never')",
    "print('said')\nquit(3)",
    "import os\nos.write(1, os.read(0, 3))",
    "import sys\nfor line in sys.stdin:\n    print(line[::-1])",
    "import atexit\natexit.register(print, 'late')\nprint('early')",
    "import threading, time\nthreading.Thread(target=lambda: (time.sleep(0.2), print('late'))).start()\nprint('early')",
    "print('é', '\\u2028')",
    "import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'print(input())'])",
    "print(open(__file__).read())",
    "raise SystemExit",
    "raise SystemExit(3)",
    "raise SystemExit('why')",
    "import sys\nsys.exit(0)",
    "print('x')\n1 / 0",
    "class A: pass\nprint(A.__module__, 'A' in dir(__import__('__main__')))",
]


@pytest.mark.parametrize("source", PROGRAMS)
def test_it_prints_and_ends_as_with_python_itself(source, tmp_path):
    path = tmp_path / "program.py"
    path.write_text(source, encoding="utf-8")
    alone = subprocess.run(
        [sys.executable, "-X", "utf8", str(path)],
        input="1 2\nab\n",
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    (what, status, _), out, _ = ran(source, "1 2\nab\n")
    assert (what, out, status) == ("ended", alone.stdout, alone.returncode)


def test_what_ended_it_is_said_and_its_traceback_goes_to_standard_error():
    said, _, err = ran("x = 1\nraise KeyError('k')\n")
    assert said == ["ended", 1, "KeyError: 'k'"]
    assert "line 2" in err
    assert err.rstrip().endswith("KeyError: 'k'")


def test_what_cannot_be_compiled_is_said_and_not_run():
    said, out, _ = ran("print(1)\nprint(")
    assert said[0] == "syntax"
    assert out == ""


def test_one_that_leaves_by_itself_says_nothing():
    with candidate() as channel:
        null = os.open(os.devnull, os.O_RDWR)
        channel.send(dumps(job_parts(ProgramJob("import os\nos._exit(0)", Limits(1 << 30, 30)))), (null, null, null))
        os.close(null)
        with pytest.raises(EOFError):
            channel.receive()
