"""The file of a record: full disks, wrong places, locks, and files that are not records."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from done_samples import done_samples
from small_records import record_one, run_spec

from evals.errors import RecordError, UsageError
from evals.record import LocalRecorder
from evals.record.file import RecordFile

SUPPORT = str(Path(__file__).parents[1] / "support")


class TestBrokenDisks:
    def test_a_full_disk_at_the_start_is_one_clear_error(self):
        with pytest.raises(RecordError, match="No space left") as caught:
            LocalRecorder("/dev/full", run_spec())
        assert caught.value.exit_code == 3
        assert "fix:" in str(caught.value)

    def test_a_place_that_takes_everything_needs_no_reading_back(self):
        recorder = LocalRecorder("/dev/null", run_spec())
        record_one(recorder)
        assert len(recorder.get_events("match")) == 1
        recorder.close()

    def test_a_folder_in_place_of_the_file_is_the_users_to_mend(self, tmp_path):
        with pytest.raises(RecordError, match="Is a directory") as caught:
            LocalRecorder(tmp_path, run_spec())
        assert caught.value.exit_code == 2

    def test_a_file_in_place_of_the_folder_is_the_users_to_mend(self, tmp_path):
        (tmp_path / "file").touch()
        with pytest.raises(RecordError, match=r"Not a directory|File exists"):
            LocalRecorder(tmp_path / "file" / "run.jsonl", run_spec())

    def test_a_folder_without_permission_is_the_users_to_mend(self, tmp_path):
        script = (
            "import os, sys\nfrom evals.specs import RunSpec\nfrom evals.record import LocalRecorder\n"
            "from evals.errors import RecordError\nos.geteuid() == 0 and (os.setgid(65534), os.setuid(65534))\n"
            "try:\n    LocalRecorder(sys.argv[1], RunSpec([], 'a.b.c', 'a', 'b', {}, ''))\n"
            "except RecordError as error:\n    print(error.exit_code, error)\n"
        )
        locked = tmp_path / "locked"
        locked.mkdir(mode=0o500)
        output = subprocess.run(
            [sys.executable, "-c", script, str(locked / "run.jsonl")], capture_output=True, text=True, check=True
        ).stdout
        assert output.startswith("2 ")
        assert "Permission denied" in output

    def test_a_file_that_is_no_record_is_never_overwritten(self, tmp_path):
        data = tmp_path / "samples.jsonl"
        data.write_text('{"input": "precious"}\n')
        with pytest.raises(RecordError, match="is not a record"):
            LocalRecorder(data, run_spec())
        assert data.read_text() == '{"input": "precious"}\n'

    def test_a_url_is_refused_by_name(self):
        with pytest.raises(UsageError, match="local file"):
            LocalRecorder("gs://bucket/run.jsonl", run_spec())

    def test_a_record_that_somebody_deleted_is_noticed(self, recorder, path):
        path.unlink()
        with pytest.raises(RecordError, match="deleted"):
            record_one(recorder)

    def test_two_runs_cannot_write_the_same_record(self, recorder, path):
        with pytest.raises(RecordError, match="another run"):
            LocalRecorder(path, run_spec())
        with pytest.raises(RecordError, match="another run"):
            LocalRecorder.resume(path, run_spec())

    def test_a_finished_record_is_free_again(self, recorder, path):
        recorder.record_final_report({})
        LocalRecorder(path, run_spec()).close()

    def test_a_disk_that_fills_up_leaves_only_whole_samples(self, tmp_path):
        script = f"""
import resource, sys
sys.path.insert(0, {SUPPORT!r})
from small_records import *
from evals.errors import RecordError
recorder = LocalRecorder(sys.argv[1], run_spec())
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
try:
    for number in range(100):
        record_one(recorder, f"sums.test.{{number}}")
except RecordError as error:
    print(number, error.exit_code, error)
"""
        path = tmp_path / "run.jsonl"
        output = subprocess.run(
            [sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True
        ).stdout
        number, exit_code, _ = output.split(maxsplit=2)
        assert exit_code == "3"
        assert "free some space" in output
        assert 1 < path.stat().st_size <= 10_000
        assert b'"sample_done": true, "checksum": "' in path.read_bytes().splitlines()[-1]
        assert done_samples(path).finished == {(f"sums.test.{i}", 0) for i in range(int(number))}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes in folders")
def test_a_pipe_that_nobody_reads_is_refused_and_one_with_a_reader_is_written(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(RecordError, match="nobody reads this pipe") as caught:
        RecordFile.create(pipe)
    assert caught.value.exit_code == 2
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    file = RecordFile.create(pipe)
    file.append(b"{}\n")
    file.close()
    assert os.read(reader, 10) == b"{}\n"
    os.close(reader)


class TestEarlierRecords:
    def test_no_earlier_record_is_overwritten(self, tmp_path):
        ids = []
        for _ in range(4):
            spec = run_spec()
            recorder = LocalRecorder(tmp_path / "r.jsonl", spec)
            recorder.record_final_report({})
            recorder.close()
            ids.append(spec.run_id)
        names = ["r.jsonl.bak", "r.jsonl.bak.2", "r.jsonl.bak.3", "r.jsonl"]
        assert [json.loads((tmp_path / name).read_text().splitlines()[0])["spec"]["run_id"] for name in names] == ids

    def test_runs_that_start_at_once_lose_no_record(self, tmp_path):
        """Each writes one record at the same path. Those that are not refused are all there in the end."""
        script = (
            "import sys, time\nfrom evals.specs import RunSpec\nfrom evals.record import LocalRecorder\n"
            "from evals.errors import RecordError\n"
            "start = float(sys.argv[2])\ntime.sleep(max(0, start - time.time()))\n"
            "for _ in range(20):\n"
            "    spec = RunSpec([], 'a.b.c', 'a', 'b', {}, '')\n"
            "    try:\n        recorder = LocalRecorder(sys.argv[1], spec)\n"
            "    except RecordError as error:\n        assert 'another run' in str(error), error\n        continue\n"
            "    recorder.record_final_report({})\n    recorder.close()\n    print(spec.run_id, flush=True)\n"
        )
        command = [sys.executable, "-c", script, str(tmp_path / "r.jsonl"), str(time.time() + 3)]
        processes = [
            subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in "123"
        ]
        said = [process.communicate(timeout=120) for process in processes]
        assert [process.returncode for process in processes] == [0, 0, 0], said
        made = [run_id for output, _ in said for run_id in output.split()]
        kept = [json.loads(path.read_text().splitlines()[0])["spec"]["run_id"] for path in tmp_path.glob("r.jsonl*")]
        assert len(made) >= 3, "some are refused, the more the busier the machine is"
        assert sorted(kept) == sorted(made)

    def test_a_run_is_refused_while_the_record_is_written(self, recorder, path):
        with pytest.raises(RecordError, match="another run"):
            LocalRecorder(path, run_spec())
        assert not Path(f"{path}.bak").exists()


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions and links")
class TestPrivateFiles:
    def test_an_empty_file_that_all_can_read_becomes_private(self, tmp_path):
        (tmp_path / "r.jsonl").touch(mode=0o644)
        (tmp_path / "r.jsonl").chmod(0o644)
        LocalRecorder(tmp_path / "r.jsonl", run_spec()).close()
        assert stat.S_IMODE((tmp_path / "r.jsonl").stat().st_mode) == 0o600

    @pytest.mark.parametrize("exists", [True, False])
    def test_a_record_is_not_written_through_a_link_to_a_file(self, tmp_path, exists):
        target = tmp_path / "victim.txt"
        if exists:
            target.touch()
        (tmp_path / "r.jsonl").symlink_to(target)
        with pytest.raises(RecordError, match="symbolic link") as caught:
            LocalRecorder(tmp_path / "r.jsonl", run_spec())
        assert caught.value.exit_code == 2
        assert target.exists() is exists
        assert not exists or target.stat().st_size == 0

    def test_a_link_to_a_device_is_followed_as_that_of_standard_output_is(self, tmp_path):
        (tmp_path / "out").symlink_to("/dev/null")
        LocalRecorder(tmp_path / "out", run_spec()).close()
