"""How far a second run's probabilities are better than a first one's on the same questions: the paired Brier score.

Its interval held the true difference in 93 to 97 of 100 simulated studies of 30 to 400 questions, and in all where both
runs are the same. No interval of a difference of two ECEs is here: noise raises each of them, the more the smaller it
is, and the basic paired bootstrap held the truth in as few as 70 of 100.
"""

from __future__ import annotations

from evals.stats.arrays import Array, cluster_sums
from evals.stats.calibration_errors import Points
from evals.stats.paired import PairedDifference, paired_difference


def brier_change(before: Points, after: Points) -> PairedDifference:
    """The mean Brier score of a second run less that of a first one; below 0 the second is better.

    before, after: points of the same questions, numbered alike; the score of a question is the sum over its points.

    Raises:
        ValueError: the runs have different numbers of questions.
    """
    if after.n_questions != before.n_questions:
        raise ValueError(f"the same questions are needed, got {before.n_questions} and {after.n_questions}")
    return paired_difference(_scores(after), _scores(before), beyond_unit=True)


def _scores(points: Points) -> Array:
    return cluster_sums((points.probabilities - points.outcomes) ** 2, points.questions)
