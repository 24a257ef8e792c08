"""The outcome of a sequential run in the terminal."""

from __future__ import annotations

from evals.comparison.sequential_run import SequentialOutcome
from evals.report.words import counted, percent, points, signed, signed_interval_text
from evals.stats.sequential import Decision


def sequential_text(outcome: SequentialOutcome) -> str:
    """The decision, the difference with its interval, and how many samples were saved."""
    words = {
        Decision.A_BETTER: "this run is better than the baseline",
        Decision.B_BETTER: "this run is worse than the baseline",
        Decision.EQUIVALENT: f"this run is within {points(outcome.delta)} of the baseline",
        Decision.UNDECIDED: "not settled",
    }
    saved, planned = outcome.n_calls_saved, outcome.n_planned
    share = f", {counted(saved, 'sample')} saved ({percent(saved / planned)})" if saved and planned else ""
    return (
        f"{words[outcome.decision]}\n"
        f"  difference {signed(outcome.difference)}   anytime-valid {percent(1 - outcome.alpha)} interval "
        f"{signed_interval_text(outcome.low, outcome.high)}\n"
        f"  settled by {outcome.n_used:,} of {counted(planned, 'sample')}{share}"
    )
