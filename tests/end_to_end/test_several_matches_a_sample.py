"""Samples with several matches have one score, their mean: while a run goes on, in its report, and in all that reads it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from many_matches import VERDICTS, registry_of_many_matches

import evals
from evals.cli.main import main as evals_command
from evals.cli.oaieval import main as oaieval
from evals.comparison.baseline import Baseline, read_baseline
from evals.comparison.compare import compare_runs
from evals.comparison.gate import GateLimits, gate_runs
from evals.comparison.scores import read_scores
from evals.comparison.sequential_run import SequentialRule
from evals.completion_fns.function import as_completion_fn
from evals.record.reader import read_record
from evals.registry.lookup import Registry
from evals.report.terminal.run import final_block, running_score
from evals.runner.checks import check_eval
from evals.runner.request import RunRequest
from evals.runner.run import run_eval
from evals.stats.intervals import mean_of

SCORES = [2 / 3, 1.0, 1 / 3, 1 / 3, 0.0, 1.0]
MEAN = mean_of(SCORES)


class Quiet:
    """An observer that looks on."""

    def watch(self, *_: Any) -> None: ...
    def started(self, *_: Any) -> None: ...
    def finished(self, *_: Any) -> None: ...
    def failed(self, *_: Any) -> None: ...


def yes(prompt: Any) -> str:
    return "yes"


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return registry_of_many_matches(tmp_path / "registry", category=lambda i: "ab"[i % 2], cluster=lambda i: i // 2)


@pytest.fixture
def plain_registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return registry_of_many_matches(tmp_path / "registry")


def test_the_report_the_result_and_the_running_score_say_the_same(plain_registry):
    result = evals.run(yes, "several", registry_paths=plain_registry, record_path="r.jsonl")
    metric = result.metrics["accuracy"]
    assert list(result.metrics) == ["accuracy"]
    assert (metric.value, metric.n, result.report["accuracy"], result.report["n"]) == (MEAN, 6, MEAN, 6)
    assert result.counters.scores.mean == MEAN
    assert running_score(result.counters).startswith(f"{MEAN:.3f} ±{metric.stderr:.3f}")
    assert f"accuracy     {MEAN:.3f}   stderr" in final_block(result)
    assert evals.read_result("r.jsonl").metrics == result.metrics


def test_a_record_gives_the_scores_of_the_run(plain_registry):
    result = evals.run(yes, "several", registry_paths=plain_registry, record_path="r.jsonl")
    scores = read_scores("r.jsonl")
    assert scores.scores.tolist() == SCORES
    assert scores.mean == result.report["accuracy"]
    rows = {row["sample_id"]: row["correct"] for row in read_record("r.jsonl").to_rows()}
    assert [float(rows[name]) for name in scores.sample_ids] == SCORES
    assert {row.sample_id for row in result.samples.wrong()} == {f"several.dev.{i}" for i in (0, 2, 3, 4)}


def test_repeats_are_averaged_once_more_and_count_as_one_sample(plain_registry):
    result = evals.run(yes, "several", registry_paths=plain_registry, record_path="r.jsonl", repeats=2)
    scores = read_scores("r.jsonl")
    assert (result.metrics["accuracy"].value, result.metrics["accuracy"].n) == (MEAN, 6)
    assert (scores.scores.tolist(), scores.n_repeats.tolist()) == (SCORES, [2] * 6)


def test_groups_and_clusters_are_made_of_the_same_scores(registry):
    result = evals.run(yes, "several", registry_paths=registry, record_path="r.jsonl")
    groups = result.report["groups"]["category"]
    assert groups["a"]["accuracy"] == mean_of(SCORES[::2])
    assert groups["b"]["accuracy"] == mean_of(SCORES[1::2])
    assert result.report["accuracy"] == MEAN
    assert (list(result.metrics), result.metrics["accuracy"].n_clusters) == (["accuracy"], 3)
    block = final_block(result)
    assert "n = 6 in 3 clusters" in block
    assert "n_clusters" not in block


def test_the_final_json_of_the_command_is_the_report(plain_registry, capsys, monkeypatch):
    monkeypatch.setenv("EVALS_LOG_DIR", "logs")
    playback = [{"prompt": f"question {i}", "completion": "yes"} for i in range(6)]
    Path("answers.jsonl").write_text("".join(json.dumps(line) + "\n" for line in playback))
    fn = plain_registry / "completion_fns"
    fn.mkdir()
    (fn / "yes.yaml").write_text(
        "yes-man: {class: 'evals.completion_fns:ScriptedCompletionFn', args: {path: answers.jsonl}}"
    )
    assert oaieval(["yes-man", "several", "--registry_path", str(plain_registry), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["final_report"]["accuracy"], said["final_report"]["n"]) == (MEAN, 6)


def test_a_run_held_against_its_own_baseline_differs_by_nothing(plain_registry, tmp_path):
    evals.run(yes, "several", registry_paths=plain_registry, record_path="r.jsonl")
    scores = read_scores("r.jsonl")
    Baseline.of(scores).write(tmp_path / "b" / "several.dev.v0.json")
    assert read_baseline(tmp_path / "b" / "several.dev.v0.json").scores.tolist() == SCORES
    (verdict,) = gate_runs([scores], tmp_path / "b", GateLimits())
    assert verdict.test.difference.value == 0.0
    assert compare_runs(scores, scores).fell.tolist() == []


@pytest.mark.parametrize("against", ["r.jsonl", "b/several.dev.v0.json"])
def test_a_sequential_run_compares_averages_with_averages(plain_registry, tmp_path, against):
    evals.run(yes, "several", registry_paths=plain_registry, record_path="r.jsonl")
    Baseline.of(read_scores("r.jsonl")).write(Path("b/several.dev.v0.json"))
    rule = SequentialRule(Quiet(), Path(against), alpha=0.05, delta=0.02)
    request = RunRequest([as_completion_fn(yes)], "several", [plain_registry])
    run_eval(request, observer=rule, on_prepared=rule.prepare)
    outcome = rule.outcome()
    assert (outcome.n_used, outcome.difference) == (6, 0.0)


def test_a_sequential_run_takes_the_metric_of_its_baseline(plain_registry):
    """Half of the answers are right for `correct`; the baseline was made of another number, of which there is none."""
    evals.run(yes, "several", registry_paths=plain_registry, record_path="r.jsonl")
    odd = Baseline.of(read_scores("r.jsonl"))
    object.__setattr__(odd, "metric", "bleu")
    odd.write(Path("b/several.dev.v0.json"))
    rule = SequentialRule(Quiet(), Path("b"), alpha=0.05, delta=0.02)
    request = RunRequest([as_completion_fn(yes)], "several", [plain_registry])
    run_eval(request, observer=rule, on_prepared=rule.prepare)
    assert rule.outcome().n_used == 0


def test_an_ideal_answer_passes_where_some_of_its_matches_are_right(tmp_path):
    registry = Registry()
    registry.add_registry_paths([registry_of_many_matches(tmp_path, [*VERDICTS[:4], [False] * 3])])
    found = [finding.text for finding in check_eval("several", registry).findings if finding.level == "failed"]
    assert len(found) == 1
    assert "several.dev.4" in found[0]


def test_view_shows_the_share_and_counts_a_mixed_sample_among_the_wrong_ones(plain_registry, capsys):
    evals.run(yes, "several", registry_paths=plain_registry, record_path="r.jsonl")
    assert evals_command(["view", "r.jsonl", "--wrong"]) == 0
    heads = [line for line in capsys.readouterr().out.splitlines() if line.startswith("several.dev.")]
    assert sorted(heads[1:]) == [
        "several.dev.0  2 of 3 right", "several.dev.2  1 of 3 right", "several.dev.3  1 of 3 right",
        "several.dev.4  wrong",
    ]  # fmt: skip
