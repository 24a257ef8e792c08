"""Recorders: which sample an event belongs to, across tasks and threads, and what plug-ins rely on."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from done_samples import done_samples
from small_records import lines_of, record_one, run_spec

from evals import record
from evals.record import DummyRecorder, RecorderBase
from evals.record.reader import read_record


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


class TestTheMethodsPluginsUse:
    @pytest.mark.parametrize("correct", [1, None, "yes"])
    def test_a_match_that_is_no_bool_is_refused(self, correct):
        with pytest.raises(TypeError, match="must be True or False"):
            DummyRecorder(None).record_match(correct)

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


def test_importing_the_recorder_loads_nothing_heavy():
    script = "import sys, evals.record.recorders, evals.record.current; print(*sorted({'numpy','openai','yaml','asyncio','urllib.request','pydantic'} & set(sys.modules)))"
    output = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, env={**os.environ}
    )
    assert output.stdout.strip() == ""
