"""How much the order of options moves a score: the variance between orders, apart from repeats of one order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean, variance

from evals.record.sample_record import SampleRecord

Answers = Mapping[str, Mapping[tuple[int, ...], Sequence[float]]]
"The scores of each sample (by its id) in each order of its options, one for each repeat."


def answers_by_order(samples: Iterable[SampleRecord]) -> Answers:
    """Whether each `choice` event picked the answer, by sample and order."""
    found: dict[str, dict[tuple[int, ...], list[float]]] = defaultdict(lambda: defaultdict(list))
    for sample in samples:
        for data in sample.data("choice") if sample.error is None else ():
            order = data.get("order") if isinstance(data, dict) else None
            if isinstance(order, list) and isinstance(data.get("answer"), int):
                found[sample.sample_id][tuple(order)].append(float(data.get("picked") == data["answer"]))
    return found


def order_parts(answers: Answers) -> dict[str, float]:
    """`orders`: the variance between orders of one item, and `draws_of_one_order`; nothing without several of both.

    Nested analysis of variance (Searle, Casella and McCulloch 1992, section 5.2) with K repeats of each order: draws
    are the mean variance of the repeats of one order, orders the mean variance of an item's order means less draws / K.
    An unbiased estimate below 0 is 0.
    """
    repeats = [values for orders in answers.values() for values in orders.values()]
    within = [variance(values) for values in repeats if len(values) > 1]
    between = [
        variance([fmean(values) for values in orders.values()]) for orders in answers.values() if len(orders) > 1
    ]
    # A shuffled order that comes up twice by chance says nothing of draws: each order needs its repeats.
    if not between or len(within) < len(repeats):
        return {}
    draws, n_repeats = fmean(within), fmean(len(values) for values in repeats)
    return {"orders": max(0.0, fmean(between) - draws / n_repeats), "draws_of_one_order": draws}
