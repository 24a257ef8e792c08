"""The sentences that explain a difference of two runs: the same words where `compare` and where `gate` say them."""

from __future__ import annotations

from evals.report.words import counted, level_text, signed_interval
from evals.stats.estimate import Interval


def conclusion(interval: Interval, better: str | None, worse: str) -> str:
    """What the interval of a difference allows to say. better: the name of the better run; None where none is."""
    level = level_text(interval.confidence)
    if better is not None:
        return f"{better} is better than {worse} (at the {level_text(1 - interval.confidence)} level)."
    return f"No significant difference; {level} interval of the difference: {signed_interval(interval)}."


def power_sentence(n: int | None, what: str | None, power: float = 0.8, where: str = "") -> str:
    """What a comparison of `n` samples can see. what: such as `drops of 7.6 points`; None where it sees nothing.

    n: None for several evals with numbers of their own. where: words behind `what`.
    """
    samples = "these samples" if n is None else counted(n, "sample")
    if what is None:
        return f"With {samples} no difference is detected with {level_text(power)} power: more are needed."
    return f"With {samples}, {what}{f' {where}' if where else ''} are detected with {level_text(power)} power."
