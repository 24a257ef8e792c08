"""Baselines: small files that read back to the last digit, and say what is wrong with them."""

from __future__ import annotations

import base64
import json
import tracemalloc
import zlib
from pathlib import Path

import pytest
from made_runs import write_run

from evals.comparison.baseline import Baseline, baseline_path, find_baseline, read_baseline
from evals.comparison.scores import read_scores
from evals.errors import DataError


def there_and_back(folder: Path, scores, **config) -> tuple[Baseline, Baseline]:
    made = Baseline.of(read_scores(write_run(folder / "r.jsonl", scores, **config)))
    made.write(folder / "b.json")
    return made, read_baseline(folder / "b.json")


@pytest.mark.parametrize(
    "scores", [[1.0, 0.0, 1.0, 1.0], [1 / 3, 2 / 3, 0.1, 1e-9], [-12.5, 1e6, 0.30000000000000004, 0.0]]
)
def test_scores_read_back_to_the_last_digit(tmp_path, scores):
    made, back = there_and_back(tmp_path, scores)
    assert back.scores.tolist() == made.scores.tolist() == scores
    assert (back.sample_ids, back.metric, back.n) == (made.sample_ids, "score", 4)


def test_clusters_data_and_scorer_read_back(tmp_path):
    labels = [{"cluster": "p"}, {"cluster": "q"}, {"cluster": "p"}, {}]
    config = {"data_sha256": "d", "fingerprint": {"scorer": {"version": "3"}}, "higher_is_better": False}
    made, back = there_and_back(tmp_path, [1.0] * 4, labels=labels, **config)
    assert back.clusters == made.clusters
    assert back.clusters is not None
    assert back.clusters[0] == back.clusters[2] != back.clusters[1] != back.clusters[3]
    assert (back.data_sha256, back.scorer, back.higher_is_better) == ("d", {"version": "3"}, False)


def test_equal_scores_make_an_equal_file_in_whatever_order_samples_finished(tmp_path):
    texts = []
    for order in (range(12), reversed(range(12))):
        path = write_run(tmp_path / "r.jsonl", {i: [i / 7] for i in order})
        baseline = Baseline.of(read_scores(path))
        object.__setattr__(baseline, "run_id", "r")
        object.__setattr__(baseline, "created_at", None)
        baseline.write(tmp_path / "b.json")
        texts.append((tmp_path / "b.json").read_text())
    assert texts[0] == texts[1]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{}", "this is no baseline"),
        ("no json", "this is no baseline"),
        ('{"format": 9}', "this is no baseline: it has format 9, known is 1"),
    ],
)
def test_what_is_no_baseline_says_so_and_how_to_make_one(tmp_path, text, said):
    (tmp_path / "b.json").write_text(text)
    with pytest.raises(DataError, match=said) as raised:
        read_baseline(tmp_path / "b.json")
    assert "--update" in str(raised.value)


def test_a_damaged_baseline_is_refused(tmp_path):
    there_and_back(tmp_path, [1.0, 0.0])
    body = json.loads((tmp_path / "b.json").read_text())
    (tmp_path / "b.json").write_text(json.dumps({**body, "n": 3}))
    with pytest.raises(DataError, match="ids and scores differ in number"):
        read_baseline(tmp_path / "b.json")


def test_a_missing_baseline_names_those_that_are_there(tmp_path):
    there_and_back(tmp_path, [1.0])
    (tmp_path / "b.json").rename(tmp_path / "sums.test.v1.json")
    with pytest.raises(DataError, match=r"there is no baseline of sums\.test\.v2") as raised:
        find_baseline(tmp_path, "sums.test.v2")
    assert "did you mean: sums.test.v1" in str(raised.value)


def test_a_name_that_no_file_may_have_is_replaced_in_the_path():
    assert baseline_path(Path("b"), "a/b:c.test.v1") == Path("b/a-b-c.test.v1.json")
    assert baseline_path(Path("b/one.json"), "anything") == Path("b/one.json")


def edited(folder: Path, changes: dict) -> Path:
    """A written baseline with keys changed as by a hand or a broken disk."""
    there_and_back(folder, [1.0, 0.5, 0.0])
    path = folder / "b.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
    return path


HUGE = base64.b64encode(zlib.compress(bytes(1 << 26), 9)).decode()
"64 MiB of zeros in 64 kB."


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"scores": {"values": [1.0, None, 1.0]}}, "a score is no number"),
        ({"scores": {"values": [1.0, float("nan"), 1.0]}}, "NaN is no score"),
        ({"scores": {"values": [1.0, 1e400, 1.0]}}, "Infinity is no score"),
        ({"scores": {"values": [1.0, True, 1.0]}}, "a score is no number"),
        ({"scores": {"values": [1.0, 1.0]}}, "differ in number"),
        ({"samples": ["sums.test.0-3000000000"]}, "differ in number"),
        ({"samples": ["sums.test.0-0"] * 3}, "twice"),
        ({"samples": ["sums.test.5-2"]}, "differ in number"),
        ({"scores": {"bits": HUGE, "n": 3}}, "unpacks to more"),
        ({"clusters": HUGE}, "unpacks to more"),
        ({"clusters": [0, 1, 2]}, "this is no baseline"),
        ({"n": 4_000_000_000, "samples": ["sums.test.0-3999999999"]}, "says that it has"),
        ({"n": 0}, "says that it has 0 samples"),
        ({"higher_is_better": "no"}, "'higher_is_better' is no"),
        ({"metric": None}, "'metric' is null"),
        ({"surprise": 1}, "this is no baseline"),
    ],
)
def test_a_baseline_that_was_edited_or_damaged_is_refused_in_little_memory(tmp_path, changes, said):
    path = edited(tmp_path, changes)
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match=said):
            read_baseline(path)
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


def test_a_baseline_nested_without_end_is_refused(tmp_path):
    (tmp_path / "b.json").write_text("[" * 200_000)
    with pytest.raises(DataError, match="this is no baseline"):
        read_baseline(tmp_path / "b.json")


def test_a_baseline_shows_a_reviewer_every_letter(tmp_path):
    """A name that reads backwards in a diff looks like another name."""
    run = read_scores(write_run(tmp_path / "a\u202eb\u200b.jsonl", [1.0, 0.0]))
    Baseline.of(run).write(tmp_path / "b.json")
    text = (tmp_path / "b.json").read_text(encoding="utf-8")
    assert all(char.isprintable() or char == "\n" for char in text)
    assert '"a\\u202eb\\u200b"' in text
    assert read_baseline(tmp_path / "b.json").model == "a\u202eb\u200b"
