"""`evals models`: the table, its patterns, JSON, and the days that a server names."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import pytest

from evals.cli.main import main
from evals.cli.models import names_of, table
from evals.completion_fns.openai.model_list import dates_in, shutdown_dates
from evals.errors import ProviderError
from evals.registry.lookup import Registry
from evals.testing.openai_server import LoopbackServer


def test_without_a_pattern_models_that_are_shut_down_are_left_out():
    names = names_of(Registry(), None, datetime.date(2027, 1, 14))
    assert "gpt-6-luna" in names
    assert not {"gpt-4o", "o1", "gpt-3.5-turbo", "gpt-6-family"} & set(names)


def test_a_pattern_finds_parts_of_names_stars_and_dated_names():
    today = datetime.date(2026, 11, 29)
    assert "gpt-3.5-turbo" in names_of(Registry(), "3.5-turbo", today)
    assert names_of(Registry(), "gpt-6*sol", today) == ["gpt-6.2-sol", "gpt-6.1-sol", "gpt-6-sol"]
    assert names_of(Registry(), "gpt-5-2025-08-07", today) == ["gpt-5-2025-08-07"]
    assert names_of(Registry(), "no-such-model", today) == []


def test_the_table_names_efforts_prices_and_successor(capsys: pytest.CaptureFixture[str]):
    assert main(["models", "gpt-5-mini"]) == 0
    head, row = capsys.readouterr().out.splitlines()
    assert head.split()[:2] == ["model", "context"]
    assert (
        row.split()
        == (
            [
                "gpt-5-mini",
                "400,000",
                "128,000",
                "0.25",
                "0.025",
                "2",
                "minimal",
                "low",
                "medium*",
                "high",
                "2026-12-11",
                "->",
                "gpt-6.1-terra",
            ]
        )
        or "(past)" in row
    )


def test_json_holds_every_known_fact_and_no_fit_is_exit_code_1(capsys: pytest.CaptureFixture[str]):
    assert main(["models", "claude-haiku-5-5", "--json"]) == 0
    (model,) = json.loads(capsys.readouterr().out)["models"]
    assert model["long"]["over"] == 100_000
    assert model["refuses"] == ["temperature", "top_p", "top_k"]
    assert main(["models", "gemini-2.5-pro", "--json"]) == 0
    (model,) = json.loads(capsys.readouterr().out)["models"]
    assert model["effort_budgets"] == {"low": 1024, "medium": 8192, "high": 24_576}
    assert main(["models", "no-such-model"]) == 1


def test_models_of_a_registry_of_ones_own_are_in_the_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "completion_fns").mkdir()
    (tmp_path / "completion_fns" / "m.yaml").write_text("my-model: {endpoints: [chat], context_length: 4096}\n")
    assert main(["models", "my-model", "--registry_path", str(tmp_path)]) == 0
    assert "my-model    4,096" in capsys.readouterr().out


def test_columns_are_as_wide_as_their_longest_cell():
    rows = [("model", "1", "", "", "", "", "", "e"), ("a-long-name", "100", "", "", "", "", "", "end")]
    assert len({line.index("e" if k == 0 else "end", 11) for k, line in enumerate(table(rows))}) == 1


def test_the_days_that_a_server_names_are_read(monkeypatch: pytest.MonkeyPatch):
    listed = {"data": [{"id": "a", "shutdown_date": "2027-01-14"}, {"id": "b", "shutdown_date": None}, {"id": "c"}, 7]}
    assert dates_in(listed) == {"a": "2027-01-14"}
    with LoopbackServer(models=["gpt-6-luna"], shutdown_dates={"gpt-6-luna": "2028-02-29"}) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        assert shutdown_dates() == {"gpt-6-luna": "2028-02-29"}


def test_the_day_of_the_server_goes_before_that_of_the_registry(monkeypatch, capsys):
    with LoopbackServer(models=["gpt-6-luna"], shutdown_dates={"gpt-6-luna": "2068-02-29"}) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        assert main(["models", "gpt-6-luna", "--ask"]) == 0
    assert "2068-02-29" in capsys.readouterr().out


def test_a_server_that_refuses_the_list_is_an_error_that_says_what_to_check(monkeypatch: pytest.MonkeyPatch):
    with LoopbackServer(api_key="right") as server, pytest.raises(ProviderError, match="401") as caught:
        shutdown_dates(server.base_url, "wrong-key-of-mine")
    assert "OPENAI_API_KEY" in str(caught.value)
    assert "wrong-key-of-mine" not in str(caught.value)
