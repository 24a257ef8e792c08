"""Small records, ours and one of openai/evals, for tests of what is written and read."""

from __future__ import annotations

import json
from pathlib import Path

from evals import record
from evals.record import LocalRecorder, RecorderBase
from evals.specs import RunSpec


def run_spec() -> RunSpec:
    return RunSpec(["some-model"], "sums.test.v1", "sums", "test", {"command": "oaieval some-model sums"}, "someone")


def lines_of(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_bytes().split(b"\n") if line]


def record_one(recorder: RecorderBase, sample_id: str = "sums.test.0", correct: bool = True) -> None:
    """Three events of one sample."""
    with recorder.sample(sample_id) as scope:
        record.record_raw({"input": "1+1=", "ideal": "2"})
        record.record_sampling([{"role": "user", "content": "1+1="}], ["2"], model="some-model")
        record.record_match(correct, expected="2", picked="2")
        scope.commit()


def write_record(path: Path, n_samples: int = 3, report: bool = True) -> bytes:
    recorder = LocalRecorder(path, run_spec())
    for number in range(n_samples):
        with recorder.sample(f"sums.test.{number}") as scope:
            record.record_raw({"input": f"{number}+1= 数学 \u2028", "ideal": str(number + 1)})
            record.record_sampling(f"{number}+1=", ["2"], usage={"total_tokens": 7, "details": {"x": 1}}, latency_s=0.5)
            record.record_match(number == 1, expected=str(number + 1), picked="2")
            scope.commit({"group": "even" if number % 2 == 0 else "odd"})
    if report:
        recorder.record_final_report({"accuracy": 1 / n_samples}, {"n_calls": n_samples})
    recorder.close()
    return path.read_bytes()


def their_event(number: int, sample_id: str | None, type: str, data: object) -> str:
    return json.dumps(
        {"run_id": "R", "event_id": number, "sample_id": sample_id, "type": type, "data": data, "created_by": "", "created_at": "2026-11-23 15:54:25.985214+00:00"}
    )  # fmt: skip


THEIR_SPEC = json.dumps({"spec": {"completion_fns": ["dummy"], "eval_name": "e.s.v0", "run_id": "R"}})
THEIRS = "\n".join(
    [
        THEIR_SPEC,
        '{"final_report": {"accuracy": 0.5, "boostrap_std": NaN}, "run_id": "R"}',
        their_event(0, "e.s.0", "raw_sample", {"input": "a"}),
        their_event(1, "e.s.1", "raw_sample", {"input": "b"}),
        their_event(2, "e.s.1", "match", {"correct": True, "expected": "x", "picked": "x"}),
        their_event(3, "e.s.0", "match", {"correct": False, "expected": "y", "picked": None}),
        "",
    ]
)
