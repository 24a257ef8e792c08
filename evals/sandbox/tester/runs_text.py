"""Which tests run what they are given as code, or start processes: they must do it in the program's process."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from evals.sandbox.tester.syntax import Nodes

_TEXT = frozenset({"eval", "exec", "compile"})
_LOADS = frozenset({"load", "loads", "Unpickler"})
_ALL = frozenset({"*"})
_FUNCTIONS: dict[str, frozenset[str]] = {
    "builtins": _TEXT,
    **dict.fromkeys(("pickle", "_pickle", "cPickle", "dill", "cloudpickle", "marshal", "joblib", "torch"), _LOADS),
    "numpy": frozenset({"load"}),
    "pandas": frozenset({"read_pickle", "eval"}),
    "sympy": frozenset({"sympify", "S", "parse_expr"}),
    "sympy.parsing.sympy_parser": frozenset({"parse_expr"}),
    "yaml": frozenset({"load", "full_load", "unsafe_load", "load_all", "unsafe_load_all"}),
    "shelve": _ALL,
    **dict.fromkeys(("subprocess", "runpy", "code", "codeop", "pty", "pexpect", "multiprocessing", "timeit"), _ALL),
    **dict.fromkeys(("cProfile", "profile", "pdb", "bdb", "trace", "doctest"), _ALL),
    "importlib": frozenset({"import_module", "reload", "__import__"}),
    "pkgutil": frozenset({"resolve_name"}),
    "asyncio": frozenset({"create_subprocess_exec", "create_subprocess_shell"}),
    "concurrent.futures": frozenset({"ProcessPoolExecutor"}),
    "os": frozenset({"system", "popen", "fork", "forkpty", "posix_spawn", "posix_spawnp", "startfile"})
    | {f"{verb}{how}" for verb in ("exec", "spawn") for how in ("l", "le", "lp", "lpe", "v", "ve", "vp", "vpe")},
}
"""By module: functions that run text or data as code, load what is named, or start processes. `*`: all of it."""

_TELLING = _TEXT.union(*(module.split(".") for module in _FUNCTIONS))
"Tests in which none of these words stands use none of the functions."


def runs_what_it_gets(tests: Nodes) -> str | None:
    """How the tests run code, or start a process, by something that does not stand in them; None if they do not.

    The program may have given it, and the tester is not confined as programs are. Constants are the tests' own.
    """
    if _TELLING.isdisjoint(tests.words):
        return None
    names = dict(_imported(tests))
    called = {id(node.func): node for node in tests.of(ast.Call)}
    for node in tests.all:
        said = _named(node, names)
        if said is None:
            continue
        call = called.get(id(node))
        if call is None or not call.args or not _is_own(call.args[0]):
            return f"the tests use {said} on what they are given"
    return None


def _is_own(node: ast.expr) -> bool:
    """Whether what is run stands in the tests: a constant, or one that is compiled."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "compile" and node.args:
        node = node.args[0]
    return isinstance(node, ast.Constant)


def _imported(tests: Nodes) -> Iterator[tuple[str, str]]:
    """Each name that imports give a meaning here, with the dotted name that it stands for."""
    for name in _TEXT:
        yield name, f"builtins.{name}"
    for node in tests.all:
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.split(".")[0]
                yield (alias.asname or top), (alias.name if alias.asname else top)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                yield (alias.asname or alias.name), f"{node.module}.{alias.name}"


def _named(node: ast.AST, names: dict[str, str]) -> str | None:
    """The listed function that a node reads, as a dotted name."""
    dotted = _dotted(node, names) if isinstance(node, ast.Name | ast.Attribute) else None
    if dotted is None or isinstance(getattr(node, "ctx", None), ast.Store):
        return None
    module, _, function = dotted.rpartition(".")
    listed = _FUNCTIONS.get(module, frozenset()) | (_FUNCTIONS.get(module.split(".")[0], frozenset()) & _ALL)
    return dotted.removeprefix("builtins.") if function in listed or "*" in listed else None


def _dotted(node: ast.expr, names: dict[str, str]) -> str | None:
    if isinstance(node, ast.Name):
        return names.get(node.id)
    if isinstance(node, ast.Attribute):
        owner = _dotted(node.value, names)
        return None if owner is None else f"{owner}.{node.attr}"
    return None
