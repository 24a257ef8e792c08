"""Folders of records for the tests of the viewer: many runs, one that is writing, and texts that try to be code."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from evals import record
from evals.record import LocalRecorder
from evals.specs import RunSpec

FLAG = "hostileRan"
"A variable of the window that each of the hostile texts would set, if it ran as code."

HOSTILE = (
    f"<script>window.{FLAG}=1</script>",
    f'<img src=x onerror="window.{FLAG}=1">',
    f'"><svg onload=window.{FLAG}=1>',
    f'</script></pre></textarea><iframe srcdoc="<script>parent.{FLAG}=1</script>"></iframe>',
    f"javascript:window.{FLAG}=1",
    "\x1b[31mred\x1b[0m \u202etxet\u202c",
)


def write_summary(path: Path, model: str, eval_name: str, day: int, value: float, n: int = 200, **config: Any) -> Path:
    """A record of nothing but its two ends, as `evals runs` reads them. The interval is Wald's: good enough to draw."""
    half = 1.96 * math.sqrt(max(value * (1 - value), 1e-4) / n)
    spec = {
        "completion_fns": [model], "eval_name": eval_name, "base_eval": eval_name.split(".", maxsplit=1)[0], "split": "test",
        "run_config": {"n_samples": n, **config}, "created_by": "", "run_id": path.stem,
        "created_at": f"2026-{1 + day // 28 % 12:02d}-{1 + day % 28:02d} 10:{day % 60:02d}:00",
    }  # fmt: skip
    report = {"accuracy": value, "accuracy_ci95": [value - half, value + half], "n": n, "n_errors": 0, "cost_usd": 0.12}
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [{"spec": spec, "record_format": 1}, {"final_report": report, "run_id": path.stem}]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def write_many(folder: Path, n: int) -> None:
    """n records of three models on four evals, a score that rises slowly."""
    for i in range(n):
        model, eval_name = ("alpha", "beta", "gamma-7b")[i % 3], f"task{i // 3 % 4}.test.v1"
        value = 0.4 + 0.1 * (i % 3) + 0.2 * i / n
        write_summary(
            folder / f"{i:05d}.jsonl", model, eval_name, i // 12, value, tags=["nightly"] if i % 5 == 0 else []
        )


def recorder_of(path: Path, model: str, eval_name: str = "sums.test.v1", n_samples: int | None = None) -> LocalRecorder:
    config = {} if n_samples is None else {"n_samples": n_samples}
    return LocalRecorder(path, RunSpec([model], eval_name, eval_name.split(".", maxsplit=1)[0], "test", config, ""))


def add_sample(recorder: LocalRecorder, number: int, correct: bool, said: str = "4", prompt: str = "2+2=") -> None:
    with recorder.sample(f"sums.test.{number}") as scope:
        record.record_raw({"input": prompt, "ideal": "4"})
        record.record_sampling([{"role": "user", "content": prompt}], [said], model="m")
        record.record_match(correct, expected="4", picked=said, sampled=said)
        scope.commit({"category": "even" if number % 2 == 0 else "odd"})


def write_run(path: Path, model: str, right: list[bool], said: tuple[str, ...] = ("4",)) -> Path:
    """A run with a report. said: the completions, in turn."""
    recorder = recorder_of(path, model, n_samples=len(right))
    for number, correct in enumerate(right):
        text = said[number % len(said)]
        add_sample(recorder, number, correct, text, prompt=f"{number}: {text}" if len(said) > 1 else f"{number}+1=")
    mean = sum(right) / len(right)
    recorder.record_final_report(
        {"accuracy": mean, "accuracy_ci95": [mean / 2, (1 + mean) / 2], "n": len(right), "n_errors": 0}
    )
    recorder.close()
    return path


def write_hostile_run(path: Path, right: list[bool], *, long_line: bool = False) -> Path:
    """A run whose model, eval, tags, prompts, completions and labels try to be code; the last completion may be 10 MB."""
    spec = RunSpec(
        [HOSTILE[0]], f"{HOSTILE[1]}.test.v1", "x", "test", {"n_samples": len(right), "tags": [HOSTILE[2]]}, HOSTILE[0]
    )
    recorder = LocalRecorder(path, spec)
    for number, correct in enumerate(right):
        text = HOSTILE[number % len(HOSTILE)]
        with recorder.sample(f"sums.test.{number}") as scope:
            record.record_raw({"input": text, "ideal": text})
            said = "y" * 10_000_000 if long_line and number == len(right) - 1 else text
            record.record_sampling([{"role": "user", "content": text}], [said], model=text)
            record.record_match(correct, expected=text, picked=text, sampled=said)
            scope.commit({"category": text})
    recorder.record_final_report({"accuracy": sum(right) / len(right), "n": len(right), "n_errors": 0, HOSTILE[0]: 0.5})
    recorder.close()
    return path
