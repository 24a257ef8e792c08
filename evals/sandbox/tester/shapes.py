"""What tests need of a program: read from the source of tests and prompt alone, never from what a program does."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from evals.sandbox.inside.surroundings import WORDS
from evals.sandbox.problem import FunctionTests, Problem
from evals.sandbox.tester.batched_calls import calls_to_batch
from evals.sandbox.tester.runs_text import runs_what_it_gets
from evals.sandbox.tester.sharing import shares_with_program
from evals.sandbox.tester.syntax import Nodes

_LIVE_MODULES = {"inspect", "gc", "dis", "tracemalloc", "ctypes", "weakref"}
"Modules with which tests look into a program's own objects."

_LIVE_NAMES = {"globals", "locals", "__import__"}
_LIVE_ATTRIBUTES = {"__code__", "__globals__", "__closure__", "__annotations__", "__defaults__", "__wrapped__"}
_LIVE_ATTRIBUTES |= {"cache_clear", "cache_info", "__dict__", "__mro__", "__bases__", "__subclasses__", "setattr"}
_COMPARISONS = {
    "__eq__",
    "__ne__",
    "__lt__",
    "__le__",
    "__gt__",
    "__ge__",
    "__hash__",
    "__contains__",
    "total_ordering",
}
_FED, _READ, _STOPS = {"stdin", "input"}, {"stdout", "redirect_stdout"}, {"StopIteration", "StopAsyncIteration"}
_BUILTINS = frozenset(dir(builtins))
_COMPILES = {"eval", "exec", "compile"}
_FED_TARGETS = {"builtins.input", "sys.stdin", "sys.stdout"}


_PATCHERS = ("patch", "setattr", "object", "dict")
"`patch`, `patch.object`, `patch.dict` of unittest.mock, and `monkeypatch.setattr` of pytest."

_TELLING = frozenset({*_LIVE_MODULES, *_LIVE_NAMES, *_LIVE_ATTRIBUTES, *_PATCHERS})
"Tests in which none of these words stands give no reason in `_reasons`."

_DEFINING: tuple[Any, ...] = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_NAMING: tuple[Any, ...] = (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)


@dataclass(frozen=True)
class Shape:
    """How tests are run against a program."""

    weak_because: str | None
    "Why they must share its process; None if they need not."
    entry_is_class: bool = False
    classes: frozenset[str] = frozenset()
    "Classes of prompt and tests whose instances travel by their attributes."
    names: frozenset[str] = frozenset()
    "Names that the tests use and nothing but the program can define."
    operators: frozenset[str] = frozenset()
    "Operators that the prompt's class under test defines: what is tested may be given any operand."
    names_stop_iteration: bool = False
    guards_with: bool = False
    "A `with` of the tests holds what must not be swallowed: an assertion, or a use of what the program gave."
    feeds_input: bool = False
    reads_output: bool = False
    settings: tuple[str, ...] = ()
    "Settings of their process that the tests change, by name in `inside.surroundings`: a program has them too."
    sorts_by_entry: bool = False
    "The tests sort by what the program gives, and compare by `<` or `>` nothing else."
    texts: frozenset[str] = frozenset()
    "Texts that stand in the tests, if they compile any: they may run these."
    batched_calls: tuple[str, ...] = ()
    "Calls that the tests are sure to begin with, as they are sent: see `batched_calls.py`."


def shape_of(problem: Problem) -> Shape:
    """The shape of a problem's tests.

    Raises:
        SyntaxError, ValueError, RecursionError: the tests are not Python that can be read.
    """
    assert isinstance(problem.tests, FunctionTests)
    tree = ast.parse(problem.tests.source)
    tests, prompt = Nodes(tree), Nodes(parse_prompt(problem.prompt))
    classes = {node.name: node for node in prompt.of(ast.ClassDef)}
    entry_is_class = problem.entry_point in classes
    own_classes = {node.name: node for node in tests.of(ast.ClassDef) if not _is_case(node)}
    defined = _defined_names(tests) | _defined_names(prompt)
    unknown = _used_names(tests) - defined - _BUILTINS
    mentioned = _mentioned(tests)
    feeds_input, reads_output = not _FED.isdisjoint(mentioned), not _READ.isdisjoint(mentioned)
    settings = tuple(name for name, words in WORDS.items() if not words.isdisjoint(mentioned))
    # Input and output belong to single calls; a class, a helper of the program or the prompt may call it in between.
    calls_itself = problem.entry_point in _used_names(prompt)
    in_turn = feeds_input or reads_output or settings or entry_is_class or unknown or calls_itself
    called = {problem.entry_point or "", *_parameters_of_check(tree)}
    functions = {node.name for node in prompt.of(ast.FunctionDef)} | {
        node.name for node in prompt.of(ast.AsyncFunctionDef)
    }
    return Shape(
        _weak_because(tests, prompt, own_classes, entry_is_class)
        or _decided_by(tests, unknown, problem.prompt)
        or _looks_at(tests, called, problem.entry_point in functions),
        entry_is_class,
        frozenset({*classes, *own_classes} - {problem.entry_point}),
        frozenset(unknown),
        frozenset(_methods(classes, problem.entry_point) - _COMPARISONS),
        not _STOPS.isdisjoint(mentioned),
        _guards_with(tests),
        feeds_input,
        reads_output,
        settings,
        _sorts_by(tests, called),
        _texts(tests) if not _COMPILES.isdisjoint(mentioned) else frozenset(),
        () if in_turn else calls_to_batch(tree, problem.entry_point or "", defined, mentioned),
    )


def parse_prompt(prompt: str) -> ast.Module:
    """The prompt's syntax tree. If it stops at a signature, as if a body followed; if it is not Python, empty."""
    for source in (prompt, f"{prompt.rstrip()}\n    pass\n"):
        try:
            return ast.parse(source)
        except (SyntaxError, ValueError):
            continue
    return ast.Module([], [])


def _guards_with(tests: Nodes) -> bool:
    """See `Shape.guards_with`."""
    blocks: list[ast.With | ast.AsyncWith] = [*tests.of(ast.With), *tests.of(ast.AsyncWith)]
    return any(
        any(item.optional_vars is not None for item in node.items)
        or any(isinstance(part, ast.Assert) for part in ast.walk(node))
        for node in blocks
    )


def _texts(tests: Nodes) -> frozenset[str]:
    return frozenset(node.value for node in tests.of(ast.Constant) if isinstance(node.value, str))


def _parameters_of_check(tree: ast.Module) -> list[str]:
    checks = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "check"]
    return [argument.arg for check in checks for argument in check.args.args]


def _sorts_by(tests: Nodes, names: set[str]) -> bool:
    """See `Shape.sorts_by_entry`."""
    keys = [node.value for node in tests.of(ast.keyword) if node.arg == "key"]
    if not keys:
        return False
    given = [node for node in tests.of(ast.Assign) if isinstance(node.value, ast.Call)
             and isinstance(node.value.func, ast.Name) and node.value.func.id in names]  # fmt: skip
    names = names | {part.id for node in given for part in node.targets if isinstance(part, ast.Name)}
    keys = [node.func if isinstance(node, ast.Call) else node for node in keys]
    ordered = any(isinstance(part, ast.Lt | ast.Gt | ast.LtE | ast.GtE)
                  for node in tests.of(ast.Compare) for part in node.ops)  # fmt: skip
    return not ordered and any(isinstance(node, ast.Name) and node.id in names for node in keys)


def _is_case(node: ast.ClassDef) -> bool:
    """Whether a class is one of unittest's, which is never handed over."""
    return any("TestCase" in (getattr(base, "id", ""), getattr(base, "attr", "")) for base in node.bases)


def _methods(classes: dict[str, ast.ClassDef], name: str | None) -> set[str]:
    """Names of the operators that a class of the prompt defines, and those it derives from."""
    node = classes.get(name or "")
    if node is None:
        return set()
    found = {part.name for part in node.body if isinstance(part, ast.FunctionDef) and part.name.startswith("__")}
    others = {key: value for key, value in classes.items() if key != name}
    for base in node.bases:
        found |= _methods(others, base.id if isinstance(base, ast.Name) else None)
    return found


def _weak_because(
    tests: Nodes, prompt: Nodes, own_classes: dict[str, ast.ClassDef], entry_is_class: bool
) -> str | None:
    """The first reason for which program and tests must share a process; None if they need not."""
    if not _TELLING.isdisjoint(tests.words):
        for reason in _reasons(tests):
            return reason
    shared = shares_with_program(tests) or runs_what_it_gets(tests)
    if shared is not None:
        return shared
    for name, node in own_classes.items():
        methods = {part.name for part in node.body if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef)}
        if methods - {"__init__", "__repr__", "__eq__", "__str__", "__hash__"}:
            return f"the tests hand over objects of their own class {name}"
    compared = {node.name for node in prompt.of(ast.FunctionDef)} & _COMPARISONS
    if entry_is_class and compared:
        return f"the class under test decides by itself what is equal ({', '.join(sorted(compared))})"
    return None


def _looks_at(tests: Nodes, names: set[str], is_function: bool) -> str | None:
    """An attribute of the function under test that the tests read; its own name is known here."""
    read = [node.attr for node in tests.of(ast.Attribute)
            if isinstance(node.value, ast.Name) and node.value.id in names]  # fmt: skip
    for name in read:
        if name == "__doc__" or (is_function and name not in ("__name__", "__qualname__", "__call__")):
            return f"the tests look at {name} of the function"
    return None


def _decided_by(tests: Nodes, unknown: set[str], prompt: str) -> str | None:
    """A function that only the program can define and that decides in the tests what is right; None without one."""
    if not unknown:
        return None
    for name in sorted(unknown):
        # A prompt that is no Python defines nothing here, and its helpers would be the program's own.
        if re.search(rf"^\s*(?:async\s+)?(?:def|class)\s+{re.escape(name)}\b", prompt, re.MULTILINE):
            return f"the prompt cannot be read, and its {name} comes from the program"
    deciding: list[ast.Assert | ast.If] = [*tests.of(ast.Assert), *tests.of(ast.If)]
    for node in deciding:
        for part in _truths(node.test):
            if isinstance(part, ast.Call) and isinstance(part.func, ast.Name) and part.func.id in unknown and part.args:
                return f"the tests let a function of the program, {part.func.id}, decide what is right"
    return None


def _truths(node: ast.expr) -> Iterator[ast.expr]:
    """The parts of a condition whose own truth decides."""
    if isinstance(node, ast.BoolOp):
        for part in node.values:
            yield from _truths(part)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield from _truths(node.operand)
    else:
        yield node


def _reasons(tests: Nodes) -> Iterator[str]:
    for node in tests.all:
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name in _LIVE_MODULES:
                    yield f"the tests use {alias.name}"
        elif isinstance(node, ast.ImportFrom) and node.module in _LIVE_MODULES:
            yield f"the tests use {node.module}"
        elif isinstance(node, ast.Name) and node.id in _LIVE_NAMES and isinstance(node.ctx, ast.Load):
            yield f"the tests use {node.id}"
        elif isinstance(node, ast.Attribute) and node.attr in _LIVE_ATTRIBUTES:
            yield f"the tests use {node.attr}"
        elif isinstance(node, ast.Call) and _called(node) in _PATCHERS and _patches(node):
            yield "the tests replace parts of modules"


def _called(node: ast.Call) -> str:
    function = node.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _patches(node: ast.Call) -> bool:
    """Whether a call puts something in the place of something that a program may use, input and output apart."""
    if isinstance(node.func, ast.Attribute):
        owner = node.func.value
        owner_name = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
        if node.func.attr == "patch" or owner_name == "patch":
            return not _is_fed(node)
        return node.func.attr == "setattr" and owner_name == "monkeypatch" and not _is_fed(node)
    return _called(node) == "patch" and not _is_fed(node)


def _is_fed(node: ast.Call) -> bool:
    first = node.args[0] if node.args else None
    return isinstance(first, ast.Constant) and first.value in _FED_TARGETS


def _used_names(nodes: Nodes) -> set[str]:
    return {node.id for node in nodes.of(ast.Name) if isinstance(node.ctx, ast.Load)}


def _defined_names(nodes: Nodes) -> set[str]:
    """Names that are given a meaning."""
    found = {node.name for kind in _DEFINING for node in nodes.of(kind)}
    found |= {node.id for node in nodes.of(ast.Name) if not isinstance(node.ctx, ast.Load)}
    found |= {node.arg for node in nodes.of(ast.arg)}
    found |= {(node.asname or node.name).split(".")[0] for node in nodes.of(ast.alias)}
    found |= {node.name for kind in _NAMING for node in nodes.of(kind) if node.name}
    return found


def _mentioned(nodes: Nodes) -> set[str]:
    """Words that the tests use as a name, an attribute or an import; if one is patched, all that are watched."""
    found = {node.id for node in nodes.of(ast.Name)}
    found |= {node.attr for node in nodes.of(ast.Attribute)}
    found |= {node.name.split(".")[-1] for node in nodes.of(ast.alias)}
    if any(type(node.value) is str and node.value in _FED_TARGETS for node in nodes.of(ast.Constant)):
        found |= _FED | _READ | _STOPS
    return found
