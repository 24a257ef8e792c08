"""What a reader is given during the first pass over a record is what a second pass gives."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_records import THEIR_SPEC, THEIRS, run_spec, write_record

from evals import record
from evals.record import LocalRecorder
from evals.record.event import Event
from evals.record.first_pass import data_of
from evals.record.reader import read_record
from evals.record.sample_record import SampleRecord

FIELDS = list(Event.__dataclass_fields__)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.jsonl"


def as_values(samples: list[SampleRecord]) -> list[object]:
    return [
        (
            one.sample_id,
            one.repeat,
            one.own_id,
            one.labels,
            one.error,
            [[getattr(event, name) for name in FIELDS] for event in one.events],
        )
        for one in samples
    ]


def both(path: Path) -> tuple[bool, list[object], list[object]]:
    """Whether all samples were given in one pass, those that were, and those of a second pass; failed ones last."""
    given: list[SampleRecord] = []
    log = read_record(path, given.append)
    return log.gave_all, as_values(given), as_values(sorted(log.samples(), key=lambda one: one.error is not None))


def write(path: Path, names: list[str], *, fails: str = "", repeat: int | None = None) -> None:
    recorder = LocalRecorder(path, run_spec())
    for name in names:
        with recorder.sample(name, repeat) as scope:
            record.record_sampling([{"role": "user", "content": f'"{name}" \u2028 Ü'}], ["a"], model="m")
            record.record_match(True, expected="a", n=1.5)
            scope.own_id = f"own-{name}"
            labels = {"category": "x", "cluster": 3} if name != "odd" else {"category": 'with "quotes"'}
            if name == fails:
                scope.fail({"type": "X", "message": "y"})
            else:
                scope.commit(labels)
    recorder.close()


def test_a_sound_record_is_given_whole(path):
    write_record(path, n_samples=5)
    gave_all, given, read = both(path)
    assert gave_all
    assert given == read
    assert len(given) == 5


def test_labels_ids_repeats_and_odd_letters_are_given(path):
    write(path, ["a", "odd", 'q"uote', "ü", "b"], repeat=2)
    gave_all, given, read = both(path)
    assert gave_all
    assert given == read
    assert len(given) == 5


def test_a_failed_sample_is_given_once_and_last(path):
    write(path, ["a", "b", "c"], fails="b")
    gave_all, given, read = both(path)
    assert gave_all
    assert given == read
    assert [one[0] for one in given] == ["a", "c", "b"]


@pytest.mark.parametrize("damage", ["a flipped byte", "a torn line", "a lost line end"])
def test_a_damaged_record_needs_a_second_pass(path, damage):
    data = write_record(path, n_samples=6)
    middle = data.index(b"\n", len(data) // 2)
    if damage == "a flipped byte":
        data = data[: middle - 30] + bytes([data[middle - 30] ^ 1]) + data[middle - 29 :]
    elif damage == "a torn line":
        data = data[: middle - 10]
    else:
        data = data[:middle] + data[middle + 1 :]
    path.write_bytes(data)
    assert not both(path)[0]


def test_a_resumed_record_needs_a_second_pass(path):
    write(path, ["a", "b"], fails="b")
    recorder = LocalRecorder.resume(path, run_spec())
    with recorder.sample("b") as scope:
        record.record_match(True)
        scope.commit()
    recorder.close()
    gave_all, _, read = both(path)
    assert not gave_all
    assert len(read) == 2


def test_a_record_without_checksums_is_given_too(path):
    data = write_record(path, n_samples=4)
    import re

    path.write_bytes(re.sub(rb', "checksum": "[^"]*"', b"", data))
    gave_all, given, read = both(path)
    assert gave_all
    assert given == read


def test_a_record_of_openai_evals_needs_a_second_pass(path):
    path.write_text("\n".join([THEIR_SPEC, *THEIRS]) + "\n", encoding="utf-8")
    assert not both(path)[0]


def test_an_unread_event_is_parsed_as_far_as_it_is_asked_for(path):
    write(path, ["a"])
    given: list[SampleRecord] = []
    read_record(path, given.append)
    sampling, match = given[0].events
    assert data_of(match)["n"] == 1.5
    assert (match.event_id, sampling.sample_id, sampling.data["sampled"]) == (1, "a", ["a"])
    with pytest.raises(AttributeError):
        _ = match.nothing


def test_batches_longer_than_a_block_and_longer_than_any_batch_are_read(path):
    recorder = LocalRecorder(path, run_spec())
    for number, size in enumerate([10, 300_000, 5_000_000, 10, 200_000]):
        with recorder.sample(str(number)) as scope:
            record.record_extra("x" * size)
            record.record_match(True)
            scope.commit()
    recorder.close()
    gave_all, given, read = both(path)
    assert gave_all
    assert given == read
    assert len(given) == 5
