"""A paper: its sections, its scoring steps, its tables with their origin, percentiles and pass rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from evals.exams.items import Credit, Item

MODES = ("vision", "no_vision", "transcribed")
TABLE_STATUSES = ("official", "republished", "approximate", "invented")
"From the best to the worst; a result has the worst status of all tables that it went through."
ONLY_FORM = "main"
"The name of the form of a paper that has one alone."

Between = Literal["error", "floor", "interpolate"]
RoundMode = Literal["half_up", "half_even", "floor", "ceil"]


def worst(statuses: Sequence[str]) -> str:
    """The worst of TABLE_STATUSES; empty texts are no tables. Empty where there is none."""
    return max((one for one in statuses if one), key=TABLE_STATUSES.index, default="")


@dataclass(frozen=True)
class Origin:
    """Where the numbers of a table come from."""

    source: str
    status: str
    "One of TABLE_STATUSES."
    year: str = ""
    url: str = ""


@dataclass(frozen=True)
class Table:
    """A conversion: one column of scores, ascending, and what each becomes."""

    name: str
    "The file, relative to the paper's folder."
    scores: tuple[float, ...]
    "Ascending, no two the same."
    values: tuple[float, ...]
    "Never falling."
    origin: Origin
    where: str


@dataclass(frozen=True)
class PercentileTable:
    """What share of the takers lies below each score, and what share at it or below. Both in percent."""

    name: str
    scores: tuple[float, ...]
    low: tuple[float, ...]
    "100 P(X < score)."
    high: tuple[float, ...]
    "100 P(X <= score)."
    origin: Origin
    where: str


@dataclass(frozen=True)
class Percentile:
    """How a score becomes a percentile range among the takers of one population."""

    on: str
    "The name of the value."
    tables: tuple[PercentileTable, ...]
    "Several are merged: the lowest low, the highest high."
    population: str
    year: str = ""
    between: Between = "floor"
    where: str = ""

    @property
    def origin(self) -> Origin:
        """The worst origin of the tables."""
        return max((table.origin for table in self.tables), key=lambda one: TABLE_STATUSES.index(one.status))


@dataclass(frozen=True)
class Raw:
    """The credit of a section, of a question in it, or of a bundle in it."""

    set: str
    where: str
    section: str
    item: str | None = None
    fraction: bool = False
    "The share of the maximum instead of points."


@dataclass(frozen=True)
class Combine:
    """One number out of several: `sum`, `mean`, `min` or `max`."""

    set: str
    where: str
    op: Literal["sum", "mean", "min", "max"]
    values: tuple[str, ...]


@dataclass(frozen=True)
class Weighted:
    """The sum of values times their weights."""

    set: str
    where: str
    weights: Mapping[str, float]


@dataclass(frozen=True)
class Linear:
    """value x mul + add."""

    set: str
    where: str
    value: str
    mul: float
    add: float


@dataclass(frozen=True)
class Lookup:
    """The table's value of a score."""

    set: str
    where: str
    value: str
    table: Table
    between: Between


@dataclass(frozen=True)
class Cut:
    """The level of the highest minimum that a value reaches."""

    set: str
    where: str
    value: str
    minima: tuple[float, ...]
    "Ascending."
    levels: tuple[float, ...]
    "The level of each minimum."


@dataclass(frozen=True)
class Round:
    """A value rounded to a multiple of `to`."""

    set: str
    where: str
    value: str
    to: float
    mode: RoundMode


@dataclass(frozen=True)
class Clamp:
    """A value kept between `lo` and `hi`."""

    set: str
    where: str
    value: str
    lo: float
    hi: float


@dataclass(frozen=True)
class CountWrong:
    """How many questions were answered wrongly; an unreadable reply counts, and so does a blank that earns no more."""

    set: str
    where: str
    section: str | None = None
    tag: str | None = None


@dataclass(frozen=True)
class BandToScale:
    """A value moved from one scale to another: the same number of standard deviations from the other mean."""

    set: str
    where: str
    value: str
    mean: float
    sd: float
    to_mean: float
    to_sd: float


ScoreStep = Raw | Combine | Weighted | Linear | Lookup | Cut | Round | Clamp | CountWrong | BandToScale
FINAL = "final"
"The value that the last step sets."


@dataclass(frozen=True)
class Condition:
    """One condition of a pass: a value, or a count of wrong answers, within limits that count as inside."""

    where: str
    value: str | None = None
    count: CountWrong | None = None
    at_least: float | None = None
    at_most: float | None = None

    @property
    def name(self) -> str:
        """The value, or what is counted, in words."""
        if self.count is None:
            return str(self.value)
        return f"wrong answers in {self.count.section or self.count.tag}"


@dataclass(frozen=True)
class PassRule:
    """Conditions that must all hold. A paper may have several rules by name: pass marks differ between places."""

    name: str
    "Empty where the paper has one rule."
    conditions: tuple[Condition, ...]


@dataclass(frozen=True)
class FewShot:
    """Solved questions that stand before each question."""

    items: tuple[Item, ...]
    "All of the file that the filter leaves, in the order of the file, each with its `explanation`."
    k: int
    "How many are used."
    order: Literal["file", "seed"] = "file"
    "`seed`: drawn and ordered by the run's seed."


@dataclass(frozen=True)
class Prompt:
    """The blocks of a prompt. Placeholders: {n} {stem} {options} in item, {letter} {text} in option, and so on."""

    header: str = ""
    item: str = "Question {n}. {stem}\n{options}"
    option: str = "[{letter}] {text}"
    reasoning: str = "Reasoning for question {n}: {explanation}"
    answer: str = "The answer is [{answer}]"


@dataclass(frozen=True)
class StageSampling:
    """How one stage is sampled; None: the model's default, and temperature 0."""

    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sampling:
    """How replies are drawn: a stage of reasoning, and the letter taken from it or drawn in a stage of its own."""

    reason: StageSampling = StageSampling()
    answer: StageSampling = StageSampling()
    answer_mode: Literal["extract", "resample"] = "extract"
    repeats: int = 1


@dataclass(frozen=True)
class Section:
    """A part of a paper with its questions."""

    id: str
    items: tuple[Item, ...]
    where: str
    title: str = ""
    instructions: str = ""
    credit: Credit = field(default_factory=Credit)
    few_shot: FewShot | None = None
    prompt: Prompt = Prompt()
    sampling: Sampling = Sampling()

    @property
    def scored(self) -> tuple[Item, ...]:
        """The questions that count."""
        return tuple(item for item in self.items if not item.dropped)

    @property
    def max_points(self) -> float:
        return sum(item.max_points for item in self.scored)


@dataclass(frozen=True)
class Form:
    """One edition of a paper: its own questions and conversion tables under the same rules."""

    name: str
    items_files: Mapping[str, str] = field(default_factory=dict)
    "Section id to the file that replaces the section's own."
    tables: Mapping[str, str] = field(default_factory=dict)
    "File of the paper to the file that replaces it."

    @property
    def is_holdout(self) -> bool:
        """Whether this is the form that is sat once, with everything frozen."""
        return self.name == "holdout"


@dataclass(frozen=True)
class Paper:
    """One form of an exam, loaded and checked."""

    id: str
    title: str
    version: str
    language: str
    source: str
    licence: str
    folder: Path
    form: Form
    forms: tuple[str, ...]
    "The names of all forms."
    modes: tuple[str, ...]
    sections: tuple[Section, ...]
    score: tuple[ScoreStep, ...]
    percentiles: tuple[Percentile, ...]
    "The first one is the paper's own; further ones are other populations."
    passes: tuple[PassRule, ...]
    clean_rule: Literal["lower_of_full_and_clean", "full"]
    digest: str
    "SHA-256 of all files that were read, for telling whether two runs sat the same paper."

    @property
    def items(self) -> tuple[Item, ...]:
        """All questions in the order of the paper, the dropped ones too."""
        return tuple(item for section in self.sections for item in section.items)

    def section(self, name: str) -> Section:
        return next(section for section in self.sections if section.id == name)
