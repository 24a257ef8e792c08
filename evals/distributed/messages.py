"""What the processes of one run tell each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from evals.engine.session import CallCounts
from evals.engine.settings import EngineSettings
from evals.engine.shard import Shard
from evals.errors import EvalsError
from evals.runner.counters import RunCounters
from evals.runner.parts import PartIndex
from evals.runner.request import RunRequest
from evals.runner.row_checks import RowsFound
from evals.specs import RunSpec


@dataclass(frozen=True)
class Ahead:
    """What a process can do before it has a job: make the eval, check a part of the rows, find those of its share."""

    request: RunRequest
    shard: Shard
    part: int
    "Which of `n_parts` equal parts of the rows it checks."
    n_parts: int


@dataclass(frozen=True)
class Checked:
    """Told once before a job: what was found out about a part of the rows; None where the other side must check it."""

    found: RowsFound | None


@dataclass(frozen=True)
class Job:
    """What a process is started with. record: the file of the whole run; part: that of this process alone."""

    request: RunRequest
    run_spec: RunSpec
    settings: EngineSettings
    shard: Shard
    "Its samples."
    place: Shard
    "Which process of how many it is."
    record: str
    part: str
    spending: str
    "The file of `SharedSpending`."
    uses_own_ids: bool
    "Whether samples are called by the ids that rows give themselves, as the checks before the run found."
    finished: frozenset[tuple[str, int]]
    "Evaluations that an earlier run has finished; they stand in `record`."


@dataclass(frozen=True)
class Stop:
    """Told to a process: end, because of `why`. now: give up calls in flight too."""

    why: EvalsError
    now: bool


@dataclass
class State:
    """Told by a process, now and then and at the end. Counts are of this process alone."""

    counters: RunCounters
    counts: CallCounts
    labels: set[str] = field(default_factory=set)
    is_done: bool = False
    stopped_by: EvalsError | None = None
    report: Any = None
    "The report object, where several of its kind can be put together."
    pass_sizes: list[int] = field(default_factory=list)
    index: PartIndex | None = None
    "Of its part, where it ended by itself."
