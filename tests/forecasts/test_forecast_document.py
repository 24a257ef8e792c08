"""The seal of a forecast: any change is noticed, and nothing else is."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from made_forecasts import POINTS, forecast

from evals.errors import DataError
from evals.forecasts.document import BrokenSeal, Outcome, data_hash, read_forecast, read_outcome


def stored(document: dict[str, Any]) -> Any:
    """As it comes back from a file."""
    return json.loads(json.dumps(document, indent=1))


def test_what_is_read_back_is_what_was_sealed():
    made = forecast(warnings=("the law is stretched",), options={"seed": 3}, previous="ab")
    assert read_forecast(stored(made.document()), "here") == made


def test_the_seal_is_the_sha256_of_the_sorted_json_without_it():
    document = stored(forecast().document())
    seal = document.pop("seal")
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert seal == hashlib.sha256(text.encode()).hexdigest()


def test_the_order_of_keys_and_the_layout_of_the_file_are_no_content():
    document = stored(forecast().document())
    assert read_forecast(dict(reversed(document.items())), "here") == forecast()


@pytest.mark.parametrize("key", sorted(forecast().document()))
def test_a_change_of_any_key_breaks_the_seal(key):
    document = stored(forecast().document())
    value = document[key]
    document[key] = 2 * value + 1 if isinstance(value, int | float) else [value]
    with pytest.raises(DataError) as caught:
        read_forecast(document, "forecasts/x.forecast.json")
    if key != "forecast_format":
        assert isinstance(caught.value, BrokenSeal)
        assert caught.value.exit_code == 1
        assert str(caught.value).startswith("forecasts/x.forecast.json: ")


def test_a_fitted_value_that_is_changed_in_its_last_digit_is_noticed():
    document = stored(forecast().document())
    document["fitted"][0]["value"] = 3.0000000000000004
    with pytest.raises(BrokenSeal):
        read_forecast(document, "here")


def test_points_that_are_not_those_of_the_data_hash_are_noticed_under_a_new_seal_too():
    changed = forecast(fitted=POINTS[:2])
    with pytest.raises(BrokenSeal, match="fitted points"):
        read_forecast(stored(changed.document()), "here")


def test_the_data_hash_does_not_depend_on_the_order_of_points():
    assert data_hash(POINTS) == data_hash(POINTS[::-1]) != data_hash(POINTS[1:])


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ([], "no key 'forecast_format'"),
        ({"forecast_format": 9}, "format 9"),
        ({"spec": {}}, "no key 'forecast_format'"),
        ({**forecast().content(), "prediction": float("nan")}, "not JSON compliant|Out of range"),
    ],
)
def test_what_is_no_forecast_is_refused(document, said):
    with pytest.raises(DataError, match=said):
        read_forecast(document, "here")


def test_an_outcome_is_sealed_too():
    outcome = Outcome(forecast().seal, 2.05, "2026-04-01T00:00:00.000000Z", n=500)
    document = stored(outcome.document())
    assert read_outcome(document, "here") == outcome
    document["value"] = 2.0
    with pytest.raises(BrokenSeal):
        read_outcome(document, "here")
