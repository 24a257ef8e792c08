"""What a person who labels sees: one sample without verdict or model, the keys, and how far they are."""

from __future__ import annotations

from collections.abc import Sequence

from evals.json_text import dumps
from evals.labelling.graded_record import GradedSample
from evals.labelling.shown import Shared, guide_text
from evals.report.terminal.sample import prompt_parts
from evals.report.words import counted, labelled, one_line, wrapped

MAX_LINES = 60
"Of each text; a longer one says how long it is."


def opening(eval_name: str, n: int, instructions: str) -> str:
    """What is labelled, and once what the grader was told to look at."""
    lines = [f"{one_line(eval_name)}: {counted(n, 'sample')} to label"]
    return "\n".join([*lines, *(["", *labelled("the grader", instructions, MAX_LINES)] if instructions else [])])


def sample_screen(sample: GradedSample, number: int, n: int, shared: Shared) -> str:
    """The sample as its grader saw it, at most 80 columns wide. number: its place, from 1."""
    lines = [f"{number} of {n}", ""]
    guide = guide_text(sample)
    if guide:
        return "\n".join([*lines, *labelled("sample", shared.own_part(guide), MAX_LINES), ""])
    for label, text in prompt_parts(sample.question):
        lines += labelled("question" if label in ("prompt", "user") else label, text, MAX_LINES)
    for key, value in sample.known.items():
        lines += labelled(key, value if isinstance(value, str) else dumps(value), MAX_LINES)
    return "\n".join([*lines, "", *labelled("answer", sample.answer, MAX_LINES), ""])


def keys_line(choices: Sequence[str]) -> str:
    """`1 R   2 W   3 N     s skip   u undo   n note   r rubric   ? help   q quit`."""
    numbered = "   ".join(f"{number} {one_line(choice)}" for number, choice in enumerate(choices, 1))
    return "\n".join(wrapped(f"{numbered}      s skip   u undo   n note   r rubric   ? help   q quit"))


def help_text(choices: Sequence[str]) -> str:
    """What each key does."""
    numbers = "\n".join(f"  {number}         {one_line(choice)}" for number, choice in enumerate(choices, 1))
    return f"""{numbers}
  s         skip this sample
  u         take the last label back
  n WORDS   a note on this sample, kept with its label
  r         show what the grader was asked
  q         stop; the same command goes on here
Without a terminal each line is one of these, or a choice itself."""


def rubric_text(sample: GradedSample) -> str:
    """What the grader was asked about this sample; it holds no verdict."""
    if sample.guide is None:
        return "  the record does not hold what the grader was asked"
    return "\n".join(line for label, text in prompt_parts(sample.guide) for line in labelled(label, text, MAX_LINES))


def end_line(n_labelled: int, n_skipped: int, n_left: int, path: str) -> str:
    """How far it is: `12 labels, 1 skipped, 17 left: labels.jsonl`."""
    skipped = f", {n_skipped} skipped" if n_skipped else ""
    left = f", {n_left} left" if n_left else ", all done"
    return f"{counted(n_labelled, 'label')}{skipped}{left}: {path}"
