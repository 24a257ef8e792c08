"""The kinds of plots that `evals plot` draws, a line each, and what a kind must bring."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class Table:
    """The data that a figure shows, as it is written beside it."""

    titles: Sequence[str]
    rows: Sequence[Sequence[Any]]


class Plot(Protocol):
    """A plot whose numbers are there; nothing is drawn yet."""

    @property
    def size_inches(self) -> tuple[float, float]:
        """Width and height of the figure."""

    def text(self) -> str:
        """Every number of the figure for the terminal, each with its n and its interval; at most 80 columns."""

    def as_json(self) -> dict[str, Any]:
        """The same in plain values, for `--json`; None for what is not defined."""

    def table(self) -> Table:
        """What is drawn, a row a mark: the `.csv` beside the figure."""

    def draw(self, figure: Any) -> None:
        """Draw into an empty matplotlib Figure: a title that says what is to be seen, units, intervals, n."""


@dataclass(frozen=True)
class Needs:
    """What a kind is made from: so many files, with the word for one of them in the help."""

    metavar: str
    help: str
    at_least: int = 1
    at_most: int | None = None
    "None: as many as are given."


def no_options(parser: argparse.ArgumentParser) -> None:
    """For kinds without options of their own."""


@dataclass(frozen=True)
class PlotKind:
    """One kind of plot. Its file loads no numpy and no matplotlib before `make` and `draw` are called."""

    name: str
    "As in `evals plot NAME`."
    help: str
    "Half a line for the list of kinds."
    description: str
    "A paragraph for `evals plot NAME --help`."
    needs: Needs
    make: Callable[[Sequence[str], argparse.Namespace], Plot]
    "The plot of these files, with the parsed options. Raises EvalsError where they cannot be plotted."
    add_options: Callable[[argparse.ArgumentParser], None] = no_options
    "Adds the options of this kind; --out and --json are there for all."
