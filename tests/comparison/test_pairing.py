"""Which samples of two runs are the same question: by id over the same data, else by what they ask."""

from __future__ import annotations

from made_runs import write_run

from evals.comparison.compare import compare_runs
from evals.comparison.pairing import pair
from evals.comparison.scores import read_scores


def test_rows_pair_by_what_they_ask_when_the_data_changed(tmp_path):
    questions = [f"question {i}" for i in range(10)]
    a = read_scores(write_run(tmp_path / "a.jsonl", [1.0] * 10, questions=questions, data_sha256="1"))
    changed = ["new", *questions[:8], "question 9, reworded"]
    b = read_scores(write_run(tmp_path / "b.jsonl", [0.0] * 10, questions=changed, data_sha256="2"))
    p = compare_runs(a, b).pairing
    assert (p.n, p.n_moved) == (8, 8)
    asked_a = [a.sample_ids[row] for row in p.rows_a]
    assert asked_a == [f"sums.test.{i}" for i in range(8)]
    assert [b.sample_ids[row] for row in p.rows_b] == [f"sums.test.{i + 1}" for i in range(8)]
    by_id = compare_runs(a, b, by_id=True).pairing
    assert (by_id.n, by_id.n_moved) == (10, 0)


def test_over_the_same_data_ids_pair_whatever_the_prompts(tmp_path):
    a = read_scores(write_run(tmp_path / "a.jsonl", [1.0] * 5, data_sha256="1"))
    b = read_scores(
        write_run(tmp_path / "b.jsonl", [1.0] * 5, questions=[f"please: {i}" for i in range(5)], data_sha256="1")
    )
    c = compare_runs(a, b)
    assert c.n == 5
    assert [change.text for change in c.changes.of("prompts")] == ["all prompts"]
    assert "data" in c.changes.same


def test_equal_questions_are_never_paired_with_each_others_copies(tmp_path):
    a = read_scores(write_run(tmp_path / "a.jsonl", [1.0] * 3, questions=["x", "same", "same"], data_sha256="1"))
    b = read_scores(write_run(tmp_path / "b.jsonl", [1.0] * 3, questions=["same", "x", "same"], data_sha256="2"))
    p = compare_runs(a, b).pairing
    assert sorted(zip([a.sample_ids[i] for i in p.rows_a], [b.sample_ids[i] for i in p.rows_b], strict=True)) == [
        ("sums.test.0", "sums.test.1"),
        ("sums.test.2", "sums.test.2"),
    ]


def test_what_only_one_run_has_and_what_failed_in_one_is_counted_apart(tmp_path):
    a = read_scores(write_run(tmp_path / "a.jsonl", {0: [1.0], 1: [None], 2: [1.0]}, data_sha256="1"))
    b = read_scores(write_run(tmp_path / "b.jsonl", {0: [1.0], 1: [1.0], 3: [1.0]}, data_sha256="1"))
    found = pair(a, b)
    assert (found.n, found.failed_in_a, found.failed_in_b) == (1, 1, 0)
    assert [a.sample_ids[row] for row in found.only_a] == ["sums.test.2"]
    assert [b.sample_ids[row] for row in found.only_b] == ["sums.test.1", "sums.test.3"]


def test_the_same_id_with_another_question_is_no_pair_unless_the_id_alone_decides(tmp_path):
    a = read_scores(write_run(tmp_path / "a.jsonl", [1.0, 1.0], questions=["x", "y"], data_sha256="1"))
    b = read_scores(write_run(tmp_path / "b.jsonl", [1.0, 1.0], questions=["x", "z"], data_sha256="2"))
    found = pair(a, b)
    assert (found.n, [a.sample_ids[row] for row in found.changed_a], found.by_id_alone) == (1, ["sums.test.1"], False)
    assert (pair(a, b, by_id=True).n, pair(a, b, by_id=True).by_id_alone) == (2, True)
