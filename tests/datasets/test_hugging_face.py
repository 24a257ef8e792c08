"""Datasets of Hugging Face, by their URLs."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from evals.data import open_samples
from evals.datasets.hugging_face import parse_hugging_face_url
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
