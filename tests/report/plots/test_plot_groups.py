"""The plot of groups: the numbers of the reports, in order, with baselines, chance and errors."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from evals.errors import DataError, EvalsError, UsageError
from evals.report.plots import groups


def write(path: Path, model: str, eval_name: str, table: Mapping[str, float], by: str = "language") -> str:
    """A finished record with nothing but its report."""
    rows = {
        name: {"accuracy": value, "accuracy_ci95": [value - 0.1, value + 0.1], "accuracy_method": "wilson", "n": 50}
        for name, value in table.items()
    }
    report = {"accuracy": 0.5, "accuracy_ci95": [0.4, 0.6], "n": 100, "groups": {by: rows}}
    spec = {"completion_fns": [model], "eval_name": eval_name, "run_id": "R"}
    lines = [{"spec": spec, "record_format": 1}, {"final_report": report, "run_id": "R"}]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return str(path)


def made(*records: str, argv: str = "") -> groups.GroupsPlot:
    parser = argparse.ArgumentParser()
    groups.add_options(parser)
    return groups.make(records, parser.parse_args(argv.split()))


TABLE = {"de": 0.6, "sw": 0.3, "en": 0.8}


def test_groups_stand_from_high_to_low_with_the_numbers_of_the_report(tmp_path: Path) -> None:
    plot = made(write(tmp_path / "a.jsonl", "m", "e.test.v0", TABLE))
    assert [row[0] for row in plot.table().rows] == ["en", "de", "sw"]
    assert plot.as_json()["bars"][0] == {
        "group": "en", "model": "m", "metric": "accuracy", "value": 0.8, "low": pytest.approx(0.7),
        "high": pytest.approx(0.9), "n": 50, "method": "wilson",
    }  # fmt: skip


def test_baselines_stand_at_the_top_and_lower_may_be_better(tmp_path: Path) -> None:
    record = write(tmp_path / "a.jsonl", "m", "e.test.v0", TABLE)
    assert made(record, argv="--baseline sw").groups == ["sw", "en", "de"]
    plot = made(record, argv="--lower-is-better")
    assert plot.groups == ["sw", "de", "en"]
    assert "lower is better" in plot.text()


def test_wrong_shows_what_is_missing_to_1_from_low_to_high(tmp_path: Path) -> None:
    plot = made(write(tmp_path / "a.jsonl", "m", "e.test.v0", TABLE), argv="--wrong")
    assert plot.groups == ["en", "de", "sw"]
    assert plot.table().rows[0][2] == "1 - accuracy"
    assert plot.table().rows[0][3:6] == pytest.approx((0.2, 0.1, 0.3))
    assert "lower is better" in plot.text()


def test_each_model_has_a_bar_in_each_group(tmp_path: Path) -> None:
    one = write(tmp_path / "a.jsonl", "small", "e.test.v0", {"de": 0.2, "en": 0.4})
    two = write(tmp_path / "b.jsonl", "large", "e.test.v0", {"de": 0.9, "en": 0.6})
    assert [row[:2] for row in made(one, two).table().rows] == [
        ["de", "small"], ["de", "large"], ["en", "small"], ["en", "large"],
    ]  # fmt: skip


def test_runs_of_several_evals_are_shown_by_eval(tmp_path: Path) -> None:
    records = [write(tmp_path / f"{name}.jsonl", "m", f"{name}.test.v0", {}) for name in ("mgsm-de", "mgsm-sw")]
    plot = made(*records)
    assert (plot.by, plot.groups) == ("eval", ["mgsm-de.test.v0", "mgsm-sw.test.v0"])


def test_text_has_every_number_in_eighty_columns(tmp_path: Path) -> None:
    text = made(
        write(tmp_path / "a.jsonl", "m" * 40, "e.test.v0", {"x" * 60: 0.5, "y": 0.1}), argv="--chance 0.25"
    ).text()
    assert all(part in text for part in ("0.500", "0.400 to 0.600", "50", "chance 0.250"))
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize(
    ("argv", "error", "words"),
    [
        ("--by languages", UsageError, "did you mean: language"),
        ("--chance 25", UsageError, "a number from 0 to 1"),
        ("--baseline fr", UsageError, "no group is called 'fr'"),
        ("--metric f1", DataError, "no group has the metric 'f1'"),
    ],
)
def test_what_is_not_there_is_an_error(tmp_path: Path, argv: str, error: type[EvalsError], words: str) -> None:
    with pytest.raises(error) as caught:
        made(write(tmp_path / "a.jsonl", "m", "e.test.v0", TABLE), argv=argv)
    assert words in str(caught.value)


def test_two_runs_of_one_model_on_one_group_are_named_by_their_files(tmp_path: Path) -> None:
    records = [write(tmp_path / f"{name}.jsonl", "m", "e.test.v0", TABLE) for name in ("a", "b")]
    assert made(*records).models == ["m (a)", "m (b)"]
    with pytest.raises(UsageError, match=r"two records are of m \(a\) on"):
        made(records[0], records[0])


def test_a_run_that_has_not_ended_is_an_error(tmp_path: Path) -> None:
    path = Path(write(tmp_path / "a.jsonl", "m", "e.test.v0", TABLE))
    path.write_text(path.read_text().splitlines()[0] + "\n")
    with pytest.raises(DataError, match="no record of a run that has ended"):
        made(str(path))


def test_it_is_drawn_with_a_bar_for_each_row(tmp_path: Path) -> None:
    figure_module = pytest.importorskip("matplotlib.figure")
    plot = made(write(tmp_path / "a.jsonl", "m", "e.test.v0", TABLE), argv="--chance 0.25")
    figure = figure_module.Figure(figsize=plot.size_inches)
    plot.draw(figure)
    (axes,) = figure.axes
    assert [round(bar.get_width(), 3) for bar in axes.patches] == [0.8, 0.6, 0.3]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["en", "de", "sw"]
