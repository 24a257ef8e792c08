"""Problems of a pass-rate law in buckets of difficulty: sorted by one half of the draws, estimated by the other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from evals.comparison.ladder import Ladder, Rung
from evals.errors import DataError, UsageError
from evals.forecasts.fitting import pass_counts
from evals.forecasts.targets import Split
from evals.scaling.pass_rates import REPORT_BUCKETS as REPORT_BUCKETS
from evals.scaling.pass_rates import difficulty_buckets, drop_unsolved, halves


def split_into_buckets(found: Split, n_buckets: int, seed: int) -> list[Split]:
    """The split once for each bucket, easy to hard; the hardest 15 of 164 are in none, as in the GPT-4 report.

    The draws of each fitted model and problem are halved at random. One half chooses: problems that every fitted model
    passed in it, sorted by their mean negative log pass rate. The other half alone is in the buckets, so that the
    choice does not flatter weak models. The rungs that are only shown, the target among them, keep all their draws.

    Raises:
        UsageError: fewer than two buckets.
        DataError: too few problems are passed by every fitted model.
    """
    if n_buckets < 2:
        raise UsageError(f"--buckets {n_buckets}: at least 2, or leave it out for one law of all problems")
    counts = pass_counts(found.fitted.rungs)
    chosen, estimated = halves(counts, np.random.default_rng(seed))
    kept, _ = drop_unsolved(chosen)
    if len(kept.problems) < n_buckets:
        raise DataError(
            f"{len(kept.problems)} problems are passed by every fitted model in half of its draws, "
            f"which do not fill {n_buckets} buckets",
            fix="draw more completions, fit larger models (--within), or leave --buckets out",
        )
    logs = -np.log(kept.passes / kept.draws)
    buckets = difficulty_buckets(logs, n_buckets=n_buckets, ids=kept.problems)
    row_of = {name: row for row, name in enumerate(estimated.problems)}
    model_rows = range(len(found.fitted.rungs))
    parts = []
    for bucket in buckets:
        names = [kept.problems[row] for row in bucket]
        rungs = tuple(
            _with_passes(
                found.fitted.rungs[m],
                [
                    (name, int(estimated.passes[m, row_of[name]]), int(estimated.draws[m, row_of[name]]))
                    for name in names
                ],
            )
            for m in model_rows
        )
        shown = {id(rung): _only(rung, set(names)) for rung in found.shown}
        target = None if found.target is None else shown[id(found.target)]
        fitted: Ladder = replace(found.fitted, rungs=rungs)
        parts.append(replace(found, fitted=fitted, shown=tuple(shown.values()), target=target))
    return parts


def _only(rung: Rung, names: set[str]) -> Rung:
    return _with_passes(rung, [cell for cell in rung.passes if cell[0] in names])


def _with_passes(rung: Rung, cells: list[tuple[str, int, int]]) -> Rung:
    return replace(rung, passes=tuple(cells), n=len(cells))
