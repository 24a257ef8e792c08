"""Solvers run plain evals, completion functions run solver evals."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from evals.completion import Completions
from evals.completion_fns.dummy import DummyCompletionFn
from evals.completion_fns.openai.models import OpenAIChatCompletionFn, OpenAICompletionFn
from evals.completion_fns.scripted import ScriptedCompletionFn
from evals.errors import RegistryError, UsageError
from evals.eval import SolverEval
from evals.record import RecorderBase, record_match
from evals.registry import Registry
from evals.solvers.completion_fn_solver import CompletionFnSolver
from evals.solvers.human_cli_solver import HumanCliSolver
from evals.solvers.nested.cot_solver import CoTSolver
from evals.solvers.nested.fewshot_solver import FewShotSolver
from evals.solvers.nested.self_consistency_solver import SelfConsistencySolver
from evals.solvers.solver import DummySolver, Solver, SolverResult
from evals.solvers.solver_completion_fn import SolverCompletionFn
from evals.solvers.utils import maybe_wrap_with_compl_fn, maybe_wrap_with_solver
from evals.task_state import Message, TaskState
from evals.testing.doubles import TestCompletionFn
from evals.testing.openai_server import LoopbackServer


class Listener:
    """A completion function of a plug-in: only callable; keeps what it was asked."""

    def __init__(self, answer: str = "ok") -> None:
        self.answer = answer
        self.asked: list[tuple[Any, dict[str, Any]]] = []

    def __call__(self, prompt: Any, **kwargs: Any) -> Completions:
        self.asked.append((prompt, kwargs))
        return Completions([self.answer])


class Mirror(Solver):
    """Answers with what it sees; its state lasts as long as the copy."""

    def __init__(self) -> None:
        super().__init__()
        self.n_calls = 0

    def _solve(self, task_state: TaskState, **kwargs: Any) -> SolverResult:
        self.n_calls += 1
        messages = [(message.role, message.content) for message in task_state.messages]
        return SolverResult(repr((self.n_calls, task_state.task_description, messages, kwargs)))


def test_a_text_prompt_is_the_task_description_of_a_wrapped_solver():
    fn = maybe_wrap_with_compl_fn(Mirror())
    assert fn("do it", max_tokens=1).get_completions() == [repr((1, "do it", [], {"max_tokens": 1}))]


def test_a_first_system_message_is_the_task_description():
    fn = SolverCompletionFn(Mirror())
    chat = [{"role": "system", "content": "do"}, {"role": "user", "content": "it", "name": "example_user"}]
    assert fn(prompt=chat).get_completions() == [repr((1, "do", [("user", "it")], {}))]


def test_a_chat_without_a_system_message_has_an_empty_task():
    fn = SolverCompletionFn(Mirror())
    assert fn(prompt=[{"role": "user", "content": "hi"}]).get_completions() == [repr((1, "", [("user", "hi")], {}))]


def test_each_call_gets_a_fresh_copy_of_the_solver():
    fn = SolverCompletionFn(Mirror())
    assert fn("a").get_completions() != fn("b").get_completions()
    assert fn("a").get_completions() == fn("a").get_completions()


@pytest.mark.parametrize("prompt", [[{"role": "system", "content": "a", "name": "b"}], ["a"], 3])
def test_prompts_that_a_solver_cannot_use_are_refused(prompt: Any):
    with pytest.raises(Exception, match=r"cannot use|takes a text"):
        SolverCompletionFn(Mirror())(prompt)


def test_completion_functions_stay_as_they_are_in_plain_evals():
    fn = TestCompletionFn("a")
    assert maybe_wrap_with_compl_fn(fn) is fn


@pytest.mark.parametrize("wrap", [maybe_wrap_with_compl_fn, maybe_wrap_with_solver])
def test_what_cannot_be_called_is_a_value_error(wrap: Any):
    with pytest.raises(ValueError, match="Expected a completion function or a solver"):
        wrap("gpt-4")


def test_solvers_stay_as_they_are_in_solver_evals():
    solver = Mirror()
    assert maybe_wrap_with_solver(solver) is solver
    assert maybe_wrap_with_solver(SolverCompletionFn(solver)) is solver
    assert isinstance(maybe_wrap_with_solver(DummyCompletionFn()), DummySolver)


def test_any_completion_function_becomes_a_solver():
    fn = Listener("yes")
    solver = maybe_wrap_with_solver(fn)
    state = TaskState("task", [Message("user", "q"), Message("spacer", ""), Message("assistant", "a")])
    result = solver(state, max_tokens=2)
    assert result.output == "yes"
    expected = [
        {"role": "system", "content": "task"},
        {"role": "user", "content": "q"},
        {"role": "assistant", "content": "a"},
    ]
    assert fn.asked == [(expected, {"max_tokens": 2})]


def test_an_empty_task_description_is_not_sent():
    fn = Listener()
    maybe_wrap_with_solver(fn)(TaskState("", [Message("user", "q")]))
    assert fn.asked[0][0] == [{"role": "user", "content": "q"}]


def test_an_openai_chat_model_in_a_solver_eval_keeps_its_completion_function():
    with LoopbackServer("ok") as server:
        fn = OpenAIChatCompletionFn("m", server.base_url, temperature=0.5)
        solver = maybe_wrap_with_solver(fn)
        assert solver.copy()(TaskState("task", [Message("user", "q")])).output == "ok"
        assert server.bodies[0] == {
            "model": "m",
            "messages": [{"role": "system", "content": "task"}, {"role": "user", "content": "q"}],
            "temperature": 0.5,
        }
    assert solver.name == "m"


def test_an_openai_text_model_in_a_solver_eval_gets_text_and_stops_at_the_next_role():
    with LoopbackServer(" ok\nUser: and then?") as server:
        solver = maybe_wrap_with_solver(OpenAICompletionFn("m", server.base_url))
        assert solver(TaskState("task", [Message("user", "q"), Message("spacer", "")])).output == "ok"
        assert server.bodies[0] == {
            "model": "m",
            "prompt": "System: task\nUser: q\n-----\nAssistant:",
            "stop": ["System:", "User:", "Assistant:", "-----"],
        }


class CountingEval(SolverEval):
    """A plug-in of openai/evals' shape: two turns a sample, its solver must be fresh for each."""

    def eval_sample(self, solver: Solver, sample: Any, rng: random.Random) -> None:
        answers = [solver(TaskState(sample["input"], [])).output for _ in range(2)]
        record_match(answers[0] != answers[1], picked=answers, expected=sample["input"])

    def run(self, recorder: RecorderBase) -> dict[str, Any]:
        self.eval_all_samples(recorder, self.get_samples())
        return {
            "n": len(recorder.get_events("match")),
            "picked": [e.data["picked"] for e in recorder.get_events("match")],
        }


def solver_eval(fn: Any, tmp_path: Path, n_samples: int = 5) -> dict[str, Any]:
    path = tmp_path / "samples.jsonl"
    path.write_text("".join(f'{{"input": "t{i}"}}\n' for i in range(n_samples)), encoding="utf-8")
    eval_ = CountingEval([fn], eval_registry_path=tmp_path, name="count.dev.v0", samples_jsonl=str(path))
    return eval_.run(RecorderBase(None))


def test_each_sample_of_a_solver_eval_starts_with_a_fresh_copy(tmp_path: Path):
    report = solver_eval(Mirror(), tmp_path)
    assert report["n"] == 5
    assert sorted(picked[0] for picked in report["picked"]) == [repr((1, f"t{i}", [], {})) for i in range(5)]
    assert all(picked[1].startswith("(2,") for picked in report["picked"])


def test_a_scripted_completion_function_runs_a_solver_eval_on_the_engine(tmp_path: Path):
    script = tmp_path / "script.json"
    script.write_text('{"t0": ["a", "b"], "t1": ["c", "d"], "t2": "e"}', encoding="utf-8")
    report = solver_eval(ScriptedCompletionFn(path=script), tmp_path, n_samples=3)
    assert sorted(report["picked"]) == [["a", "b"], ["c", "d"], ["e", "e"]]


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


def test_the_assistants_solver_says_what_to_use_instead():
    from evals.solvers.providers.openai.openai_assistants_solver import OpenAIAssistantsSolver

    with pytest.raises(RegistryError, match="generation/direct/gpt-4"):
        OpenAIAssistantsSolver(model="gpt-4", tools=[])
