"""Lines that several processes write under their final ids are those that one process would have written."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from commands import Workplace, lines_of
from shared_work import SumServer, in_any_order, sum_rows

from evals.distributed.stretches import chunks_of, stretches_of, write_stretch
from evals.record.local import LocalRecorder
from evals.runner.parts import PartRecorder, SampleOrder, append_parts, index_of, loose_lines, merged_rows
from evals.specs import RunSpec

N = 40
FINISHED = frozenset({("sums.dev.3", 0), ("sums.dev.8", 1)})


SPEC = RunSpec(["m"], "sums", "sums", "dev", {}, "")


def recorder_at(path: Path) -> LocalRecorder:
    return LocalRecorder(path, SPEC)


def write_part(path: Path, rows: list[int], n_events: int) -> PartRecorder:
    """A part with two repeats of each row, with an event that belongs to no sample, and with one row twice."""
    recorder = PartRecorder(path, SPEC)
    recorder.record_event("note", {"text": "loose"})
    for row in [*rows, rows[0]]:
        for repeat in (None, 1):
            with recorder.sample(f"sums.dev.{row}", repeat) as scope:
                for _ in range(n_events + row % 3):
                    recorder.record_sampling("1 + 1", "2" * (1 + row))
                if row % 5 == 4:
                    scope.fail({"class": "ProviderError"})
                else:
                    scope.commit({"kind": "é"})
    recorder.close()
    return recorder


@pytest.fixture
def parts(tmp_path: Path) -> list[Path]:
    rows = random.Random(5).sample(range(N), N)
    shares = [rows[:9], rows[9:30], rows[30:]]
    places = [tmp_path / f"{i:04d}.jsonl" for i in range(len(shares))]
    for i, (place, share) in enumerate(zip(places, shares, strict=True)):
        write_part(place, share, i)
    return places


def test_what_a_recorder_noted_of_its_part_is_what_the_file_says(tmp_path):
    order = SampleOrder([N], repeats=2)
    recorder = write_part(tmp_path / "part.jsonl", [8, 4, 3, 20], 2)
    assert recorder.index(order) == index_of(tmp_path / "part.jsonl", order)


@pytest.mark.parametrize("n_writers", [1, 2, 3, 7])
def test_stretches_make_the_bytes_of_one_process(tmp_path, parts, n_writers):
    order = SampleOrder([N], repeats=2)
    alone, together = recorder_at(tmp_path / "alone.jsonl"), recorder_at(tmp_path / "together.jsonl")
    added = append_parts(alone, parts, order, FINISHED)

    indexes = [index_of(path, order) for path in parts]
    rows, loose = merged_rows(indexes, FINISHED), loose_lines(indexes)
    together.adopt([[line] for line in loose])
    outs = [tmp_path / f"{i}.written" for i in range(n_writers)]
    stretches, next_id = stretches_of(indexes, rows, parts, together.line_start, together.next_event_id, outs)
    written = [write_stretch(stretch) for stretch in stretches]
    together.adopt_written(chunks_of(stretches, written), next_id)

    assert len(added) == 2 * N - len(FINISHED)
    assert [indexes[part].keys[number] for _, part, number in rows] == added
    assert together.next_event_id == alone.next_event_id
    assert (tmp_path / "together.jsonl").read_bytes() == (tmp_path / "alone.jsonl").read_bytes()
    assert not any(out.exists() for out in outs)


def test_samples_of_unequal_sizes_are_shared_by_number(tmp_path, parts):
    indexes = [index_of(path, SampleOrder([N], repeats=2)) for path in parts]
    stretches, _ = stretches_of(indexes, merged_rows(indexes), parts, b"", 0, [tmp_path / "a", tmp_path / "b"])
    assert [len(stretch.part) for stretch in stretches] == [N, N]


def test_a_stretch_that_cannot_be_written_is_said_to_be_none(tmp_path, parts):
    indexes = [index_of(path, SampleOrder([N], repeats=2)) for path in parts]
    stretches, _ = stretches_of(indexes, merged_rows(indexes), parts, b"", 0, [tmp_path / "gone" / "a"])
    assert not write_stretch(stretches[0]).is_whole


TAKES_THE_NAME = """
import os, pathlib
import evals.suite

class Match(evals.suite.Match):
    def eval_sample(self, sample, rng):
        for folder in pathlib.Path().glob("*.parts"):
            (folder / "0001.written").touch()
        return super().eval_sample(sample, rng)
"""


def test_a_run_whose_processes_cannot_write_puts_its_record_together_all_the_same(tmp_path):
    workplace = Workplace(tmp_path)
    (tmp_path / "takes_the_name.py").write_text(TAKES_THE_NAME)
    workplace.environment["PYTHONPATH"] = f"{tmp_path}:{workplace.environment.get('PYTHONPATH', '')}"
    workplace.add_eval("sums", sum_rows(N), "takes_the_name:Match")
    with SumServer() as server:
        for name, options in (("alone", []), ("both", ["--processes", "2"])):
            done = workplace.oaieval(
                "gpt-test", "sums", "--record_path", f"{name}.jsonl", *options, base_url=server.base_url
            )
            assert done.returncode == 0, done.stderr
    assert in_any_order(tmp_path / "both.jsonl") == in_any_order(tmp_path / "alone.jsonl")
    assert sum("final_report" in line for line in lines_of(tmp_path / "both.jsonl")) == 1
