"""Takes the question out of a sample: its context and question, not its options, answers or instructions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evals.contamination.documents import texts_in
from evals.errors import BadSample, did_you_mean

CONTEXT_FIELDS = ("context", "passage", "article", "story", "ctx", "premise")
QUESTION_FIELDS = (
    "contamination_text", "question", "input", "prompt", "problem", "query", "goal", "sentence", "instruction", "stem",
    "text",
)  # fmt: skip
"The first of these that a row has is its question."


def question_texts(row: Any, fields: Sequence[str] = ()) -> list[str]:
    """The texts that are looked for, one for each field.

    fields: names of fields; without any, all of CONTEXT_FIELDS and the first of QUESTION_FIELDS. Of a chat only the
    messages of the user count: instructions and few-shot examples are the same in all samples.

    Raises:
        BadSample: the row has none of the fields.
    """
    if not isinstance(row, Mapping):
        raise BadSample("a row must be a JSON object to be looked for", row)
    chosen = list(fields) or default_fields(row)
    missing = [name for name in chosen if name not in row]
    if missing or not chosen:
        what = f"no {missing[0]!r}" if missing else "no field that is known to hold a question"
        note = did_you_mean(missing[0], map(str, row)) if missing else ""
        raise BadSample(what, row, notes=[note], fix="name the fields to look for: --fields NAME,NAME")
    return ["\n".join(_texts_of(row[name])) for name in chosen]


def default_fields(row: Mapping[str, Any]) -> list[str]:
    """The fields of context and question that a row has."""
    return [name for name in CONTEXT_FIELDS if row.get(name)] + [name for name in QUESTION_FIELDS if name in row][:1]


def _texts_of(value: Any) -> list[str]:
    if isinstance(value, list) and any(isinstance(one, Mapping) and "role" in one for one in value):
        turns = [one for one in value if isinstance(one, Mapping) and one.get("role") == "user"] or value[-1:]
        return [text for turn in turns for text in texts_in(turn.get("content"))]
    return list(texts_in(value))
