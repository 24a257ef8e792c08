"""The questions of a paper: every kind, its answer, its rubric, and what a status of the answer earns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

Kind = Literal["mcq", "mselect", "numeric", "short", "order", "match", "free", "essay", "code"]
KINDS: tuple[Kind, ...] = ("mcq", "mselect", "numeric", "short", "order", "match", "free", "essay", "code")
MARKED_BY_RULE: tuple[Kind, ...] = ("mcq", "mselect", "numeric", "short", "order", "match")
"Kinds that a program marks from the reply alone; graders mark `free` and `essay`, tests mark `code`."
WITH_OPTIONS: tuple[Kind, ...] = ("mcq", "mselect", "order", "match")

SELECT_RULES = ("all_or_nothing", "per_option", "right_minus_wrong")
PLACE_RULES = ("exact", "share")
BLANK_MARKER = "[blank]"
"What a model writes to leave a question blank; any case."

Status = Literal["right", "partial", "wrong", "blank", "invalid"]
STATUSES: tuple[Status, ...] = ("right", "partial", "wrong", "blank", "invalid")


@dataclass(frozen=True)
class Credit:
    """What each status earns, in parts of the question's `points`: `{right: 6, wrong: 0, blank: 1.5}`."""

    right: float = 1.0
    wrong: float = 0.0
    "May be negative."
    blank: float = 0.0
    invalid: float | None = None
    "A reply that cannot be read; None: as `wrong`."

    @property
    def pays_blank(self) -> bool:
        """Whether a blank earns more than a wrong answer: such a paper says in its prompt how to leave one."""
        return self.blank > self.wrong


@dataclass(frozen=True)
class Image:
    """A picture of a question."""

    path: Path
    name: str
    "As the paper writes it, relative to its folder."
    alt: str = ""
    "A description for readers of reports; it is never sent."
    place: str = "stem"
    "`stem`, or `option:A`."


@dataclass(frozen=True)
class Tolerance:
    """How far a number may lie from an accepted one; the larger of both counts."""

    abs: float = 0.0
    rel: float = 0.0
    "A share of the accepted number."


@dataclass(frozen=True)
class Numeric:
    """How a `numeric` answer is read and compared."""

    accepted: tuple[str, ...]
    "Numbers as texts, so that `2/3` and `0.1` stay exact."
    tolerance: Tolerance = Tolerance()
    accept_fraction: bool = True
    "Whether `3/4` may stand for 0.75."
    unit: str | None = None
    "May follow the number. Another unit is wrong."
    max_chars: int | None = None
    "A grid-in: a longer answer does not fit and is invalid."


@dataclass(frozen=True)
class Short:
    """How a `short` answer is compared."""

    accepted: tuple[str, ...] = ()
    pattern: str | None = None
    "A regular expression that the whole answer must match; beside, or instead of, `accepted`."
    case: bool = False
    "Whether capital letters must agree."
    accents: bool = True
    "Whether accents must agree."


@dataclass(frozen=True)
class RubricLine:
    """One line of an analytic rubric."""

    id: str
    points: float
    say: str
    "What the reply must say to earn the points."
    needs: tuple[str, ...] = ()
    "Lines without which this one earns nothing."


@dataclass(frozen=True)
class Graders:
    """Who marks a question, and how their marks become one."""

    n: int = 1
    by: tuple[str, ...] = ()
    "`human`, or `model:NAME`; () where the run decides."
    combine: Literal["mean", "median", "min", "max"] = "mean"
    adjudicate_if_gap: float | None = None
    "Points: two marks at least this far apart go to one more grader, whose mark stands."
    blind: bool = True


@dataclass(frozen=True)
class Bundle:
    """What several questions share: a passage, a case, a vignette."""

    id: str
    stem: str
    images: tuple[Image, ...] = ()
    transcript: str = ""
    where: str = ""


@dataclass(frozen=True)
class Item:
    """One question that earns points. The children of a bundle are items; the bundle itself is none."""

    id: str
    section: str
    kind: Kind
    stem: str
    where: str
    "`file:line`."
    points: float = 1.0
    "What `credit` is multiplied by."
    credit: Credit = Credit()
    options: Mapping[str, str] = field(default_factory=dict)
    "Letter to text, in the order of the paper."
    key: tuple[str, ...] = ()
    "mcq: the letters that are right, any one of them. mselect: all letters that are right. order: the sequence."
    pairs: Mapping[str, str] = field(default_factory=dict)
    "match: the option of each left-hand name."
    left: Mapping[str, str] = field(default_factory=dict)
    "match: the left-hand side, name to text."
    rule: str = ""
    "One of SELECT_RULES for mselect, of PLACE_RULES for order and match."
    numeric: Numeric | None = None
    short: Short | None = None
    rubric: tuple[RubricLine, ...] = ()
    levels: Mapping[float, str] = field(default_factory=dict)
    "essay: what each level means, the level being the points."
    step: float = 1.0
    "essay: the steps in which levels are given."
    graders: Graders = Graders()
    model_answer: str = ""
    "A good answer, for graders; it is never sent to the model that is examined."
    problem: Mapping[str, Any] = field(default_factory=dict)
    "code: a row in a form of `evals.suite.code.problems`."
    bundle: Bundle | None = None
    cluster: str = ""
    "Items with the same cluster are drawn together; an item alone has its own id."
    images: tuple[Image, ...] = ()
    transcript: str = ""
    "Neutral words that stand for the images in the mode `transcribed`."
    tags: tuple[str, ...] = ()
    critical: bool = False
    "Also where the tags have `critical`."
    dropped: bool = False
    "Asked, and not scored."
    contamination_text: str = ""
    "What is searched for in training data: the stem, unless the paper says otherwise."
    explanation: str = ""
    "A worked solution, in few-shot examples."
    time_s: float | None = None
    source: str = ""

    @property
    def max_points(self) -> float:
        """What a right answer earns."""
        return self.credit.right * self.points

    @property
    def has_images(self) -> bool:
        """Whether the question, or the passage that it belongs to, has a picture."""
        return bool(self.images or (self.bundle and self.bundle.images))
