"""The house: imports run downstairs only, in no circle, and doors do nothing but re-export."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import evals

PACKAGE = Path(evals.__file__).parent

FLOORS = {
    8: ["cli"],
    7: ["report", "viewer"],
    6: ["comparison", "distributed", "forecasts", "labelling"],
    5: ["contamination", "interchange", "runner"],
    4: ["eval", "suite"],
    3: ["completion_fns", "local_models", "solvers", "metrics", "scaling", "exams", "serving"],
    2: ["registry", "data", "datasets", "record", "engine", "sandbox"],
    1: [
        "chat",
        "completion",
        "errors",
        "images",
        "json_text",
        "key_values",
        "lazy",
        "project",
        "report_keys",
        "sample",
        "secrets",
    ]
    + ["specs", "stats", "task_state", "texts"],
}
FOLDERS_ABOVE = {
    "completion_fns": {"local_models", "solvers", "serving"},
    "local_models": {"solvers", "serving"},
    "solvers": {"serving"},
    "report": {"viewer"},
}
"Folders of one floor that the folder must not import: they stand on it."
FLOOR_OF = {name: floor for floor, names in FLOORS.items() for name in names}
DOORS = {"api", "base", "elsuite", "prompt", "formatting", "utils"}
INNER_DOORS = {
    "evals.completion_fns",
    "evals.completion_fns.openai",
    "evals.completion_fns.solver_completion_fn",
    "evals.record",
    "evals.registry",
    "evals.solvers",
    "evals.suite",
}
"Doors beside what they lead to, by their whole names: public paths of classes, and paths of openai/evals."
TOP_FLOOR = 9
BESIDE_THE_HOUSE = {"testing"}
"Uses any floor; nothing of ours but a door uses it."


def modules() -> dict[str, Path]:
    found = {}
    for path in PACKAGE.rglob("*.py"):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        if "_bundled" not in parts:
            found[".".join(parts).removesuffix(".__init__")] = path
    return found


MODULES = modules()


def is_door(name: str) -> bool:
    return name in INNER_DOORS or name.partition(".")[2].split(".")[0] in DOORS


HOME_MODULES = {name: path for name, path in MODULES.items() if name != "evals" and not is_door(name)}
DOOR_MODULES = {name: path for name, path in MODULES.items() if is_door(name)}


def top(module: str) -> str:
    """`suite` for `evals.suite.match.match`."""
    return module.split(".")[1]


def floor_of(module: str) -> int:
    return TOP_FLOOR if top(module) in BESIDE_THE_HOUSE else FLOOR_OF[top(module)]


def imported(node: ast.AST) -> list[str]:
    """The modules of ours that one statement imports."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names if alias.name.split(".")[0] == "evals"]
    if not isinstance(node, ast.ImportFrom) or (node.module or "").split(".")[0] != "evals":
        return []
    names = [f"{node.module}.{alias.name}" for alias in node.names]
    return [name if name in MODULES else str(node.module) for name in names]


def imports(path: Path) -> Iterator[tuple[str, str]]:
    """Every import of ours in a file, at any depth: (`file:line`, module)."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        for module in sorted(set(imported(node))):
            yield f"{path.relative_to(PACKAGE.parent)}:{getattr(node, 'lineno', 0)}", module


def arrows() -> dict[str, set[str]]:
    """The modules of ours that each module imports, at any depth and for the type checker too; doors left out."""
    return {
        name: {module for _, module in imports(path) if module not in ("evals", name) and not is_door(module)}
        for name, path in HOME_MODULES.items()
    }


def room(module: str) -> str:
    """The folder of the package that a module lies in; the module itself where it lies in none."""
    parts = module.split(".")
    return ".".join(parts[:2])


def fail_at_circles(graph: dict[str, set[str]]) -> None:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_every_module_has_a_floor() -> None:
    homeless = [name for name in HOME_MODULES if top(name) not in FLOOR_OF.keys() | BESIDE_THE_HOUSE]
    assert not homeless, "give them a floor in tests/test_floors.py and a line in docs/architecture.md"


def test_imports_run_downstairs_only() -> None:
    upstairs = [
        f"{where} imports {module}"
        for name, path in HOME_MODULES.items()
        for where, module in imports(path)
        if module != "evals" and not is_door(module) and floor_of(name) < floor_of(module)
    ]
    assert not upstairs


def test_folders_of_one_floor_import_each_other_in_one_direction_only() -> None:
    circles = [
        f"{where} imports {module}"
        for name, path in HOME_MODULES.items()
        for where, module in imports(path)
        if module != "evals" and not is_door(module) and top(module) in FOLDERS_ABOVE.get(top(name), ())
    ]
    assert not circles


def test_our_own_code_imports_no_door() -> None:
    through_doors = [
        f"{where} imports {module}"
        for path in HOME_MODULES.values()
        for where, module in imports(path)
        if is_door(module)
    ]
    assert not through_doors


def test_our_own_code_takes_only_the_version_from_the_package_itself() -> None:
    taken = [
        f"{path.name}:{node.lineno}"
        for path in HOME_MODULES.values()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module == "evals"
        for alias in node.names
        if f"evals.{alias.name}" not in MODULES and alias.name != "__version__"
    ]
    assert not taken


def test_no_modules_import_each_other_in_a_circle() -> None:
    fail_at_circles(arrows())


def test_no_folders_import_each_other_in_a_circle() -> None:
    between: dict[str, set[str]] = {}
    for name, modules_used in arrows().items():
        if top(name) not in BESIDE_THE_HOUSE:
            between.setdefault(room(name), set()).update(map(room, modules_used))
    fail_at_circles({name: used - {name} for name, used in between.items()})


def test_few_modules_stand_at_the_root() -> None:
    at_root = [path.stem for path in PACKAGE.glob("*.py") if not is_door(f"evals.{path.stem}")]
    assert len(at_root) <= 16, "find its room: docs/architecture.md"


def test_no_module_is_longer_than_350_lines() -> None:
    lengths = {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in MODULES.items()}
    assert {name: length for name, length in lengths.items() if length > 350} == {}


def is_door_statement(node: ast.stmt) -> bool:
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    if isinstance(node, ast.Assign):
        return ast.unparse(node.targets[0]) in ("__all__", "_HOMES", "(__getattr__, __dir__)")
    if isinstance(node, ast.If):
        return ast.unparse(node.test) == "TYPE_CHECKING" and all(map(is_door_statement, node.body))
    if isinstance(node, ast.ImportFrom):
        return node.module in ("__future__", "typing") or (node.module or "").split(".")[0] == "evals"
    return False


@pytest.mark.parametrize("name", sorted(DOOR_MODULES))
def test_a_door_holds_only_imports(name: str) -> None:
    body = ast.parse(DOOR_MODULES[name].read_text(encoding="utf-8")).body
    assert [ast.unparse(node) for node in body if not is_door_statement(node)] == []


@pytest.mark.parametrize("name", ["evals", *sorted(INNER_DOORS)])
def test_a_lazy_door_says_the_same_to_the_type_checker_and_to_python(name: str) -> None:
    homes = getattr(importlib.import_module(name), "_HOMES", None)
    told = {
        alias.name: node.module
        for node in ast.walk(ast.parse(MODULES[name].read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module not in ("__future__", "typing", "evals.lazy", "evals")
        for alias in node.names
    }
    assert homes is None or homes == told


def test_classes_behind_doors_are_the_same_classes() -> None:
    changed = []
    for door, path in DOOR_MODULES.items():
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("evals"):
                home = importlib.import_module(str(node.module))
                for alias in node.names:
                    if getattr(importlib.import_module(door), alias.asname or alias.name) is not getattr(
                        home, alias.name
                    ):
                        changed.append(f"{door}.{alias.name}")
    assert not changed


def test_every_module_opens_with_one_sentence() -> None:
    silent = [
        name
        for name, path in MODULES.items()
        if not (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").split("\n\n")[0].endswith(".")
    ]
    assert not silent


def test_every_folder_of_the_package_is_a_package() -> None:
    assert [path.parent for path in MODULES.values() if not (path.parent / "__init__.py").exists()] == []
