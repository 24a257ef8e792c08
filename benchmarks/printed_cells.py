"""The cells of the grid of printed intervals: what is drawn, what a command prints of it, and what is true."""

from __future__ import annotations

from cells_of_differences import (
    clustered_differences,
    differences,
    f1_differences,
    plain_differences,
    repeated_differences,
)
from cells_of_means import (
    bleus,
    f1_clustered,
    f1_means,
    losses,
    macro_means,
    pass_at_ks,
    plain_means,
    position_biases,
    win_rates,
)
from cells_of_rates import clustered, group_rows, repeated, repeated_clusters, right_or_wrong
from cells_of_totals import exam_scores, groups_of_compare, suite_means
from drawn_scores import Cell

KINDS = (
    right_or_wrong,
    lambda: right_or_wrong("unparsed"),
    group_rows,
    clustered,
    repeated,
    repeated_clusters,
    f1_means,
    f1_clustered,
    macro_means,
    pass_at_ks,
    losses,
    plain_means,
    position_biases,
    win_rates,
    bleus,
    exam_scores,
    suite_means,
    differences,
    clustered_differences,
    repeated_differences,
    f1_differences,
    plain_differences,
    groups_of_compare,
)


def all_cells() -> list[Cell]:
    """Every cell of the grid, kind by kind."""
    return [cell for kind in KINDS for cell in kind()]
