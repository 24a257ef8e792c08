"""A registry with one exam, and runs of it against the loopback server."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

import evals
from evals.runner.result import RunResult
from evals.testing.openai_server import Answer, Answering, Call, LoopbackServer

HARBOUR = Path(__file__).parents[1] / "exams" / "papers" / "harbour"
"The paper of the worked example: every value of a run is known by hand."

RUN_OF_THE_EXAMPLE = {
    "Two lamps": "The answer is [B]",
    "High water is at": "Two days are 100 minutes. The answer is [C]",
    "After dusk": "The answer is [C]",
    "To moor": "The answer is [B]",
    "A boat covers": "7.5 / (50 / 60) = 9. The answer is [9.0]",
    "Low water:": "The answer is [blank]",
    "Which buoy": "The answer is [D]",
    "Should a harbour": "By length, since ...",
    "A boat lies": "Leave slack: at low water the line hangs. The range is 3.4 m.",
}
"Replies by how the question begins: A1, A2, A4 and B1 right, A3 and B3 wrong, B2 blank."

MARKS_OF_THE_EXAMPLE = [
    {"item": "C1", "run": 0, "grader": "ann", "points": 4},
    {"item": "C1", "run": 0, "grader": "bob", "points": 5},
    *({"item": "C2", "run": 0, "grader": "ann", "line": f"r{n}", "points": int(n in (1, 2, 4))} for n in range(1, 6)),
]


def answering(replies: Mapping[str, str], finish_reason: str = "stop") -> Answering:
    """An answer to each call by a text that its question holds; the first that fits."""

    def answer(call: Call) -> Answer:
        text = json.dumps(call.body["messages"][-1]["content"] if "messages" in call.body else call.prompt)
        return Answer(next((said for beginning, said in replies.items() if beginning in text), "?"), finish_reason)

    return answer


def write_marks(path: Path, marks: Iterable[Mapping[str, Any]] = MARKS_OF_THE_EXAMPLE) -> Path:
    path.write_text("".join(json.dumps(mark) + "\n" for mark in marks), encoding="utf-8")
    return path


def registry_with(folder: Path, exam: Path = HARBOUR, **args: Any) -> Path:
    """A registry whose eval `paper` is the exam."""
    registry = folder / "registry"
    (registry / "evals").mkdir(parents=True, exist_ok=True)
    given = {"exam": str(exam), **{key: str(one) if isinstance(one, Path) else one for key, one in args.items()}}
    body = {
        "paper": {"id": "paper.dev.v0", "metrics": ["score"]},
        "paper.dev.v0": {"class": "evals.suite:Exam", "args": given},
    }
    (registry / "evals" / "paper.yaml").write_text(yaml.safe_dump(body), encoding="utf-8")
    return registry


def sit(
    folder: Path, server: LoopbackServer, *, model: str = "gpt-6-luna", record: str = "record.jsonl", **options: Any
) -> RunResult:
    """Run the eval `paper` of the registry in `folder` on the server."""
    return evals.run(
        model,
        "paper",
        registry_paths=folder / "registry",
        record_path=folder / record,
        completion_args={"api_base": server.url, "api_key": "k"},
        **options,
    )
