"""MatchWithSolvers: a solver's output against the first ideal."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from recorded_calls import RecordedCalls

from evals.errors import BadSample, UsageError
from evals.record import LocalRecorder
from evals.solvers.solver import Solver, SolverResult
from evals.specs import RunSpec
from evals.suite.match.match_with_solvers import MatchWithSolvers
from evals.task_state import TaskState


class Echo(Solver):
    """Answers with the last message, and keeps what it was asked in a list that its copies share."""

    def __init__(self, asked: list[TaskState], answer: str | None = None) -> None:
        super().__init__()
        self.asked = asked
        self.answer = answer

    def copy(self) -> Echo:
        return Echo(self.asked, self.answer)

    def _solve(self, task_state: TaskState, **kwargs: Any) -> SolverResult:
        self.asked.append(task_state)
        return SolverResult(self.answer or task_state.messages[-1].content)


def sample(text: str, ideal: Any) -> dict[str, Any]:
    return {"input": [{"role": "user", "content": text}], "ideal": ideal}


@pytest.mark.parametrize(
    ("output", "ideal", "picked"),
    [("yes, sure", "yes", "yes"), ("Yes", "yes", "Yes"), ("no", ["yes", "no"], None), ("YES", "yes", None)],
)
def test_the_first_ideal_counts_as_it_stands_or_capitalised(output: str, ideal: Any, picked: str | None) -> None:
    solver = Echo([], output)
    evaluation = MatchWithSolvers([solver], "", "Answer yes or no.")
    recorder = RecordedCalls()
    with recorder.as_default_recorder("x"):
        evaluation.eval_sample(solver, sample("?", ideal), random.Random(1))
    both = ["yes", "Yes"]
    assert recorder.matches == [
        ((picked is not None,), {"expected": both, "picked": picked, "sampled": output, "options": both})
    ]


def test_the_task_description_may_be_a_file(tmp_path: Path) -> None:
    path = tmp_path / "task.txt"
    path.write_text("Antworte: ja öder nein.", encoding="utf-8")
    asked: list[TaskState] = []
    evaluation = MatchWithSolvers([Echo(asked)], "", str(path))
    evaluation.eval_sample(Echo(asked), sample("ja", "ja"), random.Random(1))
    assert asked[0].task_description == "Antworte: ja öder nein."
    assert [message.to_dict() for message in asked[0].messages] == [{"role": "user", "content": "ja"}]


def test_an_empty_task_description_is_refused() -> None:
    with pytest.raises(UsageError, match="task_description"):
        MatchWithSolvers([Echo([])], "", "")


@pytest.mark.parametrize("bad", [None, {}, {"input": []}, {"input": [], "ideal": 3}])
def test_a_bad_sample_is_refused(bad: Any) -> None:
    with pytest.raises(BadSample):
        MatchWithSolvers([Echo([])], "", "?").eval_sample(Echo([]), bad, random.Random(1))


def run(folder: Path, **args: Any) -> tuple[dict[str, Any], dict[str, str]]:
    """The report over ten rows, and the text that each sample id stood for."""
    data = folder / "samples.jsonl"
    rows = [sample(str(i), str(i % 5)) for i in range(10)]
    data.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    evaluation = MatchWithSolvers([Echo([])], str(data), "Repeat.", eval_registry_path=folder, name="r.dev.v0", **args)
    recorder = LocalRecorder(str(folder / "record.jsonl"), RunSpec(["echo"], "r.dev.v0", "r", "dev", {}, ""))
    report = evaluation.run(recorder)
    return report, {str(event.sample_id): event.data["sampled"] for event in recorder.get_events("match")}


def test_a_run_without_shuffle_keeps_the_order_of_the_file(tmp_path: Path) -> None:
    report, texts = run(tmp_path, shuffle=False, n_samples=6)
    assert texts == {f"r.dev.{i}": str(i) for i in range(6)}
    assert report["accuracy"] == pytest.approx(5 / 6)
    assert report["n"] == 6
    assert report["bootstrap_std"] > 0


def test_the_shuffle_is_that_of_numpys_global_generator_with_the_seed(tmp_path: Path) -> None:
    _, texts = run(tmp_path, seed=11, n_samples=4)
    order = list(range(10))
    state = np.random.get_state()
    np.random.seed(11)
    np.random.shuffle(order)
    np.random.set_state(state)
    assert texts == {f"r.dev.{place}": str(index) for place, index in enumerate(order[:4])}
