"""Solvers and postprocessors as third parties write them for openai/evals."""

from evals.record import record_event
from evals.solvers.postprocessors.base import PostProcessor
from evals.solvers.solver import NestedSolver, Solver, SolverResult, SolverSpec
from evals.task_state import Message, TaskState


class LastWord(PostProcessor):
    """The last word of the answer."""

    def __call__(self, result: SolverResult, *args, **kwargs) -> SolverResult:
        return SolverResult(result.output.split()[-1], **result.metadata)


class Counting(Solver):
    """Adds by itself, wordily, and counts its own turns."""

    def __init__(self, postprocessors: list[str] = [], registry=None):  # noqa: B006
        super().__init__(postprocessors=postprocessors)
        self.turns = 0

    def _solve(self, task_state: TaskState, **kwargs) -> SolverResult:
        self.turns += 1
        text = task_state.messages[-1].content
        total = sum(int(word.strip("?")) for word in text.split() if word.strip("?").isdigit())
        return SolverResult(f"The sum is {total}", turns=self.turns)


class DraftFirst(NestedSolver):
    """Asks one solver for a draft and another for the answer."""

    def __init__(self, draft: SolverSpec, final: SolverSpec, postprocessors: list[str] = [], registry=None):  # noqa: B006
        super().__init__(draft=draft, final=final, postprocessors=postprocessors)

    @property
    def draft(self) -> Solver:
        return self.get_solver("draft")

    def _solve(self, task_state: TaskState, **kwargs) -> SolverResult:
        question = task_state.messages[-1]
        draft = self.draft(task_state, **kwargs)
        record_event("draft", {"text": draft.output})
        task_state.messages += [Message("assistant", draft.output), question]
        final = self.get_solver("final")(task_state, **kwargs)
        return SolverResult(final.output, draft=draft.output)

    @property
    def name(self) -> str:
        return f"draft_first_{self.draft.name}"
