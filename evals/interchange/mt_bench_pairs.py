"""Pairwise judgements of MT-bench, as FastChat writes them (`*_pair.jsonl`): a row has the verdicts on both orders."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evals.errors import BadSample
from evals.sample import Sample

_KEYS = ("model_1", "model_2", "g1_winner", "g2_winner")
_OUTCOMES = {"model_1": 1.0, "model_2": 0.0, "tie": 0.5}
NOT_JUDGED = "error"
"What stands for a verdict that could not be read."


def is_two_orders(row: Mapping[str, Any]) -> bool:
    """Whether a row is one of these."""
    return all(key in row for key in _KEYS)


def as_battle(row: Sample) -> Sample:
    """The row as a battle of an arena: the winner that both orders name, else a tie, as FastChat counts it.

    `g1_winner` is of the order in which `model_1` stands first, `g2_winner` of the other one. A row of which one
    verdict could not be read has no winner.

    Raises:
        BadSample: a winner is another word.
    """
    said = [row["g1_winner"], row["g2_winner"]]
    for winner in said:
        if winner not in _OUTCOMES and winner != NOT_JUDGED:
            raise BadSample(f"a winner is {str(winner)[:40]!r}", row, fix="model_1, model_2, tie, or error")
    judge = row.get("judge")
    battle = {
        **{key: value for key, value in row.items() if key not in _KEYS},
        "model_a": row["model_1"],
        "model_b": row["model_2"],
        "judge": judge[0] if isinstance(judge, list) and judge else judge,
    }
    if NOT_JUDGED in said:
        return _like(row, {**battle, "winner": None})
    outcomes = [_OUTCOMES[winner] for winner in said]
    outcome = outcomes[0] if outcomes[0] == outcomes[1] else 0.5
    verdicts = [
        {"shown_first": first, "outcome": one} for first, one in zip(("model_a", "model_b"), outcomes, strict=True)
    ]
    winner = "model_a" if outcome == 1 else "model_b" if outcome == 0 else "tie"
    return _like(row, {**battle, "winner": winner, "verdicts": verdicts})


def _like(row: Sample, battle: dict[str, Any]) -> Sample:
    return Sample(battle, path=row.path, line=row.line, index=row.index)
