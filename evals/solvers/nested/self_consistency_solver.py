"""Self-consistency as a solver: the model answers several times, and the most common answer is taken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from evals.registry.typed_arguments import typed_arguments
from evals.solvers.memory import PersistentMemoryCache
from evals.solvers.solver import NestedSolver, Solver, SolverResult
from evals.task_state import Message, TaskState

DEFAULT_COT_TEMPLATE = (
    "Work towards the right answer step by step, and give the answer last. End your response with: {prefix} <answer>"
)
DEFAULT_ANSWER_PREFIX = "The answer is"
DEFAULT_JUDGE_PROMPT = (
    "Several answers to the question '{question}' follow. If most of them agree, give the answer that they agree on, "
    "else give [NO CONSENSUS]. End your response with: {prefix} <answer>"
)
NO_CONSENSUS = "[NO CONSENSUS]"
_FINAL_REQUEST = "What is the final answer, in the format that the question asks for?"


@typed_arguments
class SelfConsistencySolver(NestedSolver):
    """Draws several reasoned answers and takes the most common one (Wang et al. 2022, arXiv:2203.11171).

    solver: a spec, or a solver; it must sample at a temperature above 0, or all answers are the same. num_generations:
    answers that are drawn. answer_prefix: the words before an answer; a text without them does not vote. mode: `count`
    takes the most common answer, the earliest of equally common ones; any other value lets the model judge the answers
    by `judge_prompt`. Where there is no answer, the output is `[NO CONSENSUS]`.
    """

    def __init__(
        self,
        solver: Any,
        num_generations: int = 5,
        cot_template: str = DEFAULT_COT_TEMPLATE,
        answer_prefix: str = DEFAULT_ANSWER_PREFIX,
        judge_prompt: str | None = None,
        mode: str = "count",
        persistent_memory: bool = True,
        private_interaction_length: int = 1,
        postprocessors: Sequence[str] = (),
        registry: Any = None,
    ) -> None:
        super().__init__(postprocessors=postprocessors, registry=registry, solver=solver, judge_solver=solver)
        self.num_generations = num_generations
        self.answer_prefix = answer_prefix
        self.cot_template = cot_template.format(prefix=answer_prefix)
        self.mode = mode
        self.judge_prompt = judge_prompt or DEFAULT_JUDGE_PROMPT
        n_private = private_interaction_length + num_generations
        self.interaction_cache = PersistentMemoryCache(n_private) if persistent_memory else None

    @property
    def solver(self) -> Solver:
        return self.get_solver("solver")

    @property
    def judge_solver(self) -> Solver:
        return self.get_solver("judge_solver")

    def _solve(self, task_state: TaskState, **kwargs: Any) -> SolverResult:
        # The temperature that evals send by default, 0, would make all generations the same.
        kwargs.pop("temperature", None)
        if self.interaction_cache:
            task_state.messages = self.interaction_cache.load_private_interaction(task_state)
        question = task_state.messages[-1].content if task_state.messages else task_state.task_description
        task_state.messages.append(Message("system", self.cot_template))
        # None of them sees the others: they join the messages after the last is drawn.
        generations = [self.solver(task_state, **kwargs).output for _ in range(self.num_generations)]
        if self.mode == "count":
            answer = most_common_answer(generations, self.answer_prefix)
        else:
            answer = self._judge(task_state, question, generations, kwargs)
        self._remember(task_state, generations, answer)
        return SolverResult(answer, reasoning_completions=generations)

    def _judge(self, task_state: TaskState, question: Any, generations: list[str], kwargs: dict[str, Any]) -> str:
        request = self.judge_prompt.format(question=question, prefix=self.answer_prefix)
        messages = [
            *task_state.messages,
            Message("system", request),
            *(Message("user", generation) for generation in generations),
            Message("system", _FINAL_REQUEST),
        ]
        verdict = self.judge_solver(TaskState(task_state.task_description, messages), **kwargs).output
        answer = extract_answer(verdict, self.answer_prefix)
        return NO_CONSENSUS if answer is None else answer

    def _remember(self, task_state: TaskState, generations: list[str], answer: str) -> None:
        task_state.messages += [Message("assistant", text) for text in [*generations, answer]]
        if self.interaction_cache:
            self.interaction_cache.save_private_interaction(task_state)

    @property
    def name(self) -> str:
        return f"SelfConsistencySolver wrapping {self.solver.name}"


def extract_answer(completion: str, prefix: str) -> str | None:
    """The text after the first `prefix`, up to the next one; None where there is none.

    The prefix in lower case is looked for first.
    """
    for words in (prefix.lower(), prefix):
        if words in completion:
            return completion.split(words)[1].strip()
    return None


def most_common_answer(completions: Sequence[str], prefix: str) -> str:
    """The most common answer of the completions, the earliest of equally common ones; `[NO CONSENSUS]` without any."""
    answers = [extract_answer(completion, prefix) for completion in completions]
    votes = Counter(answer for answer in answers if answer is not None)
    return votes.most_common(1)[0][0] if votes else NO_CONSENSUS
