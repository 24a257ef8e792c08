"""The local record: what reaches the file and when, a killed run, and a run that is resumed."""

from __future__ import annotations

import contextlib
import math
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from done_samples import done_samples
from small_records import lines_of, record_one, run_spec

from evals import record
from evals.errors import EvalsError, RecordError
from evals.record import LocalRecorder
from evals.record.reader import read_record

SUPPORT = str(Path(__file__).parents[1] / "support")


class TestTheFile:
    def test_has_the_spec_line_at_once_and_is_private(self, recorder, path):
        (first,) = lines_of(path)
        assert first["spec"]["eval_name"] == "sums.test.v1"
        assert first["spec"]["run_id"] == recorder.run_spec.run_id
        assert stat.S_IMODE(path.stat().st_mode) == 0o600

    def test_events_carry_the_keys_of_openai_evals_and_one_mark(self, recorder, path):
        record_one(recorder)
        events = lines_of(path)[1:]
        keys = ["run_id", "event_id", "sample_id", "type", "data", "created_by", "created_at"]
        assert [list(event) for event in events] == [keys, keys, [*keys, "sample_done", "checksum"]]
        assert [event["type"] for event in events] == ["raw_sample", "sampling", "match"]
        assert [event["event_id"] for event in events] == [0, 1, 2]
        assert {event["created_by"] for event in events} == {"someone"}
        assert events[0]["created_at"].endswith("+00:00")

    def test_a_sample_is_written_only_when_it_is_committed(self, recorder, path):
        with recorder.sample("sums.test.0") as scope:
            record.record_raw({"input": "1+1="})
            assert len(lines_of(path)) == 1
            assert [event.type for event in scope.events] == ["raw_sample"]
            scope.commit()
        assert len(lines_of(path)) == 2

    def test_a_sample_neither_committed_nor_failed_leaves_nothing(self, recorder, path):
        with contextlib.suppress(ZeroDivisionError), recorder.sample("sums.test.0"):
            record.record_raw({"input": "1+1="})
            raise ZeroDivisionError
        assert len(lines_of(path)) == 1
        assert record.default_recorder() is None

    def test_a_sample_without_events_still_counts_as_done(self, recorder, path):
        with recorder.sample("sums.test.0") as scope:
            scope.commit()
        assert lines_of(path)[-1]["type"] == "result"
        assert done_samples(path).finished == {("sums.test.0", 0)}

    def test_a_repeat_and_labels_stand_on_the_lines_that_need_them(self, recorder, path):
        with recorder.sample("sums.test.0", repeat=2) as scope:
            record.record_match(True)
            scope.commit({"group": "easy"})
        last = lines_of(path)[-1]
        assert (last["repeat"], last["labels"], last["sample_done"]) == (2, {"group": "easy"}, True)

    def test_a_failed_sample_keeps_what_was_sent_and_no_score(self, recorder, path):
        with recorder.sample("sums.test.0") as scope:
            record.record_raw({"input": "1+1="})
            record.record_match(True)
            record.record_metrics(score=1.0)
            scope.fail({"type": "timed out", "message": "no reply"})
        events = lines_of(path)[1:]
        assert [event["type"] for event in events] == ["raw_sample", "error"]
        assert events[-1]["failed"] is True
        assert events[-1]["data"] == {"type": "timed out", "message": "no reply"}
        assert recorder.get_events("raw_sample") == []

    def test_the_report_is_the_last_line_with_what_stands_beside_it(self, recorder, path):
        record_one(recorder)
        recorder.record_final_report({"accuracy": 1.0, "std": math.nan}, {"n_calls": 3})
        assert lines_of(path)[-1] == {
            "final_report": {"accuracy": 1.0, "std": None},
            "run_id": recorder.run_spec.run_id,
            "n_calls": 3,
        }

    def test_what_was_recorded_stays_as_it_was_then(self, recorder, path):
        messages = [{"role": "user", "content": "1+1="}]
        with recorder.sample("sums.test.0") as scope:
            record.record_sampling(messages, ["2"])
            messages.append({"role": "assistant", "content": "2"})
            scope.commit()
        assert len(lines_of(path)[1]["data"]["prompt"]) == 1

    def test_an_earlier_record_at_the_same_place_is_kept_aside(self, recorder, path):
        record_one(recorder)
        recorder.close()
        LocalRecorder(path, run_spec()).close()
        assert len(lines_of(path)) == 1
        assert len(lines_of(Path(f"{path}.bak"))) == 4

    def test_events_read_back_are_those_recorded(self, recorder):
        record_one(recorder, "sums.test.0", correct=True)
        record_one(recorder, "sums.test.1", correct=False)
        events = recorder.get_events("match")
        assert [(event.sample_id, event.data["correct"]) for event in events] == [
            ("sums.test.0", True),
            ("sums.test.1", False),
        ]
        assert recorder.get_events("metrics") == []

    def test_metrics_and_scores_come_from_metrics_events(self, recorder):
        with recorder.sample("sums.test.0") as scope:
            record.record_metrics(f1_score=0.5)
            scope.commit()
        assert recorder.get_metrics() == [{"f1_score": 0.5}]
        assert recorder.get_scores("f1_score") == [0.5]


class TestKillAndResume:
    def test_a_killed_process_loses_at_most_the_sample_in_flight(self, path):
        script = f"""
import sys
sys.path.insert(0, {SUPPORT!r})
from small_records import *
recorder = LocalRecorder(sys.argv[1], run_spec())
number = 0
while True:
    record_one(recorder, f"sums.test.{{number}}")
    print(number, flush=True)
    number += 1
"""
        process = subprocess.Popen([sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        for line in process.stdout:
            if int(line) >= 50:
                process.send_signal(signal.SIGKILL)
                break
        said = [int(line) for line in process.stdout if line.endswith("\n")]
        process.stdout.close()
        assert process.wait() == -signal.SIGKILL
        log = read_record(path)
        ids = [sample.sample_id for sample in log.samples()]
        assert ids == [f"sums.test.{number}" for number in range(len(ids))]
        assert len(ids) >= max([50, *said]) + 1
        assert log.final_report is None

    def test_resuming_goes_on_with_the_same_run_id_and_event_numbers(self, recorder, path):
        record_one(recorder, "sums.test.0")
        recorder.close()
        with path.open("ab") as file:
            file.write(b'{"run_id": "x", "event_id": 3, "sample_id": "sums.test.1", "type": "raw_sa')
        spec = run_spec()
        again = LocalRecorder.resume(path, spec)
        record_one(again, "sums.test.1")
        again.record_final_report({"accuracy": 1.0})
        assert spec.run_id == recorder.run_spec.run_id == again.run_spec.run_id
        events = lines_of(path)[1:-1]
        assert [event["event_id"] for event in events] == list(range(7))
        assert {event["run_id"] for event in events} == {spec.run_id}
        assert events[3]["type"] == "resumed"
        assert len(again.get_events("match")) == 2

    def test_resuming_drops_the_old_report(self, recorder, path):
        with recorder.sample("a") as scope:
            scope.fail({"message": "timed out"})
        recorder.record_final_report({"accuracy": None})
        again = LocalRecorder.resume(path, run_spec())
        assert read_record(path).final_report is None
        record_one(again, "a")
        again.record_final_report({"accuracy": 1.0})
        assert read_record(path).final_report == {"accuracy": 1.0}
        assert done_samples(path) == ({("a", 0)}, set())

    def test_events_outside_samples_count_once_when_a_run_starts_anew(self, recorder, path):
        recorder.record_event("metrics", {"x": 1}, sample_id="all")
        recorder.close()
        again = LocalRecorder.resume(path, run_spec())
        again.record_event("metrics", {"x": 2}, sample_id="all")
        assert again.get_metrics() == [{"x": 2}]
        again.close()

    def test_a_record_cut_anywhere_can_be_resumed_or_says_why_not(self, recorder, path):
        record_one(recorder, "a")
        record_one(recorder, "b")
        recorder.close()
        whole = path.read_bytes()
        for size in [*range(0, 400, 7), *range(400, len(whole) + 1, 41), len(whole) - 1]:
            path.write_bytes(whole[:size])
            if size < whole.index(b"\n"):
                with pytest.raises(EvalsError, match="cannot be resumed"):
                    LocalRecorder.resume(path, run_spec())
                continue
            again = LocalRecorder.resume(path, run_spec())
            done = done_samples(path).finished
            for missing in {("a", 0), ("b", 0)} - done:
                record_one(again, missing[0])
            again.close()
            assert done_samples(path).finished == {("a", 0), ("b", 0)}
            assert read_record(path).n_broken_lines == 0
            assert len(list(read_record(path).events("match"))) == 2

    def test_resuming_a_record_of_openai_evals_is_refused(self, tmp_path):
        path = tmp_path / "theirs.jsonl"
        path.write_text('{"spec": {"run_id": "1"}}\n')
        with pytest.raises(RecordError, match="cannot be resumed"):
            LocalRecorder.resume(path, run_spec())
