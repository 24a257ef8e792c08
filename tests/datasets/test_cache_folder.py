"""Files of the cache: whole or not there, for their owner alone, and one process at a time."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from evals.datasets.cache_folder import data_cache, only_one, written_whole
from evals.errors import DataError


def test_the_folder_follows_the_environment_and_is_not_made(cache):
    assert data_cache("a", "b") == cache / "data" / "a" / "b"
    assert not cache.exists()


def test_a_file_appears_when_its_block_ends_well(tmp_path):
    target = tmp_path / "deep" / "rows.jsonl"
    with written_whole(target) as file:
        file.write(b"one\n")
        assert not target.exists()
        file.write(b"two\n")
    assert target.read_bytes() == b"one\ntwo\n"


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
def test_only_the_owner_may_read_it(tmp_path):
    target = tmp_path / "deep" / "rows.jsonl"
    with written_whole(target) as file:
        file.write(b"private\n")
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert stat.S_IMODE(target.parent.stat().st_mode) == 0o700


def test_a_block_that_fails_leaves_the_earlier_file_and_nothing_else(tmp_path):
    target = tmp_path / "rows.jsonl"
    target.write_bytes(b"earlier\n")

    def fails() -> None:
        with written_whole(target) as file:
            file.write(b"half of it")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fails()
    assert [path.name for path in tmp_path.iterdir()] == ["rows.jsonl"]
    assert target.read_bytes() == b"earlier\n"


def test_a_cache_that_cannot_be_written_is_named_and_not_the_data(tmp_path):
    (tmp_path / "file").touch()
    with (
        pytest.raises(DataError, match="the cache cannot be written") as told,
        written_whole(tmp_path / "file" / "rows.jsonl"),
    ):
        raise AssertionError("the block must not begin")
    assert "EVALS_CACHE_DIR" in str(told.value.fix)


@pytest.mark.skipif(sys.platform != "linux", reason="needs /dev/full")
def test_a_disk_that_is_full_is_named_as_the_cache():
    script = (
        "import os\nfrom pathlib import Path\nfrom evals.datasets.cache_folder import CacheFile\n"
        "from evals.errors import DataError\n"
        "file = CacheFile(os.open('/dev/full', os.O_WRONLY), Path('rows.jsonl'))\n"
        "try:\n    file.write(b'x' * 100_000)\nexcept DataError as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=300, check=False)
    assert done.stdout.startswith("rows.jsonl: the cache cannot be written: No space left on device")


def test_others_wait_until_the_block_is_left(tmp_path: Path):
    lock, log = tmp_path / "rows.lock", tmp_path / "log"
    script = (
        "import sys, time\nfrom pathlib import Path\nfrom evals.datasets.cache_folder import only_one\n"
        "with only_one(Path(sys.argv[1])):\n"
        "    with open(sys.argv[2], 'a') as log:\n"
        "        log.write('in ')\n        log.flush()\n        time.sleep(0.05)\n        log.write('out ')\n"
    )
    command = [sys.executable, "-c", script, str(lock), str(log)]
    processes = [subprocess.Popen(command) for _ in range(4)]
    assert [process.wait(300) for process in processes] == [0] * 4
    assert log.read_text().split() == ["in", "out"] * 4
    assert lock.exists()
    with only_one(lock):
        assert log.exists()
