"""A registry whose evals are cut into shares."""

from __future__ import annotations

from pathlib import Path

import pytest
from commands import Workplace


@pytest.fixture
def workplace(tmp_path: Path) -> Workplace:
    return Workplace(tmp_path)
