"""The problems that hostile programs attack: one for each shape of test, each with a solution that is right."""

from __future__ import annotations

from dataclasses import dataclass

from evals.sandbox.problem import FunctionTests, Problem, StdioCase, StdioTests

TOKEN_START = "TESTTEXT-"
"Every test holds a token that starts so; a program that knows it has read the tests."


@dataclass(frozen=True)
class Attacked:
    """A shape of test. solution: passes. tests: body of `check(candidate)`, or cases of a whole program."""

    solution: str
    tests: str | tuple[tuple[str, str], ...]
    entry_point: str | None = "f"
    prompt: str = ""
    before: str = ""
    "What the tests define beside `check`."


def problem(shape: str, token: str, timeout_s: float, memory_bytes: int) -> Problem:
    """The problem of a shape, its tests marked with the token."""
    attacked = ATTACKED[shape]
    if isinstance(attacked.tests, str):
        body = "".join(f"    {line}\n" for line in attacked.tests.strip().splitlines())
        source = f"{attacked.before}\n\ndef check(candidate):\n    token = {token!r}\n{body}"
        return Problem(shape, attacked.prompt, FunctionTests(source), attacked.entry_point, timeout_s, memory_bytes)
    cases = tuple(StdioCase(given, expected) for given, expected in attacked.tests)
    return Problem(shape, attacked.prompt, StdioTests(cases), None, timeout_s, memory_bytes)


def spaced(numbers: range) -> str:
    return " ".join(map(str, numbers))


ATTACKED = {
    "function": Attacked(
        "def f(n):\n    return n * n + 7\n",
        "assert candidate(3) == 16\nassert candidate(5) == 32\nassert candidate(11) == 128",
        prompt="def f(n):\n",
    ),
    "predicate": Attacked(
        "def f(n):\n    return n % 3 == 0\n",
        "assert candidate(9)\nassert not candidate(10)\nassert candidate(12)\nassert not candidate(13)\n"
        "assert candidate(15)",
    ),
    "text": Attacked(
        "def f(s):\n    return s[::-1].upper()\n", "assert candidate('abc') == 'CBA'\nassert candidate('') == ''"
    ),
    "listed": Attacked(
        "def f(n):\n    return [i * i for i in range(1, n + 1)]\n",
        "assert candidate(3) == [1, 4, 9]\nassert [1, 4] == candidate(2)",
    ),
    "nested": Attacked(
        "def f(rows):\n    for row in rows:\n        row.reverse()\n",
        "rows = [[1, 2], [3, 4]]\ncandidate(rows)\nassert rows == [[2, 1], [4, 3]]",
    ),
    "pair": Attacked(
        "def f(n):\n    return n, n * n\n", "assert candidate(3) == (3, 9)\nassert candidate(4) == (4, 16)"
    ),
    "table": Attacked(
        "def f(s):\n    return {c: s.count(c) for c in s}\n",
        "assert candidate('abb') == {'a': 1, 'b': 2}\nassert candidate('zz')['z'] == 2",
    ),
    "close": Attacked(
        "def f(x):\n    return x / 2\n",
        "assert abs(candidate(3.0) - 1.5) < 1e-6\nassert abs(candidate(5.0) - 2.5) < 1e-6",
    ),
    "isclose": Attacked("def f(x):\n    return x / 2\n", "import math\nassert math.isclose(candidate(3.0), 1.5)"),
    "jsoned": Attacked(
        "def f(n):\n    return {'n': n, 'square': n * n}\n",
        'import json\nassert json.dumps(candidate(3), sort_keys=True) == \'{"n": 3, "square": 9}\'',
    ),
    "operated": Attacked(
        "def f(n):\n    return n * n + 7\n",
        "import operator\nassert operator.eq(candidate(3), 16)\nassert operator.eq(32, candidate(5))",
    ),
    "unittested": Attacked(
        "def f(n):\n    return n * n + 7\n",
        "import unittest\nunittest.TestCase().assertEqual(candidate(3), 16)\nunittest.TestCase().assertListEqual([candidate(5)], [32])",
    ),
    "test_case": Attacked(
        "def f(n):\n    return n * n + 7\n",
        "import unittest\nclass Case(unittest.TestCase):\n    def test_it(self):\n        self.assertEqual(candidate(3), 16)\n"
        "result = unittest.TestResult()\nCase('test_it').run(result)\nassert result.testsRun == 1 and result.wasSuccessful()",
    ),
    "sorting": Attacked(
        "def f(s):\n    return list(s)\n",
        "got = candidate('cab')\nassert all(isinstance(c, str) for c in got)\nassert sorted(got) == ['a', 'b', 'c']\nassert len(got) == 3",
    ),
    "in_set": Attacked(
        "def f(n):\n    return n * n + 7\n", "assert candidate(3) in {16, 99}\nassert candidate(5) in {32, 77}"
    ),
    "helped": Attacked(
        "def f(n):\n    return n * n + 7\n",
        "got = candidate(3)\nassert same(got, 16)\ngot = candidate(5)\nassert same(got, 32)",
        before="def same(a, b):\n    return a == b\n",
    ),
    "raising": Attacked(
        "def f(n):\n    if n < 0:\n        raise ValueError('negative')\n    return n + 1\n",
        "try:\n    candidate(-1)\nexcept ValueError as error:\n    assert str(error) == 'negative'\nelse:\n    raise AssertionError('accepted')\n"
        "assert candidate(1) == 2",
    ),
    "in_place": Attacked(
        "def f(items):\n    items[:] = [2 * x for x in items]\n",
        "items = [1, 5]\nassert candidate(items) is None\nassert items == [2, 10]",
    ),
    "class": Attacked(
        "class Tally:\n    def __init__(self):\n        self.count = 0\n        self.sum = 0\n"
        "    def add(self, n):\n        self.count += 1\n        self.sum += n\n    def total(self):\n        return self.sum\n",
        "tally = candidate()\ntally.add(3)\ntally.add(4)\nassert tally.total() == 7\nassert tally.count == 2",
        entry_point="Tally",
    ),
    "generator": Attacked(
        "def f(n):\n    for i in range(n):\n        yield i * i\n",
        "assert list(candidate(4)) == [0, 1, 4, 9]\nassert next(iter(candidate(2))) == 0",
    ),
    "closure": Attacked(
        "def f(k):\n    return lambda x: x + k\n",
        "add = candidate(3)\nassert add(4) == 7\nassert candidate(10)(1) == 11",
    ),
    "callback": Attacked(
        "def f(fn, items):\n    return [fn(x) for x in items]\n",
        "seen = []\ndef plus(x):\n    seen.append(x)\n    return x + 7\nassert candidate(plus, [1, 2]) == [8, 9]\nassert same(seen, [1, 2])",
        before="def same(a, b):\n    return a == b\n",
    ),
    "closed_over": Attacked(
        "def f(fn, n):\n    return fn(n) + 1\n",
        "expected = {3: 70, 5: 90}\ndef base(n):\n    return expected[n] - 1\nassert candidate(base, 3) == 70\nassert candidate(base, 5) == 90",
    ),
    "recursive": Attacked(
        "def f(fn, n):\n    return 7 if n == 0 else fn(f, n - 1)\n",
        "def step(g, n):\n    return g(step, n)\nassert candidate(step, 5) == 7",
    ),
    "decimal": Attacked(
        "from decimal import Decimal\ndef f(s):\n    return Decimal(s) * 2\n",
        "from decimal import Decimal\nassert candidate('1.10') == Decimal('2.20')\nassert candidate('3') == 6",
    ),
    "date": Attacked(
        "import datetime\ndef f(s):\n    return datetime.date.fromisoformat(s) + datetime.timedelta(days=1)\n",
        "import datetime\nassert candidate('2024-02-28') == datetime.date(2024, 2, 29)",
    ),
    "prompt_class": Attacked(
        "from dataclasses import dataclass\n@dataclass\nclass Point:\n    x: int\n    y: int\ndef f(n):\n    return Point(n, n * n)\n",
        "assert candidate(3) == Point(3, 9)\nassert candidate(4) == Point(4, 16)",
        prompt="from dataclasses import dataclass\n@dataclass\nclass Point:\n    x: int\n    y: int\ndef f(n):\n",
    ),
    "class_close": Attacked(
        "class Mean:\n    def __init__(self):\n        self.all = []\n    def add(self, x):\n        self.all.append(x)\n"
        "    def value(self):\n        return sum(self.all) / len(self.all)\n",
        "mean = candidate()\nmean.add(2.0)\nmean.add(3.0)\nassert abs(mean.value() - 2.5) < 1e-6\nassert abs(2.5 - mean.value()) < 1e-6",
        entry_point="Mean",
        prompt="class Mean:\n    def add(self, x):\n        ...\n    def value(self):\n        ...\n",
    ),
    "class_holding": Attacked(
        "class Bag:\n    def __init__(self):\n        self.all = []\n    def add(self, x):\n        self.all.append(x)\n"
        "    def items(self):\n        return self.all\n",
        "bag = candidate()\nbag.add(7)\nbag.add(8)\nassert 7 in bag.items()\nassert 8 in bag.items()\nassert len(bag.items()) == 2",
        entry_point="Bag",
        prompt="class Bag:\n    def add(self, x):\n        ...\n    def items(self):\n        ...\n",
    ),
    "prompt_method": Attacked(
        "class Path:\n    def __init__(self, steps):\n        self.steps = steps\n    def is_valid(self):\n"
        "        return len(self.steps) > 1 and all(b - a == 1 for a, b in zip(self.steps, self.steps[1:]))\n"
        "def f(n):\n    return Path([n, n + 1])\n",
        "assert candidate(3).is_valid()\nassert candidate(4).is_valid()",
        prompt="class Path:\n    def __init__(self, steps):\n        self.steps = steps\n    def is_valid(self):\n"
        "        return len(self.steps) > 1 and all(b - a == 1 for a, b in zip(self.steps, self.steps[1:]))\ndef f(n):\n",
    ),
    "mapped": Attacked(
        "def f(n):\n    return n * n + 7\n",
        "cases = {3: 16, 5: 32}\nassert all(map(lambda n: candidate(n) == cases[n], cases))",
    ),
    "messaged": Attacked("def f(n):\n    return n * n + 7\n", "got = candidate(3)\nassert got == 16, got"),
    "keyed": Attacked("def f(n):\n    return n * n + 7\n", "assert {16: 'yes', 32: 'no'}[candidate(3)] == 'yes'"),
    "managed": Attacked(
        "from contextlib import contextmanager\n@contextmanager\ndef f(n):\n    yield n * n + 7\n",
        "with candidate(3) as got:\n    assert got == 16\nwith candidate(5) as got:\n    assert got == 32",
    ),
    "managed_sum": Attacked(
        "from contextlib import contextmanager\n@contextmanager\ndef f(n):\n    yield n * n + 7\n",
        "with candidate(3) as got:\n    assert got + 1 == 17",
    ),
    "asserting": Attacked(
        "def f(fn, n):\n    fn(n * n + 7)\n",
        "seen = []\ndef expect(value):\n    seen.append(value)\n    assert value == 16\ncandidate(expect, 3)\nassert len(seen) == 1",
    ),
    "stdio": Attacked(
        "import sys\nprint(*(int(word) ** 2 + 7 for word in sys.stdin.read().split()))\n",
        (("3\n", "16\n"), ("5 11\n", "32 128\n"), ("", "\n")),
        entry_point=None,
    ),
    "stdio_large": Attacked(
        "print(sum(map(int, input().split())))\n",
        ((spaced(range(200_000)) + "\n", "19999900000\n"),),
        entry_point=None,
    ),
}
