"""The scores of a run as bars: counts against counting by hand, and nothing from outside as markup."""

from __future__ import annotations

import base64
from xml.etree import ElementTree

import pytest

from evals.report.html.score_bars import MOST_BARS, bars_of, score_bars

SVG = "{http://www.w3.org/2000/svg}"


def test_few_different_scores_have_a_bar_each() -> None:
    assert bars_of([1.0, 0.0, 1.0, 0.5]) == [("0.000", 1), ("0.500", 1), ("1.000", 2)]


def test_many_scores_are_counted_in_intervals_of_equal_width() -> None:
    bars = bars_of([n / 100 for n in range(101)])
    assert len(bars) == MOST_BARS
    assert bars[0] == ("0.000 to 0.100", 10)
    assert sum(count for _, count in bars) == 101
    assert bars[-1][0] == "0.900 to 1.000"


@pytest.mark.parametrize("scores", [[], [None], [1.0, 1.0, None], [float("nan"), 1.0]])
def test_scores_that_are_all_alike_have_no_picture(scores: list[float | None]) -> None:
    assert score_bars(scores, "run") is None


def test_the_picture_says_in_words_and_data_what_it_shows() -> None:
    found = score_bars([1.0, 0.0, 1.0, None], "my run")
    assert found is not None
    root = ElementTree.fromstring(found["svg"])
    assert root.get("role") == "img"
    assert root.get("aria-label") == "scores of my run (n = 3): 0.000: 1, 1.000: 2"
    heights = [float(bar.get("height") or 0) for bar in root.iter(f"{SVG}rect")]
    assert heights[1] == pytest.approx(2 * heights[0], abs=0.2)
    assert "1 evaluation without a score" in found["text"]
    assert base64.b64decode(found["csv"].partition(",")[2]).decode() == "score,count\n0.000,1\n1.000,2\n"


def test_a_hostile_name_stays_text() -> None:
    found = score_bars([0.0, 1.0], '"><script>alert(1)</script>\x1b[31m')
    assert found is not None
    root = ElementTree.fromstring(found["svg"])
    assert not list(root.iter(f"{SVG}script"))
    assert "<script" not in found["svg"]
    assert not any(name in ("style", "class") or name.startswith("on") for one in root.iter() for name in one.attrib)
