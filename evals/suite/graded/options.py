"""The arguments of graded evals that need a check: retries, the aggregate of a panel, and the other order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evals.completion_fns.graders import Aggregate, NamedGrader, checked_aggregate
from evals.errors import UsageError, listed
from evals.specs import ModelGradedSpec
from evals.suite.graded.panel import other_order
from evals.suite.graded.rubric import Rubric

MOST_RETRIES = 10


@dataclass(frozen=True)
class Drawn:
    """What is graded, and the same in the other order of its completions."""

    text: str
    turned: str


def checked_retries(given: Any) -> int:
    """How often a grader is asked again.

    Raises:
        UsageError: it is no whole number from 0 to MOST_RETRIES.
    """
    if isinstance(given, bool) or not isinstance(given, int) or not 0 <= given <= MOST_RETRIES:
        raise UsageError(f"retries is {given!r}", fix=f"give a whole number from 0 to {MOST_RETRIES}")
    return given


def checked_panel(aggregate: str, graders: Sequence[NamedGrader], rubric: Rubric, spec: ModelGradedSpec) -> Aggregate:
    """How the verdicts of a panel become one.

    Raises:
        UsageError: there is no such way, or it needs scores that the rubric does not have.
    """
    known = checked_aggregate(aggregate)
    if known == "mean" and len(graders) > 1 and rubric.scores is None:
        raise UsageError(
            f"aggregate: mean needs scores, and rubric {spec.key!r} has none",
            fix="use aggregate: majority, or add choice_scores to the rubric",
        )
    return known


def turned_choices(
    swap: bool | Mapping[str, str], spec: ModelGradedSpec, rubric: Rubric, n_completions: int
) -> dict[str, str] | None:
    """What each choice becomes in the other order; None where one order is asked.

    Raises:
        UsageError: the rubric compares nothing whose order could be turned round, or does not say what its choices
            become.
    """
    if not swap:
        return None
    if n_completions == 1 and len(spec.input_outputs) != 2:
        raise UsageError(
            f"swap: rubric {spec.key!r} does not compare completions, so there is no other order",
            fix="use it with a rubric that has two completions, such as battle, or with multicomp_n of 2 or more",
        )
    for choice, becomes in swap.items() if isinstance(swap, Mapping) else ():
        if choice not in rubric.choices or becomes not in rubric.choices:
            raise UsageError(
                f"swap names {choice!r}: {becomes!r}, and the choices are {listed(rubric.choices)}",
                fix="name choices of the rubric",
            )
    numbered = isinstance(spec.choice_strings, str) and spec.choice_strings.startswith("from_n")
    found = other_order(rubric.choices, swap, numbered=numbered)
    if found is None:
        raise UsageError(
            f"swap: what do the choices {listed(rubric.choices)} become in the other order?",
            fix='say it: swap: {"A": "B", "B": "A"}; a choice that is not named stays',
        )
    return found


def other_way_round(fields: Mapping[str, Any], input_outputs: Mapping[str, str]) -> dict[str, Any]:
    """The values for a rubric's placeholders with its two completions, and their prompts, in each other's place."""
    if len(input_outputs) != 2:
        return dict(fields)
    (prompt, completion), (other_prompt, other_completion) = input_outputs.items()
    turned = dict(fields)
    for one, other in ((prompt, other_prompt), (completion, other_completion)):
        if one in fields and other in fields:
            turned[one], turned[other] = fields[other], fields[one]
    return turned
