"""What a kind of plot must provide for `evals plot`: its inputs, its options, its numbers, its figure."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class Table:
    """The data that a figure shows; it is written to a `.csv` beside the figure."""

    titles: Sequence[str]
    rows: Sequence[Sequence[Any]]


class Plot(Protocol):
    """A plot whose numbers are computed; nothing is drawn yet."""

    @property
    def size_inches(self) -> tuple[float, float]:
        """Width and height of the figure in inches."""

    def text(self) -> str:
        """Every number of the figure for the terminal, each with its n and its interval; at most 80 columns."""

    def as_json(self) -> dict[str, Any]:
        """The same in plain values, for `--json`; None for what is not defined."""

    def table(self) -> Table:
        """The data that is drawn, one row for each mark."""

    def draw(self, figure: Any) -> None:
        """Draw into an empty matplotlib Figure: a title that says what it shows, units, intervals, n."""


@dataclass(frozen=True)
class Needs:
    """The inputs of a kind: how many files it takes, and what one of them is called in the help."""

    metavar: str
    help: str
    at_least: int = 1
    at_most: int | None = None
    "None for no limit."


def no_options(parser: argparse.ArgumentParser) -> None:
    """Adds nothing: for kinds without options of their own."""


@dataclass(frozen=True)
class PlotKind:
    """One kind of plot. Its file imports numpy only inside `make`, because `evals plot --help` loads all kinds."""

    name: str
    "Its name on the command line."
    help: str
    "A few words for the list of kinds."
    description: str
    "A paragraph for `evals plot NAME --help`."
    needs: Needs
    make: Callable[[Sequence[str], argparse.Namespace], Plot]
    "Computes the plot of these files with the parsed options. Raises EvalsError if they cannot be plotted."
    add_options: Callable[[argparse.ArgumentParser], None] = no_options
    "Adds the options of this kind. All kinds have --out and --json."
    at_least_on_page: int = 1
    "Records from which on the report page draws it, where fewer would say little."
