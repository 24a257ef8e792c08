"""A run that ends when its difference to a baseline is settled: the order that counts, the metric, what is refused."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

import evals
from evals.comparison.baseline import Baseline
from evals.comparison.scores import read_scores
from evals.comparison.sequential_run import SequentialRule
from evals.completion_fns.function import as_completion_fn
from evals.engine.sample_order import sample_order
from evals.engine.samples import WorkItem
from evals.errors import SettledEarly, UsageError
from evals.record import Event
from evals.runner.prepare import PreparedRun, prepare
from evals.runner.request import RunRequest

N = 400


class Quiet:
    """An observer that looks on."""

    def watch(self, *_: Any) -> None: ...
    def started(self, *_: Any) -> None: ...
    def finished(self, *_: Any) -> None: ...
    def failed(self, *_: Any) -> None: ...


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "evals").mkdir()
    (tmp_path / "data").mkdir()
    rows = [{"input": str(i), "ideal": "yes"} for i in range(N)]
    (tmp_path / "data" / "q.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "evals" / "q.yaml").write_text(
        "q.dev.v0: {class: 'evals.suite:Match', args: {samples_jsonl: q.jsonl}}\n"
    )
    evals.run(lambda prompt: "yes", "q.dev.v0", registry_paths=[tmp_path], record_path="base.jsonl")
    return tmp_path


def prepared(registry: Path, **arguments: Any) -> PreparedRun:
    fn = as_completion_fn(lambda prompt: "no")
    return prepare(RunRequest([fn], "q.dev.v0", [registry], **arguments))


def rule_for(registry: Path, place: str = "base.jsonl") -> SequentialRule:
    rule = SequentialRule(Quiet(), Path(place), alpha=0.05, delta=0.02)  # type: ignore[arg-type]
    rule.prepare(prepared(registry))
    return rule


def settle(rule: SequentialRule, order: list[int], score: float = 0.0) -> bool:
    """Whether the rule is settled by samples that finish in this order."""
    try:
        for row in order:
            event = Event("", 0, f"q.dev.{row}", "match", {"correct": score}, "", "")
            rule.finished(WorkItem(f"q.dev.{row}", row, 0), [event])
    except SettledEarly:
        return True
    return False


def test_the_same_samples_count_in_whatever_order_they_finish(registry):
    order = list(sample_order(N))
    found = set()
    for seed in range(4):
        rule = rule_for(registry)
        blocks = [order[i : i + 40] for i in range(0, N, 40)]
        finished = [row for block in blocks for row in random.Random(seed).sample(block, len(block))]
        assert settle(rule, finished)
        outcome = rule.outcome()
        found.add((outcome.decision, outcome.n_used, outcome.difference, outcome.low, outcome.high))
    assert len(found) == 1


def test_equal_runs_are_not_told_to_differ(registry):
    rule = rule_for(registry)
    assert not settle(rule, list(sample_order(N))[:60], score=1.0)
    assert (rule.outcome().difference, rule.outcome().n_used > 0) == (0.0, True)


def test_a_sample_that_failed_counts_for_neither(registry):
    rule = rule_for(registry)
    for row in list(sample_order(N))[:5]:
        rule.failed(WorkItem(f"q.dev.{row}", row, 0), {"type": "timeout"})
    assert rule.outcome().n_used == 0


def test_a_baseline_file_gives_what_its_record_gives(registry):
    Baseline.of(read_scores("base.jsonl")).write(Path("b/q.dev.v0.json"))
    order = list(sample_order(N))
    rules = [rule_for(registry, place) for place in ("base.jsonl", "b", "b/q.dev.v0.json")]
    assert [settle(rule, order) for rule in rules] == [True] * 3
    assert len({rule.outcome() for rule in rules}) == 1


def test_repeats_and_clusters_are_refused(registry):
    rule = SequentialRule(Quiet(), Path("base.jsonl"), alpha=0.05, delta=0.02)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="--repeats 1"):
        rule.prepare(prepared(registry, repeats=2))
    baseline = Baseline.of(read_scores("base.jsonl"))
    object.__setattr__(baseline, "clusters", tuple(i // 2 for i in range(N)))
    baseline.write(Path("b/q.dev.v0.json"))
    with pytest.raises(UsageError, match="clustered samples"):
        rule_for(registry, "b")
