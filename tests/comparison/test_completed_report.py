"""Reports without n and intervals, as openai/evals writes them, completed from the samples of their records."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from small_records import THEIR_SPEC, their_event

from evals.cli.main import main
from evals.comparison.completed_report import completed_report
from evals.comparison.run_table import read_table


def their_record(path: Path, report: dict[str, Any], events: list[tuple[str, dict[str, Any]]]) -> Path:
    """A record of openai/evals: the report before the events, which are one a sample."""
    lines = [THEIR_SPEC, json.dumps({"final_report": report, "run_id": "R"})]
    lines += [their_event(number, f"e.s.{number}", type, data) for number, (type, data) in enumerate(events)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def matches(n_right: int, n: int) -> list[tuple[str, dict[str, Any]]]:
    return [("match", {"correct": place < n_right, "expected": "a", "picked": "a"}) for place in range(n)]


def test_an_accuracy_gets_the_n_and_wilson_s_interval_of_its_matches(tmp_path: Path) -> None:
    one = their_record(tmp_path / "r.jsonl", {"accuracy": 0.75, "boostrap_std": 0.06}, matches(30, 40))
    found = completed_report({"accuracy": 0.75, "boostrap_std": 0.06}, one).report
    z, n, p = 1.959964, 40, 0.75
    middle, half = p + z * z / 2 / n, z * (p * (1 - p) / n + z * z / 4 / n / n) ** 0.5
    expected = [(middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)]
    assert found["n"] == 40
    assert found["accuracy_ci95"] == pytest.approx(expected, abs=1e-6)
    assert found["accuracy_stderr"] == pytest.approx((p * (1 - p) / (n - 1)) ** 0.5)
    assert found["accuracy"] == 0.75


def test_a_mean_of_metrics_events_gets_student_s_interval_and_its_own_n(tmp_path: Path) -> None:
    scores = [2.0, 4.0, 6.0] * 20
    events = matches(30, 40) + [("metrics", {"score": score}) for score in scores]
    one = their_record(tmp_path / "r.jsonl", {}, events)
    found = completed_report({"accuracy": 0.75, "score": 4.0}, one).report
    stderr = (sum((score - 4) ** 2 for score in scores) / 59 / 60) ** 0.5
    assert (found["n"], found["score_n"], found["score_method"]) == (40, 60, "student t")
    # The 97.5 % point of Student's t with 59 degrees of freedom: 2.0010 in printed tables.
    assert found["score_ci95"] == pytest.approx([4 - 2.0010 * stderr, 4 + 2.0010 * stderr], abs=1e-4)


@pytest.mark.parametrize(
    ("report", "said"),
    [
        (
            {"accuracy": 0.5},
            "no n and no interval of accuracy: the samples of the record have the mean 0.750 (n = 40), not 0.500",
        ),
        ({"bleu": 31.5}, "no n and no interval of bleu: no event of the record holds a number of this name"),
    ],
)
def test_a_number_that_the_samples_do_not_give_has_a_reason_for_its_missing_interval(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], report: dict[str, Any], said: str
) -> None:
    one = their_record(tmp_path / "r.jsonl", report, matches(30, 40))
    assert completed_report(report, one).report == report
    assert main(["report", str(one)]) == 0
    assert f"r.jsonl: {said}" in capsys.readouterr().out


def test_a_report_that_names_its_n_is_left_alone(tmp_path: Path) -> None:
    report = {"accuracy": 0.5, "n": 3}
    assert completed_report(report, tmp_path / "is not read.jsonl").report is report


def test_the_table_and_the_page_say_where_the_interval_comes_from(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    records = [their_record(tmp_path / f"{name}.jsonl", {"accuracy": 0.75}, matches(30, 40)) for name in "ab"]
    assert read_table(records[:1]).runs[0].metrics["accuracy"].n == 40
    assert main(["report", str(records[0])]) == 0
    shown = capsys.readouterr().out
    assert "0.598 to 0.858  40" in shown
    assert "a.jsonl: n and interval come from the samples; the report has none" in shown
    assert main(["report", str(records[0]), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["notes"].keys() == {str(records[0])}


def test_the_page_has_the_interval_too(tmp_path: Path) -> None:
    pytest.importorskip("jinja2", reason="needs the extra: pip install 'oaieval[report]'")
    from evals.record.reader import read_record
    from evals.report.html.page_data import run_summary

    one = their_record(tmp_path / "r.jsonl", {"accuracy": 0.75}, matches(30, 40))
    summary = run_summary(read_record(one))
    assert (summary["metrics"][0]["interval"], summary["metrics"][0]["n"]) == ("0.598 to 0.858", 40)
    assert summary["warnings"] == ["n and interval come from the samples; the report has none"]
