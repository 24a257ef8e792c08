"""Solvers run plain evals, completion functions run solver evals."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from evals.completion import Completions
from evals.completion_fns.openai.models import OpenAIChatCompletionFn, OpenAICompletionFn
from evals.completion_fns.scripted import ScriptedCompletionFn
from evals.eval import SolverEval
from evals.record import RecorderBase, record_match
from evals.solvers.solver import Solver, SolverResult
from evals.solvers.utils import maybe_wrap_with_solver
from evals.task_state import Message, TaskState
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
