"""The sandbox's three walls: the evaluator never loads what decides, what decides never loads the evaluator's side, and what
runs beside programs loads neither, nor a test. Shown by every import statement, and by what real processes have loaded."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import evals
from evals.sandbox.problem import FunctionTests, Problem

PACKAGE = Path(evals.__file__).parent
SANDBOX = "evals.sandbox"
HOST, TESTER, INSIDE = f"{SANDBOX}.host", f"{SANDBOX}.tester", f"{SANDBOX}.inside"
SHARED = {"protocol", "typed_json", "quick_json", "problem", "verdict", "output", "process_tree", "unsafe_local"}
"Modules of the sandbox that belong to none of the three."

MESSAGES = {f"{SANDBOX}.protocol", f"{SANDBOX}.quick_json"}
"What processes say to one another, and the JSON of it."

ARRAYS = {"numpy"}
"Not of the standard library, and imported where an array travels: only then does a program have numpy at all."


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")


MODULES = {name_of(path): path for path in PACKAGE.rglob("*.py") if "_bundled" not in path.parts}
SANDBOX_MODULES = {name: path for name, path in MODULES.items() if name.startswith(f"{SANDBOX}.")}


def imported(source: str, name: str) -> set[str]:
    """All modules that a source imports, at any depth: in functions, for types alone, and by a name in a text too."""
    return {found for node in ast.walk(ast.parse(source)) for found in _imported_by(node, name)}


def _imported_by(node: ast.AST, name: str) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        above = ".".join(name.split(".")[: -node.level]) + "." if node.level else ""
        module = (above + (node.module or "")).strip(".")
        yield module
        yield from (whole for alias in node.names if (whole := f"{module}.{alias.name}") in MODULES)
    elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
        yield from (part.value for part in node.args if isinstance(part, ast.Constant) and isinstance(part.value, str))


def is_in(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def imports_of(name: str) -> set[str]:
    return imported(MODULES[name].read_text(encoding="utf-8"), name)


def crossings(names: list[str], *forbidden: str) -> list[str]:
    """Imports of these modules that lead into one of the packages."""
    return [f"{name} imports {found}" for name in names for found in sorted(imports_of(name))
            if any(is_in(found, package) for package in forbidden)]  # fmt: skip


@pytest.mark.parametrize(
    "source",
    [
        "from evals.sandbox.tester import clock",
        "import evals.sandbox.tester.clock as ticking",
        "def late():\n    from evals.sandbox.tester.clock import Clock",
        "if TYPE_CHECKING:\n    from evals.sandbox.tester.clock import Clock",
        "from ..tester.clock import Clock",
        "importlib.import_module('evals.sandbox.tester.clock')",
    ],
)
def test_no_way_to_import_is_overlooked(source):
    assert f"{TESTER}.clock" in imported(source, f"{HOST}.made_up")


def test_nothing_but_the_tester_itself_imports_the_tester():
    assert crossings([name for name in MODULES if not is_in(name, TESTER)], TESTER) == []


def test_the_tester_imports_nothing_of_the_evaluator_s_side():
    assert crossings([name for name in MODULES if is_in(name, TESTER)], HOST) == []


def test_what_runs_beside_programs_imports_the_standard_library_itself_and_the_protocol():
    known = set(sys.stdlib_module_names) | ARRAYS
    strange = [
        f"{name} imports {found}"
        for name in MODULES
        if is_in(name, INSIDE)
        for found in sorted(imports_of(name))
        if found.split(".")[0] not in known and not is_in(found, INSIDE) and found not in MESSAGES
    ]
    assert strange == []


def test_what_all_share_imports_none_of_the_three():
    shared = [name for name in SANDBOX_MODULES if not any(is_in(name, side) for side in (HOST, TESTER, INSIDE))]
    assert {name.removeprefix(f"{SANDBOX}.") for name in shared} == SHARED
    assert crossings(shared, HOST, TESTER, INSIDE) == []


def test_no_modules_of_the_sandbox_import_each_other_in_a_circle_at_any_depth():
    graph = {name: imports_of(name) & SANDBOX_MODULES.keys() - {name} for name in SANDBOX_MODULES}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


LOADED = "[name for name in sys.modules if name.split('.')[0] == 'evals']"
EVALUATOR = f"""
import json, sys
from evals.sandbox.host.sandbox import Sandbox
from evals.sandbox.problem import FunctionTests, Problem
tests = FunctionTests("def check(candidate):\\n    assert candidate() == 1\\n")
with Sandbox(workers=1, assurance="strict") as sandbox:
    assert sandbox.check(Problem("p", "", tests, "f", 20.0), "def f():\\n    return 1\\n").passed
print(json.dumps({LOADED}))
"""
TESTS = f"""
import json, sys
def check(candidate):
    raise AssertionError(json.dumps({{"tester": {LOADED}, "candidate": candidate()}}))
"""
PROGRAM = f"import sys\ndef f():\n    return {LOADED}\n"


def sides(loaded: list[str]) -> set[str]:
    return {side for side in (HOST, TESTER, INSIDE) if any(is_in(name, side) for name in loaded)}


def test_an_evaluator_that_has_judged_a_program_has_loaded_no_tester(strict):
    done = subprocess.run(
        [sys.executable, "-c", EVALUATOR], capture_output=True, text=True, check=False, cwd=PACKAGE.parent
    )
    assert done.returncode == 0, done.stderr
    assert sides(json.loads(done.stdout)) == {HOST, INSIDE}


def test_testers_and_programs_have_loaded_their_own_side_alone(strict):
    """A candidate is a fork of its zygote, and that of what forks zygotes: these have loaded no more than it has."""
    verdict = strict.check(Problem("p", "", FunctionTests(TESTS), "f", 20.0), PROGRAM)
    loaded = json.loads(verdict.detail.rpartition(" (line")[0])
    assert sides(loaded["tester"]) == {TESTER, INSIDE}
    assert f"{TESTER}.tester" in loaded["tester"]
    assert sides(loaded["candidate"]) == {INSIDE}
    beside = {name for name in loaded["candidate"] if not is_in(name, INSIDE)}
    assert beside == {"evals", SANDBOX, f"{SANDBOX}.typed_json", *MESSAGES}
