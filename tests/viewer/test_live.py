"""A growing record, read while it grows."""

from __future__ import annotations

from pathlib import Path

import pytest
from viewer_records import add_sample, recorder_of

from evals import record
from evals.stats.intervals import modified_wilson
from evals.viewer.live import TEXT_LETTERS, LiveRecord


def test_the_score_so_far_grows_with_the_record(tmp_path: Path) -> None:
    recorder = recorder_of(tmp_path / "a.jsonl", "m", n_samples=10)
    live = LiveRecord(tmp_path / "a.jsonl")
    empty = live.progress()
    assert (empty.n_done, empty.value, empty.ci95, empty.has_ended) == (0, None, None, False)
    for number, correct in enumerate([True, True, False, True]):
        add_sample(recorder, number, correct)
    part = live.progress()
    assert (part.n_done, part.n, part.metric, part.value) == (4, 4, "accuracy", 0.75)
    assert part.ci95 == pytest.approx(modified_wilson(3, 4))
    add_sample(recorder, 4, False)
    recorder.record_final_report({"accuracy": 0.6})
    end = live.progress()
    assert (end.n_done, end.value, end.has_ended) == (5, pytest.approx(0.6), True)
    recorder.close()


def test_failed_samples_are_counted_and_not_scored(tmp_path: Path) -> None:
    recorder = recorder_of(tmp_path / "a.jsonl", "m")
    add_sample(recorder, 0, True)
    with recorder.sample("sums.test.1") as scope:
        scope.fail({"type": "timeout", "message": "took too long"})
    found = LiveRecord(tmp_path / "a.jsonl").progress()
    assert (found.n_done, found.n_failed, found.n, found.value) == (2, 1, 1, 1.0)
    assert (found.latest[0].has_failed, found.latest[0].completion) == (True, "took too long")
    recorder.close()


def test_a_torn_line_waits_for_its_end_at_any_byte(tmp_path: Path) -> None:
    recorder = recorder_of(tmp_path / "a.jsonl", "m")
    for number in range(3):
        add_sample(recorder, number, number > 0, said="数学 \u2028 four")
    recorder.close()
    whole = (tmp_path / "a.jsonl").read_bytes()
    growing = tmp_path / "growing.jsonl"
    growing.write_bytes(b"")
    live = LiveRecord(growing)
    seen = []
    for end in range(0, len(whole) + 97, 97):
        growing.write_bytes(whole[:end])
        seen.append(live.progress().n_done)
    assert seen == sorted(seen)
    assert seen[-1] == 3
    assert live.progress().value == pytest.approx(2 / 3)


def test_repeats_of_a_sample_are_averaged_before_samples_are(tmp_path: Path) -> None:
    recorder = recorder_of(tmp_path / "a.jsonl", "m")
    for number, repeat, correct in [(0, None, True), (0, 1, True), (0, 2, False), (1, None, False)]:
        with recorder.sample(f"sums.test.{number}", repeat) as scope:
            record.record_match(correct, expected="4", picked="4")
            scope.commit()
    found = LiveRecord(tmp_path / "a.jsonl").progress()
    assert (found.n_done, found.n, found.value) == (4, 2, pytest.approx((2 / 3 + 0) / 2))
    recorder.close()


def test_a_record_that_was_cut_or_replaced_is_read_from_its_start(tmp_path: Path) -> None:
    recorder = recorder_of(tmp_path / "a.jsonl", "m")
    add_sample(recorder, 0, True)
    size = (tmp_path / "a.jsonl").stat().st_size
    add_sample(recorder, 1, False)
    recorder.close()
    live = LiveRecord(tmp_path / "a.jsonl")
    assert live.progress().n_done == 2
    with (tmp_path / "a.jsonl").open("r+b") as file:
        file.truncate(size)
    assert (live.progress().n_done, live.progress().value) == (1, 1.0)


def test_long_answers_are_cut_with_their_length(tmp_path: Path) -> None:
    recorder = recorder_of(tmp_path / "a.jsonl", "m")
    add_sample(recorder, 0, True, said="y" * 1_000_000)
    (latest,) = LiveRecord(tmp_path / "a.jsonl").progress().latest
    assert len(latest.completion) < TEXT_LETTERS + 100
    assert latest.completion.endswith("1,000,000 characters in all")
    recorder.close()
