"""Recorders: what reaches the file, when, and what happens to it when things break."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import dataclasses
import http.server
import json
import logging
import math
import os
import signal
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest.mock import patch

import pytest

from evals import record
from evals.errors import EvalsError, RecordError, UsageError
from evals.json_text import jsondumps
from evals.record import DummyRecorder, HttpRecorder, LocalRecorder, Recorder, RecorderBase
from evals.record.reader import done_samples, read_record
from evals.secrets import register_secret
from evals.specs import RunSpec


def run_spec() -> RunSpec:
    return RunSpec(["some-model"], "sums.test.v1", "sums", "test", {"command": "oaieval some-model sums"}, "someone")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "logs" / "run.jsonl"


@pytest.fixture
def recorder(path: Path):
    recorder = LocalRecorder(str(path), run_spec())
    yield recorder
    recorder.close()


def lines_of(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_bytes().split(b"\n") if line]


def record_one(recorder: RecorderBase, sample_id: str = "sums.test.0", correct: bool = True) -> None:
    with recorder.sample(sample_id) as scope:
        record.record_raw({"input": "1+1=", "ideal": "2"})
        record.record_sampling([{"role": "user", "content": "1+1="}], ["2"], model="some-model")
        record.record_match(correct, expected="2", picked="2")
        scope.commit()


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
        assert [list(event) for event in events] == [keys, keys, [*keys, "sample_done"]]
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


class TestValues:
    @pytest.mark.parametrize(
        "text", ["\u2028\u2029\x85", "\ud800 alone", "Zoë 数学 🦆", "\x00\x1b[31m", '"\\\n\r\t', "x" * 10_000_000]
    )
    def test_any_text_comes_back_as_it_was(self, recorder, text):
        with recorder.sample("sums.test.0") as scope:
            record.record_sampling("1+1=", [text])
            scope.commit()
        (event,) = recorder.get_events("sampling")
        assert event.data["sampled"] == [text]

    def test_non_ascii_letters_stay_readable_in_the_file(self, recorder, path):
        recorder.record_event("extra", "数学", sample_id="x")
        assert "数学".encode() in path.read_bytes()

    def test_values_that_json_does_not_know_become_what_they_stand_for(self, recorder, path):
        import numpy
        from pydantic import BaseModel

        class Usage(BaseModel):
            tokens: int

        @dataclasses.dataclass
        class Point:
            x: float
            usage: Usage

        circle: list = []
        circle.append(circle)
        recorder.record_event(
            "extra",
            {
                "point": Point(math.inf, Usage(tokens=3)),
                "path": Path("a/b"),
                "float32": numpy.float32(0.5),
                "array": numpy.array([1, 2]),
                "set": {7},
                (1, 2): "a tuple as key",
                "function": len,
            },
            sample_id="x",
        )
        assert lines_of(path)[-1]["data"] == {
            "point": {"x": None, "usage": {"tokens": 3}},
            "path": "a/b",
            "float32": 0.5,
            "array": [1, 2],
            "set": [7],
            "(1, 2)": "a tuple as key",
            "function": "<built-in function len>",
        }
        recorder.record_event("extra", circle, sample_id="x")
        assert read_record(path).n_broken_lines == 0

    def test_no_bare_nan_reaches_the_file(self, recorder, path):
        recorder.record_event("metrics", {"a": math.nan, "b": [-math.inf]}, sample_id="x")
        last = path.read_text().splitlines()[-1]
        assert json.loads(last, parse_constant=pytest.fail)["data"] == {"a": None, "b": [None]}

    def test_hidden_fields_are_left_out_at_every_depth_and_the_sample_is_not_touched(self, path):
        recorder = LocalRecorder(path, run_spec(), ["customer"])
        row = {"input": "hi", "customer": "A", "turns": [{"customer": "B", "text": "ho"}]}
        with recorder.sample("x") as scope:
            record.record_raw(row)
            record.record_event("extra", {"nested": ({"customer": "C"},)})
            scope.commit({"customer": "D", "group": "g"})
        events = lines_of(path)[1:]
        assert events[0]["data"] == {"input": "hi", "turns": [{"text": "ho"}]}
        assert events[1]["data"] == {"nested": [{}]}
        assert events[1]["labels"] == {"group": "g"}
        assert row["customer"] == "A"
        recorder.close()

    @pytest.mark.parametrize("secret", ["sk-planted-key-0123", 'odd"key\\with-quotes', "1234567890"])
    def test_a_known_secret_never_reaches_the_file(self, path, secret):
        register_secret(secret)
        spec = run_spec()
        spec.run_config["command"] = f"oaieval --completion_args api_key={secret}"
        recorder = LocalRecorder(path, spec)
        with recorder.sample("x") as scope:
            record.record_sampling(f"my key is {secret}", ["ok"], number=0.1234567890)
            scope.fail({"message": f"bad key {secret}"}, {"group": secret})
        recorder.record_final_report({"note": secret})
        text = path.read_text()
        assert secret not in text
        assert jsondumps(secret)[1:-1] not in text.replace("0.123456789", "")
        assert lines_of(path)[1]["data"]["prompt"] == "my key is ***"
        recorder.close()


class TestContext:
    def test_each_asyncio_task_records_for_its_own_sample(self, recorder, path):
        async def one(number: int) -> None:
            with recorder.sample(f"sums.test.{number}") as scope:
                await asyncio.sleep(0.001 * (number % 3))
                record.record_match(True, number=number)
                await asyncio.to_thread(record.record_extra, number)
                assert record.current_sample_id() == f"sums.test.{number}"
                scope.commit()

        async def all_of_them() -> None:
            await asyncio.gather(*(one(number) for number in range(50)))

        asyncio.run(all_of_them())
        samples = list(read_record(path).samples())
        assert len(samples) == 50
        for sample in samples:
            number = int(sample.sample_id.rsplit(".", 1)[1])
            assert sample.data("match")[0]["number"] == number
            assert sample.data("extra") == [number]

    def test_many_threads_leave_every_sample_whole(self, recorder, path):
        def one(number: int) -> None:
            record_one(recorder, f"sums.test.{number}")

        with ThreadPoolExecutor(16) as pool:
            list(pool.map(one, range(500)))
        events = lines_of(path)[1:]
        assert [event["event_id"] for event in events] == list(range(1500))
        assert all(len({e["sample_id"] for e in events[i : i + 3]}) == 1 for i in range(0, 1500, 3))

    def test_threads_in_a_copied_context_record_for_the_sample_that_started_them(self, recorder, path):
        with recorder.sample("sums.test.0") as scope:
            threads = [
                threading.Thread(target=contextvars.copy_context().run, args=(record.record_extra, number))
                for number in range(8)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            scope.commit()
        assert sorted(event.data for event in recorder.get_events("extra")) == list(range(8))

    def test_a_result_that_comes_after_its_sample_was_done_is_dropped(self, recorder, path):
        with recorder.sample("sums.test.0") as scope:
            late = contextvars.copy_context()
            scope.fail({"message": "timed out"})
        late.run(record.record_match, True)
        assert [line.get("type") for line in lines_of(path)[1:]] == ["error"]

    def test_the_context_is_reset_even_when_the_body_raises(self, recorder):
        with pytest.raises(ZeroDivisionError), recorder.as_default_recorder("x"):
            raise ZeroDivisionError
        assert record.default_recorder() is None

    def test_as_default_recorder_alone_writes_each_event_at_once(self, recorder, path):
        with recorder.as_default_recorder("by-hand"):
            record.record_match(True)
            assert lines_of(path)[-1]["sample_id"] == "by-hand"
        recorder.record_event("extra", {"no": "sample"})
        assert [event.sample_id for event in recorder.get_events("extra")] == [None]
        assert len(recorder.get_events("match")) == 1

    def test_as_default_recorder_inside_a_sample_joins_it(self, recorder, path):
        with recorder.sample("sums.test.0") as scope:
            with recorder.as_default_recorder("inner"):
                record.record_match(True)
            assert len(lines_of(path)) == 1
            scope.commit()
        assert [line["sample_id"] for line in lines_of(path)[1:]] == ["inner", "sums.test.0"]

    def test_paused_events_are_dropped_for_that_sample_only(self, recorder):
        with recorder.sample("a") as scope:
            record.pause()
            record.record_match(True)
            with recorder.sample("b") as other:
                record.record_match(False)
                other.commit()
            assert recorder.is_paused("a")
            record.unpause()
            record.record_match(True)
            scope.commit()
        assert [event.sample_id for event in recorder.get_events("match")] == ["a", "b"]

    def test_a_sample_that_stays_paused_is_still_finished(self, recorder, path):
        with recorder.sample("a") as scope:
            record.pause()
            scope.commit()
        assert done_samples(path).finished == {("a", 0)}

    def test_outside_a_run_recording_does_nothing_but_say_so_once(self, caplog):
        record.current._warn_once.cache_clear()
        record.record_match(True)
        record.record_metrics(x=1)
        assert record.current_sample_id() is None
        assert len(caplog.records) == 1


class TestTheMethodsPluginsUse:
    @pytest.mark.parametrize(
        ("call", "type", "data"),
        [
            (lambda: record.record_match(True, expected=["a"], picked="a", options=["a"]), "match", {"correct": True, "expected": "a", "picked": "a", "options": ["a"]}),
            (lambda: record.record_match(False, expected=["a", "b"]), "match", {"correct": False, "expected": ["a", "b"], "picked": None}),
            (lambda: record.record_sampling("p", "s", model="m"), "sampling", {"prompt": "p", "sampled": "s", "model": "m"}),
            (lambda: record.record_metrics(f1=0.5), "metrics", {"f1": 0.5}),
            (lambda: record.record_embedding("p", "ada", n=1), "embedding", {"prompt": "p", "embedding_type": "ada", "n": 1}),
            (lambda: record.record_cond_logp("p", "c", -1.5), "cond_logp", {"prompt": "p", "completion": "c", "logp": -1.5}),
            (lambda: record.record_pick_option("p", ["a", "b"], "a"), "pick_option", {"prompt": "p", "options": ["a", "b"], "picked": "a"}),
            (lambda: record.record_function_call("f", {"x": 1}, 2), "function_call", {"name": "f", "arguments": {"x": 1}, "return_value": 2}),
            (lambda: record.record_raw({"input": "i"}), "raw_sample", {"input": "i"}),
            (lambda: record.record_extra([1]), "extra", [1]),
            (lambda: record.record_event("postprocessor", {"name": "Strip"}), "postprocessor", {"name": "Strip"}),
            (lambda: record.record_error("while parsing", ValueError("bad")), "error", {"type": "ValueError", "message": "bad", "note": "while parsing"}),
            (lambda: record.record_error("just so"), "error", {"message": "just so"}),
        ],
    )  # fmt: skip
    def test_each_function_records_its_type_and_data(self, call, type, data):
        recorder = DummyRecorder(None)
        with recorder.as_default_recorder("x"):
            call()
        (event,) = recorder.get_events(type)
        assert (event.sample_id, event.data) == ("x", data)

    @pytest.mark.parametrize("correct", [1, None, "yes"])
    def test_a_match_that_is_no_bool_is_refused(self, correct):
        with pytest.raises(TypeError, match="must be True or False"):
            DummyRecorder(None).record_match(correct)

    def test_the_helpers_forward_with_the_same_keywords_and_none_added(self):
        recorder = DummyRecorder(None)
        with (
            recorder.as_default_recorder("x"),
            patch.object(recorder, "record_match", wraps=recorder.record_match) as record_match,
            patch.object(recorder, "record_metrics", wraps=recorder.record_metrics) as record_metrics,
        ):
            record.record_match(True, expected=["a"], picked="a", sampled="a", options=["a"])
            record.record_metrics(accuracy=1.0, f1_score=0.5)
        record_match.assert_called_once_with(True, expected=["a"], picked="a", sampled="a", options=["a"])
        record_metrics.assert_called_once_with(accuracy=1.0, f1_score=0.5)

    def test_the_dummy_says_events_through_logging_unless_told_not_to(self, caplog):
        caplog.set_level(logging.INFO)
        record_one(DummyRecorder(run_spec(), log=False))
        assert not caplog.records
        record_one(DummyRecorder(run_spec()))
        assert len(caplog.records) == 3

    def test_failed_samples_are_not_among_the_events_in_memory(self):
        recorder = DummyRecorder(None)
        with recorder.sample("x") as scope:
            record.record_raw({})
            scope.fail({"message": "m"})
        assert recorder.get_events("raw_sample") == []

    def test_a_recorder_of_a_plugin_gets_the_finished_events(self):
        class Counting(RecorderBase):
            seen = 0

            def _flush_events_internal(self, events_to_write):
                self.seen += len(events_to_write)

        recorder = Counting(run_spec())
        record_one(recorder)
        recorder.flush_events()
        assert recorder.seen == 3

    def test_the_snowflake_recorder_says_what_to_use_instead(self):
        with pytest.raises(UsageError, match="Snowflake"):
            Recorder("x.jsonl", run_spec())


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
        with pytest.raises(RecordError, match="is no record"):
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
sys.path.insert(0, {str(Path(__file__).parent)!r})
from test_recorders import *
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
        assert path.read_bytes().endswith(b'"sample_done": true}\n')
        assert done_samples(path).finished == {(f"sums.test.{i}", 0) for i in range(int(number))}


class TestKillAndResume:
    def test_a_killed_process_loses_at_most_the_sample_in_flight(self, path):
        script = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from test_recorders import *
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


class _Sink(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.bodies.append(json.loads(body))  # type: ignore[attr-defined]
        statuses = self.server.statuses  # type: ignore[attr-defined]
        self.send_response(statuses.pop(0) if statuses else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None: ...


@pytest.fixture
def sink():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Sink)
    server.bodies, server.statuses = [], []
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def url_of(server: http.server.ThreadingHTTPServer) -> str:
    return f"http://127.0.0.1:{server.server_address[1]}/events"


class TestHttp:
    def test_events_arrive_in_lists_that_keep_samples_together(self, sink, path):
        recorder = HttpRecorder(url_of(sink), run_spec(), str(path), batch_size=4)
        for number in range(5):
            record_one(recorder, f"sums.test.{number}")
        recorder.record_final_report({"accuracy": 1.0})
        recorder.close()
        assert [len(body) for body in sink.bodies] == [6, 6, 4]
        report = sink.bodies[-1][-1]
        assert (report["type"], report["sample_id"], report["data"]) == ("final_report", None, {"accuracy": 1.0})
        assert sink.bodies[0][0] == lines_of(path)[1]
        assert len(recorder.get_events("match")) == 5

    def test_a_passing_failure_is_tried_again(self, sink, path):
        sink.statuses[:] = [503]
        recorder = HttpRecorder(url_of(sink), run_spec(), path)
        record_one(recorder)
        recorder.record_final_report({})
        recorder.close()
        assert sink.bodies[0] == sink.bodies[1]

    def test_too_many_refusals_end_the_run_and_the_local_record_has_everything(self, sink, path):
        sink.statuses[:] = [400] * 50
        recorder = HttpRecorder(url_of(sink), run_spec(), path, batch_size=1)
        record_one(recorder, "sums.test.0")
        recorder.flush_events()
        with pytest.raises(RecordError, match="not accepted by 127") as caught:
            record_one(recorder, "sums.test.1")
        assert caught.value.exit_code == 3
        assert len(recorder.get_events("match")) == 2
        recorder.close()

    def test_few_refusals_are_tolerated(self, sink, path):
        recorder = HttpRecorder(url_of(sink), run_spec(), path, fail_percent_threshold=50, batch_size=1)
        record_one(recorder, "a")
        recorder.flush_events()
        sink.statuses[:] = [400]
        record_one(recorder, "b")
        recorder.record_final_report({})
        recorder.close()
        assert len(sink.bodies) == 3

    def test_no_server_at_all_is_a_clear_error(self, path):
        recorder = HttpRecorder("http://127.0.0.1:1/x", run_spec(), path)
        record_one(recorder)
        with pytest.raises(RecordError, match="not accepted") as caught:
            recorder.record_final_report({"accuracy": 1.0})
        assert str(path) in str(caught.value)
        assert read_record(path).final_report == {"accuracy": 1.0}
        recorder.close()

    def test_an_address_that_is_none_is_refused_before_anything_is_made(self, path):
        with pytest.raises(UsageError, match="no HTTP address"):
            HttpRecorder("file:///etc/passwd", run_spec(), path)
        assert not path.exists()


def test_importing_the_recorder_loads_nothing_heavy():
    script = "import sys, evals.record.recorders, evals.record.current; print(*sorted({'numpy','openai','yaml','asyncio','urllib.request','pydantic'} & set(sys.modules)))"
    output = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, env={**os.environ}
    )
    assert output.stdout.strip() == ""
