"""The win rate that people would give, from a grader's verdicts on all pairs of answers and people's votes on some."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from evals.errors import DataError
from evals.interchange.preferences import Judgement
from evals.stats.grader_corrected import Corrected, ppi_mean

Pair = tuple[str, str]
"(model, other model)"


@dataclass(frozen=True)
class VotedRate:
    """The win rate of one pair of models, by the grader, by people, and corrected."""

    model: str
    other: str
    found: Corrected


def voted_rates(graded: Iterable[Judgement], votes: Iterable[Judgement]) -> list[VotedRate]:
    """The corrected win rate of each two models that the grader and people judged on the same prompts.

    Judgements of one prompt are averaged first. People must have voted on a random part of the grader's prompts, as
    those who stop early in `evals vote` have.

    Raises:
        DataError: they have no prompt of the same two models in common.
    """
    by_grader, by_people = _by_pair(graded), _by_pair(votes)
    found = []
    for pair, of_grader in by_grader.items():
        of_people = by_people.get(pair, {})
        both = [prompt for prompt in of_grader if prompt in of_people]
        if both:
            others = [value for prompt, value in of_grader.items() if prompt not in of_people]
            people, grader = [of_people[prompt] for prompt in both], [of_grader[prompt] for prompt in both]
            found.append(VotedRate(*pair, ppi_mean(people, grader, others)))
    if not found:
        raise DataError(
            "the votes are on other prompts or other models than the judgements",
            notes=[f"judgements: {_names(by_grader)}", f"votes: {_names(by_people)}"],
            fix="give votes on the same two records: evals vote A B",
        )
    return found


def _by_pair(rows: Iterable[Judgement]) -> dict[Pair, dict[str, float]]:
    """The mean outcome of each prompt, by pair of models in the order of their names."""
    outcomes: dict[Pair, dict[str, list[float]]] = {}
    for row in rows:
        one = row if row.model <= row.other else row.turned()
        outcomes.setdefault((one.model, one.other), {}).setdefault(one.prompt, []).append(one.outcome)
    return {
        pair: {prompt: sum(values) / len(values) for prompt, values in prompts.items()}
        for pair, prompts in outcomes.items()
    }


def _names(found: dict[Pair, dict[str, float]]) -> str:
    shown = [f"{len(prompts):,} of {one[:30]} and {other[:30]}" for (one, other), prompts in found.items()]
    return ", ".join(shown[:3]) + (" ..." if len(shown) > 3 else "") or "none"
