"""`evals plot scaling`: the law through the small models, the target in another colour, a panel a bucket, data beside."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evals.cli.main import main
from evals.comparison.ladder_files import read_ladder
from evals.errors import EvalsError
from evals.forecasts.buckets import split_into_buckets
from evals.forecasts.fitting import pass_counts
from evals.forecasts.targets import Split

COMPUTE = np.geomspace(1e18, 1e22, 6)


@pytest.fixture
def runs(tmp_path: Path) -> str:
    noise = np.exp(np.random.default_rng(1).normal(0, 0.003, 6))
    losses = (0.8 * (COMPUTE / 1e22) ** -0.1 + 1) * noise
    rows = [f"m{i},{flops:.6e},{loss:.6f},50" for i, (flops, loss) in enumerate(zip(COMPUTE, losses, strict=True))]
    path = tmp_path / "runs.csv"
    path.write_text("model,compute_flops,loss,n\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return str(path)


@pytest.fixture
def passes(tmp_path: Path) -> str:
    """p = exp(-d C^-0.3) over 40 problems whose numbers are in no order of difficulty, 400 draws."""
    rng = np.random.default_rng(4)
    difficulty = rng.permutation(np.linspace(0.3, 3, 40))
    rows = ["model,compute_flops,problem,n_passed,n_draws"]
    for i, flops in enumerate(COMPUTE):
        passed = rng.binomial(400, np.exp(-difficulty * (flops / 1e18) ** -0.05))
        rows += [f"m{i},{flops:.6e},p{j:02},{c},400" for j, c in enumerate(passed)]
    path = tmp_path / "passes.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    np.save(tmp_path / "difficulty.npy", difficulty)
    return str(path)


def plotted(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    capsys.readouterr()
    assert main(["plot", "scaling", *arguments, "--draws", "100", "--json"]) == 0
    return json.loads(capsys.readouterr().out)["panels"]


def test_the_numbers_are_those_of_evals_fit(runs, capsys):
    (panel,) = plotted(capsys, runs, "--target", "m5")
    assert main(["fit", runs, "--target", "m5", "--draws", "100", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert panel["law"] == found["law"]
    assert panel["forecast"] == found["forecast"]


def test_the_data_has_every_mark_and_the_band_widens_towards_the_target(runs, tmp_path, capsys):
    pytest.importorskip("matplotlib")
    out = tmp_path / "plot.svg"
    assert (
        main(["plot", "scaling", runs, "--target", "m5", "--within", "0.2", "--draws", "200", "--out", str(out)]) == 0
    )
    rows = list(csv.DictReader((tmp_path / "plot.csv").read_text(encoding="utf-8").splitlines()))
    marks = [row["mark"] for row in rows if row["mark"] != "law"]
    assert marks == ["fitted"] * 5 + ["target", "forecast"]
    line = [row for row in rows if row["mark"] == "law"]
    spread = [float(row["high"]) / float(row["low"]) for row in line]
    inside = [width for row, width in zip(line, spread, strict=True) if 1e19 < float(row["compute_flops"]) < 1e20]
    assert spread[-1] > max(inside)
    drawn = out.read_text(encoding="utf-8").partition("</metadata>")[2]
    for said in ("compute / target's compute", "95 % band", "not fitted", "n = 5 models", "0.80 decades beyond"):
        assert (said in drawn) == (said != "not fitted")


@pytest.mark.parametrize("form", ["svg", "png", "pdf"])
def test_a_figure_is_drawn_in_each_form(runs, tmp_path, form):
    pytest.importorskip("matplotlib")
    out = tmp_path / f"plot.{form}"
    assert main(["plot", "scaling", runs, "--draws", "50", "--out", str(out)]) == 0
    assert out.stat().st_size > 5000


def test_a_panel_for_each_bucket_from_easy_to_hard_with_a_title_that_counts_problems(passes, tmp_path, capsys):
    pytest.importorskip("matplotlib")
    arguments = [passes, "--law", "pass-rate", "--target", "m5", "--buckets", "3"]
    panels = plotted(capsys, *arguments)
    values = [panel["forecast"]["value"] for panel in panels]
    assert values == sorted(values)
    out = tmp_path / "plot.svg"
    assert main(["plot", "scaling", *arguments, "--draws", "100", "--out", str(out)]) == 0
    text, drawn = capsys.readouterr().out, out.read_text(encoding="utf-8")
    assert "bucket 1 of 3, 12 problems" in text
    assert "bucket 3 of 3, 12 problems" in drawn
    assert "pass rate, geometric mean" in drawn


def test_buckets_are_chosen_by_one_half_of_the_draws_and_filled_with_the_other(passes, tmp_path):
    ladder = read_ladder([passes], passes=True)
    found = Split(ladder.up_to(1e21), tuple(one for one in ladder.rungs if one.compute_flops > 1.1e21))
    buckets = split_into_buckets(found, 3, seed=0)
    counts = [pass_counts(part.fitted.rungs) for part in buckets]
    assert all((part.draws == 200).all() for part in counts)
    assert all(n == 400 for part in buckets for rung in part.shown for _, _, n in rung.passes)
    names = [name for part in counts for name in part.problems]
    assert len(set(names)) == len(names) == 40 - round(40 * 15 / 164)
    difficulty = np.load(tmp_path / "difficulty.npy")
    means = [np.mean([difficulty[int(name[1:])] for name in part.problems]) for part in counts]
    assert means == sorted(means)


def test_too_few_problems_for_buckets_are_said(passes, tmp_path):
    text = Path(passes).read_text(encoding="utf-8").splitlines()
    few = tmp_path / "few.csv"
    few.write_text(
        "\n".join([text[0], *(line for line in text if ",p00," in line or ",p01," in line)]), encoding="utf-8"
    )
    with pytest.raises(EvalsError, match="do not fill 3 buckets"):
        split_into_buckets(Split(read_ladder([str(few)], passes=True), ()), 3, seed=0)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--buckets", "3"], "--law pass-rate"),
        (["--target", "m0"], "no model has less"),
        (["--out", "x.gif"], "must end in"),
    ],
)
def test_what_cannot_be_plotted_is_said(runs, capsys, arguments, said):
    assert main(["plot", "scaling", runs, *arguments]) == 2
    assert said in capsys.readouterr().err


def test_the_text_fits_80_columns(runs, passes, capsys):
    main(["plot", "scaling", runs, "--target", "m5", "--draws", "50"])
    main(["plot", "scaling", passes, "--law", "pass-rate", "--target", "m5", "--buckets", "2", "--draws", "50"])
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80
