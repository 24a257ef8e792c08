"""The exam plot: who has a bar, how high, in what order, and what the table and the data say of it."""

from __future__ import annotations

import argparse
import csv
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from evals.cli.main import main
from evals.errors import DataError, UsageError
from evals.report.plots.exams import ExamBar, ExamsPlot, in_order, make

OPTIONS = argparse.Namespace(report=False)


def record(
    folder: Path, model: str, exam: str = "law", low: float = 40.0, *, images: str | None = None, **changed: Any
) -> str:
    """A finished record of an exam, as far as the plot reads it."""
    percentile = {"low": low, "high": low + 5, "low_ci95": [low - 10, low + 10], "high_ci95": None}
    about = {"population": "takers", "year": "2024", "status": "invented", "on": "final", "warning": ""}
    report = {
        "paper": {"id": exam, "title": f"Paper {exam}", "version": "1", "form": "main"},
        "images": images,
        "final": 3.0,
        "final_range": None,
        "percentiles": [{**percentile, **about}],
        "sections": [{"n_items": 20}, {"n_items": 30}],
        **changed,
    }
    spec = {
        "completion_fns": [model],
        "eval_name": f"{exam}.test.v1",
        "base_eval": exam,
        "split": "test",
        "run_config": {},
    }
    path = folder / f"{model.replace('/', '-')}-{exam}-{images}.jsonl"
    path.write_text(json.dumps({"spec": spec}) + "\n" + json.dumps({"final_report": {"exam": report}}) + "\n")
    return str(path)


def test_each_run_has_a_bar_with_its_range_and_interval(tmp_path: Path) -> None:
    plot = make([record(tmp_path, "new", low=60.0), record(tmp_path, "old", low=30.0)], OPTIONS)
    assert [(bar.model, bar.low, bar.high, bar.ci, bar.n) for bar in plot.bars] == [
        ("old", 30, 35, (20, 40), 50),
        ("new", 60, 65, (50, 70), 50),
    ]
    assert plot.as_json()["bars"][0]["population"] == "takers, 2024"


def test_vision_and_no_vision_are_two_series_of_one_model(tmp_path: Path) -> None:
    records = [record(tmp_path, "m", low=60.0, images="vision"), record(tmp_path, "m", low=50.0, images="no_vision")]
    assert make(records, OPTIONS).series == ["m, no vision", "m"]


def test_exams_stand_by_the_rising_percentile_of_the_weakest_model(tmp_path: Path) -> None:
    old = {"a": 50.0, "b": 10.0, "c": 30.0, "d": 10.0}
    new = {"a": 60.0, "b": 99.0, "c": 70.0, "d": 80.0}
    bars = [
        ExamBar(exam, exam, model, "", 1.0, low, low, None, 10, "takers", "official")
        for model, lows in (("old", old), ("new", new))
        for exam, low in lows.items()
    ]
    assert list(dict.fromkeys(bar.exam for bar in in_order(bars))) == ["d", "b", "c", "a"]


def test_runs_without_a_percentile_are_left_out_and_named(tmp_path: Path) -> None:
    open_range = record(tmp_path, "half", final_range=[1, 4])
    plot = make([record(tmp_path, "whole"), open_range, record(tmp_path, "none", percentiles=[])], OPTIONS)
    text = plot.text()
    assert [bar.model for bar in plot.bars] == ["whole"]
    assert "left out: half on law: questions without an answer or a mark" in text
    assert "left out: none on law: the paper has no percentiles" in text
    with pytest.raises(DataError, match="no run has a percentile"):
        make([open_range], OPTIONS)


def test_two_runs_of_one_model_on_one_exam_are_named_by_their_files(tmp_path: Path) -> None:
    one = record(tmp_path, "m")
    two, other = str(tmp_path / "after.jsonl"), record(tmp_path, "n")
    shutil.copy(one, two)
    models = {bar.model for bar in make([one, two, other], OPTIONS).bars}
    assert models == {f"m ({Path(one).stem})", "m (after)", "n"}
    with pytest.raises(UsageError, match=r"two records are of m \(m-law-None\) on law"):
        make([one, one], OPTIONS)


def test_what_is_no_run_of_an_exam_is_named(tmp_path: Path) -> None:
    path = Path(record(tmp_path, "m"))
    path.write_text(path.read_text().replace('"exam"', '"other"'))
    with pytest.raises(DataError, match="no run of an exam"):
        make([str(path)], OPTIONS)


def test_the_figures_of_the_report_stand_beside_a_run_of_the_same_exam(tmp_path: Path) -> None:
    plot = make([record(tmp_path, "mine", exam="lsat", low=70.0)], argparse.Namespace(report=True))
    low_of = {bar.series: bar.low for bar in plot.bars}
    # Table 1 of the report: LSAT 163 (~88th), 161 without vision (~83rd), 149 for GPT-3.5 (~40th).
    assert sorted(low_of.values()) == [40, 70, 83, 88]
    assert plot.exams == ["lsat"]
    assert low_of["gpt-4 (report), no vision"] == 83


def test_of_another_exam_all_26_exams_of_the_report_with_percentiles_are_shown(tmp_path: Path) -> None:
    plot = make([record(tmp_path, "mine", exam="our-own")], argparse.Namespace(report=True))
    assert len(plot.exams) == 1 + 26
    assert max(map(len, plot.text().splitlines())) <= 80


@pytest.mark.parametrize("changed", [{"percentiles": [{}]}, {"sections": None}, {"final_range": 1, "paper": {}}])
def test_a_damaged_report_is_named(tmp_path: Path, changed: dict[str, Any]) -> None:
    with pytest.raises(DataError, match="damaged"):
        make([record(tmp_path, "m", **changed)], OPTIONS)


def test_the_table_fits_the_terminal_and_the_data_holds_every_bar(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib")
    records = [record(tmp_path, f"model/{n}", low=10.0 * n) for n in range(1, 8)]
    assert main(["plot", "exams", *records, "--out", str(tmp_path / "exams.png")]) == 0
    text = capsys.readouterr().out.partition("\nplot  ")[0]
    assert max(map(len, text.splitlines())) <= 80
    with (tmp_path / "exams.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [float(row["low"]) for row in rows] == [10, 20, 30, 40, 50, 60, 70]
    assert (tmp_path / "exams.png").stat().st_size > 10_000


def test_the_bars_of_a_figure_are_as_high_as_the_low_ends(tmp_path: Path) -> None:
    figure = pytest.importorskip("matplotlib.figure").Figure()
    plot = make(
        [record(tmp_path, "m", low=60.0, images="vision"), record(tmp_path, "m", low=50.0, images="no_vision")], OPTIONS
    )
    plot.draw(figure)
    (axes,) = figure.axes
    drawn = [(patch.get_height(), patch.get_alpha()) for patch in axes.patches if patch.get_height()]
    assert drawn == [(50.0, 0.45), (60.0, 1.0)]
    assert isinstance(plot, ExamsPlot)
