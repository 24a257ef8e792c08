"""What runs are compared by, beside their scores: models, facts, and hashes of what was asked."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from made_runs import write_run

from evals import record
from evals.comparison.compare import compare_runs, read_runs
from evals.comparison.scores import read_scores, trusted_ids
from evals.record import LocalRecorder
from evals.record.score_arrays import read_score_arrays
from evals.specs import RunSpec


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.jsonl"


def test_models_hashes_and_facts_stand_beside_the_scores(path):
    write_run(path, [1.0, 0.0, None, 0.5], data_sha256="abc")
    run = read_scores(path)
    assert run.models == {"m": 3}
    assert len(set(run.prompt_hashes.tolist())) == run.n == 3
    assert run.row_hashes.tolist() == [0, 0, 0]
    assert (run.facts.data_sha256, run.facts.finished) == ("abc", True)


def test_the_scores_are_those_of_the_arrays(path):
    write_run(path, {i: [i / 7, i / 3] for i in range(6)}, labels=[{"cluster": i // 2} for i in range(6)])
    run, arrays = read_scores(path), read_score_arrays(path)
    assert run.scores.tolist() == arrays.scores.tolist()
    assert (run.sample_ids, run.clusters.names, run.mean) == (arrays.sample_ids, arrays.clusters.names, arrays.mean)


def test_hashes_are_those_of_the_first_repeat_whichever_finished_first(path, tmp_path):
    found = []
    for order in ([0, 1], [1, 0]):
        file = tmp_path / f"{order[0]}.jsonl"
        recorder = LocalRecorder(file, RunSpec(["m"], "a.b.c", "a", "b", {}, ""))
        for repeat in order:
            with recorder.sample("a.b.0", repeat or None) as scope:
                record.record_sampling(f"asked the {repeat}th way", ["x"])
                record.record_match(True)
                scope.commit()
        recorder.close()
        found.append(read_scores(file).prompt_hashes.tolist())
    assert found[0] == found[1]


def test_a_record_that_did_not_end_says_so(path):
    assert not read_scores(write_run(path, [1.0], finished=False)).facts.finished


def test_records_of_openai_evals_are_read(path):
    def event(number: int, sample_id: str, type: str, data: Any) -> dict[str, Any]:
        return {
            "run_id": "R",
            "event_id": number,
            "sample_id": sample_id,
            "type": type,
            "data": data,
            "created_by": "",
            "created_at": "",
        }

    lines = [
        {
            "spec": {
                "completion_fns": ["gpt-x"],
                "eval_name": "e.s.v0",
                "run_config": {"eval_spec": {"cls": "a:B", "args": {"k": 1}}, "seed": 3},
                "run_id": "R",
            }
        },
        {"final_report": {"accuracy": 0.5}},
        event(0, "e.s.0", "raw_sample", {"input": "a", "category": "x"}),
        event(1, "e.s.1", "raw_sample", {"input": "b", "category": "y"}),
        event(2, "e.s.1", "match", {"correct": True, "expected": "x", "picked": "x"}),
        event(3, "e.s.0", "match", {"correct": False, "expected": "y", "picked": None}),
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    run = read_scores(path)
    assert dict(zip(run.sample_ids, run.scores.tolist(), strict=True)) == {"e.s.1": 1.0, "e.s.0": 0.0}
    assert set(run.labels["category"].names) == {"x", "y"}
    assert (run.facts.eval_class, run.facts.eval_args, run.facts.seed) == ("a:B", {"k": 1}, 3)
    assert run.facts.data_sha256 is None


def test_a_new_label_is_no_new_row_and_a_new_question_is(path, tmp_path):
    hashes = []
    for row in (
        {"input": "a", "ideal": "b"},
        {"ideal": "b", "input": "a", "category": "x"},
        {"input": "c", "ideal": "b"},
    ):
        file = tmp_path / f"{len(hashes)}.jsonl"
        recorder = LocalRecorder(file, RunSpec(["m"], "sums.test.v1", "sums", "test", {}, ""))
        with recorder.sample("sums.test.0") as scope:
            record.record_raw(row)
            record.record_match(True)
            scope.commit()
        recorder.close()
        hashes.append(int(read_scores(file).row_hashes[0]))
    assert hashes[0] == hashes[1] != hashes[2]


def test_a_record_whose_only_number_has_an_odd_name_counts_its_calls_once(path):
    recorder = LocalRecorder(path, RunSpec(["m"], "a.b.c", "a", "b", {}, ""))
    for row in range(3):
        with recorder.sample(f"a.b.{row}") as scope:
            record.record_sampling(f"question {row}", ["x"], model="m-1")
            record.record_metrics(bleu=row / 2)
            scope.commit()
    recorder.close()
    run = read_scores(path)
    assert (run.metric, run.scores.tolist(), run.models) == ("bleu", [0.0, 0.5, 1.0], {"m-1": 3})


def test_ids_are_trusted_where_both_records_hold_one_eval_over_the_same_data(tmp_path):
    def made(name: str, **facts: Any) -> Path:
        return write_run(tmp_path / f"{name}.jsonl", [1.0, 0.0, 1.0], **facts)

    one, same = made("one", data_sha256="abc"), made("same", data_sha256="abc")
    assert trusted_ids([one, same])
    assert not trusted_ids([one, made("other", data_sha256="def")])
    assert not trusted_ids([made("silent"), made("silent-too")])
    assert not trusted_ids([one, tmp_path / "missing.jsonl"])


def test_a_spec_that_is_no_object_and_a_pipe_give_no_trust(tmp_path):
    made = write_run(tmp_path / "made.jsonl", [1.0], data_sha256="abc")
    odd, pipe = tmp_path / "odd.jsonl", tmp_path / "pipe.jsonl"
    odd.write_text('{"spec": [1], "record_format": 1}\n')
    os.mkfifo(pipe)
    assert not trusted_ids([made, odd])
    assert not trusted_ids([made, pipe])


def test_runs_with_trusted_ids_compare_as_they_do_by_their_questions(tmp_path):
    paths = [write_run(tmp_path / f"{n}.jsonl", [1.0, 0.0, n, 0.5], data_sha256="abc") for n in (0, 1)]
    quick, whole = read_runs(paths), [read_scores(path) for path in paths]
    assert not any(quick[0].question_hashes)
    assert all(whole[0].question_hashes)
    one, two = compare_runs(*quick), compare_runs(*whole)
    assert (one.difference, one.pairing.n, one.notes) == (two.difference, two.pairing.n, two.notes)
