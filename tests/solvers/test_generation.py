"""Solvers by the names `generation/...` of the registry."""

from __future__ import annotations

from pathlib import Path

import pytest

from evals.errors import RegistryError, UsageError
from evals.registry import Registry
from evals.solvers.completion_fn_solver import CompletionFnSolver
from evals.solvers.generation import self_consistency
from evals.solvers.human_cli_solver import HumanCliSolver
from evals.solvers.nested.cot_solver import CoTSolver
from evals.solvers.nested.fewshot_solver import FewShotSolver
from evals.solvers.nested.self_consistency_solver import SelfConsistencySolver
from evals.task_state import TaskState


@pytest.mark.parametrize(
    ("name", "cls"),
    [
        ("generation/direct/dummy", CompletionFnSolver),
        ("generation/cot/dummy", CoTSolver),
        ("generation/self-consistency/dummy", SelfConsistencySolver),
        ("human_cli", HumanCliSolver),
    ],
)
def test_registered_names_make_solvers_over_any_completion_function(name: str, cls: type):
    assert isinstance(Registry().make_completion_fn(name), cls)


def test_a_hhh_solver_by_name_answers():
    solver = Registry().make_completion_fn("generation/hhh/dummy")
    assert solver(TaskState("task", [])).output == "This is a dummy response."
    assert solver.name == "DummyCompletionFn_hhh"


def test_a_few_shot_solver_by_name_takes_its_examples_as_arguments(tmp_path: Path):
    path = tmp_path / "train.jsonl"
    path.write_text('{"input": "q", "ideal": "a"}\n', encoding="utf-8")
    name = "generation/fewshot/dummy"
    solver = Registry().make_completion_fn(name, train_jsonl=str(path), n_shots="1")
    assert isinstance(solver, FewShotSolver)
    with pytest.raises(UsageError, match="few-shot examples are not given"):
        Registry().make_completion_fn(name)


def test_a_misspelt_generation_name_is_an_error_and_never_a_call():
    with pytest.raises(RegistryError, match="generation/dierct/gpt-4"):
        Registry().make_completion_fn("generation/dierct/gpt-4")


def test_generations_of_self_consistency_are_drawn_at_a_temperature_above_0_unless_options_say_otherwise():
    solver = self_consistency("dummy", num_generations="3")
    assert solver.num_generations == 3
    assert solver.solver.options == {"temperature": 1.0}
    assert self_consistency("dummy", options={"temperature": 0.3}).solver.options == {"temperature": 0.3}
