"""Solvers: strategies that turn a task state into an answer, and may keep state for one sample."""

from __future__ import annotations

import copy
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, TypedDict, TypeVar

from evals.errors import RegistryError
from evals.record.current import record_event
from evals.registry.typed_arguments import typed_arguments
from evals.task_state import TaskState
from evals.texts.thoughts import split_thoughts

SolverSpec = TypedDict("SolverSpec", {"class": str, "args": dict[str, Any]})
"A solver in YAML: `class` is `module:Class`, `args` its keyword arguments."

SolverType = TypeVar("SolverType", bound="Solver")


class SolverResult:
    """An answer, with further facts about it as keywords."""

    def __init__(self, output: str, **metadata: Any) -> None:
        self._output = output
        self._metadata = metadata

    @property
    def output(self) -> str:
        """The answer, which the eval scores."""
        return self._output

    @property
    def metadata(self) -> dict[str, Any]:
        """The further facts, by their keywords."""
        return self._metadata

    def to_json(self) -> str:
        """Output and metadata as indented JSON; values without a JSON form become texts."""
        return json.dumps({"output": self.output, **self.metadata}, indent=2, default=str)


class Solver(ABC):
    """A strategy that answers a task state. Subclasses write `_solve`.

    postprocessors: as `module:Class`, applied to each answer in this order. registry: for solvers that look up names.

    Raises:
        ClassPathError: a postprocessor cannot be found.
    """

    postprocessors: list[Any]

    def __init__(self, postprocessors: Sequence[str] = (), registry: Any = None) -> None:
        self.postprocessors = [load_class(path, "postprocessor")() for path in postprocessors]

    @abstractmethod
    def _solve(self, task_state: TaskState, **kwargs: Any) -> SolverResult:
        """The answer to `task_state`, which is a copy that may be changed. kwargs: sampling arguments of the eval."""

    def __call__(self, task_state: TaskState, **kwargs: Any) -> SolverResult:
        """The answer without thoughts, after all postprocessors; each of them records a `postprocessor` event."""
        solved: Any = self._solve(copy.deepcopy(task_state), **kwargs)
        if not hasattr(solved, "output"):
            raise TypeError(f"{type(self).__name__}._solve gave {type(solved).__name__}, not a SolverResult")
        result = _without_thoughts(solved)
        for postprocessor in getattr(self, "postprocessors", ()):
            before = result.output
            result = postprocessor(result)
            _record_postprocessor(postprocessor, before, result.output)
        return result

    @property
    def name(self) -> str:
        """The name of this solver in logs."""
        return type(self).__name__

    @property
    def model_version(self) -> str | dict[str, Any]:
        """The exact model behind this solver; for a nested one, that of each sub-solver. Empty without a model."""
        return {}

    def copy(self: SolverType) -> SolverType:
        """A solver that shares no state with this one. Each sample gets a copy.

        Override it in a solver that holds something heavy or shared, such as a client or a lock.
        """
        return copy.deepcopy(self)


def _without_thoughts(result: SolverResult) -> SolverResult:
    """The result with the answer alone; what a solver's own client gave may hold thoughts, kept as `thoughts`."""
    split = split_thoughts(result.output) if isinstance(result.output, str) else None
    if split is None or split.answer == result.output:
        return result
    return SolverResult(split.answer, **{"thoughts": split.thoughts, **result.metadata})


def _record_postprocessor(postprocessor: Any, before: str, after: str) -> None:
    name = type(postprocessor).__name__
    record_event("postprocessor", {"name": name, "input": before, "output": after})


@typed_arguments
class DummySolver(Solver):
    """Gives the answer of the completion function `dummy` to every task."""

    def _solve(self, task_state: TaskState, **kwargs: Any) -> SolverResult:
        return SolverResult("This is a dummy response.")


class NestedSolver(Solver):
    """A solver around other solvers.

    solver_specs: the sub-solvers by name, as specs or as solvers. Subclasses must get them by `get_solver(name)`, and
    must not keep them in attributes: `copy` copies only what `get_solver` gives.

    Raises:
        ValueError: there is no sub-solver, or one is neither a spec nor a solver.
    """

    def __init__(
        self,
        *,
        postprocessors: Sequence[str] = (),
        registry: Any = None,
        **solver_specs: Any,
    ) -> None:
        super().__init__(postprocessors=postprocessors, registry=registry)
        if not solver_specs:
            raise ValueError(f"{type(self).__name__} needs one sub-solver or more")
        self.solver_specs: dict[str, Any] = {}
        self._solver_cache: dict[str, Solver] = {}
        for name, value in solver_specs.items():
            self._take(name, value)

    def _take(self, name: str, value: Any) -> None:
        if isinstance(value, Solver):
            self._solver_cache[name] = value
        elif not is_solver_spec(value):
            raise ValueError(f"Expected a sub-solver spec at '{name}', got '{value}'")
        self.solver_specs[name] = value
        self.get_solver(name)

    def get_solver(self, solver_name: str) -> Solver:
        """The sub-solver called `solver_name`; made when it is first asked for."""
        if solver_name not in self._solver_cache:
            self._solver_cache[solver_name] = self._create_solver(self.solver_specs[solver_name])
        return self._solver_cache[solver_name]

    def _create_solver(self, solver_spec: Any) -> Solver:
        return create_solver(solver_spec)

    def copy(self: SolverType) -> SolverType:
        """A copy, with each sub-solver copied by its own `copy`."""
        assert isinstance(self, NestedSolver)
        shared = {id(self._solver_cache): {}, id(self.solver_specs): self.solver_specs}
        twin = copy.deepcopy(self, dict(shared))
        twin._solver_cache = {name: solver.copy() for name, solver in self._solver_cache.items()}
        return twin

    @property
    def model_version(self) -> str | dict[str, Any]:
        return {name: solver.model_version for name, solver in self._solver_cache.items()}


def is_solver_spec(value: Any) -> bool:
    """Whether `value` is a dict `{"class": "module:Class", "args": {...}}`; `args` may be missing."""
    if not isinstance(value, Mapping) or not isinstance(value.get("class"), str):
        return False
    return isinstance(value.get("args", {}), Mapping)


def create_solver(solver_spec: Mapping[str, Any]) -> Solver:
    """The solver that a spec describes.

    Raises:
        ClassPathError: its class cannot be found.
    """
    solver = load_class(solver_spec["class"], "solver")(**(solver_spec.get("args") or {}))
    assert isinstance(solver, Solver), f"{solver_spec['class']} is not a Solver"
    return solver


def load_class(path: str, what: str) -> Any:
    """The class that `module:Class` names. what: the kind of class, for the message.

    Raises:
        ClassPathError: there is no such module or class, or the text has no colon.
    """
    module_name, _, class_name = path.partition(":")
    try:
        return getattr(import_module(module_name), class_name)
    except (ImportError, AttributeError, ValueError) as error:
        if isinstance(error, ImportError) and not _is_missing(error, module_name):
            raise
        raise ClassPathError(f"Invalid {what}: {path}", fix="write it as module:Class") from error


def _is_missing(error: ImportError, module_name: str) -> bool:
    """Whether the named module itself was not found, rather than something that it imports."""
    missing = error.name or ""
    return isinstance(error, ModuleNotFoundError) and f"{module_name}.".startswith(f"{missing}.")


class ClassPathError(RegistryError, ValueError):
    """A text `module:Class` that names no class. It is a ValueError too, as in openai/evals."""
