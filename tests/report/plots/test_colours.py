"""Colours that stand beside each other are told apart by people who see no red, no green or no blue."""

from __future__ import annotations

import itertools
import math
import re
from pathlib import Path

import pytest

from evals.report.html.page import style_text
from evals.report.plots.figure import COLOURS

# Machado, Oliveira and Fernandes 2009, "A physiologically-based model for simulation of color vision deficiency",
# IEEE TVCG 15(6), severity 1.0; they apply to linear RGB.
VISION = {
    "full": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    "no red": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "no green": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "no blue": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
CLEARLY = 10.0
"A distance in CIELAB; about 2.3 is just noticed."


def linear(colour: str) -> list[float]:
    values = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in values]


def seen(colour: str, vision: str) -> tuple[float, float, float]:
    """The colour in CIELAB (D65), as it is seen."""
    rgb = [min(1, max(0, sum(a * b for a, b in zip(row, linear(colour), strict=True)))) for row in VISION[vision]]
    rows = [(0.4124564, 0.3575761, 0.1804375), (0.2126729, 0.7151522, 0.0721750), (0.0193339, 0.1191920, 0.9503041)]
    x, y, z = (sum(a * b for a, b in zip(row, rgb, strict=True)) for row in rows)
    fx, fy, fz = (
        t ** (1 / 3) if t > 216 / 24389 else (24389 / 27 * t + 16) / 116 for t in (x / 0.95047, y, z / 1.08883)
    )
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def page_colours(names: str) -> list[list[str]]:
    """The colours of the page under these names: light, dark, dark by the system's wish (and paper)."""
    found = [re.findall(rf"--{name}: (#[0-9a-f]{{6}})", style_text()) for name in names.split()]
    return [list(colours) for colours in zip(*found, strict=True)]


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize(
    "palette",
    [
        list(COLOURS),
        *page_colours("plot-1 plot-2 plot-3 plot-4"),
        *page_colours("right-fill wrong-fill partly-fill errored-fill pending-fill"),
    ],
)
def test_colours_of_one_picture_are_told_apart(palette: list[str], vision: str) -> None:
    pairs = itertools.combinations(palette, 2)
    assert min(math.dist(seen(a, vision), seen(b, vision)) for a, b in pairs) > CLEARLY


def test_the_page_draws_plots_in_their_own_colours_on_white() -> None:
    assert page_colours("plot-1 plot-2 plot-3 plot-4")[0] == list(COLOURS)
    text = (Path(style_text.__code__.co_filename).parent / "static" / "page.css").read_text(encoding="utf-8")
    assert all(f'[fill="{colour}"]' in text for colour in COLOURS)
