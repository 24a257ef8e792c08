"""Reading records: whole, cut at any byte, ours and those of openai/evals."""

from __future__ import annotations

import gzip
import tracemalloc
from pathlib import Path

import pytest
from done_samples import done_samples
from small_records import THEIR_SPEC, THEIRS, run_spec, write_record

from evals import record
from evals.errors import DataError
from evals.record import LocalRecorder
from evals.record.reader import read_record


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.jsonl"


class TestWholeRecords:
    def test_spec_report_and_samples_come_back_typed(self, path):
        write_record(path)
        log = read_record(path)
        assert log.spec["eval_name"] == "sums.test.v1"
        assert log.run_id == log.spec["run_id"]
        assert log.final_report == {"accuracy": pytest.approx(1 / 3)}
        assert log.extras == {"n_calls": 3}
        first, second, third = log.samples()
        assert [event.type for event in first.events] == ["raw_sample", "sampling", "match"]
        assert first.raw_sample == {"input": "0+1= 数学 \u2028", "ideal": "1"}
        assert [s.labels["group"] for s in (first, second, third)] == ["even", "odd", "even"]
        assert [event.data["correct"] for event in log.events("match")] == [False, True, False]
        assert len(list(log.events())) == 9

    def test_a_byte_order_mark_of_an_editor_is_named(self, path):
        write_record(path)
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
        with pytest.raises(DataError, match=r"fix: .*byte order mark") as error:
            read_record(path)
        assert error.value.where == f"{path}:1"

    def test_a_compressed_record_reads_like_a_plain_one(self, path, tmp_path):
        content = write_record(path)
        packed = tmp_path / "run.jsonl.gz"
        packed.write_bytes(gzip.compress(content))
        assert list(read_record(packed).samples()) == list(read_record(path).samples())
        packed.write_bytes(gzip.compress(content)[:-200])
        assert read_record(packed).final_report is None

    def test_repeats_of_a_sample_stay_apart(self, path):
        recorder = LocalRecorder(path, run_spec())
        for repeat in (None, 1, 2):
            with recorder.sample("a", repeat) as scope:
                record.record_match(True)
                scope.commit()
        recorder.close()
        assert [(sample.sample_id, sample.repeat) for sample in read_record(path).samples()] == [
            ("a", 0),
            ("a", 1),
            ("a", 2),
        ]
        assert done_samples(path).finished == {("a", 0), ("a", 1), ("a", 2)}

    def test_marks_inside_a_sample_are_no_marks(self, path):
        recorder = LocalRecorder(path, run_spec())
        with recorder.sample("a") as scope:
            record.record_raw({"sample_done": True, "final_report": {}, "spec": {}, "text": '"sample_done": true}'})
            record.record_match(True)
            scope.commit()
        recorder.close()
        (sample,) = read_record(path).samples()
        assert len(sample.events) == 2
        assert read_record(path).final_report is None

    def test_a_loop_of_a_plugin_over_the_same_samples_twice_keeps_both(self, path):
        recorder = LocalRecorder(path, run_spec())
        for score in (1, 2):
            with recorder.sample("a") as scope:
                record.record_metrics(score=score)
                scope.commit()
        assert recorder.get_scores("score") == [1, 2]
        recorder.close()

    def test_a_record_that_grows_while_it_is_read_gives_what_was_there(self, path):
        write_record(path, report=False)
        log = read_record(path)
        samples = log.samples()
        next(samples)
        again = LocalRecorder.resume(path, run_spec())
        with again.sample("sums.test.9") as scope:
            scope.fail({"message": "late"})
        again.close()
        assert [sample.sample_id for sample in samples] == ["sums.test.1", "sums.test.2"]

    def test_memory_stays_flat_in_the_number_of_samples(self, tmp_path):
        def peak_bytes(n_samples: int) -> int:
            path = tmp_path / f"{n_samples}.jsonl"
            write_record(path, n_samples)
            tracemalloc.start()
            try:
                assert sum(1 for _ in read_record(path).samples()) == n_samples
                return tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()

        peak_bytes(10)
        assert peak_bytes(3000) < 1.5 * peak_bytes(300)


class TestAttempts:
    def write(self, path: Path, *outcomes: bool, resumed: bool = False) -> None:
        recorder = LocalRecorder.resume(path, run_spec()) if resumed else LocalRecorder(path, run_spec())
        for ok in outcomes:
            with recorder.sample("a") as scope:
                record.record_match(True)
                scope.commit() if ok else scope.fail({"type": "timed out", "message": f"in {path.name}"})
        recorder.close()

    @pytest.mark.parametrize(
        ("before", "after", "n_finished", "n_errors"),
        [
            ([False], [], 0, 1),
            ([False], [True], 1, 0),
            ([False], [False], 0, 1),
            ([False, False, True], [], 1, 0),
            ([True], [True], 1, 0),
            ([True], [False], 1, 1),
        ],
    )
    def test_an_attempt_that_was_done_again_is_left_out(self, path, before, after, n_finished, n_errors):
        self.write(path, *before)
        self.write(path, *after, resumed=True)
        samples = list(read_record(path).samples())
        assert sum(sample.error is None for sample in samples) == n_finished
        assert sum(sample.error is not None for sample in samples) == n_errors
        done = done_samples(path)
        assert done.finished == ({("a", 0)} if n_finished else set())
        assert done.errors == ({("a", 0)} if n_errors and not n_finished else set())

    def test_an_error_comes_with_what_was_recorded_of_it(self, path):
        self.write(path, False)
        (sample,) = read_record(path).samples()
        assert sample.error == {"type": "timed out", "message": "in run.jsonl"}
        assert list(read_record(path).events()) == []

    def test_an_error_that_a_plugin_recorded_itself_is_no_failed_sample(self, path):
        recorder = LocalRecorder(path, run_spec())
        with recorder.sample("a") as scope:
            record.record_error("odd", ValueError("x"))
            scope.commit()
        recorder.close()
        (sample,) = read_record(path).samples()
        assert sample.error is None


class TestTornRecords:
    def test_a_record_cut_at_any_byte_is_readable_and_keeps_whole_samples(self, path):
        whole = write_record(path)
        full = list(read_record(path).samples())
        line_ends = [i for i, byte in enumerate(whole) if byte == ord("\n")]
        sample_ends = line_ends[3::3]
        for size in range(len(whole) + 1):
            path.write_bytes(whole[:size])
            log = read_record(path)
            n_whole = sum(size >= end for end in sample_ends)
            assert list(log.samples()) == full[:n_whole], size
            assert (log.final_report is None) == (size < len(whole) - 1), size
            last = max([0, *(e for e in [line_ends[0], *sample_ends] if e <= size)])
            assert log.whole_size in ((0,) if size < line_ends[0] else (last, last + 1)), size

    def test_bytes_that_are_no_text_are_counted_and_passed_over(self, path):
        whole = write_record(path)
        lines = whole.split(b"\n")
        lines.insert(4, b"\x00" * 40)
        lines.insert(5, b"\xff\xfe")
        path.write_bytes(b"\n".join(lines))
        log = read_record(path)
        assert len(list(log.samples())) == 3
        assert log.n_broken_lines == 2

    def test_the_end_of_whole_batches_leaves_out_the_report(self, path):
        whole = write_record(path)
        assert whole[read_record(path).whole_size :].startswith(b'{"final_report"')

    def test_an_empty_file_is_a_run_that_never_began(self, path):
        path.touch()
        log = read_record(path)
        assert (log.spec, log.final_report, list(log.samples())) == ({}, None, [])

    @pytest.mark.parametrize("content", [b'{"input": "a"}\n', b"hello\n", b"[1]\n", b"\x89PNG"])
    def test_a_file_that_is_no_record_is_called_so(self, path, content):
        path.write_bytes(content)
        with pytest.raises(DataError, match="not a record"):
            read_record(path)

    def test_a_file_that_is_not_there_is_called_so(self, path):
        with pytest.raises(DataError, match="No such file"):
            read_record(path)


class TestTheirRecords:
    def test_interleaved_samples_come_out_together(self, path):
        path.write_text(THEIRS)
        log = read_record(path)
        assert log.final_report == {"accuracy": 0.5, "boostrap_std": None}
        assert [(s.sample_id, len(s.events)) for s in log.samples()] == [("e.s.1", 2), ("e.s.0", 2)]
        assert [event.sample_id for event in log.events("match")] == ["e.s.1", "e.s.0"]
        assert done_samples(path).finished == {("e.s.0", 0), ("e.s.1", 0)}

    def test_a_record_cut_at_any_byte_is_readable(self, path):
        whole = THEIRS.encode()
        for size in range(len(THEIR_SPEC) + 1, len(whole)):
            path.write_bytes(whole[:size])
            events = list(read_record(path).events())
            assert len(events) == max(0, whole[: size + 1].count(b"}\n") - 2)


class TestSomeSamples:
    """`samples(ids)` gives what a filter of all samples would give."""

    @pytest.mark.parametrize("ids", [[], ["sums.test.1"], ["sums.test.2", "sums.test.0", "sums.test.99"]])
    def test_of_our_records(self, path, ids):
        write_record(path, 4)
        log = read_record(path)
        assert [*log.samples(ids)] == [sample for sample in log.samples() if sample.sample_id in ids]

    def test_of_a_run_that_was_done_again_in_part(self, path):
        for _ in range(2):
            write_record(path, 3, report=False)
        log = read_record(path)
        assert [*log.samples(["sums.test.1"])] == [one for one in log.samples() if one.sample_id == "sums.test.1"]

    def test_of_records_of_openai_evals(self, path):
        path.write_text(THEIRS, encoding="utf-8")
        log = read_record(path)
        assert [*log.samples(["e.s.0"])] == [one for one in log.samples() if one.sample_id == "e.s.0"]

    def test_whose_names_need_escapes(self, path):
        recorder = LocalRecorder(path, run_spec())
        for name in ('a"b', "a\\b", "数", "plain"):
            with recorder.sample(name) as scope:
                record.record_sampling("p", ["c"])
                record.record_match(True, expected="x")
                scope.commit({})
        recorder.close()
        for name in ('a"b', "a\\b", "数"):
            (found,) = read_record(path).samples([name])
            assert [event.type for event in found.events] == ["sampling", "match"]
