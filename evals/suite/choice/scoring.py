"""Log probabilities of options and letters: normalisations, floors, the mass of all letters. Pure functions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

NORMALISATIONS = ("none", "per_token", "per_byte", "per_char", "unconditional")

FLOOR = -100.0
"Nats that stand for a letter that is not among the alternatives given, as in the original MMLU code."


@dataclass(frozen=True)
class LetterLogprobs:
    """Log probabilities of the letters, as the next token after a prompt that asks for one. One entry a letter."""

    logprobs: tuple[float, ...]
    "In nats; the floor where a letter was not among the alternatives."
    floored: tuple[bool, ...]
    "Whether the letter got the floor."

    @property
    def mass(self) -> float:
        """Probability of all letters together. What is missing from 1 is the probability of saying something else."""
        pairs = zip(self.logprobs, self.floored, strict=True)
        return math.fsum(math.exp(logprob) for logprob, floored in pairs if not floored)


def letters_in(
    alternatives: Mapping[str, float], letters: Sequence[str], forms: Sequence[str], floor: float = FLOOR
) -> LetterLogprobs:
    """The log probability of each letter, from the alternatives of the next token.

    alternatives: each token with its log probability in nats. forms: what may stand before a letter, `" "` or nothing;
    the probabilities of several forms are summed. floor: nats for a letter that is not there in any form.

    >>> letters_in({" A": -1.0, "A": -1.0, " C": -3.0}, "ABC", [" ", ""]).logprobs
    (-0.3068528194400547, -100.0, -3.0)
    """
    found = [[alternatives[form + letter] for form in forms if form + letter in alternatives] for letter in letters]
    return LetterLogprobs(
        tuple(log_sum(values) if values else floor for values in found), tuple(not values for values in found)
    )


def log_sum(values: Sequence[float]) -> float:
    """The natural logarithm of the sum of probabilities, from their logarithms; -inf where all of them are."""
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
    """The score of each option; the option with the highest is the model's choice.

    All sequences have one entry an option. logprobs: in nats. choices: the texts, without the space before them.
    normalisation: `none`; `per_token`, `per_byte` (UTF-8) or `per_char`, divided by that length of the option; or
    `unconditional`, minus the log probability after a neutral prompt (Brown et al. 2020, arXiv:2005.14165, section
    2.4). unconditional: those log probabilities, in nats. A length of 0 counts as 1.
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
    """The index of the highest score; the first one where several are equal."""
    return max(range(len(scores)), key=scores.__getitem__)


def true_share(logprobs: Sequence[float], right: Sequence[bool]) -> float:
    """The share of the right options in the probability of all options, in [0, 1]: TruthfulQA's mc2.

    logprobs: of whole options, in nats, without normalisation. right: whether each of them is right. Lin et al. 2021,
    arXiv:2109.07958.
    """
    total = log_sum(logprobs)
    return math.fsum(math.exp(value - total) for value, is_right in zip(logprobs, right, strict=True) if is_right)


def answer_loss(logprobs: Sequence[float], right: Sequence[bool]) -> float:
    """Minus the logarithm of `true_share`, in nats: the loss on the right class among the options.

    ln 2 for two options that are equally likely. inf where the right options have no probability at all.
    McKenzie et al. 2023, arXiv:2306.09479, section 2.
    """
    right_ones = [value for value, is_right in zip(logprobs, right, strict=True) if is_right]
    return log_sum(logprobs) - log_sum(right_ones)
