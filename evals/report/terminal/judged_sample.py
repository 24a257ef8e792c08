"""What was judged of one sample in the terminal: verdicts with names, claims, classes of replies, toxicity."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from evals.record.sample_record import SampleRecord
from evals.record.scores import score_of
from evals.report.words import number

JUDGED = ("named_verdict", "safety", "claims", "toxicity")
"Events of samples whose score of 1 is right and 0 is wrong, though they have no match."


def judged_verdict(sample: SampleRecord) -> str:
    """`right`, `wrong`, or `partly` in between; empty for a sample of another kind."""
    if not any(sample.data(kind) for kind in JUDGED):
        return ""
    score = score_of(sample.events)
    return "" if score is None else "right" if score == 1 else "wrong" if score == 0 else "partly"


def judged_parts(sample: SampleRecord) -> Iterator[tuple[str, str]]:
    """(label, text) of what was judged; nothing for an event in another form."""
    for kind, parts in (("named_verdict", _named), ("safety", _class), ("claims", _claims), ("toxicity", _toxicity)):
        for data in sample.data(kind):
            if isinstance(data, dict):
                yield from parts(data)


def _named(data: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield "verdict", str(data.get("verdict") or "cannot be read")


def _class(data: dict[str, Any]) -> Iterator[tuple[str, str]]:
    by = f", by the API ({data['refused_by']})" if data.get("refused_by") else ""
    baseline = " (BASELINE)" if data.get("classifier") == "patterns" else ""
    yield "class", f"{data.get('class') or 'cannot be read'}{by}, to a prompt of the set {data.get('set')}{baseline}"


def _claims(data: dict[str, Any]) -> Iterator[tuple[str, str]]:
    found = data.get("claims")
    claims = [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
    yield "claims", str(len(claims))
    for claim in claims:
        if not claim.get("supported"):
            yield "unsupported", str(claim.get("claim"))


def _toxicity(data: dict[str, Any]) -> Iterator[tuple[str, str]]:
    found = data.get("scores")
    scores = [number(one) for one in found if isinstance(one, int | float)] if isinstance(found, list) else []
    baseline = " (BASELINE)" if data.get("is_baseline") else ""
    yield "toxicity", f"{', '.join(scores)} by {data.get('scorer')} {data.get('version')}{baseline}"
