"""What a run asks of its eval: which samples, how many repeats, what is done already, and who observes."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from evals.engine.sample_order import sample_order
from evals.engine.samples import NullObserver, Observer

if TYPE_CHECKING:
    from evals.engine.shard import Shard
    from evals.record.sample_record import SampleRecord


@dataclass(frozen=True)
class KnownOrder:
    """The numbers of the rows of `samples` that a pass with this cap takes, in their order."""

    samples: Sequence[Any]
    cap: int | None
    rows: Sequence[int]


def order_of(samples: Sequence[Any], cap: int | None, shard: Shard | None) -> KnownOrder:
    """The rows that a pass takes, shuffled and cut to its cap; of these a share, for which every row is read."""
    rows = sample_order(len(samples), cap)
    return KnownOrder(samples, cap, rows if shard is None else shard.members(samples, rows))


@dataclass
class RunPlan:
    """Set by the runner around `Eval.run`. The defaults are for evals that are run by hand."""

    max_samples: int | None = None
    "The most samples of a pass; None for all."
    repeats: int = 1
    "How often each sample is evaluated."
    observer: Observer = field(default_factory=NullObserver)
    finished: set[tuple[str, int]] = field(default_factory=set)
    "(sample id, repeat) of the evaluations that an earlier, interrupted run has finished."
    earlier: Callable[[], Iterator[SampleRecord]] | None = None
    "Reads those samples from the record; None if no run is resumed."
    cluster_of: Mapping[str, Hashable] | None = None
    "The cluster of each sample id, where samples are known to depend on one another; ids that it lacks stand alone."
    beyond_unit: frozenset[str] = frozenset()
    "The metrics that the eval declares to reach beyond [0, 1]."
    shard: Shard | None = None
    "The share of the samples that this process takes; None for all."
    known_order: KnownOrder | None = None
    "The order of a pass that was found before it began."
    report: Any = None
    "The report that a StreamedEval builds, for who puts several of them together."
    pass_sizes: list[int] = field(default_factory=list)
    "Of each pass the number of samples, before a cap."
    openai_evals_rules: bool = False
    "The entry has the form of openai/evals, whose rules hold where ours differ."
    uses_own_ids: bool = True
    "Whether samples are called by the ids that rows give themselves. False where several rows share one."
    n_passes: int = 0
    "Passes over the samples so far: the `run` of a plug-in may make more than one."

    def order(self, samples: Sequence[Any], cap: int | None) -> Sequence[int]:
        """The numbers of the rows that a pass over these samples takes, in their order."""
        known = self.known_order
        if known is None or known.samples is not samples or known.cap != cap:
            known = order_of(samples, cap, self.shard)
        return known.rows

    def next_repeats(self) -> range:
        """The repeat numbers of a new pass. Numbers go on from pass to pass, so that no two evaluations share one."""
        first = self.n_passes * self.repeats
        self.n_passes += 1
        return range(first, first + self.repeats)
