"""Tests that run what a program gave, or change the machine by it, do it in the program's process, not in the tester."""

from __future__ import annotations

from pathlib import Path

import pytest
from sandbox_world import function_problem

WRITES = 'def f(path): return f\'(open({path!r}, "w").write("x"), 16)[1]\'\n'
PICKLES = (
    "import pickle\nclass E:\n    def __init__(self, path): self.path = path\n"
    "    def __reduce__(self): return (eval, (f'open({self.path!r}, \"w\")',))\n"
    "def f(path): return pickle.dumps(E(path))\n"
)
SEEN_IN_THE_SOURCE = {
    "eval": "assert eval(candidate(PATH)) == 16",
    "eval by another name": "run = eval\nassert run(candidate(PATH)) == 16",
    "map of eval": "assert list(map(eval, [candidate(PATH)])) == [16]",
    "builtins": "import builtins\nassert builtins.eval(candidate(PATH)) == 16",
    "exec": "exec('x = 1')\nexec(candidate(PATH))",
    "compile": "import types\nassert compile(candidate(PATH), 'x', 'eval')",
    "subprocess": "import subprocess, sys\nsubprocess.run([sys.executable, '-c', candidate(PATH)])",
    "subprocess by name": "import sys\nfrom subprocess import run as go\ngo([sys.executable, '-c', candidate(PATH)])",
    "system": "import os\nassert os.system(candidate(PATH)) == 0",
    "a module by its name": "import importlib\nassert importlib.import_module(candidate(PATH))",
    "part of a module": "from multiprocessing.pool import Pool\nassert Pool().map(len, [candidate(PATH)])",
    "timeit": "import timeit\nassert timeit.timeit(candidate(PATH), number=1)",
    "pickle": "import pickle\nassert pickle.loads(candidate(PATH))",
    "pickle by name": "from pickle import loads\nassert loads(candidate(PATH))",
}
SEEN_IN_THE_ACT = {
    "eval": "import builtins\nassert getattr(builtins, 'ev' + 'al')(candidate(PATH)) == 16",
    "eval of a mapping": "assert __builtins__['ev' + 'al'](candidate(PATH)) == 16",
    "subprocess": "import sys\nsys.modules['sub' + 'process'].run([sys.executable, '-c', candidate(PATH)])",
    "swallowed": "import sys\ntry:\n    sys.modules['sub' + 'process'].run(['touch', PATH])\n"
    "except BaseException:\n    pass\nassert candidate(PATH)",
    "in a thread": "import sys, threading\nrun = sys.modules['sub' + 'process'].run\n"
    "t = threading.Thread(target=lambda: run(['touch', PATH]))\nt.start()\nt.join()\nassert candidate(PATH)",
    "a file": "import io\nassert candidate(PATH)\nio.FileIO(PATH, 'w')",
    "a folder": "import os\nassert candidate(PATH)\ngetattr(os, 'mk' + 'dir')(PATH)",
    "pickle": "import pickletools\nassert pickletools.pickle.loads(candidate(PATH))",
}
HARMLESS = {
    "named tuple": (
        "from collections import namedtuple\nassert candidate(3) == namedtuple('P', 'a b')(3, 1)",
        "(n, 1)",
    ),
    "dataclass": (
        "from dataclasses import make_dataclass\nassert make_dataclass('P', ['a'])(candidate(3)).a == 3",
        "n",
    ),
    "literals": ("import ast\nassert ast.literal_eval(candidate(3)) == [3]", "str([n])"),
    "own code": ("space = {}\nexec('def h(x): return x + 1', space)\nassert space['h'](candidate(3)) == 4", "n"),
    "own expression": ("assert candidate(3) == eval('1 + 2')", "n"),
    "expressions": ("import re\nassert re.compile('a+').fullmatch(candidate(3))", "'a' * n"),
    "imports": ("import fractions, statistics, unittest, asyncio, http.client\nassert candidate(3) == 3", "n"),
}


@pytest.mark.parametrize("kind", SEEN_IN_THE_SOURCE)
def test_the_source_of_tests_shows_that_they_run_what_they_get(strict, weak, tmp_path, kind):
    judged(SEEN_IN_THE_SOURCE[kind], "the tests use", strict, weak, tmp_path)


@pytest.mark.parametrize("kind", SEEN_IN_THE_ACT)
def test_what_the_source_does_not_show_is_stopped_before_it_is_done(strict, weak, tmp_path, kind):
    judged(SEEN_IN_THE_ACT[kind], "the tests do", strict, weak, tmp_path)


def judged(body: str, said: str, strict, weak, folder: Path) -> None:
    folder.chmod(0o777)
    path = folder / "made"
    problem = function_problem(body.replace("PATH", repr(str(path))))
    for sandbox in (strict, weak):
        program = PICKLES if "pick" in body else WRITES
        verdict = sandbox.check(problem, program)
        assert not path.exists()
        if sandbox is strict:
            assert (verdict.status.value, verdict.passed) == ("refused", False), verdict
            assert said in verdict.detail
        else:
            assert verdict.assurance == "weak", verdict


@pytest.mark.parametrize("kind", HARMLESS)
def test_tests_that_compile_their_own_text_alone_stay_strict(strict, kind):
    body, value = HARMLESS[kind]
    verdict = strict.check(function_problem(body), f"def f(n): return {value}\n")
    assert (verdict.status.value, verdict.assurance) == ("passed", "strict"), verdict


def test_a_right_program_passes_where_tests_run_what_it_gives(weak):
    problem = function_problem("assert eval(candidate(3)) == 16")
    assert weak.check(problem, "def f(n): return f'{n} * {n} + 7'\n").passed
    assert not weak.check(problem, "def f(n): return f'{n} * {n} + 8'\n").passed


def test_tests_that_hand_over_what_cannot_travel_are_judged_in_the_program_s_process(strict, weak):
    problem = function_problem("class P:\n    size = 3\nassert candidate(P()) == 3")
    program = "def f(p): return p.size\n"
    assert strict.check(problem, program).status.value == "refused"
    verdict = weak.check(problem, program)
    assert (verdict.status.value, verdict.assurance) == ("passed", "weak")
