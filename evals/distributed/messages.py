"""What the processes of one run tell each other over pipes: pickled values with their length before them."""

from __future__ import annotations

import pickle
import struct
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from evals.engine.session import CallCounts
from evals.engine.settings import EngineSettings
from evals.engine.shard import Shard
from evals.errors import EvalsError
from evals.runner.counters import RunCounters
from evals.runner.request import RunRequest
from evals.specs import RunSpec

_LENGTH = struct.Struct("<Q")


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


def send(stream: BinaryIO, value: Any) -> None:
    """Write one message. OSError: nobody reads."""
    data = pickle.dumps(value)
    stream.write(_LENGTH.pack(len(data)) + data)
    stream.flush()


def receive(stream: BinaryIO) -> Any:
    """The next message; None at the end of the stream, also inside a message. Waits for it."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (size,) = _LENGTH.unpack(head)
    data = stream.read(size)
    return pickle.loads(data) if len(data) == size else None
