"""Small wrong versions of a program: one comparison, constant, operator, branch or statement changed in each."""

from __future__ import annotations

import ast
import copy
import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

_COMPARISONS: dict[type[ast.cmpop], list[type[ast.cmpop]]] = {
    ast.Lt: [ast.LtE, ast.GtE],
    ast.LtE: [ast.Lt, ast.Gt],
    ast.Gt: [ast.GtE, ast.LtE],
    ast.GtE: [ast.Gt, ast.Lt],
    ast.Eq: [ast.NotEq],
    ast.NotEq: [ast.Eq],
    ast.In: [ast.NotIn],
    ast.NotIn: [ast.In],
    ast.Is: [ast.IsNot],
    ast.IsNot: [ast.Is],
}
_OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.BitOr: ast.BitAnd,
}
_SIMPLE = (ast.Assign, ast.AugAssign, ast.Expr, ast.Return, ast.Continue, ast.Break, ast.Delete)


def mutants(source: str) -> Iterator[tuple[str, str]]:
    """(where and what was changed, source) of each mutant of a function with a docstring."""
    tree = ast.parse(source)
    nodes = list(ast.walk(tree))
    docstring = tree.body[0].body[0]  # type: ignore[attr-defined]
    left_alone = {id(node) for node in ast.walk(docstring)}
    for place, node in enumerate(nodes):
        if id(node) in left_alone:
            continue
        for name, replacement in _changes(node):
            changed = copy.deepcopy(tree)
            twin = list(ast.walk(changed))[place]
            _Replace(twin, replacement).visit(changed)
            try:
                text = ast.unparse(ast.fix_missing_locations(changed))
            except ValueError:
                continue
            if text != ast.unparse(tree):
                before, after = ast.unparse(node).split("\n")[0], ast.unparse(replacement).split("\n")[0]
                place_in_text = f"{node.lineno}:{node.col_offset}"  # type: ignore[attr-defined]
                yield f"{place_in_text} {name}: {before} -> {after}", text


class _Replace(ast.NodeTransformer):
    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> Any:
        return self.new if node is self.old else self.generic_visit(node)


def _changes(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """(kind, node in its place) of everything that can be changed about one node."""
    if isinstance(node, ast.Compare):
        for place, old in enumerate(node.ops):
            for new in _COMPARISONS.get(type(old), []):
                ops = [*node.ops[:place], new(), *node.ops[place + 1 :]]
                yield "comparison", ast.Compare(node.left, ops, node.comparators)
    elif isinstance(node, ast.BinOp | ast.AugAssign) and type(node.op) in _OPERATORS:
        changed = copy.copy(node)
        changed.op = _OPERATORS[type(node.op)]()
        yield "operator", changed
    elif isinstance(node, ast.BoolOp):
        yield "and/or", ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
    elif isinstance(node, ast.UnaryOp):
        yield "sign", node.operand
    elif isinstance(node, ast.IfExp):
        yield "branches", ast.IfExp(node.test, node.orelse, node.body)
    elif isinstance(node, ast.If | ast.While) and not isinstance(node.test, ast.Constant):
        changed = copy.copy(node)
        changed.test = ast.UnaryOp(ast.Not(), node.test)
        yield "condition", changed
    elif isinstance(node, ast.Constant):
        yield from (("constant", ast.Constant(value)) for value in _values(node.value))
    if isinstance(node, _SIMPLE):
        yield "removed", ast.Pass()
    if isinstance(node, ast.Return) and node.value is not None:
        yield "returns nothing", ast.Return(ast.Constant(None))


def _values(value: Any) -> list[Any]:
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1, value - 1]
    return ["", value + "~"] if isinstance(value, str) and value else ["~"] if value == "" else []


_RUNNER = """
import json, resource, signal, sys
resource.setrlimit(resource.RLIMIT_AS, (1 << 31, 1 << 31))
class Late(BaseException): pass
def late(*_): raise Late
signal.signal(signal.SIGALRM, late)
for line in sys.stdin:
    job = json.loads(line)
    tests, passed = {}, True
    exec(job["test"], tests)
    try:
        signal.setitimer(signal.ITIMER_REAL, job["limit_s"])
        space = {}
        exec(job["source"], space)
        tests["check"](space[job["name"]])
    except BaseException:
        passed = False
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    print(json.dumps(passed), flush=True)
"""


def judged(jobs: list[dict[str, Any]], limit_s: float = 0.5) -> list[bool]:
    """Whether each job (`source`, `test`, `name`) passes, in a process of its own; an endless loop does not."""
    text = "".join(json.dumps({**job, "limit_s": limit_s}) + "\n" for job in jobs)
    done = subprocess.run(
        [sys.executable, "-c", _RUNNER], input=text, capture_output=True, text=True, timeout=240, check=True
    )
    return [json.loads(line) for line in done.stdout.splitlines()]
