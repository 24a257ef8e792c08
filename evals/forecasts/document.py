"""A forecast as a JSON document: what was fitted, what is predicted, when, by which code, under one seal."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from evals.errors import DataError

FORMAT = 1


class BrokenSeal(DataError):
    """The content of a forecast is not the one that was sealed."""

    exit_code = 1


@dataclass(frozen=True)
class FittedPoint:
    """A model that the law was fitted to."""

    model: str
    compute_flops: float
    value: float
    n: int | None = None
    "Samples behind the value."
    stderr: float | None = None
    observed_at: str | None = None
    "UTC, where its record says when it began."


@dataclass(frozen=True)
class Forecast:
    """One number that is predicted for one model."""

    name: str
    "Its own, in the folder of forecasts."
    created_at: str
    "UTC, as 2026-11-30T12:00:00Z."
    quantity: str
    "What is predicted: the name of a metric or of a table's column."
    unit: str
    target_model: str
    target_compute_flops: float
    prediction: float
    low: float
    high: float
    confidence: float
    "Level of the interval from low to high, which is for one more model there."
    decades: float
    "log10 of the target's compute over the largest that was fitted."
    law: str
    formula: str
    parameters: Mapping[str, float]
    fitted: tuple[FittedPoint, ...]
    data_sha256: str
    "Over the fitted points, as `data_hash` writes them."
    sources: Mapping[str, str]
    "SHA-256 of each file that was read, by its name."
    code: Mapping[str, str]
    "Version of the package, and SHA-256 of the code that fits."
    options: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    target_was_known: bool = False
    "Whether the target's value stood in the files that were read: then this is no forecast."
    previous: str | None = None
    "The seal of the forecast made before this one in the same folder: what is taken out of the row is missed."
    problems: Mapping[str, Any] = field(default_factory=dict)
    "Of a pass-rate law: the set of problems, by SHA-256 over their ids, and how many there are."

    def content(self) -> dict[str, Any]:
        """All that is sealed, in plain values."""
        return {"forecast_format": FORMAT, **asdict(self), "fitted": [asdict(point) for point in self.fitted]}

    @property
    def seal(self) -> str:
        return sealed(self.content())

    def document(self) -> dict[str, Any]:
        """The content with its seal, as it is stored."""
        return {**self.content(), "seal": self.seal}


@dataclass(frozen=True)
class Outcome:
    """What came of a forecast."""

    forecast_seal: str
    value: float
    scored_at: str
    "UTC; when this was written down."
    observed_at: str | None = None
    "UTC; when the record of the target began. None where nothing says it."
    compute_flops: float | None = None
    model: str | None = None
    n: int | None = None
    stderr: float | None = None
    n_never_passed: int = 0
    "Problems of a pass-rate law that the target never passed: the value is then a lower bound."
    source: str | None = None
    source_sha256: str | None = None

    def content(self) -> dict[str, Any]:
        return {"outcome_format": FORMAT, **asdict(self)}

    @property
    def seal(self) -> str:
        return sealed(self.content())

    def document(self) -> dict[str, Any]:
        """The content with its seal, as it is stored."""
        return {**self.content(), "seal": self.seal}


def canonical(value: Any) -> bytes:
    """One text for one value: keys sorted, no spaces, UTF-8. Raises ValueError for NaN and infinities."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8", "surrogatepass")


def sealed(content: Mapping[str, Any]) -> str:
    """SHA-256 over the content in its canonical form."""
    return hashlib.sha256(canonical(content)).hexdigest()


def data_hash(points: Sequence[FittedPoint]) -> str:
    """SHA-256 over model, compute and value of the fitted points, smallest compute first."""
    rows = sorted([point.compute_flops, point.model, point.value] for point in points)
    return hashlib.sha256(canonical(rows)).hexdigest()


def read_forecast(document: Any, where: str) -> Forecast:
    """The forecast of a stored document.

    Raises:
        BrokenSeal: its content is not the sealed one.
        DataError: it is no forecast.
    """
    content = _checked(document, "forecast", where)
    points = content.pop("fitted", None)
    if not isinstance(points, list):
        raise DataError("the forecast has no list 'fitted'", where=where)
    made = _make(Forecast, {**content, "fitted": (), "warnings": tuple(content.get("warnings") or ())}, where)
    values = {one.name: getattr(made, one.name) for one in fields(Forecast)}
    forecast = Forecast(**{**values, "fitted": tuple(_make(FittedPoint, point, where) for point in points)})
    if data_hash(forecast.fitted) != forecast.data_sha256:
        raise BrokenSeal("the fitted points are not those of data_sha256", where=where)
    return forecast


def read_outcome(document: Any, where: str) -> Outcome:
    """The outcome of a stored document. Raises as `read_forecast`."""
    outcome: Outcome = _make(Outcome, _checked(document, "outcome", where), where)
    if not math.isfinite(outcome.value):
        raise DataError(f"the outcome is {outcome.value}", where=where)
    return outcome


def _checked(document: Any, kind: str, where: str) -> dict[str, Any]:
    """The content of a document whose seal holds, without format and seal."""
    if not isinstance(document, dict) or f"{kind}_format" not in document:
        raise DataError(f"no {kind}: there is no key '{kind}_format'", where=where)
    if document[f"{kind}_format"] != FORMAT:
        raise DataError(f"format {document[f'{kind}_format']!r} of a {kind} is not known", where=where)
    content = {key: value for key, value in document.items() if key != "seal"}
    try:
        seal = sealed(content)
    except ValueError as error:
        raise DataError(f"no {kind}: {error}", where=where) from None
    if document.get("seal") != seal:
        raise BrokenSeal(
            f"the content of this {kind} is not the one that was sealed",
            where=where,
            notes=[f"sealed  {document.get('seal')}", f"now     {seal}"],
            fix="take the file back from where it was first kept; a changed forecast is none",
        )
    del content[f"{kind}_format"]
    return content


def _make(cls: type[Any], values: Any, where: str) -> Any:
    names = {one.name for one in fields(cls)}
    if not isinstance(values, dict) or not set(values) <= names:
        unknown = sorted(set(values) - names) if isinstance(values, dict) else [type(values).__name__]
        raise DataError(f"this part of the document is not known: {', '.join(unknown)}", where=where)
    try:
        return cls(**values)
    except TypeError as error:
        raise DataError(f"the document is not complete: {error}", where=where) from None
