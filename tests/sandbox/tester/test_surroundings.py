"""Odd but honest programs pass: what tests set for their process, programs go by; values of many types travel."""

from __future__ import annotations

import pytest
from sandbox_world import function_problem

RANDOM = "import random\ndef f(): return random.random()\n"
DECIMAL = "from decimal import *\ndef f(): return Decimal(1) / 3\n"
REVERSED = "from functools import cmp_to_key\nf = cmp_to_key(lambda a, b: b - a)\n"
PATH = "from pathlib import Path\ndef f(s): return Path(s)\n"
ARRAY = "from array import array\ndef f(s): return array('i', s)\n"
HONEST = {
    "seeded generator": (
        "import random\nrandom.seed(3)\nwanted = random.random()\nrandom.seed(3)\nassert candidate() == wanted",
        RANDOM,
    ),
    "seeded twice": (
        "from random import seed\nseed(3)\na = [candidate(), candidate()]\nseed(3)\nassert a == [candidate(), candidate()]",
        RANDOM,
    ),
    "decimal context": ("import decimal\ndecimal.getcontext().prec = 5\nassert candidate() == decimal.Decimal(1) / 3", DECIMAL),
    "local decimal context": (
        "from decimal import localcontext\nwith localcontext() as c:\n    c.prec = 5\n    assert str(candidate()) == '0.33333'", DECIMAL,
    ),
    "environment": (
        "import os\nos.environ['QUEUE'] = '7'\nassert candidate() == '7'\ndel os.environ['QUEUE']\nassert candidate() is None",
        "import os\ndef f(): return os.getenv('QUEUE')\n",
    ),
    "recursion limit": (
        "import sys\nsys.setrecursionlimit(20_000)\nassert candidate(9_000) == 9_000",
        "def f(n): return 0 if n == 0 else 1 + f(n - 1)\n",
    ),
    "arguments": ("import sys\nsys.argv = ['a', 'b']\nassert candidate() == 'b'", "import sys\ndef f(): return sys.argv[1]\n"),
    "key by a comparison": ("assert sorted([3, 1, 2], key=candidate) == [3, 2, 1]", REVERSED),
    "key that the program makes": ("k = candidate()\nassert sorted([3, 1, 2], key=k) == [3, 2, 1]", REVERSED.replace("f =", "k =") + "def f(): return k\n"),
    "comparison of the tests": (
        "from functools import cmp_to_key\nassert candidate([3, 1], cmp_to_key(lambda a, b: a - b)) == [1, 3]",
        "def f(values, key): return sorted(values, key=key)\n",
    ),
    "path": ("from pathlib import Path\nassert candidate('a/b') == Path('a/b')", PATH),
    "path given": ("from pathlib import Path\nassert candidate(Path('a/b')) == 'b'", "def f(p): return p.name\n"),
    "array": ("from array import array\nassert candidate([1, 2]) == array('i', [1, 2])", ARRAY),
    "array changed in place": (
        "from array import array\na = array('d', [1, 2])\ncandidate(a)\nassert a == array('d', [1, 2, 3])",
        "def f(a): a.append(3)\n",
    ),
    "text buffer written to": (
        "import io\nb = io.StringIO('x')\nb.seek(1)\ncandidate(b)\nassert b.getvalue() == 'xhi'", "def f(b): b.write('hi')\n",
    ),
    "pattern": ("import re\nassert candidate(re.compile('A', re.I), 'ba')", "def f(p, s): return bool(p.search(s))\n"),
    "generator object": (
        "import random\nassert candidate(random.Random(3)) == random.Random(3).random()", "def f(r): return r.random()\n",
    ),
}  # fmt: skip
SHARING = {
    "temporary file": (
        "import os, tempfile\np = os.path.join(tempfile.mkdtemp(), 'a')\nwith open(p, 'w') as file:\n    file.write('1')\n"
        "assert candidate(p) == '1'",
        "def f(p): return open(p).read()\n",
    ),
    "working folder": (
        "import os\nos.chdir('/usr')\nassert candidate() == '/usr'",
        "import os\ndef f(): return os.getcwd()\n",
    ),
    "log records": (
        "import logging\nseen = []\nclass H(logging.Handler):\n    def emit(self, r): seen.append(r.getMessage())\n"
        "logging.getLogger('x').addHandler(H())\ncandidate()\nassert seen == ['hi']",
        "import logging\ndef f(): logging.getLogger('x').warning('hi')\n",
    ),
    "its documentation": ("assert candidate.__doc__ == 'Nothing.'", "def f():\n    'Nothing.'\n"),
    "standard error": (
        "import contextlib, io\nwith contextlib.redirect_stderr(io.StringIO()) as s:\n    candidate()\nassert s.getvalue() == 'x\\n'",
        "import sys\ndef f(): print('x', file=sys.stderr)\n",
    ),
    "time zone": (
        "import os, time\nos.environ['TZ'] = 'UTC-9'\ntime.tzset()\nassert candidate() == 9",
        "import time\ndef f(): return time.localtime(0).tm_hour\n",
    ),
    "a function of a module": (
        "import random\nrandom.random = lambda: 0.5\nassert candidate() == 0.5",
        "import random\ndef f(): return random.random()\n",
    ),
    "a module": (
        "import sys, types\nsys.modules['made_up'] = types.SimpleNamespace(x=3)\nassert candidate() == 3",
        "def f():\n    import made_up\n    return made_up.x\n",
    ),
    "warnings": (
        "import warnings\nwith warnings.catch_warnings(record=True) as w:\n    warnings.simplefilter('always')\n    candidate()\n"
        "assert len(w) == 1",
        "import warnings\ndef f(): warnings.warn('old')\n",
    ),
}


@pytest.mark.parametrize("kind", HONEST)
def test_an_honest_program_passes_with_certainty(strict, kind):
    tests, program = HONEST[kind]
    verdict = strict.check(function_problem(tests), program)
    assert (verdict.status.value, verdict.assurance) == ("passed", "strict"), verdict


@pytest.mark.parametrize("kind", SHARING)
def test_tests_that_share_more_than_values_run_in_the_program_s_process_and_are_weak(weak, strict, kind):
    tests, program = SHARING[kind]
    verdict = weak.check(function_problem(tests), program)
    assert (verdict.status.value, verdict.assurance) == ("passed", "weak"), verdict
    assert strict.check(function_problem(tests), program).status.value == "refused"


def test_what_tests_set_does_not_stay_for_the_next_problem(strict):
    setting = (
        "import os, decimal, sys\nos.environ['LEFT'] = '1'\ndecimal.getcontext().prec = 5\nsys.setrecursionlimit(5000)\n"
        "assert candidate() == 1"
    )
    reading = "import os, decimal, sys\nassert 'LEFT' not in os.environ and decimal.getcontext().prec == 28\nassert candidate() == 1"
    for tests in [setting, reading] * 3:
        assert strict.check(function_problem(tests), "def f(): return 1\n").status.value == "passed"


def test_order_is_asked_of_the_program_only_where_tests_sort_by_it(strict):
    lying = "from functools import cmp_to_key\nf = cmp_to_key(lambda a, b: -1)\n"
    verdict = strict.check(function_problem("assert candidate(1) < candidate(2)"), lying)
    assert verdict.status.value == "failed"


@pytest.mark.parametrize("line", ["import no_such_package", "from no_such_package.part import name"])
def test_a_package_that_the_prompt_imports_and_programs_lack_is_no_fault_of_the_program(strict, line):
    problem = function_problem("assert candidate(3) == 9", prompt=f'{line}\ndef f(n):\n    """Square."""\n')
    verdict = strict.check(problem, f"{line}\ndef f(n): return n * n\n")
    assert (verdict.status.value, verdict.kind) == ("refused", "reference")
    assert "no_such_package" in verdict.detail
    assert strict.check(problem, "import another_package\n").status.value == "failed"
    assert strict.check(problem, "def f(n): return n * n\n").status.value == "passed"
