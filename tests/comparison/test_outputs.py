"""What came back for each sample, as hashes and flags."""

from __future__ import annotations

import random
from pathlib import Path

from evals import record
from evals.comparison.outputs import Outputs, read_outputs
from evals.record import LocalRecorder
from evals.specs import RunSpec


def write(path: Path, order: list[tuple[int, int]]) -> str:
    recorder = LocalRecorder(path, RunSpec(["m"], "a.b.c", "a", "b", {}, ""))
    for row, repeat in order:
        with recorder.sample(f"a.b.{row}", repeat or None) as scope:
            reasons = ["length"] if row == 1 else ["stop"]
            record.record_sampling("p", [f"said {row} {repeat}"], finish_reasons=reasons, request={"temperature": 0.5})
            record.record_match(False, parsed=row != 2)
            scope.fail({"type": "x"}) if row == 3 else scope.commit()
    recorder.close()
    return str(path)


def test_flags_and_hashes_do_not_depend_on_the_order_of_repeats(tmp_path):
    order = [(row, repeat) for row in range(4) for repeat in range(3)]
    found = [read_outputs(write(tmp_path / f"{i}.jsonl", random.Random(i).sample(order, 12))) for i in range(4)]
    assert all(one.completions == found[0].completions for one in found)
    ids = [f"a.b.{row}" for row in range(4)]
    assert Outputs.flags(ids, found[0].cut_off).tolist() == [False, True, False, False]
    assert Outputs.flags(ids, found[0].unparsed).tolist() == [False, False, True, False]
    assert (found[0].hashes(ids) != 0).tolist() == [True, True, True, False]
    assert found[0].request == {"temperature": 0.5}
