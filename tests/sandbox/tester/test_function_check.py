"""Every shape that tests and programs may have is judged right, without a test in the program's process."""

from __future__ import annotations

import pytest
from sandbox_world import function_problem, needs

from evals.sandbox.problem import FunctionTests, Problem
from evals.sandbox.tester import function_check
from evals.sandbox.tester.exits import HarnessError
from evals.sandbox.tester.function_check import Quiet, namespace_of, prompt_code

CASES = {
    "gen": (
        """\
def check(candidate):
 import types
 g=candidate(3)
 assert isinstance(g,types.GeneratorType)
 assert list(g)==[0,1,2]
""",
        """\
def f(n):
  for i in range(n): yield i
""",
        "passed",
        "f",
        "",
    ),
    "closure": (
        """\
def check(candidate):
 assert candidate(3)(4)==7
""",
        """\
def f(n):
  return lambda x: x+n
""",
        "passed",
        "f",
        "",
    ),
    "mutate": (
        """\
def check(candidate):
 a=[3,1,2]
 assert candidate(a) is None
 assert a==[1,2,3]
""",
        "def f(a): a.sort()",
        "passed",
        "f",
        "",
    ),
    "nomutate": (
        """\
def check(candidate):
 a=[3,1,2]
 candidate(a)
 assert a==[1,2,3]
""",
        "def f(a): return sorted(a)",
        "failed",
        "f",
        "",
    ),
    "same": (
        """\
def check(candidate):
 a=[3,1,2]
 assert candidate(a) is a
 m=[[0]*2]*2
 candidate(m)
""",
        "def f(a): a.sort(); return a",
        "passed",
        "f",
        "",
    ),
    "alias": (
        """\
def check(candidate):
 m=[[0]*2]*2
 candidate(m)
 assert m==[[1,0],[1,0]] and m[0] is m[1]
""",
        "def f(a): a[0][0]=1",
        "passed",
        "f",
        "",
    ),
    "callback": (
        """\
def check(candidate):
 seen=[]
 assert candidate(lambda x: seen.append(x) or x*2,[1,2])==[2,4]
 assert seen==[1,2]
""",
        "def f(g,xs): return [g(x) for x in xs]",
        "passed",
        "f",
        "",
    ),
    "iter": (
        """\
def check(candidate):
 assert candidate(iter([1,2,3]))==6
""",
        "def f(it): return sum(it)",
        "passed",
        "f",
        "",
    ),
    "map": (
        """\
def check(candidate):
 assert list(candidate([1,2]))==[2,3]
""",
        "def f(xs): return map(lambda x:x+1,xs)",
        "passed",
        "f",
        "",
    ),
    "class": (
        """\
def check(C):
 s=C(3)
 s.push(4)
 assert s.pop()==4
 assert len(s)==1 and s.items==[3]
 s.items.append(1)
 assert isinstance(s,C)
""",
        """\
class Stack:
  def __init__(s,x): s.items=[x]
  def push(s,x): s.items.append(x)
  def pop(s): return s.items.pop()
  def __len__(s): return len(s.items)
""",
        "passed",
        "Stack",
        """\
class Stack:
  def push(self,x): ...
""",
    ),
    "vector": (
        """\
def check(C):
 a=C(1,2)+C(3,4)
 assert (a.x,a.y)==(4,6)
""",
        """\
class V:
  def __init__(s,x,y): s.x,s.y=x,y
  def __add__(s,o): return V(s.x+o.x,s.y+o.y)
""",
        "passed",
        "V",
        """\
class V:
  pass
""",
    ),
    "dataclass": (
        """\
def check(candidate):
 assert candidate(1)==Point(1,2)
 assert candidate(Point(5,5)) == Point(5,2)
""",
        """\
from dataclasses import dataclass
@dataclass(frozen=True)
class Point:
  x:int
  y:int
def f(x):
  return Point(x.x if isinstance(x,Point) else x,2)
""",
        "passed",
        "f",
        """\
from dataclasses import dataclass
@dataclass(frozen=True)
class Point:
  x:int
  y:int
def f(x):
  pass
""",
    ),
    "liareq": (
        """\
def check(candidate):
 assert candidate(1)==5
""",
        """\
class L:
  def __eq__(s,o): return True
def f(x): return L()
""",
        "failed",
        "f",
        "",
    ),
    "liarsub": (
        """\
def check(candidate):
 assert abs(candidate(1)-5)<1e-6
""",
        """\
class L:
  def __sub__(s,o): return 0
  __rsub__=__sub__
  def __abs__(s): return 0
  def __lt__(s,o): return True
def f(x): return L()
""",
        "failed",
        "f",
        "",
    ),
    "liarfloat": (
        """\
def check(candidate):
 assert candidate(1)==5
""",
        """\
class L(int):
  def __eq__(s,o): return True
  __hash__=None
def f(x): return L(3)
""",
        "failed",
        "f",
        "",
    ),
    "linked": (
        """\
def check(candidate):
 n=Node(1,Node(2,None))
 r=candidate(n)
 assert r.val==2 and r.next is n and n.next is None
""",
        """\
class Node:
  def __init__(s,val,next=None):
    s.val=val; s.next=next
def f(n):
  p=None
  while n: n.next,p,n=p,n,n.next
  return p
""",
        "passed",
        "f",
        """\
class Node:
  def __init__(s,val,next=None):
    s.val=val; s.next=next
def f(n):
  pass
""",
    ),
    "stdout": (
        """\
import io,contextlib
def check(candidate):
 b=io.StringIO()
 with contextlib.redirect_stdout(b): candidate('x')
 assert b.getvalue()=='x\\n'
""",
        "def f(s): print(s)",
        "passed",
        "f",
        "",
    ),
    "stdin": (
        """\
import io,sys
def check(candidate):
 k=sys.stdin
 sys.stdin=io.StringIO('ab\\ncd\\n')
 try:
  assert candidate()==['ab','cd\\n']
 finally: sys.stdin=k
""",
        """\
import sys
def f(): return [input(), sys.stdin.readline()]
""",
        "passed",
        "f",
        "",
    ),
    "mockinput": (
        """\
from unittest.mock import patch
def check(candidate):
 with patch('builtins.input', side_effect=['1','2']):
  assert candidate()==3
""",
        "def f(): return int(input())+int(input())",
        "passed",
        "f",
        "",
    ),
    "patch time": (
        """\
from unittest.mock import patch
def check(candidate):
 with patch('time.sleep'):
  assert candidate()==3
""",
        """\
import time
def f():
 time.sleep(100)
 return 3
""",
        "passed",
        "f",
        "",
    ),
    "exc": (
        """\
def check(candidate):
 try:
  candidate(1)
 except ValueError as e:
  assert str(e)=='bad 1'
 else: assert False
""",
        "def f(x): raise ValueError(f'bad {x}')",
        "passed",
        "f",
        "",
    ),
    "customexc": (
        """\
def check(candidate):
 try:
  candidate(1)
 except MyError as e:
  assert str(e)=='bad 1'
 else: assert False
""",
        """\
class MyError(Exception): pass
def f(x): raise MyError(f'bad {x}')
""",
        "passed",
        "f",
        """\
class MyError(Exception): pass
def f(x):
  pass
""",
    ),
    "async": (
        """\
import asyncio
def check(candidate):
 assert asyncio.run(candidate(2))==4
""",
        "async def f(x): return x*2",
        "passed",
        "f",
        "",
    ),
    "types": (
        """\
from decimal import Decimal
from fractions import Fraction
from collections import *
import datetime
def check(candidate):
 for v in [Decimal('1.5'),Fraction(1,3),Counter('aab'),deque([1,2],3),defaultdict(int,a=1),OrderedDict(a=1),datetime.datetime(2020,1,1),datetime.timedelta(3),b'ab',bytearray(b'x'),{1,2},frozenset([1]),(1,(2,)),{(1,2):[3]},1+2j,float('inf'),range(3),slice(1,2),Ellipsis,10**5000,'\\ud800\\u2028',{1:{2:3}},[None,True],namedtuple('A','x y')(1,2), int, len, ValueError]:
  r=candidate(v)
  assert r==v and type(r) is type(v) or type(v).__name__=='A' and r==v, v
""",
        "def f(x): return x",
        "passed",
        "f",
        "",
    ),
    "big": (
        """\
def check(candidate):
 a=list(range(200000))
 assert candidate(a)==a[::-1]
""",
        "def f(x): return x[::-1]",
        "passed",
        "f",
        "",
    ),
    "deep": (
        """\
def check(candidate):
 assert candidate(5)
""",
        """\
def f(x):
  r=[]
  for i in range(100000): r=[r]
  return r
""",
        "failed",
        "f",
        "",
    ),
    "recursion": (
        """\
def check(candidate):
 assert candidate(50000)==50000
""",
        """\
import sys
sys.setrecursionlimit(10**6)
def f(n): return 0 if n==0 else 1+f(n-1)
""",
        "passed",
        "f",
        "",
    ),
    "mp": (
        """\
def check(candidate):
 assert candidate([1,2,3])==[1,4,9]
""",
        """\
import multiprocessing
def sq(x): return x*x
def f(xs):
  with multiprocessing.Pool(2) as p: return p.map(sq,xs)
""",
        "passed",
        "f",
        "",
    ),
    "subproc": (
        """\
def check(candidate):
 assert candidate()=='hi\\n'
""",
        """\
import subprocess,sys
def f(): return subprocess.run([sys.executable,'-c','print("hi")'],capture_output=True,text=True).stdout
""",
        "passed",
        "f",
        "",
    ),
    "tempfile": (
        """\
def check(candidate):
 assert candidate()=='hi'
""",
        """\
import tempfile
def f():
  with tempfile.NamedTemporaryFile('w+') as t:
    t.write('hi'); t.seek(0); return t.read()
""",
        "passed",
        "f",
        "",
    ),
    "threads": (
        """\
def check(candidate):
 assert candidate()==[0,1,4]
""",
        """\
from concurrent.futures import ThreadPoolExecutor
def f():
  with ThreadPoolExecutor(8) as e: return list(e.map(lambda x:x*x,range(3)))
""",
        "passed",
        "f",
        "",
    ),
    "getsource": (
        """\
def check(candidate):
 assert 'def f' in candidate()
""",
        """\
import inspect
def f(): return inspect.getsource(f)
""",
        "passed",
        "f",
        "",
    ),
    "pickle": (
        """\
def check(candidate):
 assert candidate()==3
""",
        """\
import pickle
class A:
  x=3
def f(): return pickle.loads(pickle.dumps(A())).x
""",
        "passed",
        "f",
        "",
    ),
    "mainguard": (
        """\
def check(candidate):
 assert candidate()==3
""",
        """\
def f(): return 3
if __name__=='__main__':
  raise SystemExit(1)
""",
        "passed",
        "f",
        "",
    ),
    "print": (
        """\
def check(candidate):
 assert candidate()==3
""",
        """\
def f():
  print('x'*10**7)
  return 3
""",
        "passed",
        "f",
        "",
    ),
    "eof": (
        """\
def check(candidate):
 assert candidate()=='eof'
""",
        """\
def f():
  try: input()
  except EOFError: return 'eof'
""",
        "passed",
        "f",
        "",
    ),
    "numpy": (
        """\
import numpy as np
def check(candidate):
 assert candidate([1,2]).tolist()==[2,4] and isinstance(candidate([1]), np.ndarray)
""",
        """\
import numpy as np
def f(x): return np.array(x)*2
""",
        "passed",
        "f",
        "",
    ),
    "helper": (
        """\
def check(candidate):
 assert helper(candidate(2))==5
""",
        """\
def helper(x): return x+1
def f(x): return x*2
""",
        "passed",
        "f",
        "",
    ),
    "fork": (
        """\
def check(candidate):
 assert candidate(2)==4
""",
        """\
import os
def f(x):
  p=os.fork()
  if p==0: os._exit(0)
  os.waitpid(p,0)
  return 4
""",
        "passed",
        "f",
        "",
    ),
    "net": (
        """\
def check(candidate):
 assert candidate(2)==4
""",
        """\
import socket
def f(x):
  socket.create_connection(('127.0.0.1',22),1)
""",
        "failed",
        "f",
        "",
    ),
    "deco": (
        """\
def check(candidate):
 assert candidate(10)==55
""",
        """\
from functools import lru_cache
@lru_cache(None)
def f(n): return n if n<2 else f(n-1)+f(n-2)
""",
        "passed",
        "f",
        "",
    ),
    "enum": (
        """\
def check(candidate):
 assert candidate(1) is Color.RED and candidate(Color.RED) is Color.RED
""",
        """\
from enum import Enum
class Color(Enum):
  RED=1
def f(x): return Color.RED
""",
        "passed",
        "f",
        """\
from enum import Enum
class Color(Enum):
  RED=1
def f(x):
  pass
""",
    ),
    "send": (
        """\
def check(candidate):
 g=candidate()
 next(g)
 assert g.send(3)==6
 g.close()
""",
        """\
def f():
  x=0
  while 1: x=2*(yield x)
""",
        "passed",
        "f",
        "",
    ),
    "nested cb": (
        """\
def check(candidate):
 assert candidate(lambda g: g(3))==6
""",
        "def f(h): return h(lambda x: x*2)",
        "passed",
        "f",
        "",
    ),
    "kw": (
        """\
def check(candidate):
 assert candidate(a=1,b=[2])==3
""",
        "def f(*,a,b): return a+b[0]",
        "passed",
        "f",
        "",
    ),
    "ctx": (
        """\
def check(candidate):
 with candidate() as x: assert x==3
""",
        """\
from contextlib import contextmanager
@contextmanager
def f(): yield 3
""",
        "passed",
        "f",
        "",
    ),
}
BAD = """\
class Bad(Exception):
 def __init__(self,code):
  super().__init__(f'bad {code}')
  self.code=code
"""
CASES |= {
    "exception as value": (
        """\
def check(candidate):
 e=candidate(3)
 assert isinstance(e,Bad) and e.code==3 and str(e)=='bad 3'
""",
        f"{BAD}def f(x): return Bad(x)",
        "passed",
        "f",
        f"{BAD}def f(x):\n  pass\n",
    ),
    "exception handed over": (
        """\
def check(candidate):
 e=Bad(3)
 r=candidate([e, KeyError([1])])
 assert str(r[0])=='bad 3' and r[0].code==3 and r[1].args==([1],)
""",
        f"{BAD}def f(x): return [x[0], x[1]] if (str(x[0]), x[0].code, x[1].args) == ('bad 3', 3, ([1],)) else 0",
        "passed",
        "f",
        f"{BAD}def f(x):\n  pass\n",
    ),
}
WEAK = {"patch time"}
"Tests that replace a part of a module must share the program's process."

NEED_NAMESPACES = {"mp", "numpy"}
"Semaphores and third-party packages, which programs have not where they see the host's files."


@pytest.mark.parametrize("name", CASES)
def test_program_and_tests_of_every_shape_are_judged_right(strict, weak, name):
    if name in NEED_NAMESPACES:
        needs(namespaces=True)
    tests, program, status, entry, prompt = CASES[name]
    problem = Problem(name, prompt, FunctionTests(tests), entry, 30.0)
    verdict = (weak if name in WEAK else strict).check(problem, program)
    assert verdict.status.value == status, verdict
    assert verdict.assurance == ("weak" if name in WEAK else "strict")


def test_what_a_prompt_defines_is_there_for_the_tests_but_for_the_entry_point():
    prompt = "import math\nclass Point:\n    pass\ndef f(n):\n    return 1\n"
    namespace = namespace_of(Problem("p", prompt, FunctionTests("x = 1"), "f"))
    assert {"math", "Point"} <= namespace.keys()
    assert namespace.keys().isdisjoint({"f", "x"})
    assert namespace["__name__"] == "tests"


@pytest.mark.parametrize("prompt", ["def f(n) nonsense", "import no_such_module_at_all", "def f(n):\n", "", "1 / 0"])
def test_a_prompt_that_cannot_be_run_defines_nothing_and_is_no_error(prompt):
    assert "f" not in namespace_of(Problem("p", prompt, FunctionTests("x = 1"), "f"))


def test_a_prompt_that_stops_at_a_signature_defines_what_comes_before_it():
    space = {}
    exec(prompt_code('LIMIT = 3\n\ndef f(n):\n    """Says what it does."""\n\ndef g(n):'), space)
    assert space["LIMIT"] == 3


def test_tests_that_are_no_python_are_an_error_of_ours():
    with pytest.raises(HarnessError, match="the tests cannot be compiled: "):
        function_check.tests_code("def check(candidate)")


def test_what_tests_print_goes_nowhere(capsys):
    with Quiet():
        print("heard by nobody")
    print("heard")
    assert capsys.readouterr().out == "heard\n"


FROM_THE_PROGRAM = {
    "a key": ("assert ANSWER", "ANSWER = {16: 'yes'}[f(3)]"),
    "an index": ("assert ANSWER", "ANSWER = ['yes'][f(3)]"),
    "an import": ("assert True", "if f(3) != 16: raise ImportError('no module', name='five')"),
    "an import in check": ("if candidate(3) != 16: raise ImportError('no module', name='five')", ""),
}


@pytest.mark.parametrize("kind", FROM_THE_PROGRAM)
def test_what_tests_raise_on_a_value_of_the_program_is_its_failure(strict, kind):
    body, setup = FROM_THE_PROGRAM[kind]
    verdict = strict.check(function_problem(body, setup=setup), "def f(n): return 5\n")
    assert (verdict.status.value, verdict.kind) == ("failed", "exception"), verdict


@pytest.mark.parametrize(
    ("body", "setup"),
    [
        ("assert True", "import no_such_module"),
        ("import no_such_module\nassert candidate(3) == 5", ""),
        ("assert candidate(3) == 5\nimport no_such_module", ""),
        ("assert True", "TABLE = {}['key']"),
        ("assert True", "assert 1 > 2"),
    ],
)
def test_tests_that_cannot_run_whatever_the_program_is_are_no_failure_of_it(strict, body, setup):
    verdict = strict.check(function_problem(body, setup=setup), "def f(n): return 5\n")
    assert verdict.status.value == "harness_error", verdict
