"""Several runs compared: every pair corrected, and ranks that say how sure they are."""

from __future__ import annotations

import numpy as np
import pytest
from made_runs import write_run
from scipy import stats
from statsmodels.stats.multitest import multipletests

from evals.comparison.compare import read_runs
from evals.comparison.many_runs import compare_many_runs
from evals.errors import DataError


def runs_of(folder, *scores, **config):
    return read_runs([write_run(folder / f"r{i}.jsonl", values, **config) for i, values in enumerate(scores)])


def test_all_pairs_are_tested_and_corrected_together(tmp_path):
    rng = np.random.default_rng(5)
    scores = [rng.normal(20 + shift, 3, 40) for shift in (0, 1.5, 4)]
    several = compare_many_runs(runs_of(tmp_path, *scores))
    plain = [stats.ttest_rel(scores[j], scores[i]).pvalue for i, j in ((0, 1), (0, 2), (1, 2))]
    assert [pair.p_corrected for pair in several.pairs] == pytest.approx(multipletests(plain, method="holm")[1])
    assert several.family == "Holm over 3 pairs of runs"


def test_ranks_are_those_that_no_test_excludes(tmp_path):
    good = [1.0] * 40
    fair = [1.0] * 38 + [0.0] * 2
    poor = [0.0] * 40
    ranks = compare_many_runs(runs_of(tmp_path, poor, good, fair)).ranks
    assert [(rank.best, rank.worst) for rank in ranks] == [(3, 3), (1, 2), (1, 2)]


def test_where_lower_is_better_the_lowest_ranks_first(tmp_path):
    several = compare_many_runs(
        runs_of(tmp_path, [5.0, 6.0] * 20, [1.0, 2.5] * 20, [9.0, 9.5] * 20, higher_is_better=False)
    )
    assert [(rank.best, rank.worst) for rank in several.ranks] == [(2, 2), (1, 1), (3, 3)]


def test_only_samples_that_all_have_count(tmp_path):
    several = compare_many_runs(runs_of(tmp_path, [1.0, 0.0, 1.0, None], [1.0, None, 0.0, 1.0], [1.0, 1.0, 1.0, 1.0]))
    assert several.n == 2
    assert [estimate.value for estimate in several.estimates] == [1.0, 0.5, 1.0]
    assert any("not all runs scored" in note for note in several.notes)


def test_without_a_sample_in_all_runs_there_is_nothing_to_rank(tmp_path):
    with pytest.raises(DataError, match="in all of the runs"):
        compare_many_runs(runs_of(tmp_path, [1.0, 1.0], [1.0, None], [None, 1.0]))
