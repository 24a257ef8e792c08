"""Scores that happen to lie in [0, 1] of a metric that reaches beyond: intervals by what the eval declares."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

import evals
from evals.cli.main import main
from evals.comparison.compare import compare_runs, read_runs
from evals.completion_fns.function import FunctionCompletionFn
from evals.errors import UsageError
from evals.record.reader import read_record

SCORES = [0.1, 0.9, 0.4, 0.75, 0.3, 1.0, 0.0, 0.6] * 4

CLASS = """
from evals.eval import StreamedEval
from evals.metrics import MetricsReport
from evals.record.current import record_metrics

class Graded(StreamedEval):
    RANGES
    def __init__(self, completion_fns, samples_jsonl, *args, **kwargs):
        super().__init__(completion_fns, *args, **kwargs)
        self.samples_jsonl = samples_jsonl
    async def eval_sample(self, sample, rng):
        record_metrics(score=float(await self.complete(sample["input"])))
    def new_report(self):
        return MetricsReport("score")
"""


class Graders:
    """A registry whose evals `declared`, `silent` and `wrong` take the completion for a score."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for folder in ("evals", "data"):
            (root / "registry" / folder).mkdir(parents=True)
        rows = [json.dumps({"input": str(score), "group": "ab"[n % 2]}) + "\n" for n, score in enumerate(SCORES)]
        (root / "registry" / "data" / "rows.jsonl").write_text("".join(rows), encoding="utf-8")
        ranges = {"declared": '{"score": None}', "silent": "{}", "wrong": '{"score": 3}'}
        for name, text in ranges.items():
            module = f"ranges_{name}_plugin"
            (root / f"{module}.py").write_text(CLASS.replace("RANGES", f"metric_ranges = {text}"), encoding="utf-8")
            body = json.dumps({"class": f"{module}:Graded", "args": {"samples_jsonl": "rows.jsonl"}})
            text = f"{name}: {{id: {name}.dev.v0}}\n{name}.dev.v0: {body}\n"
            (root / "registry" / "evals" / f"{name}.yaml").write_text(text, encoding="utf-8")

    def run(self, name: str, shift: float = 0.0, **more: Any) -> evals.RunResult:
        def answer(prompt: Any) -> str:
            text = prompt if isinstance(prompt, str) else prompt[-1]["content"]
            return str(round(abs(float(text) - shift), 6))

        path = self.root / f"{name}{shift}.jsonl"
        place = {"registry_paths": [self.root / "registry"], "record_path": path}
        return evals.run(FunctionCompletionFn(answer), name, **place, **more)


@pytest.fixture
def graders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Graders:
    monkeypatch.syspath_prepend(str(tmp_path))
    return Graders(tmp_path)


def test_a_declared_metric_has_student_s_interval_and_the_record_says_why(graders: Graders) -> None:
    report = graders.run("declared").report
    t = stats.t.interval(0.95, len(SCORES) - 1, np.mean(SCORES), stats.sem(SCORES))
    assert report["score_method"] == "student t"
    assert report["score_ci95"] == pytest.approx(t, rel=1e-6)
    record = read_record(graders.root / "declared0.0.jsonl")
    assert record.spec["run_config"]["metric_ranges"] == {"score": None}


def test_without_a_declaration_the_scores_decide_as_before(graders: Graders) -> None:
    assert graders.run("silent").report["score_method"] == "effective wilson"
    assert "metric_ranges" not in read_record(graders.root / "silent0.0.jsonl").spec["run_config"]


def test_comparisons_read_the_range_from_the_record(graders: Graders) -> None:
    for name, method in (("declared", "student t"), ("silent", "score with effective n")):
        graders.run(name), graders.run(name, shift=0.05)
        compared = compare_runs(*read_runs([graders.root / f"{name}{shift}.jsonl" for shift in (0.0, 0.05)]))
        assert compared.difference.method == method
        assert compared.estimate_a.method == ("student t" if name == "declared" else "effective wilson")


def test_a_gate_refuses_a_metric_that_is_declared_to_reach_beyond_0_and_1(
    graders: Graders, capsys: pytest.CaptureFixture[str]
) -> None:
    graders.run("declared")
    path, baseline = str(graders.root / "declared0.0.jsonl"), str(graders.root / "baseline.json")
    assert main(["gate", path, "--baseline", baseline, "--update"]) == 0
    assert main(["gate", path, "--baseline", baseline]) == 2
    assert "'score' goes beyond" in capsys.readouterr().err


def test_a_wrong_declaration_ends_the_run_before_a_call(graders: Graders) -> None:
    with pytest.raises(UsageError, match="metric_ranges gives 'score' the range 3"):
        graders.run("wrong")
