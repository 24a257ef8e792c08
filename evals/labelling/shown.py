"""What of a grader's prompt is the same for all samples, so that a person reads it once. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from evals.labelling.graded_record import GradedSample

CONTEXT = 1
"Lines that are the same for all samples and shown with each: mostly a tag or a heading."


@dataclass(frozen=True)
class Shared:
    """How many lines of all graders' prompts are alike at the beginning and at the end."""

    n_first: int = 0
    n_last: int = 0
    instructions: str = ""
    "The prompt of one sample without what is its own."

    def own_part(self, text: str) -> str:
        """What belongs to one sample, with a line around it."""
        lines = text.split("\n")
        return "\n".join(lines[max(0, self.n_first - CONTEXT) : len(lines) - max(0, self.n_last - CONTEXT)])


def guide_text(sample: GradedSample) -> str:
    """What the grader was asked, as one text; empty where the record does not hold it."""
    guide = sample.guide
    if isinstance(guide, str):
        return guide
    messages = guide if isinstance(guide, list) else []
    texts = [message.get("content") for message in messages if isinstance(message, dict)]
    return "\n\n".join(text for text in texts if isinstance(text, str))


def shared_lines(samples: Sequence[GradedSample]) -> Shared:
    """What the prompts of all samples have in common; nothing for fewer than two."""
    texts = [text.split("\n") for sample in samples if (text := guide_text(sample))]
    if len(texts) < 2:
        return Shared()
    n_first = _n_alike(texts)
    n_last = min(_n_alike([lines[::-1] for lines in texts]), min(map(len, texts)) - n_first)
    first, last = texts[0][:n_first], texts[0][len(texts[0]) - n_last :]
    return Shared(n_first, n_last, "\n".join([*first, "...", *last]))


def _n_alike(texts: Sequence[Sequence[str]]) -> int:
    return sum(1 for _ in takewhile(lambda lines: len(set(lines)) == 1, zip(*texts, strict=False)))
