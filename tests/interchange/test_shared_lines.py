"""Several processes that append to one file lose no line, whatever they do between opening and writing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from evals.interchange.shared_lines import alone_in, write_whole

SLOW_WRITER = """
import os, sys, time
from evals.interchange.shared_lines import alone_in
for i in range(20):
    with alone_in(sys.argv[1]) as fd:
        os.write(fd, f"{sys.argv[2]} {i}".encode())
        time.sleep(0.002)
        os.write(fd, b"\\n")
"""


def test_a_line_that_is_being_written_is_never_seen(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    running = [subprocess.Popen([sys.executable, "-c", SLOW_WRITER, str(path), name]) for name in "abc"]
    while any(one.poll() is None for one in running):
        with alone_in(path) as fd:
            assert b"".join(iter(lambda fd=fd: os.read(fd, 1 << 16), b""))[-1:] in (b"", b"\n")
    assert [one.returncode for one in running] == [0, 0, 0]
    lines = path.read_text().splitlines()
    assert sorted(lines) == sorted(f"{name} {i}" for name in "abc" for i in range(20))


def test_a_new_file_is_private_and_an_error_lets_the_next_one_in(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    try:
        with alone_in(path):
            raise ValueError
    except ValueError:
        pass
    with alone_in(path) as fd:
        write_whole(fd, b"one\n")
    assert path.read_bytes() == b"one\n"
    assert path.stat().st_mode & 0o777 == 0o600
