"""A whole program reads its input, and what it prints is taken in as it comes, up to a limit."""

from __future__ import annotations

import pytest
from sandbox_world import candidate

from evals.sandbox.problem import StdioCase
from evals.sandbox.protocol import Limits, ProgramJob
from evals.sandbox.tester.exits import NotPython
from evals.sandbox.tester.stdio_check import ROOM_BYTES, Printed, run_case

LIMITS = Limits(1 << 30, 30)


def ran(source: str, given: str = "", expected: str = "") -> Printed:
    with candidate() as channel:
        return run_case(channel, ProgramJob(source, LIMITS), StdioCase(given, expected))


def test_output_error_and_end_are_taken_in():
    found = ran("import sys\nprint(input()[::-1])\nprint('why', file=sys.stderr)\nsys.exit(3)", "abc\n")
    assert (found.stdout, found.stderr, found.status, found.said) == (b"cba\n", b"why\n", 3, "SystemExit: 3")


def test_much_more_than_a_pipe_holds_goes_in_and_comes_out():
    text = "é\ud800" * 200_000
    source = "import sys\nsys.stdout.buffer.write(sys.stdin.buffer.read())"
    assert ran(source, text, text).stdout == text.encode("utf-8", "surrogatepass")


def test_input_is_a_file_in_which_a_program_may_go_back():
    assert (
        ran("import sys\na = sys.stdin.read()\nsys.stdin.seek(0)\nprint(a == sys.stdin.read() == 'ab')", "ab").stdout
        == b"True\n"
    )


def test_one_that_prints_without_end_is_ended():
    found = ran("while True: print('x' * 1000)", "", "x")
    assert found.too_much
    assert len(found.stdout) < 3 * ROOM_BYTES


def test_what_is_expected_may_be_longer_than_the_room_beyond_it():
    expected = "x" * (2 * ROOM_BYTES)
    found = ran(f"print('x' * {2 * ROOM_BYTES})", "", expected)
    assert not found.too_much
    assert found.stdout == expected.encode() + b"\n"


def test_of_standard_error_the_first_part_is_kept():
    assert len(ran("import sys\nsys.stderr.write('e' * 100_000)").stderr) == 4096


def test_what_cannot_be_compiled_is_an_exit():
    with pytest.raises(NotPython, match="SyntaxError"):
        ran("print(")


@pytest.mark.parametrize(
    "source",
    ["import os\nprint('x', flush=True)\nos._exit(0)", "import os\nprint('x', flush=True)\nos.kill(os.getpid(), 9)"],
)
def test_one_that_leaves_without_a_word_says_no_end(source):
    found = ran(source)
    assert (found.stdout, found.status, found.said) == (b"x\n", None, "")


def test_what_it_left_running_keeps_nobody_waiting():
    source = "import os, time\nprint('x', flush=True)\nif os.fork() == 0:\n    time.sleep(20)\n"
    assert ran(source).stdout == b"x\n"


def test_a_program_that_speaks_for_the_sandbox_is_heard_only_in_its_form():
    source = """
import gc, os
for each in gc.get_objects():
    if type(each).__name__ == "Channel":
        each.send('["ended"]')
os._exit(0)
"""
    assert ran(source).status is None
