"""`evals plot inverse`: bars by compute, chance, labels, and families that are never mixed."""

from __future__ import annotations

import csv
import json
import math
import re
from pathlib import Path
from typing import Any

import pytest
from ladder_records import P_RIGHT, write_ladder, write_record
from scipy.stats import binomtest, chi2

from evals.cli.main import main
from evals.scaling.trend import classify_trend

FALLING = [0.6, 0.5, 0.4, 0.25, 0.1]


def plotted(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    capsys.readouterr()
    assert main(["plot", "inverse", *arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)["trends"]


def test_accuracies_that_fall_are_inverse_with_chance_loss_and_slopes(tmp_path, capsys):
    (found,) = plotted(capsys, *write_ladder(tmp_path, FALLING)[::-1])
    direct = classify_trend([10.0 ** (18 + i) for i in range(5)], [200 * one for one in FALLING], [200] * 5)
    assert (found["label"], found["family"], found["chance"]) == ("inverse", "made", 0.5)
    assert [one["model"] for one in found["models"]] == ["m0", "m1", "m2", "m3", "m4"]
    assert [one["accuracy"] for one in found["models"]] == pytest.approx(FALLING)
    assert found["line"]["per_decade"] == pytest.approx(direct.line.per_decade)
    expected = -0.6 * math.log(P_RIGHT) - 0.4 * math.log(1 - P_RIGHT)
    assert found["models"][0]["loss"] == pytest.approx(expected)
    ends = binomtest(120, 200).proportion_ci(method="wilson")
    assert (found["models"][0]["low"], found["models"][0]["high"]) == pytest.approx((ends.low, ends.high), abs=1e-6)


def test_chance_is_that_of_the_number_of_options(tmp_path, capsys):
    (found,) = plotted(capsys, *write_ladder(tmp_path, FALLING, n_options=4))
    assert found["chance"] == 0.25


def test_families_and_evals_are_told_apart(tmp_path, capsys):
    records = write_ladder(tmp_path / "a", [0.2, 0.5, 0.7, 0.9], family="one")
    records += write_ladder(tmp_path / "b", [0.9, 0.7, 0.5, 0.2], family="two", prefix="other")
    records += write_ladder(tmp_path / "c", [0.8, 0.5, 0.5, 0.8], family="one", eval_name="more.test.v0")
    found = plotted(capsys, *records)
    assert [(one["eval"], one["family"], one["label"]) for one in found] == [
        ("traps.test.v0", "one", "positive"),
        ("traps.test.v0", "two", "inverse"),
        ("more.test.v0", "one", "U"),
    ]


def test_one_model_has_no_trend_and_three_no_turn(tmp_path, capsys):
    records = write_ladder(tmp_path, [0.9, 0.4, 0.9])
    assert plotted(capsys, records[0])[0]["label"] is None
    assert plotted(capsys, *records)[0]["low_end"] is None
    main(["plot", "inverse", records[0]])
    assert "two amounts of compute" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"model": "m0"}, "m0 is there twice"),
        ({"data": "e"}, "different samples"),
        ({"compute": None}, "training compute"),
    ],
)
def test_records_that_are_no_ladder_are_refused(tmp_path, capsys, change, said):
    records = write_ladder(tmp_path, FALLING[:2])
    more = {"model": "m9", "compute": 1e22, **change}
    assert main(["plot", "inverse", *records, write_record(tmp_path / "more.jsonl", 5, 10, **more)]) == 2
    assert said in capsys.readouterr().err


def test_the_text_fits_80_columns_and_flat_is_no_proof(tmp_path, capsys):
    assert (
        main(["plot", "inverse", *write_ladder(tmp_path, [0.5, 0.5, 0.5, 0.5], prefix="a-model-of-a-long-name-")]) == 0
    )
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= 80
    assert "flat means that no trend is shown, and not that there is none" in text


@pytest.mark.parametrize("form", ["svg", "png"])
def test_the_figure_has_its_data_beside_it(tmp_path, capsys, form):
    pytest.importorskip("matplotlib")
    records = write_ladder(tmp_path / "a", FALLING) + write_ladder(
        tmp_path / "b", FALLING[::-1], eval_name="up.test.v0"
    )
    out = tmp_path / f"plot.{form}"
    assert main(["plot", "inverse", *records, "--out", str(out)]) == 0
    rows = list(csv.DictReader((tmp_path / "plot.csv").read_text(encoding="utf-8").splitlines()))
    assert [float(row["accuracy"]) for row in rows] == pytest.approx(FALLING + FALLING[::-1])
    assert out.stat().st_size > 2000
    if form == "svg":
        drawn = out.read_text(encoding="utf-8")
        for said in ("traps.test.v0: inverse", "up.test.v0: positive", "right, %", "n = 200 samples a model"):
            assert said in drawn
        assert re.search(r"2 trends: 1 inverse, 1 positive", drawn)


def test_a_record_of_a_pocket_model_is_taken_as_it_is(tmp_path, capsys):
    import evals

    records = [
        str(evals.run(f"pocket/{name}", "inverse-redefine", max_samples=12, log_dir=tmp_path).record_path)
        for name in ("57k", "32k")
    ]
    (found,) = plotted(capsys, *records)
    assert [one["model"] for one in found["models"]] == ["pocket/32k", "pocket/57k"]
    assert (found["family"], found["chance"], found["n_models"]) == ("pocket", 0.5, 2)


def test_a_path_that_is_no_record_is_an_error(capsys):
    assert main(["plot", "inverse", str(Path("nowhere.jsonl"))]) == 2


def test_near_1_the_interval_is_the_one_that_the_run_prints(tmp_path, capsys):
    (found,) = plotted(capsys, *write_ladder(tmp_path, [0.5, 0.99]))
    top = found["models"][1]
    # Two misses of 200: the upper end is that of a Poisson rate (Brown, Cai and DasGupta 2001, section 4.1.1).
    assert top["high"] == pytest.approx(1 - chi2.ppf(0.05, 4) / 2 / 200)
    assert top["high"] > binomtest(198, 200).proportion_ci(method="wilson").high
