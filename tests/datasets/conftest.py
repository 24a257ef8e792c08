"""Every test has a cache of its own, and no folder of copies."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    folder = tmp_path / "cache"
    monkeypatch.setenv("EVALS_CACHE_DIR", str(folder))
    monkeypatch.delenv("EVALS_DATA_DIR", raising=False)
    return folder


@pytest.fixture
def registry(tmp_path):
    (tmp_path / "registry").mkdir()
    return tmp_path / "registry"
