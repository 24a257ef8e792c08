"""The numbers of a multiple-choice report, against numpy, scipy and the closed forms."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.stats
from toy_models import ChatModel, ScoringModel, run_choice, write_rows

from evals.record import Event
from evals.report.terminal.run import final_block
from evals.runner.request import RunRequest
from evals.runner.run import run_eval
from evals.suite.choice.report import ChoiceReport

SUBJECTS = {"algebra": "STEM", "history": "humanities", "physics": "STEM"}
SIZES = {"algebra": 40, "history": 10, "physics": 25}


def event(kind: str, data: dict[str, Any]) -> Event:
    return Event("run", 0, "sample", kind, data, "", "")


def asked(subject: str, correct: bool, **more: Any) -> list[Event]:
    data = {
        "way": "score",
        "style": "letter",
        "normalisation": "none",
        "n_shots": 5,
        "mass": 0.95,
        "floored": [False] * 4,
        "picked": 1 if correct else 0,
        "answer": 1,
        "subject": subject,
        "category": SUBJECTS[subject],
        **more,
    }
    return [event("match", {"correct": correct}), event("choice", data)]


def outcomes() -> dict[str, list[bool]]:
    rng = random.Random(5)
    return {subject: [rng.random() < 0.6 for _ in range(n)] for subject, n in SIZES.items()}


def report_of(results: dict[str, list[bool]]) -> dict[str, Any]:
    report = ChoiceReport()
    samples = [(subject, correct) for subject, values in results.items() for correct in values]
    random.Random(1).shuffle(samples)
    for number, (subject, correct) in enumerate(samples):
        report.add(f"x.dev.{number}", asked(subject, correct))
    return report.as_dict()


def test_micro_is_over_questions_and_macro_over_subjects() -> None:
    results = outcomes()
    report = report_of(results)
    assert report["accuracy"] == pytest.approx(np.mean([value for values in results.values() for value in values]))
    assert report["macro_accuracy"] == pytest.approx(np.mean([np.mean(values) for values in results.values()]))
    assert (report["n"], report["macro_accuracy_n"]) == (75, 3)


def test_the_macro_interval_is_that_of_a_stratified_mean() -> None:
    results = outcomes()
    variance = sum(np.var(values, ddof=1) / len(values) for values in results.values()) / len(results) ** 2
    report = report_of(results)
    assert report["macro_accuracy_stderr"] == pytest.approx(np.sqrt(variance))
    parts = [np.var(values, ddof=1) / len(values) for values in results.values()]
    df = sum(parts) ** 2 / sum(part**2 / (len(v) - 1) for part, v in zip(parts, results.values(), strict=True))
    p, t = report["macro_accuracy"], scipy.stats.t.ppf(0.975, df)
    # Wilson's interval is where the distance from the mean is t standard errors, the error being that of the end.
    for end in report["macro_accuracy_ci95"]:
        assert abs(p - end) == pytest.approx(t * np.sqrt(variance * end * (1 - end) / (p * (1 - p))))


def test_a_macro_mean_of_perfect_subjects_has_an_interval_below_one() -> None:
    low, high = report_of({"algebra": [True] * 8, "history": [True] * 8})["macro_accuracy_ci95"]
    assert 0 < low < 1 == high


def test_subjects_and_categories_have_rows_with_wilson_intervals() -> None:
    results = outcomes()
    groups = report_of(results)["groups"]
    assert list(groups["category"]) == ["STEM", "humanities"]
    stem = results["algebra"] + results["physics"]
    interval = scipy.stats.binomtest(sum(stem), len(stem)).proportion_ci(method="wilson")
    assert groups["category"]["STEM"]["accuracy_ci95"] == pytest.approx([interval.low, interval.high])
    assert groups["subject"]["history"]["n"] == 10


def test_a_subject_with_one_question_leaves_the_macro_error_unknown() -> None:
    report = report_of({"algebra": [True, False], "history": [True]})
    assert report["macro_accuracy"] == 0.75
    assert (report["macro_accuracy_stderr"], report["macro_accuracy_ci95"]) == (None, None)


def test_the_order_of_samples_changes_no_digit() -> None:
    samples = [asked("algebra", k % 3 == 0, mass=0.5 + k / 1000) for k in range(100)]
    reports = []
    for seed in (1, 2):
        random.Random(seed).shuffle(samples)
        report = ChoiceReport()
        for number, events in enumerate(samples):
            report.add(f"x.dev.{number}", events)
        reports.append(report.as_dict())
    assert reports[0] == reports[1]


def test_methods_that_are_mixed_are_warned_of() -> None:
    report = ChoiceReport()
    report.add("x.dev.0", asked("algebra", True))
    report.add("x.dev.1", asked("algebra", True, way="parsed", mass=None))
    assert len(report.as_dict()["how"]) == 3
    assert report.as_dict()["warnings"] == [
        "choices were found out by several methods: their scores are not comparable"
    ]


@pytest.mark.slow
def test_chance_alone_makes_the_position_bias_that_is_said_of_it() -> None:
    rng = np.random.default_rng(0)
    spreads, said = [], []
    for _ in range(600):
        report = ChoiceReport()
        for number in range(100):
            answer, picked = (int(place) for place in rng.integers(0, 4, 2))
            report.add(f"x.dev.{number}", asked("algebra", answer == picked, answer=answer, picked=picked))
        spreads.append(report.as_dict()["position_bias"] ** 2)
        said.append(report.as_dict()["bias_by_chance"] ** 2)
    assert np.mean(spreads) == pytest.approx(np.mean(said), rel=0.12)


ROWS = [
    {"question": f"Question {i}?", "choices": ["w", "x", "y", "z"], "answer": i % 4, "subject": s, "category": c}
    for i in range(20)
    for s, c in SUBJECTS.items()
]


def test_the_terminal_says_how_the_numbers_came_about(tmp_path: Path) -> None:
    (tmp_path / "evals").mkdir()
    rows = write_rows(tmp_path / "rows.jsonl", ROWS)
    (tmp_path / "evals" / "x.yaml").write_text(
        "x:\n  id: x.dev.v0\n  metrics: [accuracy, macro_accuracy]\n"
        f"x.dev.v0:\n  class: evals.suite:Choice\n  args: {{samples_jsonl: {rows}}}\n"
    )
    block = final_block(run_eval(RunRequest([ChatModel(most=5)], "x", [tmp_path], dry_run=True, dry_run_logging=False)))
    assert "  how          style letter; top_logprobs: log probabilities of the next token" in block
    assert "  warning      the letters hold 0." in block
    assert "  macro_accuracy " in block
    assert "    humanities  0." in block
    assert max(map(len, block.splitlines())) <= 80


def test_groups_are_in_the_report_without_a_record(tmp_path: Path) -> None:
    report, _ = run_choice(ScoringModel(), ROWS, tmp_path)
    assert set(report["groups"]) == {"subject", "category"}


def test_losses_on_the_right_answer_are_averaged_and_a_question_without_one_counts_in_none() -> None:
    report = ChoiceReport()
    for number, loss in enumerate([0.2, 0.4, 1.5, None]):
        report.add(f"x.dev.{number}", asked("algebra", True, style="completion", answer_loss=loss))
    found = report.as_dict()
    assert (found["answer_loss"], found["answer_loss_n"], found["n"]) == (pytest.approx(0.7), 3, 4)
    assert found["answer_loss_stderr"] == pytest.approx(np.std([0.2, 0.4, 1.5], ddof=1) / np.sqrt(3))


def test_without_losses_the_report_has_none() -> None:
    assert "answer_loss" not in report_of(outcomes())
