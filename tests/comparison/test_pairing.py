"""Which samples of two runs are the same question: by id over the same data, else by what they ask."""

from __future__ import annotations

from made_runs import write_run

from evals.comparison.as_json import comparison_json
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


def pairs_of(folder, questions_a, questions_b):
    """The pairs of two runs over different data, as numbers of rows."""
    a, b = (
        read_scores(write_run(folder / f"{name}.jsonl", [1.0] * len(asked), questions=asked, data_sha256=name))
        for name, asked in (("a", questions_a), ("b", questions_b))
    )
    found = pair(a, b)
    number = [[int(sample_id.rpartition(".")[2]) for sample_id in run.sample_ids] for run in (a, b)]
    assert len({*found.rows_a}) == len({*found.rows_b}) == found.n
    pairs = sorted((number[0][i], number[1][j]) for i, j in zip(found.rows_a, found.rows_b, strict=True))
    assert found.n_moved == sum(i != j for i, j in pairs)
    return pairs


def test_copies_of_a_question_are_paired_by_their_order_where_ids_moved(tmp_path):
    asked = ["p", "same", "q", "same", "r", "same", "same", "s", "t", "u"]
    assert pairs_of(tmp_path, asked, ["new", *asked]) == [(i, i + 1) for i in range(10)]
    assert pairs_of(tmp_path, asked, asked[1:]) == [(i + 1, i) for i in range(9)]
    assert pairs_of(tmp_path, ["x", "same", "same"], ["same", "x", "same"]) == [(0, 1), (1, 0), (2, 2)]


def test_copies_that_kept_their_ids_are_paired_by_them(tmp_path):
    assert pairs_of(tmp_path, ["same", "same", "x"], ["same", "same", "y"]) == [(0, 0), (1, 1)]
    assert pairs_of(tmp_path, ["x", "same", "same"], ["y", "z", "same"]) == [(2, 2)]
    assert pairs_of(tmp_path, ["same", "same", "same"], ["same", "other", "same"]) == [(0, 0), (2, 2)]


def test_copies_that_the_other_run_has_fewer_of_are_left_over(tmp_path):
    assert pairs_of(tmp_path, ["same", "same", "same"], ["x", "y", "z", "same", "same"]) == [(0, 3), (1, 4)]


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


def test_two_evals_over_the_same_data_pair_by_row(tmp_path):
    a = read_scores(write_run(tmp_path / "a.jsonl", {0: [1.0], 1: [None], 3: [1.0]}, data_sha256="1"))
    b = write_run(tmp_path / "b.jsonl", [0.0] * 4, questions=list("wxyz"), data_sha256="1", eval_name="short.test.v1")
    found = pair(a, read_scores(b))
    assert (found.n, found.failed_in_a, found.n_moved, found.by_id_alone) == (2, 1, 0, False)
    assert found.rows_b.tolist() == [0, 3]


def test_two_evals_over_other_files_pair_by_the_rows_own_ids(tmp_path):
    a = write_run(tmp_path / "a.jsonl", [1.0] * 3, questions=list("xyz"), own_ids=["p", "q", "r"])
    b = write_run(
        tmp_path / "b.jsonl", [0.0] * 2, questions=["r?", "p?"], own_ids=["r", "p"], eval_name="short.test.v1"
    )
    c = compare_runs(read_scores(a), read_scores(b))
    assert (c.n, c.pairing.rows_a.tolist(), c.pairing.rows_b.tolist()) == (2, [0, 2], [1, 0])
    assert c.names(c.fell) == ["p", "r"]
    assert comparison_json(c)["names"] == {"sums.test.0": "p", "sums.test.2": "r"}


def test_a_row_that_kept_its_id_and_asks_something_else_is_no_pair_within_one_eval(tmp_path):
    a = write_run(tmp_path / "a.jsonl", [1.0] * 2, questions=["x", "y"], own_ids=["p", "q"], data_sha256="1")
    b = write_run(tmp_path / "b.jsonl", [1.0] * 3, questions=["n", "x", "z"], own_ids=["o", "p", "q"], data_sha256="2")
    found = pair(read_scores(a), read_scores(b))
    assert (found.n, found.n_moved, len(found.changed_a)) == (1, 0, 1)
