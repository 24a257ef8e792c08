"""A solver that puts solved samples before the question."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from evals.completion_fns.data_files import find_data_file
from evals.data import get_jsonl
from evals.errors import BadSample, DataError
from evals.registry.typed_arguments import typed_arguments
from evals.solvers.solver import NestedSolver, Solver, SolverResult
from evals.task_state import Message, TaskState

FewShotExample = tuple[Message, Message]


@typed_arguments
class FewShotSolver(NestedSolver):
    """Puts `n_shots` examples from `train_jsonl` before the messages of the task, and asks `base_solver`.

    train_jsonl: a file in the working folder or in the data folder of a registry. Its rows have `input` (a text, or a
    chat of which the first message counts) and `ideal`, or are lists of two messages. base_solver: a spec, or a solver.
    repeat_task_description: say the task again before each example but the first. seed: of the draw. The copy of the
    solver for each sample starts from it, so all samples see the same examples; later turns of a sample see others.

    Raises:
        DataError: the file cannot be read, a row is no example, or there are fewer rows than `n_shots`.
        BadSample: (at a call) the sample is among the examples.
    """

    def __init__(
        self,
        train_jsonl: str,
        n_shots: int,
        base_solver: Any,
        repeat_task_description: bool = False,
        postprocessors: Sequence[str] = (),
        registry: Any = None,
        seed: int = 121123,
    ) -> None:
        super().__init__(postprocessors=postprocessors, registry=registry, base_solver=base_solver)
        self.n_shots = n_shots
        self.repeat_task_description = repeat_task_description
        self.rng = random.Random(seed)
        path = train_jsonl if "://" in train_jsonl else str(find_data_file(train_jsonl, registry))
        self.train_data = few_shot_examples(get_jsonl(path), path)
        if len(self.train_data) < n_shots:
            raise DataError(
                f"{n_shots} few-shot examples were asked for, but there are {len(self.train_data)}",
                where=path,
                fix="lower n_shots, or add rows",
            )

    @property
    def base_solver(self) -> Solver:
        return self.get_solver("base_solver")

    def _solve(self, task_state: TaskState, **kwargs: Any) -> SolverResult:
        return self.base_solver(self._modify_task_state(task_state), **kwargs)

    def _modify_task_state(self, task_state: TaskState) -> TaskState:
        self._refuse_leaks(task_state)
        messages: list[Message] = []
        for index, example in enumerate(self.rng.sample(self.train_data, self.n_shots)):
            if index > 0 and self.repeat_task_description:
                messages.append(Message("system", task_state.task_description))
            messages += example
        return TaskState(task_state.task_description, messages + task_state.messages, task_state.current_state)

    def _refuse_leaks(self, task_state: TaskState) -> None:
        for question, _ in self.train_data:
            if question in task_state.messages:
                raise BadSample(
                    f"this sample is among the few-shot examples: {str(question.content)[:80]!r}",
                    fix="take it out of train_jsonl: its answer would be in the prompt",
                )

    @property
    def name(self) -> str:
        return self.base_solver.name


def few_shot_examples(rows: Sequence[Any], where: str) -> list[FewShotExample]:
    """(question, answer) of each row, as messages. where: the file, for the DataError that a bad row raises."""
    return [_example(row, f"{where}:{number}") for number, row in enumerate(rows, 1)]


def _example(row: Any, where: str) -> FewShotExample:
    try:
        if isinstance(row, dict):
            question, answer = row["input"], row["ideal"]
            if isinstance(question, list):
                question = question[0]["content"]
            return Message("user", question), Message("assistant", answer)
        first, second = row[:2]
        return Message(first["role"], first["content"]), Message(second["role"], second["content"])
    except (KeyError, IndexError, TypeError, ValueError):
        fix = "make each row a list of two messages, or an object with 'input' and 'ideal'"
        raise DataError("this row is no few-shot example", where=where, fix=fix) from None
