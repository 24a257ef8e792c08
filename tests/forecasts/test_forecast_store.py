"""The folder of forecasts: written once, in a row, and changes of its files are found."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from made_forecasts import forecast

from evals.errors import UsageError
from evals.forecasts.document import Outcome
from evals.forecasts.store import add, add_outcome, entries, find, folder_of

LATER = "2026-03-03T12:00:00.000000Z"


def edit(path: Path, key: str, value: object) -> None:
    document = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**document, key: value}), encoding="utf-8")


def test_forecasts_stand_in_a_row_by_time(tmp_path):
    _, first = add(tmp_path, forecast("b"))
    _, second = add(tmp_path, forecast("a", created_at=LATER))
    assert [entry.name for entry in entries(tmp_path)] == ["b", "a"]
    assert (first.previous, second.previous) == (None, first.seal)
    assert not any(entry.problem for entry in entries(tmp_path))


def test_a_name_is_given_once_and_the_file_stays(tmp_path):
    path, _ = add(tmp_path, forecast())
    before = path.read_bytes()
    with pytest.raises(UsageError, match="there is a forecast called"):
        add(tmp_path, forecast(prediction=1.0))
    assert path.read_bytes() == before


@pytest.mark.parametrize("name", ["", "../up", "a/b", ".hidden", "a b", "x" * 101])
def test_a_name_that_leads_out_of_the_folder_is_refused(tmp_path, name):
    with pytest.raises(UsageError, match="letters, digits"):
        add(tmp_path, forecast(name))
    assert list(tmp_path.iterdir()) == []


def test_a_changed_file_is_found(tmp_path):
    path, _ = add(tmp_path, forecast())
    edit(path, "prediction", 2.05)
    (entry,) = entries(tmp_path)
    assert (entry.forecast, entry.problem) == (None, "broken seal")


def test_a_forecast_that_is_taken_away_or_sealed_anew_is_missed_by_the_next_one(tmp_path):
    path, _ = add(tmp_path, forecast("first"))
    add(tmp_path, forecast("second", created_at=LATER))
    path.unlink()
    assert "made before it" in find(tmp_path, "second").problem
    add(tmp_path, forecast("first", prediction=2.05, created_at="2026-03-01T00:00:00.000000Z"))
    assert "missing or was changed" in find(tmp_path, "second").problem


def test_a_renamed_file_is_found(tmp_path):
    path, _ = add(tmp_path, forecast("first"))
    path.rename(tmp_path / "other.forecast.json")
    assert entries(tmp_path)[0].problem == "the file is that of 'first'"


def test_an_outcome_belongs_to_one_forecast_and_is_written_once(tmp_path):
    _, first = add(tmp_path, forecast("first"))
    add(tmp_path, forecast("second", created_at=LATER))
    outcome = Outcome(first.seal, 2.05, LATER)
    add_outcome(tmp_path, "first", outcome)
    assert find(tmp_path, "first").outcome == outcome
    with pytest.raises(UsageError, match="stored already"):
        add_outcome(tmp_path, "first", outcome)
    add_outcome(tmp_path, "second", outcome)
    assert find(tmp_path, "second").problem == "the outcome is that of another forecast"


def test_a_changed_outcome_is_found(tmp_path):
    _, made = add(tmp_path, forecast())
    path = add_outcome(tmp_path, made.name, Outcome(made.seal, 2.05, LATER))
    edit(path, "value", 2.0)
    assert (find(tmp_path, made.name).outcome, find(tmp_path, made.name).problem) == (
        None,
        "broken seal of the outcome",
    )


def test_a_forecast_is_found_by_its_file_and_near_misses_are_named(tmp_path):
    path, made = add(tmp_path, forecast())
    assert find(Path("elsewhere"), str(path)).forecast == made
    with pytest.raises(UsageError, match=r"(?s)'loss-of-lager'.*did you mean: loss-of-large"):
        find(tmp_path, "loss-of-lager")


def test_a_file_that_is_no_forecast_is_told_and_stops_nothing(tmp_path):
    add(tmp_path, forecast())
    (tmp_path / "torn.forecast.json").write_text("{", encoding="utf-8")
    assert [bool(entry.problem) for entry in entries(tmp_path)] == [False, True]


def test_the_folder_is_the_one_given_else_that_of_the_environment():
    variable = {"EVALS_FORECAST_DIR": "shared"}
    assert [str(folder_of(*given)) for given in ((None, {}), (None, variable), ("mine", variable))] == [
        "forecasts",
        "shared",
        "mine",
    ]
