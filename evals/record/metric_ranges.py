"""The ranges of metrics that an eval declares: whether the scores of a run lie in [0, 1] by more than chance.

A class declares them as `metric_ranges`, by an attribute or a property. The interval of a metric that is declared to
reach beyond [0, 1] is Student's, also where the few scores of a run happen to lie there. Of a metric that is not named,
and of records from before there were ranges, the scores decide. The first line of a record keeps what was declared.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evals.errors import UsageError

MetricRange = tuple[float, float] | None
"Lowest and highest value; None for a metric without bounds."

KEY = "metric_ranges"
"Where the first line of a record keeps them, within `run_config`: [lowest, highest] or null by the name of a metric."


def checked_ranges(declared: Any, where: str) -> dict[str, MetricRange]:
    """The ranges that a class declares, by metric.

    Raises:
        UsageError: what is declared is no mapping from names to two numbers, the lower one first, or None.
    """
    if not isinstance(declared, Mapping):
        raise UsageError(f"metric_ranges is {declared!r}", where=where, fix='write {"score": (0, 10), "loss": None}')
    found: dict[str, MetricRange] = {}
    for name, bounds in declared.items():
        if bounds is not None and not _is_range(bounds):
            raise UsageError(
                f"metric_ranges gives {name!r} the range {bounds!r}",
                where=where,
                fix="write the lowest and the highest value, or None for a metric without bounds",
            )
        found[str(name)] = None if bounds is None else (float(bounds[0]), float(bounds[1]))
    return found


def names_beyond_unit(ranges: Mapping[str, MetricRange]) -> frozenset[str]:
    """The metrics that are declared to reach beyond [0, 1]."""
    return frozenset(name for name, bounds in ranges.items() if bounds is None or bounds[0] < 0 or bounds[1] > 1)


def recorded_beyond_unit(spec: Mapping[str, Any]) -> frozenset[str]:
    """As `names_beyond_unit`, by the first line of a record; empty for records without ranges, or with damaged ones."""
    config = spec.get("run_config")
    declared = config.get(KEY) if isinstance(config, Mapping) else None
    if not isinstance(declared, Mapping):
        return frozenset()
    sound = {str(name): bounds for name, bounds in declared.items() if bounds is None or _is_range(bounds)}
    return names_beyond_unit(sound)


def _is_range(bounds: Any) -> bool:
    if not isinstance(bounds, list | tuple) or len(bounds) != 2:
        return False
    numbers = [bound for bound in bounds if isinstance(bound, int | float) and not isinstance(bound, bool)]
    return len(numbers) == 2 and numbers[0] < numbers[1]
