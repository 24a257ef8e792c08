"""`evals fit`: the law of a table or of records, what it forecasts, and tables that hold no law."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import curve_fit

from evals.cli.main import main

COMPUTE = np.geomspace(1e18, 1e22, 9)


def losses(noise: float = 0.004) -> np.ndarray:
    law = 0.6 * (COMPUTE / 1e22) ** -0.12 + 1.1
    return law * np.exp(np.random.default_rng(2).normal(0, noise, len(COMPUTE)))


@pytest.fixture
def runs(tmp_path: Path) -> str:
    rows = [f"m{i},{flops:.6e},{loss:.9f},1000" for i, (flops, loss) in enumerate(zip(COMPUTE, losses(), strict=True))]
    path = tmp_path / "runs.csv"
    path.write_text("model,compute_flops,loss,n\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return str(path)


def fitted(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict:
    capsys.readouterr()
    assert main(["fit", *arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_the_law_is_that_of_scipys_curve_fit_on_the_models_below_the_target(runs, capsys):
    found = fitted(capsys, runs, "--target", "m8")
    (a, b, c), _ = curve_fit(
        lambda x, a, b, c: np.log(a * x**b + c), COMPUTE[:8] / COMPUTE[7], np.log(losses()[:8]), p0=(0.6, -0.1, 1)
    )
    assert [found["law"]["parameters"][name] for name in "abc"] == pytest.approx([a, b, c], rel=1e-4)
    assert found["forecast"]["value"] == pytest.approx(a * (COMPUTE[8] / COMPUTE[7]) ** b + c, rel=1e-5)
    assert found["forecast"]["outcome"] == pytest.approx(losses()[8], rel=1e-8)
    assert found["forecast"]["decades_beyond"] == pytest.approx(0.5)
    assert [one["fitted"] for one in found["models"]] == [True] * 8 + [False]


def test_within_a_share_fits_the_small_models_alone(runs, capsys):
    found = fitted(capsys, runs, "--target", "m8", "--within", "0.01")
    assert [one["model"] for one in found["models"] if one["fitted"]] == ["m0", "m1", "m2", "m3", "m4"]
    assert found["forecast"]["decades_beyond"] == pytest.approx(2.0)


def test_without_a_target_all_are_fitted_and_nothing_is_forecast(runs, capsys):
    found = fitted(capsys, runs)
    assert found["forecast"] is None
    assert all(one["fitted"] for one in found["models"])


def test_a_target_may_be_a_number_of_flops_or_a_new_model(runs, capsys):
    by_number = fitted(capsys, runs, "--target", "1e24")["forecast"]
    by_name = fitted(capsys, runs, "--target", "huge", "--target-compute", "1e24")["forecast"]
    assert by_number["value"] == by_name["value"]
    assert (by_name["model"], by_name["outcome"]) == ("huge", None)


def test_the_smallest_are_dropped_when_it_is_said_and_shown_all_the_same(runs, capsys):
    found = fitted(capsys, runs, "--drop-smallest", "2", "--target", "m8")
    assert [one["model"] for one in found["models"] if not one["fitted"]] == ["m0", "m1", "m8"]
    assert main(["fit", runs, "--drop-smallest", "2"]) == 0
    assert "left out as --drop-smallest says: m0, m1" in capsys.readouterr().out


def test_the_effect_of_a_drop_on_the_forecast_is_said(runs, capsys):
    with_all = fitted(capsys, runs, "--target", "m8")["forecast"]["value"]
    (said,) = fitted(capsys, runs, "--drop-smallest", "2", "--target", "m8")["cautions"]
    assert said == f"with the 2 smallest models the forecast is {with_all:.4g}"


def test_a_rung_that_still_falls_steeply_is_said_and_kept(runs, capsys):
    path = Path(runs)
    path.write_text(path.read_text(encoding="utf-8").replace("m0,1.000000e+18,", "m0,1.000000e+18,1"), encoding="utf-8")
    found = fitted(capsys, runs, "--target", "m8")
    assert any("the smallest run has not left the early transient" in said for said in found["cautions"])
    assert found["models"][0]["fitted"]


def test_a_power_law_has_no_constant_and_says_that_one_would_be_better(runs, capsys):
    found = fitted(capsys, runs, "--law", "power")
    assert found["law"]["parameters"]["c"] == 0
    assert any("misfit" in said for said in found["law"]["warnings"])


def test_a_known_constant_is_kept(runs, capsys):
    parameters = fitted(capsys, runs, "--constant", "1.1")["law"]["parameters"]
    assert parameters["c"] == 1.1
    line = np.polyfit(np.log(COMPUTE / COMPUTE[-1]), np.log(losses() - 1.1), 1)
    assert parameters["b"] == pytest.approx(line[0], rel=0.02)


def test_the_text_fits_80_columns_and_names_n_intervals_and_distance(runs, capsys):
    assert main(["fit", runs, "--target", "m8"]) == 0
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= 80
    for said in ("8 models", "3.5 decades", "95 % interval", "0.50 decades beyond", "outcome", "1,000"):
        assert said in text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--target", "m0"], "no model has less than"),
        (["--target", "m8", "--within", "1e-9"], "no model has at most"),
        (["--target", "m8", "--within", "2"], "a share"),
        (["--within", "0.1"], "need a target"),
        (["--target", "huge"], "compute of 'huge' is not known"),
        (["--target", "m8", "--target-compute", "1e23"], "is in these files with"),
        (["--target", "m4", "--within", "0.1"], "3 different amounts of compute"),
        (["--drop-smallest", "9"], "--drop-smallest 9 of 9"),
        (["--confidence", "95"], "between 0 and 1"),
        (["--draws", "1"], "from 10 to"),
        (["--value", "los"], "did you mean: loss"),
        (["--constant", "9"], "is not between 0 and the smallest loss"),
        (["--constant", "1", "--law", "power"], "--constant belongs to --law loss"),
    ],
)
def test_what_cannot_be_fitted_is_said_with_exit_code_2(runs, capsys, arguments, said):
    assert main(["fit", runs, *arguments]) == 2
    assert said in capsys.readouterr().err


def test_one_amount_of_compute_is_no_table_for_a_law(tmp_path, capsys):
    path = tmp_path / "same.csv"
    path.write_text("flops,loss\n" + "".join(f"1e20,{2 + i / 10}\n" for i in range(6)), encoding="utf-8")
    assert main(["fit", str(path)]) == 2
    said = capsys.readouterr().err
    assert "all runs have the same compute, but the fit needs 4" in said
    assert "--law power" not in said  # no law holds there


def test_a_value_below_zero_is_named_with_its_line(tmp_path, capsys):
    path = tmp_path / "runs.csv"
    path.write_text("model,flops,loss\n" + "".join(f"m{i},1e{i},{5 - i}\n" for i in range(1, 7)), encoding="utf-8")
    assert main(["fit", str(path)]) == 2
    assert f"{path}:6: loss of m5 is 0; a law is fitted to values above 0" in capsys.readouterr().err


@pytest.mark.filterwarnings("error")
def test_a_score_that_rises_has_no_law_and_the_warning_says_what_to_fit(tmp_path, capsys):
    path = tmp_path / "runs.csv"
    rows = "".join(f"m{i},1e{i},{score}\n" for i, score in zip(range(18, 22), (0.2, 0.3, 0.4, 0.55), strict=True))
    path.write_text(f"model,flops,accuracy\n{rows}", encoding="utf-8")
    assert main(["fit", str(path), "--value", "accuracy", "--target", "1e24"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "a score that rises is fitted as 1 - score" in said
    assert "forecast of 1e+24 FLOPs 0.341" in said


def pass_table(tmp_path: Path) -> str:
    """p = exp(-d C^-0.25) over 12 problems and five models, passes rounded from a million draws."""
    rows = ["model,flops,problem,n_passed,n_draws"]
    for i, flops in enumerate(np.geomspace(1e18, 1e22, 5)):
        for j in range(12):
            p = np.exp(-(0.2 + 0.1 * j) * (flops / 1e18) ** -0.25)
            rows.append(f"m{i},{flops:.6e},p{j},{round(1e6 * p)},1000000")
    path = tmp_path / "passes.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return str(path)


def test_a_pass_rate_law_forecasts_the_mean_log_and_the_target_is_scored_on_its_problems(tmp_path, capsys):
    found = fitted(capsys, pass_table(tmp_path), "--law", "pass-rate", "--target", "m4")
    mean = np.mean(0.2 + 0.1 * np.arange(12))
    assert found["law"]["parameters"]["k"] == pytest.approx(0.25, rel=1e-3)
    assert found["forecast"]["value"] == pytest.approx(mean * 1e4**-0.25, rel=1e-3)
    assert found["forecast"]["outcome"] == pytest.approx(mean * 1e4**-0.25, rel=1e-3)


def test_a_target_that_never_passes_a_problem_has_a_lower_bound_and_it_is_said(tmp_path, capsys):
    path = Path(pass_table(tmp_path))
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([*lines[:-1], "m4,1e22,p11,0,1000000"]) + "\n", encoding="utf-8")
    found = fitted(capsys, str(path), "--law", "pass-rate", "--target", "m4")
    assert any("never passed 1 of the 12 problems: its value is a lower bound" in note for note in found["notes"])
    assert found["forecast"]["outcome"] > found["forecast"]["interval"][1]
    assert found["forecast"]["verdict"] == "OUTSIDE"


def test_a_lower_bound_below_the_end_of_the_interval_tells_nothing(tmp_path, capsys):
    path = Path(pass_table(tmp_path))
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("m4")]
    lines += [f"m4,1e22,p{j},{0 if j == 11 else 2},2" for j in range(12)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert fitted(capsys, str(path), "--law", "pass-rate", "--target", "m4")["forecast"]["verdict"] == "not told"
    assert main(["fit", str(path), "--law", "pass-rate", "--target", "m4"]) == 0
    assert "or more: inside or not cannot be told" in capsys.readouterr().out


def test_a_target_that_always_passes_has_an_outcome_of_zero(tmp_path, capsys):
    path = Path(pass_table(tmp_path))
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("m4")]
    lines += [f"m4,1e22,p{j},1000000,1000000" for j in range(12)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert main(["fit", str(path), "--law", "pass-rate", "--target", "m4"]) == 0
    assert "outcome 0.000: OUTSIDE the interval" in capsys.readouterr().out


def test_a_pass_rate_table_shows_problems_and_errors(tmp_path, capsys):
    (first, *_) = fitted(capsys, pass_table(tmp_path), "--law", "pass-rate", "--target", "m4")["models"]
    logs = 0.2 + 0.1 * np.arange(12)
    assert first["n"] == 12
    assert first["stderr"] == pytest.approx(np.sqrt(logs.var() / 11), rel=0.01)


def test_models_with_other_problems_are_refused(tmp_path, capsys):
    path = Path(pass_table(tmp_path))
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(lines[:1] + lines[2:]) + "\n", encoding="utf-8")
    assert main(["fit", str(path), "--law", "pass-rate"]) == 2
    assert "m0 has no draws of problem p0" in capsys.readouterr().err
