"""What came of one program: passed, or in which way it did not."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Status(str, Enum):
    """How a check ended. A harness error says nothing of the program."""

    PASSED = "passed"
    FAILED = "failed"
    SYNTAX_ERROR = "syntax_error"
    TIMED_OUT = "timed_out"
    MEMORY = "memory"
    REFUSED = "refused"
    HARNESS_ERROR = "harness_error"


@dataclass(frozen=True)
class Verdict:
    """The outcome of one check. Texts are capped and escaped."""

    status: Status
    kind: str | None = None
    "Of a failure: assertion, exception, wrong_type or wrong_output. Of a refusal: reference or assurance."
    detail: str = ""
    assurance: str = "strict"
    "`strict`: no trick of the program can forge it; `weak`: tests and program shared a process; `unsafe`: no sandbox."
    wall_s: float = 0.0
    cpu_s: float = 0.0
    stdout: str = ""
    stderr: str = ""

    @property
    def passed(self) -> bool:
        return self.status is Status.PASSED
