"""An object of a program has one length, one list of items and one value of each attribute, whenever tests look."""

from __future__ import annotations

import pytest
from sandbox_world import function_problem

COUNT_THEN_ZIP = "r = candidate(3)\nassert len(r) == 3\nfor a, b in zip(r, [1, 2, 3]):\n    assert a == b"
TWO_LOOPS = "r = candidate(3)\nassert sum(1 for _ in r) == 3\nfor a, b in zip(r, [1, 2, 3]):\n    assert a == b"
FIRST_FULL = (
    "    n = 0\n    def {name}(self):\n        self.n += 1\n        return {full} if self.n == 1 else {empty}\n"
)
HEAD, GIVE = "class L:\n", "def f(n): return L()\n"


def changing(name: str, full: str, empty: str) -> str:
    return HEAD + FIRST_FULL.format(name=name, full=full, empty=empty)


FORGED = {
    "length that lies": (COUNT_THEN_ZIP, HEAD + "    def __len__(self): return 3\n    def __iter__(self): return iter(())\n"),
    "length that lies, by index": (
        COUNT_THEN_ZIP, HEAD + "    def __len__(self): return 3\n    def __getitem__(self, i): raise IndexError\n",
    ),
    "length that changes": (
        "r = candidate(3)\nassert len(r) == 3\nfor i in range(len(r)):\n    assert r[i] == i + 1",
        changing("__len__", "3", "0") + "    def __getitem__(self, i): return 0\n",
    ),
    "iteration that changes": (TWO_LOOPS, changing("__iter__", "iter([0, 0, 0])", "iter(())")),
    "list of it, then all": (
        "r = candidate(3)\nassert len(list(r)) == 3\nassert all(a == b for a, b in zip(r, [1, 2, 3]))",
        changing("__iter__", "iter([0, 0, 0])", "iter(())"),
    ),
    "attribute that changes": (
        COUNT_THEN_ZIP.replace("r)", "r.v)").replace("(r,", "(r.v,"),
        HEAD + "    n = 0\n    @property\n    def v(self):\n        self.n += 1\n        return [0, 0, 0] if self.n == 1 else []\n",
    ),
    "truth of a length": (
        "r = candidate(3)\nassert r\nassert all(x == 1 for x in r)",
        HEAD + "    def __len__(self): return 1\n    def __iter__(self): return iter(())\n",
    ),
    "items of a mapping": (
        "r = candidate(3)\nassert len(r) == 1\nfor key, value in r.items():\n    assert value == 1",
        HEAD + "    def __len__(self): return 1\n    def items(self): return []\n",
    ),
    "an object in a list": (
        "[r] = candidate(3)\nassert len(r) == 3\nfor a, b in zip(r, [1, 2, 3]):\n    assert a == b",
        HEAD + "    def __len__(self): return 3\n    def __iter__(self): return iter(())\n",
    ),
}  # fmt: skip
HONEST = {
    "a sequence": (COUNT_THEN_ZIP, HEAD + "    def __len__(self): return 3\n    def __iter__(self): return iter([1, 2, 3])\n"),
    "a sequence by index": (
        COUNT_THEN_ZIP, HEAD + "    def __len__(self): return 3\n    def __getitem__(self, i): return [1, 2, 3][i]\n",
    ),
    "iteration without end": (
        "from itertools import islice\nr = candidate(3)\nassert list(islice(r, 3)) == [0, 1, 2]\nassert list(islice(r, 2)) == [0, 1]",
        "from itertools import count\n" + HEAD + "    def __iter__(self): return count()\n",
    ),
    "an object that tests change": (
        "s = candidate(3)\ns.push(1)\nassert len(s) == 1\ns.push(2)\nassert len(s) == 2 and list(s) == [1, 2]",
        HEAD + "    def __init__(self): self.v = []\n    def push(self, x): self.v.append(x)\n"
        "    def __len__(self): return len(self.v)\n    def __iter__(self): return iter(self.v)\n",
    ),
    "an object that the program changes": (
        "s = candidate(0)\nassert len(s) == 0\ncandidate(s)\nassert len(s) == 1",
        HEAD + "    n = 0\n    def __len__(self): return self.n\n"
        "def f(s):\n    if s == 0: return L()\n    s.n += 1\n",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", FORGED)
def test_tests_that_count_and_then_compare_are_not_given_two_versions(strict, kind):
    tests, program = FORGED[kind]
    verdict = strict.check(
        function_problem(tests), program + GIVE.replace("L()", "[L()]" if "in a list" in kind else "L()")
    )
    assert verdict.status.value == "failed", verdict


@pytest.mark.parametrize("kind", HONEST)
def test_honest_objects_are_what_they_are(strict, kind):
    tests, program = HONEST[kind]
    verdict = strict.check(function_problem(tests), program if "def f(" in program else program + GIVE)
    assert (verdict.status.value, verdict.assurance) == ("passed", "strict"), verdict


def test_a_class_under_test_may_be_used_up_by_its_iteration_but_must_not_lie_about_its_length(strict):
    prompt = "class Q:\n    def __init__(self, v): ...\n    def __len__(self): ...\n    def __iter__(self): ...\n"
    body = (
        "q = candidate([1, 2])\nassert len(q) == 2\nfor a, b in zip(q, [1, 2]):\n    assert a == b\nassert len(q) == 0"
    )
    problem = function_problem(body, prompt, "Q")
    honest = (
        "class Q:\n    def __init__(self, v): self.v = list(v)\n    def __len__(self): return len(self.v)\n"
        "    def __iter__(self):\n        while self.v:\n            yield self.v.pop(0)\n"
    )
    assert strict.check(problem, honest).status.value == "passed"
    lying = honest.replace("while self.v", "while False").replace("len(self.v)", "2")
    assert strict.check(problem, lying).status.value == "failed"


@pytest.mark.parametrize(
    ("prompt", "body"),
    [
        ("def close(a, b):\n    return a == b\n\ndef f(n:\n    pass\n", "assert close(candidate(3), 16)"),
        ("", "assert close(candidate(3), 16)"),
        ("", "x = candidate(3)\nassert x and not close(x, 17)"),
    ],
)
def test_a_function_that_only_the_program_has_does_not_decide_with_certainty(strict, weak, prompt, body):
    program = "def close(a, b): return b == 16\ndef f(n): return 5\n"
    assert strict.check(function_problem(body, prompt), program).status.value == "refused"
    assert weak.check(function_problem(body, prompt), program).assurance == "weak"


def test_helpers_of_a_prompt_are_its_own_though_it_imports_what_is_missing(strict):
    prompt = "import no_such_package\ndef close(a, b):\n    return a == b\n\ndef f(n):\n    pass\n"
    program = "def close(a, b): return True\ndef f(n): return 5\n"
    assert strict.check(function_problem("assert close(candidate(3), 16)", prompt), program).status.value == "failed"
