"""Output items of hosted Evals: row, answer, grades and outcome, whichever way they were saved. Pure functions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evals.suite.graders.answers import sample_of

RESULT_KEYS = ("results", "grader_results", "grades")
"Where an item holds what its graders said: the API's name, and others that the dashboard may use."


def results_in(given: Mapping[str, Any]) -> Any:
    """What the graders said of an item: a list, or an object by the names of the graders; None without any."""
    return next((given[key] for key in RESULT_KEYS if isinstance(given.get(key), list | Mapping)), None)


@dataclass(frozen=True)
class StoredGrade:
    """What a grader said then. name: that of its criterion where it is known."""

    name: str
    score: float | None
    passed: bool | None
    rest: Mapping[str, Any] = field(default_factory=dict)
    "Further keys of the result, such as `type` and `sample`, the grader's own answer."


@dataclass(frozen=True)
class StoredItem:
    """One graded answer."""

    id: str
    number: int | None
    "`datasource_item_id`."
    item: Mapping[str, Any]
    prompt: list[dict[str, Any]]
    sample: Mapping[str, Any]
    "The namespace `sample` of its answer."
    grades: tuple[StoredGrade, ...]
    correct: bool | None
    error: str | None
    "What failed; None for an item that was graded."
    model: str | None = None
    usage: Mapping[str, Any] | None = None


def read_item(given: Mapping[str, Any], criteria: Sequence[Mapping[str, Any]]) -> StoredItem:
    """The output item as values. criteria: the definitions of its eval; may be empty."""
    row = given.get("datasource_item", given.get("item"))
    item = row if isinstance(row, Mapping) else {}
    if set(item) <= {"item", "sample"} and isinstance(item.get("item"), Mapping):
        item = item["item"]
    said = given.get("sample") if isinstance(given.get("sample"), Mapping) else {}
    grades = tuple(_grade(result, criteria) for result in _results(results_in(given)))
    number = given.get("datasource_item_id")
    assert isinstance(said, Mapping)
    return StoredItem(
        id=str(given.get("id") or ""),
        number=number if isinstance(number, int) else None,
        item=item,
        prompt=_messages(said.get("input")),
        sample=_sample(said),
        grades=grades,
        correct=_correct(given.get("status"), grades),
        error=_error(given, said, grades),
        model=said.get("model") if isinstance(said.get("model"), str) else None,
        usage=said.get("usage") if isinstance(said.get("usage"), Mapping) else None,
    )


def _results(given: Any) -> list[Mapping[str, Any]]:
    """The results as a list; the dashboard may have them under the names of the graders."""
    if isinstance(given, Mapping):
        return [
            {"name": name, **part} if isinstance(part, Mapping) else {"name": name, "score": part}
            for name, part in given.items()
        ]
    return [part for part in given if isinstance(part, Mapping)] if isinstance(given, list) else []


def _grade(result: Mapping[str, Any], criteria: Sequence[Mapping[str, Any]]) -> StoredGrade:
    score, passed = result.get("score"), result.get("passed")
    if isinstance(score, bool):
        score = float(score)
    rest = {key: value for key, value in result.items() if key not in ("name", "score", "passed")}
    return StoredGrade(
        criterion_name(str(result.get("name", "")), criteria),
        float(score) if isinstance(score, int | float) and math.isfinite(score) else None,
        passed if isinstance(passed, bool) else None,
        rest,
    )


def criterion_name(name: str, criteria: Sequence[Mapping[str, Any]]) -> str:
    """The name of the criterion that a result's name means.

    Results are named by the criterion's id: its name, a hyphen and a UUID (`String check-0b5e...`).
    """
    names = [str(criterion.get("name")) for criterion in criteria if criterion.get("name")]
    for criterion in criteria:
        if name in (criterion.get("id"), criterion.get("name")) and criterion.get("name"):
            return str(criterion["name"])
    fitting = [known for known in names if name.startswith(f"{known}-")]
    return max(fitting, key=len) if fitting else name


def _messages(given: Any) -> list[dict[str, Any]]:
    return [dict(part) for part in given if isinstance(part, Mapping)] if isinstance(given, list) else []


def _sample(said: Mapping[str, Any]) -> dict[str, Any]:
    """The answer: `output_text` where it is stored so, else the last message of the output."""
    output = _messages(said.get("output"))
    last = output[-1] if output else {}
    text = said.get("output_text")
    if not isinstance(text, str):
        text = _text(last.get("content"))
    calls = said.get("output_tools") or last.get("tool_calls") or []
    return sample_of(text, list(calls) if isinstance(calls, list) else [], said.get("finish_reason"))


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "".join(str(part.get("text", "")) for part in parts if isinstance(part, Mapping))


def _correct(status: Any, grades: Sequence[StoredGrade]) -> bool | None:
    if status in ("pass", "passed"):
        return True
    if status in ("fail", "failed"):
        return False
    verdicts = [grade.passed for grade in grades if grade.passed is not None]
    return all(verdicts) if verdicts else None


def _error(given: Mapping[str, Any], said: Mapping[str, Any], grades: Sequence[StoredGrade]) -> str | None:
    """What failed in an item that holds no grade of an answer; None for one that was graded."""
    error = said.get("error") or given.get("error")
    if isinstance(error, Mapping):
        error = ": ".join(str(error[key]) for key in ("code", "message") if error.get(key))
    if error:
        return str(error)
    return None if grades else f"no grades, status {given.get('status')!r}"
