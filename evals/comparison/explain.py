"""Explains why two scores differ: parts that add up to the gap, each with its number of samples."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evals.comparison.changes import Change, Changes, find_changes
from evals.comparison.compare import clusters_of, refuse_unpaired
from evals.comparison.outputs import Flags, Outputs, read_outputs
from evals.comparison.pairing import Pairing, pair
from evals.comparison.scorer_swap import Swapped, close, swap_scorers
from evals.comparison.scores import RunScores
from evals.stats.arrays import Array, Codes
from evals.stats.estimate import Interval
from evals.stats.paired import paired_difference


@dataclass(frozen=True)
class Part:
    """One part of the gap."""

    name: str
    value: float
    "What it adds to the gap, which is the mean of b minus the mean of a."
    n: int
    "Samples that contribute to it."
    interval: Interval | None = None
    "95 % interval of the value for other samples of the same kind; None for parts that are counted, not sampled."
    kind: str = "completions"
    "rows, scorer, completions or unknown."


@dataclass(frozen=True)
class Explanation:
    """The gap between the scores of two runs, b minus a, in parts."""

    a: RunScores
    b: RunScores
    pairing: Pairing
    changes: Changes
    gap: float
    parts: tuple[Part, ...]
    "Their values add up to `gap`."
    interaction: Part | None
    "How much more the completions do under b's scorer than under a's; half of it is in each part. None for nothing."
    causes: tuple[str, ...]
    "What differs between the runs and could have caused the parts."
    unknown: tuple[str, ...]
    "Sentences on what the stored outputs cannot tell, and why."
    example: tuple[str, str] | None
    "Sample ids (in a, in b) of the first pair whose prompts differ; None if all are equal or unknown."


def explain_runs(
    a: RunScores,
    b: RunScores,
    *,
    registry_paths: Sequence[str] = (),
    data_paths: Sequence[str] = (),
    eval_args: Mapping[str, Any] | None = None,
    by_id: bool = False,
    rescoring: bool = True,
) -> Explanation:
    """Split the gap between two runs into rows, scorer and completions. No model is called.

    Rows: samples that only one run scored. Scorer: the stored completions of both runs are scored by the evals of both,
    as they are installed here. Completions: the rest, by what became of the completions and by whether the prompts were
    the same. Both are means over the two orders of changing scorer and completions, so that explaining a from b gives
    the same parts with the other sign. rescoring: False trusts the recorded scores instead. eval_args: arguments of
    b's eval beside those of its YAML entry. The records' own arguments are not used: they could name code to run.

    Raises:
        DataError: no sample is in both runs.
    """
    pairing = pair(a, b, by_id=by_id)
    refuse_unpaired(a, b, pairing)
    changes = find_changes(a, b, pairing)
    out_a, out_b = read_outputs(a.path), read_outputs(b.path)
    changes = _with_requests(changes, out_a, out_b)
    swapped, unknown = swap_scorers(a, b, pairing, changes, registry_paths, data_paths, eval_args, rescoring=rescoring)
    clusters = clusters_of(a, b, pairing)
    parts = [
        *_row_parts(a, b, pairing),
        *_scorer_parts(swapped, clusters),
        *_completion_parts(a, b, pairing, swapped, out_a, out_b, clusters, changes),
    ]
    return Explanation(
        a=a,
        b=b,
        pairing=pairing,
        changes=changes,
        gap=b.mean - a.mean,
        parts=tuple(parts),
        interaction=_interaction(swapped, clusters),
        causes=tuple(_causes(parts, changes)),
        unknown=tuple(unknown + _not_told(parts, changes)),
        example=_example(a, b, pairing),
    )


def _with_requests(changes: Changes, one: Outputs, two: Outputs) -> Changes:
    """`changes`, with parameters that differ between the recorded requests of the two runs."""
    if not one.request or not two.request:
        return changes
    keys = sorted({*one.request, *two.request} - {"replayed", "model"})
    found = [
        Change("sampling", f"request {key} {one.request.get(key, '-')} -> {two.request.get(key, '-')}")
        for key in keys
        if one.request.get(key) != two.request.get(key)
    ]
    return Changes((*changes.changes, *found), changes.same, changes.unknown)


def _row_parts(a: RunScores, b: RunScores, pairing: Pairing) -> list[Part]:
    """The parts of samples that only one run scored: each moves its run's mean away from that of the shared samples."""
    failed_b = np.array([a.sample_ids[row] in b.failed_ids for row in pairing.only_a], dtype=bool)
    failed_a = np.array([b.sample_ids[row] in a.failed_ids for row in pairing.only_b], dtype=bool)
    pull_a = (float(a.scores[pairing.rows_a].mean()) - a.scores) / a.n
    pull_b = (b.scores - float(b.scores[pairing.rows_b].mean())) / b.n
    candidates = [
        ("only the first run has", pull_a[pairing.only_a[~failed_b]], np.empty(0)),
        ("only the second run has", np.empty(0), pull_b[pairing.only_b[~failed_a]]),
        ("that ask something else now", pull_a[pairing.changed_a], pull_b[pairing.changed_b]),
        ("that failed in the first run", np.empty(0), pull_b[pairing.only_b[failed_a]]),
        ("that failed in the second run", pull_a[pairing.only_a[failed_b]], np.empty(0)),
    ]
    return [
        Part(f"rows {name}", math.fsum([*one, *two]), max(len(one), len(two)), kind="rows")
        for name, one, two in candidates
        if len(one) or len(two)
    ]


def _scorer_parts(swapped: Swapped, clusters: Codes | None) -> list[Part]:
    moved, unknown = swapped.scorer, np.where(swapped.known, 0.0, swapped.recorded)
    parts = []
    if swapped.was_run:
        parts.append(_part("scorer: same completions, other score", moved, np.abs(moved) > 1e-9, clusters, "scorer"))
    n_unknown = int(np.sum(~swapped.known))
    if n_unknown:
        name = "scorer and completions together"
        parts.append(_part(name, unknown, ~swapped.known, clusters, "unknown"))
    return parts


def _interaction(swapped: Swapped, clusters: Codes | None) -> Part | None:
    """What the completions do more under the second run's scorer than under the first's: half of it is in each part."""
    if swapped.interaction is None:
        return None
    values = np.nan_to_num(swapped.interaction)
    inside = np.abs(values) > 1e-9
    return (
        _part("interaction of scorer and completions", values, inside, clusters, "interaction")
        if inside.any()
        else None
    )


def _completion_parts(
    a: RunScores,
    b: RunScores,
    pairing: Pairing,
    swapped: Swapped,
    out_a: Outputs,
    out_b: Outputs,
    clusters: Codes | None,
    changes: Changes,
) -> list[Part]:
    """The rest of the gap, by what became of the completions. Each sample counts in at most one part."""
    ids_a = [a.sample_ids[row] for row in pairing.rows_a]
    ids_b = [b.sample_ids[row] for row in pairing.rows_b]
    values = np.nan_to_num(swapped.completions)
    cut = Outputs.flags(ids_a, out_a.cut_off) != Outputs.flags(ids_b, out_b.cut_off)
    unread = Outputs.flags(ids_a, out_a.unparsed) != Outputs.flags(ids_b, out_b.unparsed)
    hash_a, hash_b = out_a.hashes(ids_a), out_b.hashes(ids_b)
    same = (hash_a == hash_b) & (hash_a != 0)
    sent_a, sent_b = a.prompt_hashes[pairing.rows_a], b.prompt_hashes[pairing.rows_b]
    other_prompt = (sent_a != sent_b) & (sent_a != 0) & (sent_b != 0)
    left = swapped.known.copy()
    parts = []
    for name, mask in (
        ("same completions, same score", same & close(values, np.zeros(len(values)))),
        ("completions cut off in one run only", cut),
        ("no readable answer in one run only", unread),
        ("other completions to other prompts", other_prompt),
        (f"other completions to the same prompts{_by_whom(changes)}", ~other_prompt),
    ):
        inside = left & mask
        left &= ~mask
        if inside.any():
            parts.append(_part(name, np.where(inside, values, 0.0), inside, clusters, "completions"))
    return [part for part in parts if part.name != "same completions, same score"]


def _by_whom(changes: Changes) -> str:
    return "" if changes.of("model", "sampling") else ": chance"


def _part(name: str, contributions: Array, inside: Flags, clusters: Codes | None, kind: str) -> Part:
    """A part from each shared sample's contribution, shape (n,), to the difference of the means."""
    # Gains and losses as two scores: their interval stays in [-1, 1], and has a width where nothing moved.
    found = paired_difference(np.maximum(contributions, 0), np.maximum(-contributions, 0), clusters)
    return Part(name, found.value, int(np.sum(inside)), found.interval if inside.any() else None, kind)


def _causes(parts: Sequence[Part], changes: Changes) -> list[str]:
    """What differs between the runs, under the part that it can have caused."""
    moved = {part.kind for part in parts if abs(part.value) > 1e-12}
    causes = []
    if "scorer" in moved:
        found = changes.of("scorer", "class", "argument", "eval", "version")
        texts = "; ".join(change.text for change in found)
        causes.append(f"scorer: {texts or 'nothing recorded differs, so its code or its data did'}")
    if "completions" in moved:
        found = changes.of("model", "prompts", "sampling", "seed")
        said = "; ".join(change.text for change in found)
        alone = len({change.what for change in found}) == 1
        causes.append(f"completions: {said or 'same model, prompts and sampling: chance'}{' alone' * alone}")
    return causes


def _not_told(parts: Sequence[Part], changes: Changes) -> list[str]:
    """Possible causes that the stored outputs cannot tell apart."""
    kinds = list(dict.fromkeys(change.what for change in changes.of("model", "prompts", "sampling")))
    told = []
    if len(kinds) > 1 and any(part.kind == "completions" and abs(part.value) > 1e-12 for part in parts):
        told.append(
            f"{' and '.join(kinds)} changed together: to tell them apart, run once more with one of them as before"
        )
    if changes.unknown:
        told.append(f"one of the records does not say: {', '.join(changes.unknown)}")
    return told


def _example(a: RunScores, b: RunScores, pairing: Pairing) -> tuple[str, str] | None:
    sent_a, sent_b = a.prompt_hashes[pairing.rows_a], b.prompt_hashes[pairing.rows_b]
    found = np.flatnonzero((sent_a != sent_b) & (sent_a != 0) & (sent_b != 0))
    if not len(found):
        return None
    first = int(found[0])
    return a.sample_ids[pairing.rows_a[first]], b.sample_ids[pairing.rows_b[first]]
