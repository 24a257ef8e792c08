"""The rates that a gate prints, over 2,000 pairs of records that go the way of `evals gate`."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from made_runs import write_run

from evals.comparison.baseline import Baseline, baseline_path
from evals.comparison.gate import EvalVerdict, GateLimits, gate_runs
from evals.comparison.scores import read_scores
from evals.report.gate_words import promise
from evals.texts.number_text import percent

N_SAMPLES, LIMITS = 60, GateLimits()


def pairs(folder: Path, n_pairs: int, drop: float, seed: int, noise: float = 0.1) -> list[EvalVerdict]:
    """Verdicts on runs whose true score is lower by `drop`; a share `noise` of the samples changes either way beside."""
    rng, found = np.random.default_rng(seed), []
    shares = [noise / 2 + drop, noise / 2, 0.75 - noise / 2 - drop, 0.25 - noise / 2]
    for _ in range(n_pairs):
        kinds = rng.choice(4, N_SAMPLES, p=shares)
        before, after = np.isin(kinds, [0, 2]).astype(float), np.isin(kinds, [1, 2]).astype(float)
        old = read_scores(write_run(folder / "old.jsonl", before.tolist()))
        Baseline.of(old).write(baseline_path(folder / "baselines", "sums.test.v1"))
        new = read_scores(write_run(folder / "new.jsonl", after.tolist()))
        found += gate_runs([new], folder / "baselines", LIMITS)
        for record in folder.glob("*.jsonl"):
            record.unlink()
    return found


def share_of_regressions(verdicts: list[EvalVerdict]) -> float:
    return sum(verdict.verdict == "regression" for verdict in verdicts) / len(verdicts)


@pytest.mark.parametrize("n_pairs", [20, pytest.param(1000, marks=pytest.mark.slow)])
def test_false_alarms_and_found_drops_are_as_often_as_the_gate_prints(tmp_path, n_pairs):
    at_the_limit = pairs(tmp_path, n_pairs, LIMITS.max_drop, seed=1)
    assert promise(at_the_limit[:1], LIMITS)[0].startswith(f"False-alarm rate: at most {percent(0.05)}")
    assert share_of_regressions(at_the_limit) <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / n_pairs)
    promised = max(verdict.test.detectable_drop for verdict in at_the_limit)
    dropped = pairs(tmp_path, n_pairs, promised, seed=2)
    assert share_of_regressions(dropped) >= LIMITS.power - 3 * math.sqrt(0.8 * 0.2 / n_pairs)
