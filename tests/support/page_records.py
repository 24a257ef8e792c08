"""Records for tests of the report page: one sample of each kind, and completions that try to do harm."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from evals.record import LocalRecorder, record_event, record_match, record_metrics, record_raw, record_sampling
from evals.specs import RunSpec

FLAG = "window.evilFlag = 1"
"A script of a hostile completion would set it."
HOSTILE = [
    f"<script>{FLAG}</script>",
    f"</script><script>{FLAG}</script>",
    f"<img src=x onerror='{FLAG}'><svg onload='{FLAG}'></svg>",
    f"<!-- <script> {FLAG}",
    f"javascript:{FLAG}",
    "\x1b[31mred\x1b[0m \x1b]0;title\x07",
    "left \u202eright-to-left\u202c \u2066isolate\u2069 \u2028 line \ud800 lone",
    "x" * 10_000_000,
]


def recorder_at(path: Path, model: str = "some-model") -> LocalRecorder:
    return LocalRecorder(path, RunSpec([model], "sums.test.v1", "sums", "test", {"seed": 7}, ""))


def write_mixed_run(path: Path) -> Path:
    """One sample of each kind: right, wrong and cut off, refused, right in part, failed, without a score."""
    recorder = recorder_at(path)
    for number, (correct, reason) in enumerate([(True, "stop"), (False, "length"), (False, "refusal")]):
        with recorder.sample(f"sums.test.{number}") as scope:
            record_sampling("1+1=", ["2"], finish_reasons=[reason], latency_s=0.5, cost_usd=0.25)
            record_match(correct, expected="2", picked="2")
            scope.commit({"group": "even" if number % 2 == 0 else "odd"})
    with recorder.sample("sums.test.3") as scope:
        record_metrics(score=0.4)
        scope.commit()
    with recorder.sample("sums.test.4") as scope:
        scope.fail({"type": "timed out", "message": "after 3 tries"})
    with recorder.sample("sums.test.10") as scope:
        record_raw({"input": "?"})
        scope.commit()
    recorder.record_final_report({"accuracy": 1 / 3, "accuracy_ci95": [0.06, 0.79], "n": 3, "n_errors": 1}, {})
    recorder.close()
    return path


def write_answers(
    path: Path,
    completions: Sequence[str],
    scores: Sequence[bool],
    model: str = "some-model",
    names: Sequence[str] = (),
) -> Path:
    """A run with these completions: sample i asks `question i`, in the group `g0` or `g1` in turns.

    names: the ids that rows give themselves, if they do.
    """
    recorder = recorder_at(path, model)
    for number, (text, score) in enumerate(zip(completions, scores, strict=True)):
        with recorder.sample(f"sums.test.{number}") as scope:
            scope.own_id = names[number] if names else None
            record_sampling([{"role": "user", "content": f"question {number}"}], [text], latency_s=0.1)
            record_match(score, expected="2", picked=text[:20])
            scope.commit({"category": f"g{number % 2}"})
    accuracy = sum(scores) / len(scores)
    recorder.record_final_report({"accuracy": accuracy, "n": len(scores), "n_errors": 0}, {})
    recorder.close()
    return path


def write_conversation(path: Path) -> Path:
    """A run with few-shot examples, reasoning, calls of tools, a picture, and a grader's reasons."""
    pixel = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
    shots = [turn for n in range(3) for turn in (_user(f"{n}+1=?"), {"role": "assistant", "content": str(n + 1)})]
    recorder = recorder_at(path)
    with recorder.sample("sums.test.0") as scope:
        record_sampling([{"role": "system", "content": "Add."}, *shots, _user("What is 20+22?")], ["It is 42."],
                        reasoning=["Twenty and twenty-two."], model="some-model")  # fmt: skip
        record_match(True, expected="42", picked="42")
        record_event("grade", {"name": "judge", "score": 1.0, "passed": True, "why": "The sum is right."})
        scope.commit()
    with recorder.sample("sums.test.1") as scope:
        asked = [_user([{"type": "text", "text": "Which colour?"}, {"type": "image_url", "image_url": {"url": pixel}}])]
        call = {"id": "c1", "name": "look", "arguments": '{"at": 1}'}
        record_sampling(asked, [""], tool_calls=[[call]], finish_reasons=["tool_calls"])
        called = {"role": "assistant", "content": None, "tool_calls": [{"id": "c1", "function": call}]}
        answered = {"role": "tool", "tool_call_id": "c1", "content": "blue"}
        record_sampling([*asked, called, answered], ["It is blue."])
        record_match(False, expected="green", picked="blue")
        scope.commit()
    recorder.record_final_report({"accuracy": 0.5, "n": 2, "n_errors": 0}, {})
    recorder.close()
    return path


def _user(content: object) -> dict[str, object]:
    return {"role": "user", "content": content}
