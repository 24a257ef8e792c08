"""The state of one person's labelling: which sample is next, and what each command does. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Literal

from evals.labelling.graded_record import GradedSample

Effect = Literal["label", "skip", "undo", "quit", "note", "help", "rubric", "unknown", "nothing"]

COMMANDS: Mapping[str, Effect] = {
    "s": "skip",
    "u": "undo",
    "n": "note",
    "r": "rubric",
    "?": "help",
    "q": "quit",
}
"Keys that are no choice."


@dataclass(frozen=True)
class Command:
    """What a person asked for: an effect, with the choice or the text of a note."""

    effect: Effect
    text: str = ""


def command_of(said: str, choices: Sequence[str]) -> Command:
    """What a line, or a key, asks for: the number of a choice, a choice itself, or one of COMMANDS.

    A choice that is written as it stands wins over a command of that letter. `n some words` is a note.
    """
    text = said.strip()
    if not text:
        return Command("nothing")
    if text.isdecimal() and 1 <= int(text) <= len(choices):
        return Command("label", choices[int(text) - 1])
    if text in choices:
        return Command("label", text)
    head, _, rest = text.partition(" ")
    if head in COMMANDS and (not rest or head == "n"):
        return Command(COMMANDS[head], rest.strip())
    known = [choice for choice in choices if choice.casefold() == text.casefold()]
    return Command("label", known[0]) if len(known) == 1 else Command("unknown", text)


def chosen(samples: Sequence[GradedSample], n: int | None, seed: int, *, stratify: bool = False) -> list[GradedSample]:
    """The samples to be labelled, in random order: `n` of them, or all.

    A larger `n` with the same seed holds a smaller one. stratify: as many of each verdict as there are, in turns, so
    that rare verdicts come as often as frequent ones.
    """
    mixed = list(samples)
    Random(seed).shuffle(mixed)
    if stratify:
        mixed = _in_turns(mixed)
    return mixed if n is None else mixed[:n]


def _in_turns(samples: Sequence[GradedSample]) -> list[GradedSample]:
    by_verdict: dict[str, list[GradedSample]] = {}
    for sample in samples:
        by_verdict.setdefault(sample.choice, []).append(sample)
    queues = [by_verdict[choice] for choice in sorted(by_verdict)]
    return [queue[place] for place in range(max(map(len, queues), default=0)) for queue in queues if place < len(queue)]


@dataclass
class Labelling:
    """One person's work on a list of samples. done: labels by sample id; None for a sample that was skipped."""

    samples: Sequence[GradedSample]
    done: dict[str, str | None] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)
    "The ids that were done, the last one last."
    note: str = ""
    "Of the current sample, until it is labelled."

    @property
    def current(self) -> GradedSample | None:
        """The next sample that is neither labelled nor skipped; None at the end."""
        return next((sample for sample in self.samples if sample.id not in self.done), None)

    @property
    def n_done(self) -> int:
        """Samples of the list that are labelled or skipped."""
        return sum(sample.id in self.done for sample in self.samples)

    def give(self, label: str | None) -> GradedSample:
        """Label the current sample, or skip it with None; the sample.

        Raises:
            ValueError: there is none.
        """
        sample = self.current
        if sample is None:
            raise ValueError("all samples are labelled")
        self.done[sample.id] = label
        self.order.append(sample.id)
        self.note = ""
        return sample

    def undo(self) -> str | None:
        """Take the last label back, also one of an earlier session; its sample's id, None where there is none."""
        if not self.order:
            return None
        last = self.order.pop()
        del self.done[last]
        self.note = ""
        return last
