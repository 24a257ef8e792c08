"""A local recorder in a folder that does not exist yet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from small_records import run_spec

from evals.record import LocalRecorder


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "logs" / "run.jsonl"


@pytest.fixture
def recorder(path: Path) -> Iterator[LocalRecorder]:
    recorder = LocalRecorder(str(path), run_spec())
    yield recorder
    recorder.close()
