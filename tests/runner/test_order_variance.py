"""The variance between orders of options, apart from that between draws."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from evals import record
from evals.record import LocalRecorder
from evals.record.reader import read_record
from evals.runner.labelled import labelled_report
from evals.runner.order_variance import answers_by_order, order_parts
from evals.specs import RunSpec


def made_answers(n: int, n_orders: int, n_repeats: int, sd_order: float, sd_draw: float, seed: int = 3):
    rng = np.random.default_rng(seed)
    orders = rng.normal(0, sd_order, (n, n_orders, 1))
    values = orders + rng.normal(0, sd_draw, (n, n_orders, n_repeats)) + rng.normal(0, 1, (n, 1, 1))
    return {str(i): {(o, 9): values[i, o].tolist() for o in range(n_orders)} for i in range(n)}


@pytest.mark.slow
def test_both_parts_are_those_that_the_scores_were_made_with() -> None:
    found = order_parts(made_answers(4_000, 4, 3, sd_order=0.5, sd_draw=0.8))
    assert found["orders"] == pytest.approx(0.25, abs=0.02)
    assert found["draws_of_one_order"] == pytest.approx(0.64, abs=0.02)


def test_an_order_that_moves_nothing_has_no_variance() -> None:
    assert order_parts(made_answers(2_000, 4, 2, sd_order=0.0, sd_draw=1.0))["orders"] < 0.05


@pytest.mark.parametrize(
    "answers",
    [
        {},
        {"a": {(0, 1): [1.0, 0.0]}},
        {"a": {(0, 1): [1.0], (1, 0): [0.0]}},
        {"a": {(0, 1): [1.0, 0.0], (1, 0): [0.0]}},
    ],
)
def test_without_several_orders_and_repeats_of_each_nothing_is_said(answers) -> None:
    assert order_parts(answers) == {}


def test_a_run_with_rotations_and_repeats_reports_it_beside_items_and_draws(tmp_path: Path) -> None:
    path, rng = tmp_path / "r.jsonl", random.Random(1)
    recorder = LocalRecorder(path, RunSpec(["m"], "quiz.test.v1", "quiz", "test", {}, ""))
    for item in range(30):
        for repeat in range(3):
            with recorder.sample(f"quiz.test.{item}", repeat or None) as scope:
                picked = [0 if rng.random() < (0.9 if turn == 0 else 0.4) else 1 for turn in range(2)]
                for turn, one in enumerate(picked):
                    record.record_event("choice", {"order": [turn, 1 - turn], "answer": 0, "picked": one})
                record.record_metrics(score=sum(one == 0 for one in picked) / 2)
                scope.commit()
    recorder.close()
    found = labelled_report(str(path), {"score": 0.6, "n": 30})["variance"]
    assert found["orders"] == order_parts(answers_by_order(read_record(path).samples()))["orders"] > 0.05
    assert found["draws_of_one_order"] > found["draws"] > 0
