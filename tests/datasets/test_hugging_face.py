"""Datasets of Hugging Face, by their URLs."""

from __future__ import annotations

import json
import socket
import time
from urllib.parse import quote

import pytest

from evals.data import open_samples
from evals.datasets.hugging_face import parse_hugging_face_url, unreachable_hub
from evals.errors import DataError


def test_hugging_face_urls_carry_the_keywords():
    assert parse_hugging_face_url("hf://cais/mmlu?name=anatomy&split=test") == (
        "cais/mmlu",
        {"name": "anatomy", "split": "test"},
    )
    with pytest.raises(DataError, match="no split") as caught:
        parse_hugging_face_url("hf://cais/mmlu")
    assert caught.value.fix == "add it: hf://cais/mmlu?split=test"


@pytest.mark.slow
def test_texts_that_look_like_dates_stay_as_the_json_file_has_them(tmp_path, monkeypatch):
    datasets = pytest.importorskip("datasets")
    if not hasattr(datasets, "Json"):
        pytest.skip("this version of datasets has no way to keep a text as it is")
    monkeypatch.setenv("EVALS_CACHE_DIR", str(tmp_path / "cache"))
    rows = [
        {
            "input": "When?",
            "ideal": "2020-01-01",
            "answers": ["2021-05-06", "2021-05-06 10:00"],
            "n": 1,
            "in": {"d": "1999-12-31"},
        },
        {"input": "And then?", "ideal": "2020-01-02", "answers": [], "n": 2, "in": {"d": "1999-12-30"}},
    ]
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    url = f"hf://json?data_files={quote(str(path))}&split=train&cache_dir={quote(str(tmp_path / 'hf'))}"
    assert list(open_samples(url)) == rows


@pytest.fixture
def closed_port(monkeypatch):
    """The address of a Hub that nobody answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{port}")
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return port


def test_a_hub_that_answers_is_reachable_and_one_that_does_not_is_named(closed_port, monkeypatch):
    assert unreachable_hub() == "127.0.0.1"
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.getsockname()[1]}")
        assert unreachable_hub() is None


def test_the_proxy_before_the_hub_is_what_must_answer(closed_port, monkeypatch):
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv("HF_ENDPOINT", "http://hub.invalid")
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{server.getsockname()[1]}")
        assert unreachable_hub() is None
    assert unreachable_hub() == "hub.invalid"


def test_without_a_network_a_dataset_fails_within_seconds_and_the_fix_is_named(closed_port, monkeypatch, tmp_path):
    datasets = pytest.importorskip("datasets")
    monkeypatch.setenv("EVALS_CACHE_DIR", str(tmp_path / "cache"))
    before = datasets.config.HF_HUB_OFFLINE
    began_s = time.monotonic()
    with pytest.raises(DataError, match=r"127.0.0.1 cannot be reached, and the cache has no such dataset") as caught:
        open_samples(f"hf://nobody/nothing?split=test&cache_dir={quote(str(tmp_path / 'hf'))}")
    assert time.monotonic() - began_s < 10
    assert "HF_ENDPOINT" in str(caught.value.fix)
    assert datasets.config.HF_HUB_OFFLINE is before
