"""A damaged byte costs its sample and gives no sample the events of another one."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import Any

import pytest
from small_records import write_record

from evals.record.reader import read_record


def verdicts(path: Path) -> dict[str, list[Any]]:
    """By sample: all that its match events say."""
    return {sample.sample_id: [event.data for event in sample.events if event.type == "match"] for sample in read_record(path).samples()}  # fmt: skip


def without_checksums(path: Path) -> bytes:
    """The record as earlier versions wrote it."""
    data = re.sub(rb', "checksum": "[^"]*"', b"", path.read_bytes())
    path.write_bytes(data)
    return data


@pytest.mark.parametrize("has_checksums", [True, False])
def test_no_flipped_byte_gives_a_sample_the_verdict_of_another(tmp_path, has_checksums):
    path = tmp_path / "r.jsonl"
    whole = write_record(path, n_samples=6)
    true = verdicts(path)
    if not has_checksums:
        whole = without_checksums(path)
    start = whole.index(b"\n") + 1
    rng = random.Random(1)
    for position in rng.sample(range(start, len(whole)), 400):
        data = bytearray(whole)
        data[position] ^= 1 << rng.randrange(8)
        path.write_bytes(bytes(data))
        found = verdicts(path)
        changed = {name: said for name, said in found.items() if said and said != true.get(name)}
        if has_checksums:
            assert not changed, position
            assert len(found) >= (4 if whole[position] == ord("\n") else 5), position  # two lines become one
        else:  # a digit or a letter inside a value cannot be seen
            assert len(changed) <= 1, position


def test_a_changed_digit_is_seen(tmp_path):
    """The line is still JSON, and its sample id that of another sample."""
    path = tmp_path / "r.jsonl"
    whole = write_record(path, n_samples=4)
    path.write_bytes(whole.replace(b'"sample_id": "sums.test.2", "type": "match"', b'"sample_id": "sums.test.3", "type": "match"'))  # fmt: skip
    log = read_record(path)
    assert sorted(sample.sample_id for sample in log.samples()) == ["sums.test.0", "sums.test.1", "sums.test.3"]
    assert (log.n_broken_lines, log.n_damaged) == (1, 1)


@pytest.mark.parametrize("has_checksums", [True, False])
@pytest.mark.parametrize("lost", [b"sample_done", b"\n"])
def test_a_lost_end_of_a_batch_is_not_the_start_of_the_next(tmp_path, has_checksums, lost):
    path = tmp_path / "r.jsonl"
    write_record(path, n_samples=4)
    whole = path.read_bytes() if has_checksums else without_checksums(path)
    at = whole.index(b'"sample_id": "sums.test.2"') if lost == b"\n" else 0
    at = whole.rindex(b"\n", 0, at) if lost == b"\n" else whole.index(lost, whole.index(b'"sample_id": "sums.test.1"'))
    path.write_bytes(whole[:at] + b"?" + whole[at + 1 :])
    for name, said in verdicts(path).items():
        assert [event["expected"] for event in said] == [str(int(name[-1]) + 1)]
    assert "sums.test.1" not in verdicts(path)
    assert read_record(path).n_damaged >= 1


def test_a_record_that_another_program_wrote_anew_is_read_without_its_checksums(tmp_path):
    path = tmp_path / "r.jsonl"
    write_record(path, n_samples=4)
    true = verdicts(path)
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    assert verdicts(path) == true
    assert read_record(path).n_damaged == 0


def test_a_torn_last_line_is_no_damage(tmp_path):
    path = tmp_path / "r.jsonl"
    path.write_bytes(write_record(path, n_samples=4, report=False)[:-30])
    log = read_record(path)
    assert (log.n_broken_lines, log.n_damaged) == (1, 0)
    assert len(list(log.samples())) == 3


def test_broken_lines_are_said_once_for_a_record(tmp_path, caplog):
    path = tmp_path / "r.jsonl"
    path.write_bytes(write_record(path, n_samples=4).replace(b'"expected": "3"', b'"expected": "4"'))
    read_record(path)
    read_record(path)
    assert [record.getMessage() for record in caplog.records] == [
        f"{path} has 1 broken line: their samples count as not finished; --resume evaluates them again"
    ]
