"""Which tests share more with a program than values: files, warnings, log records, the working folder."""

from __future__ import annotations

import ast
from collections import Counter

from evals.sandbox.tester.syntax import Nodes

_FILES = {"mkdtemp", "mkstemp", "NamedTemporaryFile", "TemporaryDirectory", "TemporaryFile"}
_FILES |= {"write_text", "write_bytes", "read_text", "read_bytes", "makedirs", "listdir", "scandir", "rmtree"}
_FILES |= {"tmp_path", "tmpdir", "copyfile"}
_FOLDER = {"chdir", "fchdir"}
_LOGGING = {"addHandler", "assertLogs", "assertNoLogs", "caplog", "basicConfig", "LogRecord"}
_PROCESS = {"tzset", "setlocale", "errstate", "seterr", "redirect_stderr", "capsys", "capfd"}
_WARNS = {"assertWarns", "assertWarnsRegex", "warns", "deprecated_call"}
_PASSED_ON = {"stdin", "stdout", "stderr", "input", "argv", "environ"}
"What programs are given, or asked for, in another way."
_CATCHES = {"catch_warnings", "simplefilter", "filterwarnings"}


_TELLING = frozenset({*_FILES, *_FOLDER, *_LOGGING, *_PROCESS, *_WARNS, *_CATCHES, "open", "modules"})
"Tests in which none of these words stands, and that set no attribute, share nothing."


def shares_with_program(tests: Nodes) -> str | None:
    """What the tests share with the program so that they must run in its process; None if they share nothing."""
    stores = any(isinstance(node.ctx, ast.Store) for node in tests.of(ast.Attribute))
    if not stores and _TELLING.isdisjoint(tests.words):
        return None
    modules = {alias.asname or alias.name.split(".")[0] for node in tests.of(ast.Import) for alias in node.names}
    texts = Counter(node.value for node in tests.of(ast.Constant) if isinstance(node.value, str))
    for node in tests.all:
        word = _word(node)
        if word in _FILES or (isinstance(node, ast.Call) and _word(node.func) == "open" and not _is_own(node, texts)):
            word = word or "open"
            return f"the tests share files with the program ({word})"
        if _replaces(node, modules):
            return "the tests replace parts of modules"
        if word in _FOLDER:
            return f"the tests share the working folder with the program ({word})"
        if word in _PROCESS:
            return f"the tests share settings or streams of their process with the program ({word})"
        if word in _LOGGING:
            return f"the tests read what the program logs ({word})"
        if word in _WARNS or (isinstance(node, ast.Call) and _word(node.func) in _CATCHES and _is_heard(node)):
            return "the tests read or change what the program warns of"
    return None


def _replaces(node: ast.AST, modules: set[str]) -> bool:
    """Whether a node puts something in a module, or a module among those that are loaded: `random.random = half`."""
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
        return isinstance(node.value, ast.Attribute) and node.value.attr == "modules"
    if not isinstance(node, ast.Attribute) or not isinstance(node.ctx, ast.Store):
        return False
    return isinstance(node.value, ast.Name) and node.value.id in modules and node.attr not in _PASSED_ON


def _word(node: ast.AST) -> str:
    """The name or attribute that a node reads; the last part of what is imported."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.name.split(".")[-1] if isinstance(node, ast.alias) else ""


def _is_own(node: ast.Call, texts: Counter[str]) -> bool:
    """Whether `open` reads a file of the tests alone: its name stands there, and nowhere else, as for the program."""
    given = [*node.args, *(keyword.value for keyword in node.keywords)]
    name, rest = (given[0], given[1:]) if given else (None, [])
    writes = any(isinstance(part, ast.Constant) and set(str(part.value)) & set("wax+") and len(str(part.value)) < 4
                 for part in rest)  # fmt: skip
    return isinstance(name, ast.Constant) and texts[str(name.value)] == 1 and not writes


def _is_heard(node: ast.Call) -> bool:
    """Whether a call records warnings or makes errors of them. To ignore them changes nothing for the program."""
    given = [*node.args, *(keyword.value for keyword in node.keywords)]
    return any(isinstance(value, ast.Constant) and value.value in (True, "error", "always") for value in given)
