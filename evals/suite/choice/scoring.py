"""Which option a model chose: log probabilities with their normalisations, floors and mass. Pure functions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

NORMALISATIONS = ("none", "per_token", "per_byte", "per_char", "unconditional")

FLOOR = -100.0
"Nats that stand for a letter that is not among the alternatives given, as in the original MMLU code."


@dataclass(frozen=True)
class LetterLogprobs:
    """What is known of the next token after a prompt that asks for a letter."""

    logprobs: tuple[float, ...]
    "Nats, one a letter; FLOOR where the letter was not among the alternatives."
    floored: tuple[bool, ...]

    @property
    def mass(self) -> float:
        """Probability of all letters together: below 1 as far as the model would rather say something else."""
        pairs = zip(self.logprobs, self.floored, strict=True)
        return math.fsum(math.exp(logprob) for logprob, floored in pairs if not floored)


def letters_in(
    alternatives: Mapping[str, float], letters: Sequence[str], forms: Sequence[str], floor: float = FLOOR
) -> LetterLogprobs:
    """Log probability of each letter among the alternatives of the next token, summed over the forms that are there.

    alternatives: token to nats. forms: what stands before a letter: `" "`, nothing, or both.

    >>> letters_in({" A": -1.0, "A": -1.0, " C": -3.0}, "ABC", [" ", ""]).logprobs
    (-0.3068528194400547, -100.0, -3.0)
    """
    found = [[alternatives[form + letter] for form in forms if form + letter in alternatives] for letter in letters]
    return LetterLogprobs(
        tuple(log_sum(values) if values else floor for values in found), tuple(not values for values in found)
    )


def log_sum(values: Sequence[float]) -> float:
    """The logarithm of the sum of the probabilities whose logarithms are given."""
    highest = max(values)
    if len(values) == 1 or highest == -math.inf:
        return highest
    return highest + math.log(math.fsum(math.exp(value - highest) for value in values))


def normalised(
    logprobs: Sequence[float],
    choices: Sequence[str],
    n_tokens: Sequence[int],
    normalisation: str,
    unconditional: Sequence[float] | None = None,
) -> list[float]:
    """The score of each option: its log probability by one of NORMALISATIONS; the highest is the choice.

    choices: the options' texts, without the space before them: what `per_byte` (UTF-8) and `per_char` divide by.
    unconditional: log probability of each option after the neutral prompt, which `unconditional` subtracts
    (Brown et al. 2020, arXiv:2005.14165, section 2.4). An empty option counts as one byte and one character.
    """
    if normalisation == "per_token":
        return [value / max(1, n) for value, n in zip(logprobs, n_tokens, strict=True)]
    if normalisation == "per_byte":
        sizes = [len(choice.encode("utf-8", "replace")) for choice in choices]
        return [value / max(1, size) for value, size in zip(logprobs, sizes, strict=True)]
    if normalisation == "per_char":
        return [value / max(1, len(choice)) for value, choice in zip(logprobs, choices, strict=True)]
    if normalisation == "unconditional":
        assert unconditional is not None
        return [value - base for value, base in zip(logprobs, unconditional, strict=True)]
    return list(logprobs)


def best(scores: Sequence[float]) -> int:
    """The index of the highest score; the first of equal ones."""
    return max(range(len(scores)), key=scores.__getitem__)


def true_share(logprobs: Sequence[float], right: Sequence[bool]) -> float:
    """The share of the options' probability that lies on right ones: TruthfulQA's mc2.

    Lin et al. 2021, arXiv:2109.07958: probabilities of whole options, not normalised by length.
    """
    total = log_sum(logprobs)
    return math.fsum(math.exp(value - total) for value, is_right in zip(logprobs, right, strict=True) if is_right)
