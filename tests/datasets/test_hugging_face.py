"""Datasets of Hugging Face, by their URLs."""

from __future__ import annotations

import pytest

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
