"""`evals forecast`: made, listed, shown and scored by the command, and a changed file is found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import evals
from evals.cli.main import main

TABLE = "model,compute_flops,nats_per_token,n\n" + "".join(
    f"m{i},{10 ** (18 + i)}.0,{2.0 * 10 ** (-0.1 * i) + 1:.6f},100\n" for i in range(6)
)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a table of six models, which may be forecast from."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("EVALS_FORECAST_DIR", raising=False)
    (tmp_path / "runs.csv").write_text(TABLE, encoding="utf-8")
    return tmp_path


def make(name: str = "first", *more: str, target: tuple[str, ...] = ("huge", "--target-compute", "1e25")) -> int:
    return main(["forecast", "make", "runs.csv", "--target", *target, "--name", name, "--draws", "100", *more])


def as_json(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> dict[str, Any]:
    capsys.readouterr()
    assert main(["forecast", *arguments, "--json"]) == code
    return json.loads(capsys.readouterr().out)


def test_a_forecast_is_made_listed_scored_and_counted(place, capsys):
    assert make() == 0
    assert "seal" in capsys.readouterr().out
    made = as_json(capsys, "show", "first")["forecast"]
    assert made["prediction"] == pytest.approx(2.0 * 10**-0.7 + 1, abs=2e-3)
    assert made["fitted"][0]["model"] == "m0"
    score = as_json(capsys, "score", "first", "--value", "1.4", "--observed-at", "2999-01-01T00:00:00")
    assert (score["counts"], score["inside"], score["remarks"]) == (True, made["low"] <= 1.4 <= made["high"], [])
    whole = as_json(capsys, "score")
    assert (whole["n"], whole["n_open"], whole["expected"]) == (1, 0, pytest.approx(0.95))
    assert main(["forecast", "list"]) == 0
    assert "first" in capsys.readouterr().out


def test_the_same_inputs_and_seed_make_the_same_forecast(place, capsys):
    make("one")
    make("two")
    one, two = (as_json(capsys, "show", name)["forecast"] for name in ("one", "two"))
    same = ("prediction", "low", "high", "data_sha256", "sources", "code", "parameters")
    assert [one[key] for key in same] == [two[key] for key in same]
    assert one["seal"] != two["seal"]


def test_a_changed_forecast_is_found_by_every_command(place, capsys):
    make()
    path = place / "forecasts" / "first.forecast.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"law": "power', '"law": "Power'), encoding="utf-8")
    for arguments in (["show", "first"], ["score", "first", "--value", "1.3"]):
        capsys.readouterr()
        assert main(["forecast", *arguments]) == 1
        assert "is not the one that was sealed" in capsys.readouterr().err
    for arguments in (["list"], ["score"]):
        assert main(["forecast", *arguments]) == 1
        assert "broken seal" in capsys.readouterr().out


def test_a_target_whose_value_is_in_the_table_already_counts_for_nothing(place, capsys):
    assert make(target=("m5",)) == 0
    assert "will count for nothing" in capsys.readouterr().out
    score = as_json(capsys, "score", "first", "runs.csv")
    assert not score["counts"]
    assert as_json(capsys, "score")["n_left_out"] == 1


@pytest.mark.parametrize(
    ("target", "said"),
    [(("m0",), "no model has less"), (("x",), "not known"), (("x", "--target-compute", "1e17"), "no model has less")],
)
def test_a_target_without_smaller_models_is_no_forecast(place, capsys, target, said):
    assert make(target=target) == 2
    assert said in capsys.readouterr().err
    assert not (place / "forecasts").exists()


def test_a_name_is_given_once(place, capsys):
    make()
    assert make() == 2
    assert "none is replaced" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["score", "first"], "has no outcome yet"),
        (["score", "frist", "--value", "1"], "did you mean: first"),
        (["score", "first", "runs.csv", "--value", "1"], "give one of them"),
        (["score", "first", "--value", "nan"], "a number"),
        (["score", "first", "--value", "1", "--observed-at", "soon"], "no time"),
        (["score", "first", "runs.csv", "--observed-at", "2026-01-01"], "belongs to --value"),
        (["score", "first", "runs.csv"], "no row is that of huge"),
    ],
)
def test_a_score_that_cannot_be_made_is_said(place, capsys, arguments, said):
    make()
    assert main(["forecast", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_an_empty_folder_has_nothing_to_tell(place, capsys):
    assert main(["forecast", "list"]) == 0
    assert capsys.readouterr().out == "no forecast in forecasts\n"
    assert as_json(capsys, "score")["coverage"] is None


def test_a_record_made_after_the_seal_is_an_outcome_and_an_older_one_is_not(place, capsys):
    logs = place / "logs"
    records = [
        str(evals.run(f"pocket/{name}", "pocket-text", max_samples=20, log_dir=logs).record_path)
        for name in ("32k", "57k", "79k", "132k")
    ]
    old = str(evals.run("pocket/213k", "pocket-text", max_samples=20, log_dir=logs).record_path)
    for name in ("a", "b"):
        assert main(["forecast", "make", *records, "--target", "pocket/213k", "--name", name, "--draws", "50"]) == 0
    new = str(evals.run("pocket/213k", "pocket-text", max_samples=20, log_dir=place / "later").record_path)
    assert as_json(capsys, "score", "a", new)["objections"] == []
    late = as_json(capsys, "score", "b", old)
    assert "before the forecast was sealed" in late["objections"][0]
    whole = as_json(capsys, "score")
    assert (whole["n"], whole["n_left_out"]) == (1, 1)


def test_lines_fit_80_columns(place, capsys):
    make("a-rather-long-name-of-a-forecast-that-somebody-chose")
    main(["forecast", "score", "a-rather-long-name-of-a-forecast-that-somebody-chose", "--value", "1.4"])
    main(["forecast", "score"])
    main(["forecast", "list"])
    paths_and_commands = ("forecasts/", "evals forecast score")
    lines = [
        line for line in capsys.readouterr().out.splitlines() if not any(one in line for one in paths_and_commands)
    ]
    assert max(map(len, lines)) <= 80
