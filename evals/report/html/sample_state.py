"""What became of a sample, in the words by which the report page filters: right, wrong, errored, truncated, refused."""

from __future__ import annotations

from evals.record.sample_record import SampleRecord
from evals.record.scores import n_unparsed, score_of
from evals.report.terminal.sample import is_pending, verdict_of
from evals.runner.counters import endings_of, is_truncated

VERDICTS = ("right", "wrong", "partly", "errored", "pending", "unscored")
"What became of a sample; each sample has one of them."

FLAGS = ("truncated", "refused", "unparsed", "tools")
"What else can be said of a sample; it may have several of them."

_REFUSALS = {"n_refused", "n_filtered"}


def verdict(sample: SampleRecord) -> str:
    """One of VERDICTS. A sample with a score and no match is `right` at 1, `wrong` at 0, else `partly`."""
    found = verdict_of(sample)
    if found == "error":
        return "errored"
    if found:
        return found
    if is_pending(sample):
        return "pending"
    score = score_of(sample.events)
    if score is None:
        return "unscored"
    return "right" if score == 1 else "wrong" if score == 0 else "partly"


def flags(sample: SampleRecord) -> list[str]:
    """Those of FLAGS that hold for the sample."""
    calls = [call for call in sample.data("sampling") if isinstance(call, dict)]
    endings = {ending for call in calls for ending in endings_of(call)}
    found = {
        "truncated": any(map(is_truncated, sample.events)),
        "refused": bool(endings & _REFUSALS) or any(_shows_refusal(call.get("refusal")) for call in calls),
        "unparsed": n_unparsed(sample.events) > 0,
        "tools": "n_tool_calls" in endings or any(call.get("tool_calls") for call in calls),
    }
    return [flag for flag in FLAGS if found[flag]]


def _shows_refusal(refusals: object) -> bool:
    return any(refusals) if isinstance(refusals, list) else bool(refusals)
