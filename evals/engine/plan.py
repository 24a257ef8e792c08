"""What a run asks of the evals inside it: which samples, how often, what is done already, who watches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from evals.engine.samples import NullObserver, Observer

if TYPE_CHECKING:
    from evals.record.sample_record import SampleRecord


@dataclass
class RunPlan:
    """Set by the runner around `Eval.run`; the default serves evals that are run by hand."""

    max_samples: int | None = None
    repeats: int = 1
    observer: Observer = field(default_factory=NullObserver)
    finished: set[tuple[str, int]] = field(default_factory=set)
    "(sample id, repeat) that an earlier, interrupted run has finished."
    earlier: Callable[[], Iterator[SampleRecord]] | None = None
    "Reads those samples back; None when nothing is resumed."
    n_passes: int = 0
    "How often samples have been gone through so far: a plug-in may do so more than once."

    def next_repeats(self) -> range:
        """The numbers of the repeats of a pass that begins: each pass of a run has its own."""
        first = self.n_passes * self.repeats
        self.n_passes += 1
        return range(first, first + self.repeats)
