"""A pipe in the place of a record is refused at once: reading it would wait for ever."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evals.errors import DataError
from evals.record.folders import summaries
from evals.record.reader import read_record
from evals.record.summary import read_summary

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="has no named pipes")


@pytest.mark.parametrize("read", [read_record, read_summary, lambda path: list(summaries([path]))])
@pytest.mark.parametrize("name", ["pipe.jsonl", "pipe.jsonl.gz", "pipe.jsonl.zst"])
def test_a_pipe_is_no_record(tmp_path: Path, read: Callable[[Path], Any], name: str) -> None:
    os.mkfifo(tmp_path / name)
    with pytest.raises(DataError, match="this is no file") as error:
        read(tmp_path / name)
    assert error.value.where == str(tmp_path / name)


def test_a_pipe_in_a_folder_of_records_is_left_out(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jsonl")
    assert list(summaries([tmp_path])) == []
