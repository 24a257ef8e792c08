"""A lock between processes: one holds it, others wait for a bounded time, and death lets go of it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from evals.errors import EvalsError
from evals.runner.shared_runs import held

HOLD = """
import sys, time
from pathlib import Path
from evals.runner.shared_runs import held
with held(Path(sys.argv[1]), 10):
    print("held", flush=True)
    time.sleep(60)
"""


def test_who_waits_too_long_is_told_and_a_killed_holder_lets_go(tmp_path):
    path = tmp_path / "folder" / "run.lock"
    with subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with pytest.raises(EvalsError, match=r"run\.lock: another process has held this"), held(path, 0.2):
            pytest.fail("the lock was taken twice")
        process.kill()
    with held(path, 10):
        assert path.is_file()


def test_it_can_be_held_again(tmp_path):
    for _ in range(2):
        with held(tmp_path / "lock", 0):
            pass


def test_a_folder_that_cannot_be_made_is_an_error_of_ours(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(EvalsError, match="the lock cannot be made"), held(tmp_path / "file" / "lock", 0):
        pytest.fail("there is no such folder")
