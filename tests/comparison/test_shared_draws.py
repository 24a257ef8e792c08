"""Two runs that took the same random completions from the cache are found out; equal texts of different draws are not."""

from __future__ import annotations

from pathlib import Path

import pytest
from made_runs import write_run

from evals.comparison.compare import compare_runs, read_runs
from evals.errors import DataError


class TestSharedDraws:
    """One draw by chance, taken from the cache by two runs, says nothing about chance."""

    def runs(self, folder: Path, calls_a: dict, calls_b: dict):
        said = {"sampled": ["4"], "model": "m"}
        a = write_run(folder / "a.jsonl", [1.0] * 3, calls=[{**said, **calls_a}] * 3)
        b = write_run(folder / "b.jsonl", [1.0] * 3, calls=[{**said, **calls_b}] * 3)
        return read_runs([a, b])

    hot = {"cached": True, "cached_at_temperature": 0.7, "cached_latency_s": 0.5123}  # noqa: RUF012

    @pytest.mark.parametrize("other", [hot, {"latency_s": 0.5123}, {}])
    def test_they_are_refused(self, tmp_path, other):
        a, b = self.runs(tmp_path, other, self.hot)
        for one, two in ((a, b), (b, a)):
            with pytest.raises(DataError, match="share 3 cached completions"):
                compare_runs(one, two)

    @pytest.mark.parametrize(
        "other",
        [
            {"latency_s": 0.7},
            {**hot, "cached_latency_s": 0.6},
            {**hot, "sampled": ["5"]},
            {**hot, "model": "n"},
            {**hot, "request": {"replayed": "R"}},
        ],
    )
    def test_equal_texts_of_different_draws_and_scoring_again_are_not(self, tmp_path, other):
        assert compare_runs(*self.runs(tmp_path, self.hot, other)).n == 3

    def test_without_chance_a_shared_completion_is_no_harm(self, tmp_path):
        cold = {"cached": True, "cached_latency_s": 0.5}
        assert compare_runs(*self.runs(tmp_path, cold, cold)).n == 3
