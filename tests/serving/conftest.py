"""One server over the stand-in model for all tests that only ask it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from server_process import Served


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with Served(folder=tmp_path_factory.mktemp("served")) as server:
        yield server


@pytest.fixture
def client(served: Served) -> Iterator[Any]:
    """The real SDK."""
    import openai

    with openai.OpenAI(base_url=served.base_url, api_key="any", max_retries=0, timeout=120) as made:
        yield made
