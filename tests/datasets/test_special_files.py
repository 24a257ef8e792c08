"""Pipes, devices and files without lines as data: refused at once, never a wait without end."""

from __future__ import annotations

import gzip
import io
import os
import sys
import time
from pathlib import Path

import pytest

from evals.cli.main import main
from evals.data import get_json, get_jsonl, open_samples
from evals.datasets.json_rows import CHUNK_BYTES, MAX_LINE_BYTES, universal_lines
from evals.errors import DataError
from evals.images.inline import data_url
from evals.record.reader import read_record

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes in folders")


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    os.mkfifo(tmp_path / "pipe.jsonl")
    return tmp_path / "pipe.jsonl"


@pytest.mark.parametrize("read", [open_samples, get_jsonl, get_json], ids=lambda read: read.__name__)
def test_data_that_is_no_file_is_refused(pipe, read):
    for path in (str(pipe), "/dev/zero"):
        with pytest.raises(DataError, match="this is a pipe or a device") as caught:
            read(path)
        assert caught.value.where == path


@pytest.mark.skipif(not Path("/proc/kmsg").exists(), reason="has no /proc")
@pytest.mark.parametrize(
    "command",
    [
        "view FILE", "compare FILE FILE", "report FILE", "gate FILE --baseline b", "gate FILE --baseline FILE",
        "fit FILE", "preferences FILE", "vote FILE", "new x --from FILE", "import exam FILE", "grader FILE --labels FILE",
        "contamination arithmetic --corpus FILE", "code check FILE --problems FILE", "import openai-evals FILE",
    ],
)  # fmt: skip
def test_a_file_of_the_system_is_refused_at_once(tmp_path, monkeypatch, capsys, command):
    """/proc/kmsg says that it is a file of 0 bytes; root may open it, and waits for messages of the kernel."""
    monkeypatch.chdir(tmp_path)
    began = time.monotonic()
    assert main(command.replace("FILE", "/proc/kmsg").split()) == 2
    assert time.monotonic() - began < 10
    assert "/proc/kmsg" in capsys.readouterr().err


def test_rows_of_a_table_may_come_through_a_pipe(tmp_path):
    from evals.record.special_files import refuse_special

    os.mkfifo(tmp_path / "pipe")
    refuse_special(tmp_path / "pipe", pipes=True)
    refuse_special(tmp_path)
    refuse_special(tmp_path / "nothing")
    with pytest.raises(DataError, match="a device"):
        refuse_special("/dev/zero", pipes=True)


def test_a_record_that_is_no_file_is_refused(pipe, capsys):
    with pytest.raises(DataError, match="this is no file"):
        read_record(pipe)
    assert main(["view", "/dev/zero"]) == 2


def test_an_image_that_is_no_file_is_refused(tmp_path):
    os.mkfifo(tmp_path / "a.png")
    with pytest.raises(DataError, match="is no file"):
        data_url(tmp_path / "a.png")


LINES = [b"", b"a", b"a\n", b"a\r\nb", b"\r\r\n\n\r", b"a\rb\r\n" * 50, b"\n" * 9]


@pytest.mark.parametrize("data", LINES)
@pytest.mark.parametrize("chunk", [1, 2, 3, 1000])
def test_lines_are_those_of_splitlines_wherever_a_chunk_ends(data, chunk):
    class Slow(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(chunk)

    assert list(universal_lines(Slow(data))) == data.splitlines(keepends=True)


@pytest.mark.slow
def test_gigabytes_without_a_line_end_are_refused_and_not_held(tmp_path, monkeypatch):
    monkeypatch.setenv("EVALS_CACHE_DIR", str(tmp_path / "cache"))
    path = tmp_path / "bomb.jsonl.gz"
    with gzip.open(path, "wb", compresslevel=9) as file:
        for _ in range(MAX_LINE_BYTES // CHUNK_BYTES + 8):
            file.write(b"x" * CHUNK_BYTES)
    began = time.monotonic()
    with pytest.raises(DataError, match="a line is longer than 256 MiB") as caught:
        open_samples(str(path))
    assert caught.value.where == str(path)
    assert time.monotonic() - began < 10
