"""What a change of scorer and one of completions do to a gap: stored completions under the scorers of both runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evals.comparison.changes import Changes, differences
from evals.comparison.outputs import Flags
from evals.comparison.pairing import Pairing
from evals.comparison.rescoring import Rescored, aligned, rescore
from evals.comparison.scores import RunScores
from evals.errors import EvalsError
from evals.stats.arrays import Array
from evals.texts.number_text import counted


@dataclass(frozen=True)
class Swapped:
    """The change of each shared sample's score, b minus a, taken apart; arrays have shape (n,)."""

    recorded: Array
    "As the records say."
    completions: Array
    "What other completions do under one scorer, the mean over the scorers that were run; NaN where none has a score."
    interaction: Array | None
    "What they do under b's scorer, minus under a's; None where only one of them could be run, or both are the same."
    was_run: bool

    @property
    def known(self) -> Flags:
        return ~np.isnan(self.completions)

    @property
    def scorer(self) -> Array:
        """What the other scorer does to the same completions; 0 where it is not known."""
        return np.where(self.known, self.recorded - self.completions, 0.0)


@dataclass(frozen=True)
class _ByOneScorer:
    """The shared samples of both runs under the scorer of one of them, as it is installed here."""

    whose: str
    a: Array
    b: Array
    own: Array
    "What the record of the scorer's own run says."
    again: tuple[Rescored, Rescored]
    run: RunScores

    @property
    def own_again(self) -> Array:
        return self.b if self.whose == "second" else self.a

    @property
    def n_moved(self) -> int:
        """Samples of its own run that score otherwise here: then it is not the scorer that the run had."""
        return int(np.sum(~np.isnan(self.own_again) & ~close(self.own_again, self.own)))


def swap_scorers(
    a: RunScores,
    b: RunScores,
    pairing: Pairing,
    changes: Changes,
    registry_paths: Sequence[str],
    data_paths: Sequence[str],
    eval_args: Mapping[str, Any] | None = None,
    *,
    rescoring: bool,
) -> tuple[Swapped, list[str]]:
    """The changes taken apart, and sentences on what cannot be told.

    With both scorers the parts are Shapley's values of the two changes, the means over both orders of making them
    (Shapley 1953, Annals of Mathematics Studies 28:307), so that b against a is the mirror of a against b. A scorer
    that no longer gives its own run's scores is left out where the other one does.
    """
    recorded = b.scores[pairing.rows_b] - a.scores[pairing.rows_a]
    changed = scorer_changed(changes)
    found: list[_ByOneScorer] = []
    why = "rescoring was not asked for"
    for whose in ("second", "first") if changed else ("second",):
        try:
            if rescoring:
                named = eval_args if whose == "second" else None
                found.append(_by_scorer_of(whose, a, b, pairing, registry_paths, data_paths, named))
        except EvalsError as error:
            why = str(error).splitlines()[0]
    if not found and changed:
        unknown = f"scorer and completions cannot be told apart without scoring again: {why}"
        return Swapped(recorded, np.full(pairing.n, np.nan), None, False), [unknown]
    if not found:
        unknown = f"the scorers are taken to be the same, as recorded; scoring again was not possible: {why}"
        return Swapped(recorded, recorded, None, False), [unknown]
    used = [one for one in found if not one.n_moved] or found
    own = np.array([one.b - one.a for one in used])
    some = ~np.isnan(own).all(axis=0)
    completions = np.full(pairing.n, np.nan)
    completions[some] = np.nanmean(own[:, some], axis=0)
    doubts = [text for one in used for text in _doubts(one)]
    if changed and len(used) == 1:
        other = "first" if used[0].whose == "second" else "second"
        doubts.append(f"the scorer of the {other} run is not installed here as it was: the parts are told in one order")
    return Swapped(recorded, completions, own[0] - own[1] if len(used) == 2 else None, True), doubts


def scorer_changed(changes: Changes) -> bool:
    return bool(changes.of("scorer", "class", "argument", "eval", "version")) or "scorer" in changes.unknown


def _by_scorer_of(
    whose: str,
    a: RunScores,
    b: RunScores,
    pairing: Pairing,
    registry_paths: Sequence[str],
    data_paths: Sequence[str],
    eval_args: Mapping[str, Any] | None,
) -> _ByOneScorer:
    ids_a = [a.sample_ids[row] for row in pairing.rows_a]
    ids_b = [b.sample_ids[row] for row in pairing.rows_b]
    run, ids, rows = (b, ids_b, pairing.rows_b) if whose == "second" else (a, ids_a, pairing.rows_a)
    again_a, again_b = (
        rescore(one, dict(zip(own, ids, strict=True)), run.facts, run.metric, registry_paths, data_paths, eval_args)
        for one, own in ((a, ids_a), (b, ids_b))
    )
    scores = aligned(again_a, ids), aligned(again_b, ids)
    return _ByOneScorer(whose, *scores, run.scores[rows], (again_a, again_b), run)


def _other_arguments(found: _ByOneScorer) -> list[str]:
    """Which arguments of a run were not used, because only its record names them."""
    differ = differences(found.run.facts.eval_args, found.again[1].facts.eval_args)
    if not differ:
        return []
    said = f"{'; '.join(differ[:3])}{'; ...' if len(differ) > 3 else ''}"
    return [
        f"the eval here has other arguments than the {found.whose} run's record ({said}); a record's arguments are not "
        "used: name them with --extra_eval_params"
    ]


def _doubts(found: _ByOneScorer) -> list[str]:
    """Reasons to doubt the scores of a scorer."""
    doubts = _other_arguments(found)
    if found.n_moved:
        doubts.append(
            f"the {found.whose} run's own completions get other scores here in {counted(found.n_moved, 'sample')}: "
            "scorer or data have changed since the run"
        )
    here, then = found.again[1].facts.data_sha256, found.run.facts.data_sha256
    if here != then and None not in (here, then):
        doubts.append(f"the data installed here are not those of the {found.whose} run")
    n_new = max(again.n_new_calls for again in found.again)
    if n_new:
        doubts.append(f"{counted(n_new, 'sample')} would need new calls of a grader to be scored again")
    return doubts


def close(one: Array, other: Array) -> Flags:
    return np.isclose(one, other, rtol=0, atol=1e-9, equal_nan=True)
