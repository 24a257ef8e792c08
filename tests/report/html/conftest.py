"""One browser for all tests of the page in a file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from headless import chromium


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with chromium(tmp_path_factory.mktemp("profile")) as found:
        yield found
