"""Short names for the runs of a comparison: file names if these are short, else model names, else letters."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from evals.comparison.scores import RunScores
from evals.report.words import printable

MAX_NAME = 20


def run_names(runs: Sequence[RunScores]) -> list[str]:
    """A name of at most `MAX_NAME` characters for each run; all names differ."""
    stems = [Path(run.path.removesuffix(".gz")).stem for run in runs]
    for names in (stems, [f"{Path(run.path).parent.name}/{stem}" for run, stem in zip(runs, stems, strict=True)]):
        if _will_do(names):
            return [printable(name) for name in names]
    models = [run.facts.model for run in runs]
    if _will_do(models):
        return [printable(name) for name in models]
    return [_letters(number) for number in range(len(runs))]


def legend(runs: Sequence[RunScores], names: Sequence[str]) -> list[str]:
    """Lines `name  path`, one for each run; none if every run is named after its file."""
    pairs = list(zip(runs, names, strict=True))
    if all(Path(run.path.removesuffix(".gz")).stem == name for run, name in pairs):
        return []
    width = max(map(len, names))
    return [f"{name:<{width}}  {printable(run.path)}" for run, name in pairs]


def _will_do(names: Sequence[str]) -> bool:
    return len(set(names)) == len(names) and all(0 < len(printable(name)) <= MAX_NAME for name in names)


def _letters(number: int) -> str:
    """A, B ... Z, AA, AB ..."""
    text = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        text = chr(ord("A") + rest) + text
    return text
