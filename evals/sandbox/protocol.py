"""What the sandbox's processes say to one another: each message is a frozen dataclass, and travels as one JSON object.

    evaluator -> tester     Setup; then a Check for each program, an Allowance for one that takes long
    tester -> evaluator     Ready or CannotStart; then SteppedBack, TakesLong, Late, an Outcome for each
    tester -> zygote        ZygotePlan; then orders FORK and END
    zygote -> tester        ZygoteReady or CannotStart; then CandidateEnded
    tester -> candidate     one of FunctionJob, ProgramJob, SameProcessJob; then calls, see `inside.candidate`
    to a fork server        Fork and End; answered by Done

Nothing that a candidate says is in here: its words are read by `tester.calls`, which believes none. Zygotes load this
module, so it holds no test.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeVar, overload

from evals.sandbox.quick_json import loads, writer
from evals.sandbox.typed_json import ProtocolError, from_json

MAX_JOB = 1 << 28
"Bytes of the longest message between evaluator and tester, 256 MiB: a program, and a problem with all its cases."

MAX_ORDER = 1 << 16
"Bytes of the longest message to or from a zygote or a process that forks: each is one packet."

START_S = 60.0
"Time for a process to be there, a zygote to set itself up, a candidate to be ready. A loaded machine is no error."

N_AHEAD = 2
"Candidates that an idle worker has ready, or in the making: it need not wait for one when it gets a program."

ASK_AT = 0.25
"Part of its limit after which it matters what a program's reference takes. Most end before, and cost no such run."
MOST_ROOM = 4
LEAST_ROOM_S = 20.0
"A program that had no core to run on gets at most `MOST_ROOM` times its limit, or `LEAST_ROOM_S` if that is more."


Assurance = Literal["strict", "weak"]


def longest_s(limit_s: float) -> float:
    """The longest wall time, in seconds, that a program with this limit can have."""
    return max(LEAST_ROOM_S, MOST_ROOM * limit_s)


BEGUN = struct.Struct("<Qd")
"""What a tester notes as a program's time begins, at the start of the file that is its standard error: the number of
its check, and `time.monotonic()`. A message would wake the evaluator, nearly always for nothing."""


@dataclass(frozen=True)
class RootFs:
    """The tree of files that programs see, beside the system's own folders. All paths are absolute, of the host."""

    prefixes: tuple[str, ...]
    "Folders that Python needs, kept at their own paths."
    masks: tuple[str, ...]
    "Folders within them that stay empty: site-packages, which may hold tests and secrets."
    packages: Mapping[str, str]
    "Name under /packages: the folder or file that lies there."
    scratch_bytes: int
    "Size of the folder that a program may write to."


@dataclass(frozen=True)
class ZygotePlan:
    """What a zygote sets up before it forks programs."""

    namespaces: bool
    "Whether it makes namespaces; without them each program has a folder in `scratch`, Landlock and the filter."
    readable: tuple[str, ...]
    "What Landlock lets programs read."
    seccomp: bool
    landlock_abi: int | None
    "Version of Landlock, 0 for none; None: the zygote finds it out, as its kernel is another (Docker Desktop)."
    uid: int | None
    "User id that the zygote takes; None: it keeps its own."
    python: str
    hidden_paths: tuple[str, ...]
    "Removed from `sys.path`."
    environment: Mapping[str, str]
    root_fs: RootFs
    scratch: str
    "Folder for the programs' folders; empty if each program has its own file system."
    shared: tuple[str, ...]
    "Folders that one program would see after another: emptied in between."


@dataclass(frozen=True)
class ZygoteLaunch:
    """How a tester gets its zygote."""

    plan: ZygotePlan
    command: tuple[str, ...]
    "What to execute; empty: the zygote is forked by the process that has loaded what zygotes need."
    socket: str | None
    "Path at which the zygote connects, if descriptors cannot be inherited (Docker)."
    user: int | None
    "User id to execute the command as."


@dataclass(frozen=True)
class Setup:
    """The first message to a tester."""

    launch: ZygoteLaunch
    assurance: Assurance
    path: tuple[str, ...]
    "The evaluator's `sys.path`: tests may import what it can."


@dataclass(frozen=True)
class Allowance:
    """The time of a program. limit_s: wall time. enough_s: processor time, for a program that ran beside others.

    A program that was ready to run and had no core for much of its wall time goes on beyond its limit, until it has had
    enough processor time.
    """

    limit_s: float
    enough_s: float


@dataclass(frozen=True)
class ProblemSpec:
    """A problem as testers take it: each is sent once, and from then on named by its number."""

    number: int
    problem_id: str
    prompt: str
    entry_point: str | None
    timeout_s: float
    memory_bytes: int
    tests: str | None
    "Python that defines `check(candidate)`; None for whole programs."
    cases: tuple[tuple[str, str], ...]
    "Of whole programs: input and expected output of each run."
    numbers: Literal["decimals", "values", "close"]
    "How numbers of outputs are compared: `output.NumberRule`, which programs' processes do not load."


@dataclass(frozen=True)
class Check:
    """Judge a program."""

    number: int
    "Of the problem."
    program: str
    allowed: Allowance
    problem: ProblemSpec | None
    "With the first check of a problem."
    forget: bool
    "Whether all earlier problems are dropped: the tester keeps a bounded number."
    same_process: bool = False
    "Whether tests of a function run in the program's process, although they need not: then the verdict is weak."


@dataclass(frozen=True)
class Ready:
    """The tester and its zygote are set up. zygote_pid: 0 if the tester cannot see it."""

    zygote_pid: int


@dataclass(frozen=True)
class CannotStart:
    """A tester or a zygote that cannot be set up."""

    reason: str


@dataclass(frozen=True)
class SteppedBack:
    """The program takes long and runs with less priority: another may start beside it."""


@dataclass(frozen=True)
class TakesLong:
    """`ASK_AT` of the limit is over. Answered by an `Allowance`: the time of the reference counts from now."""


@dataclass(frozen=True)
class Late:
    """The program's limit is over, and it goes on since it had too little processor time."""


StatusName = Literal["passed", "failed", "syntax_error", "timed_out", "memory", "refused", "harness_error"]
"The values of `verdict.Status`."

Failure = Literal["assertion", "exception", "wrong_type", "wrong_output", "reference", "assurance"]
"Of a refusal: `reference`, since the reference does not pass either; `assurance`, since no strict verdict is possible."


@dataclass(frozen=True)
class Outcome:
    """What came of a program. Its texts are as long as the program made them until they are sent, see `shortened`."""

    status: StatusName
    kind: Failure | None = None
    detail: str = ""
    assurance: Assurance = "strict"
    cpu_s: float = 0.0
    own_s: float = 0.0
    "Wall time without the time in which it was ready to run and had no core."
    stdout: str = ""
    stderr: str = ""
    lost: bool = False
    "Of a harness error: the tester ended, or failed, after it had begun with the program, which may be to blame."


@dataclass(frozen=True)
class ZygoteReady:
    """The zygote can fork programs. The kernel says with this message who sent it."""


FORK, END = b"f", b"e"
"""Orders to a zygote, each followed by the number of a candidate, from 1: fork its process, with whose end of a socket
it comes, by which it says that it is ready; or kill it and all that it started. One packet may hold both, END first.
They are no JSON: a zygote copies the pages that it touches after each fork."""


@dataclass(frozen=True)
class CandidateEnded:
    """What `END` is answered with: `NUMBER STATUS CPU_S`. status: as `os.wait4` gives it. cpu_s: with its children."""

    number: int
    status: int
    cpu_s: float

    @classmethod
    def of(cls, text: str) -> CandidateEnded:
        """Raises ProtocolError if the text is something else, as when a process could not be forked."""
        try:
            number, status, cpu_s = text.split()
            return cls(int(number), int(status), float(cpu_s))
        except ValueError:
            raise ProtocolError(f"the zygote answers {text[:500]}") from None


class Limits(NamedTuple):
    """Limits of one process. cpu_s: processor time, whole seconds."""

    memory_bytes: int
    cpu_s: int


class FunctionJob(NamedTuple):
    """Load a program, and answer calls into it."""

    source: str
    limits: Limits
    entry_point: str
    classes: tuple[str, ...]
    "Classes whose instances travel by their attributes."
    max_output_bytes: int


class ProgramJob(NamedTuple):
    """Run a whole program. With this go descriptors of its standard input, output and error."""

    source: str
    limits: Limits


class SameProcessJob(NamedTuple):
    """Run a program and its tests in one process: what it says may be forged."""

    source: str
    limits: Limits
    entry_point: str
    tests: str


Job = FunctionJob | ProgramJob | SameProcessJob
_JOBS: dict[str, type[Job]] = {kind.__name__: kind for kind in (FunctionJob, ProgramJob, SameProcessJob)}


def job_parts(job: Job) -> list[Any]:
    """A job as what JSON takes: its kind, then its fields. To check each, as in messages, made 70 pages be copied."""
    return [type(job).__name__, *job]


def job_of(parts: Any) -> Job:
    """The job of these parts. Raises TypeError, ValueError or LookupError if they are of none."""
    kind, source, limits, *rest = parts
    return _JOBS[kind](source, Limits(*limits), *rest)


@dataclass(frozen=True)
class Fork:
    """Fork a child. answer: False if several processes share the socket: none would know whose answer it is."""

    answer: bool


@dataclass(frozen=True)
class End:
    """Kill a child, if it has not ended, and wait for it."""

    pid: int


@dataclass(frozen=True)
class Done:
    """pid: of a new child, or 0. errno: why it could not be forked, or 0."""

    pid: int = 0
    errno: int = 0


_encode = writer(default=vars)

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")


def write(message: Any) -> str:
    """A message as ASCII text: a JSON object whose only key is the name of its class."""
    return _encode({type(message).__name__: message.__dict__})


@overload
def read(text: str, a: type[A], /) -> A: ...
@overload
def read(text: str, a: type[A], b: type[B], /) -> A | B: ...
@overload
def read(text: str, a: type[A], b: type[B], c: type[C], /) -> A | B | C: ...
@overload
def read(text: str, a: type[A], b: type[B], c: type[C], d: type[D], /) -> A | B | C | D: ...
def read(text: str, *expected: type) -> Any:
    """The message in a text that `write` made, if it is of one of the expected classes.

    Raises:
        ProtocolError: it is another message, or none; or a field is missing, unknown or of a wrong type.
    """
    try:
        ((name, data),) = loads(text).items()
    except (ValueError, AttributeError, RecursionError):
        raise ProtocolError(f"this is no message: {text[:100]!r}") from None
    for kind in expected:
        if kind.__name__ == name:
            return from_json(kind, data)
    raise ProtocolError(f"expected {' or '.join(kind.__name__ for kind in expected)}, got {name}")
