"""`evals plot groups`: bars by label and model, checked against the exact numbers of made-up runs."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from pathlib import Path
from random import Random
from typing import Any

import pytest
from made_runs import NASTY, write_run
from scipy.stats import binomtest

from evals.cli.main import main


@pytest.fixture
def runs(tmp_path: Path) -> list[tuple[Path, dict[str, list[float]]]]:
    """Two runs of 120 samples in three categories, each with its scores by category."""
    rng, made = Random(4), []
    labels = [{"category": "abc"[i % 3], "group": "xy"[i % 2]} for i in range(120)]
    for name, right in (("one", 0.8), ("two", 0.4)):
        scores = [float(rng.random() < right) for _ in labels]
        by_category: dict[str, list[float]] = defaultdict(list)
        for label, score in zip(labels, scores, strict=True):
            by_category[label["category"]].append(score)
        made.append((write_run(tmp_path / f"{name}.jsonl", scores, labels=labels), dict(by_category)))
    return made


def plotted(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    capsys.readouterr()
    assert main(["plot", "groups", *arguments, "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_bars_are_the_means_of_the_groups_with_wilsons_interval(runs, capsys):
    found = plotted(capsys, *(str(path) for path, _ in runs))
    bars = {(bar["model"], bar["group"]): bar for bar in found["bars"]}
    assert [bar["group"] for bar in found["bars"]] == ["a", "a", "b", "b", "c", "c"]
    for path, by_category in runs:
        for category, scores in by_category.items():
            bar, n, hits = bars[path.stem, category], len(scores), round(sum(scores))
            ends = binomtest(hits, n).proportion_ci(method="wilson")
            assert (bar["value"], bar["n"], bar["method"]) == (pytest.approx(hits / n), n, "wilson")
            assert (bar["low"], bar["high"]) == pytest.approx((ends.low, ends.high), abs=1e-6)


def test_wrong_shows_what_is_missing_to_1_and_says_that_lower_is_better(runs, capsys):
    path, _ = runs[0]
    right = {bar["group"]: bar["value"] for bar in plotted(capsys, str(path), "--by", "group")["bars"]}
    found = plotted(capsys, str(path), "--by", "group", "--wrong")
    assert {bar["group"]: bar["value"] for bar in found["bars"]} == pytest.approx({k: 1 - v for k, v in right.items()})
    assert main(["plot", "groups", str(path), "--by", "group", "--wrong"]) == 0
    assert "1 - score by group; lower is better" in capsys.readouterr().out


def test_a_model_without_samples_in_a_group_has_no_bar_there(tmp_path, capsys):
    one = write_run(tmp_path / "one.jsonl", [1.0, 0.0], labels=[{"category": "a"}, {"category": "b"}])
    two = write_run(tmp_path / "two.jsonl", [1.0, 0.0], labels=[{"category": "a"}, {"category": "a"}])
    bars = plotted(capsys, str(one), str(two))["bars"]
    assert [(bar["group"], bar["model"], bar["n"]) for bar in bars] == [
        ("a", "one", 1),
        ("a", "two", 2),
        ("b", "one", 1),
    ]


def test_records_of_two_evals_and_labels_that_nobody_has_are_refused(runs, tmp_path, capsys):
    other = write_run(tmp_path / "other.jsonl", [1.0], labels=[{"category": "a"}], eval_name="more.test.v0")
    assert main(["plot", "groups", str(runs[0][0]), str(other)]) == 2
    assert "records of 2 evals: sums.test.v1, more.test.v0" in capsys.readouterr().err
    assert main(["plot", "groups", str(runs[0][0]), "--by", "subject"]) == 2
    assert "has the label 'subject'" in capsys.readouterr().err


def test_the_figure_and_its_data_are_written_also_for_nasty_names(runs, tmp_path, capsys):
    pytest.importorskip("matplotlib")
    nasty = write_run(
        tmp_path / "odd.jsonl",
        [1.0, 0.0, 1.0],
        labels=[{"category": NASTY + "$x_{"}, {"category": "a"}, {"category": "a"}],
    )
    out = tmp_path / "plot.svg"
    assert main(["plot", "groups", *(str(path) for path, _ in runs), str(nasty), "--out", str(out)]) == 0
    rows = list(csv.DictReader((tmp_path / "plot.csv").read_text(encoding="utf-8").splitlines()))
    assert {row["model"] for row in rows} == {"one", "two", "odd"}
    svg = out.read_text(encoding="utf-8")
    assert "score by category" in svg
    assert "\x1b" not in capsys.readouterr().out
