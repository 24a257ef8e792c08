"""The plots and the comparison that the page shows."""

from __future__ import annotations

import argparse
import base64
import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from page_records import write_answers

from evals.comparison.compare import compare_runs, read_runs
from evals.errors import DataError
from evals.report.html.comparison_view import comparison_view
from evals.report.html.page import environment, write_page
from evals.report.html.plot_view import plain_svg, plot_views
from evals.report.plots.kinds import Needs, PlotKind, Table
from evals.report.words import signed, signed_interval

pytest.importorskip("matplotlib")


@dataclass(frozen=True)
class Points:
    """Two points, with a label that looks like markup."""

    size_inches: tuple[float, float] = (3.0, 2.0)

    def table(self) -> Table:
        return Table(("x", "y"), [(1, 2), (3, 4)])

    def text(self) -> str:
        return "1 2\n3 4"

    def as_json(self) -> dict[str, Any]:
        return {}

    def draw(self, figure: Any) -> None:
        axes = figure.add_subplot()
        axes.plot([1, 3], [2, 4], "o--")
        axes.set_xlabel("<script>alert(1)</script> & more")


def make(records: Sequence[str], options: argparse.Namespace) -> Points:
    return Points()


def refuse(records: Sequence[str], options: argparse.Namespace) -> Points:
    raise DataError("the record holds no confidence")


def kind(name: str, **how: Any) -> PlotKind:
    return PlotKind(name, "help", "description", Needs("RECORD", "a record"), **{"make": make, **how})


def test_a_plot_brings_its_data_as_csv_and_its_numbers_as_text() -> None:
    (view,), _ = plot_views(["a.jsonl"], [kind("points")])
    data = base64.b64decode(view["csv"].partition("base64,")[2]).decode()
    assert list(csv.reader(io.StringIO(data))) == [["x", "y"], ["1", "2"], ["3", "4"]]
    assert view["text"] == "1 2\n3 4"


def test_a_kind_that_the_records_do_not_allow_is_left_out_with_the_reason() -> None:
    kinds = [kind("none", make=refuse), kind("two", at_least_on_page=2), kind("points")]
    views, left_out = plot_views(["a.jsonl"], kinds)
    assert [view["name"] for view in views] == ["points"]
    assert left_out[0] == "none: the record holds no confidence"
    assert left_out[1].startswith("two: ")


def test_the_picture_has_no_style_no_script_and_ids_of_its_own() -> None:
    (view,), _ = plot_views(["a.jsonl"], [kind("points")])
    root = ElementTree.fromstring(view["svg"])
    names = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert not names & {"style", "script", "foreignObject", "metadata", "a"}
    assert not any("style" in element.attrib for element in root.iter())
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert all(name.startswith("plot-points-") for name in ids)
    uses = [element.get("href", "")[1:] for element in root.iter() if element.tag.endswith("use")]
    assert uses
    assert set(uses) <= set(ids)
    assert root.get("aria-label") == "points: help"


def test_letters_of_a_picture_stay_letters() -> None:
    (view,), _ = plot_views(["a.jsonl"], [kind("points")])
    texts = ["".join(element.itertext()) for element in ElementTree.fromstring(view["svg"]).iter()]
    assert "<script>alert(1)</script> & more" in texts


def test_styles_become_attributes() -> None:
    text = """<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="9pt" onload="x()">
    <style>*{}</style><script>x()</script><g id="a" style="fill: #ff0000; stroke-width: 0.8"/>
    <text style="font: bold 10px 'DejaVu Sans', sans-serif; text-anchor: middle">t</text>
    <use xlink:href="#a" clip-path="url(#c)"/><use xlink:href="https://example.org/x.svg#a"/></svg>"""
    root = ElementTree.fromstring(plain_svg(text, "p", "what"))
    group, letters, use, foreign = list(root)
    assert (group.attrib["fill"], group.attrib["stroke-width"], group.attrib["id"]) == ("#ff0000", "0.8", "p-a")
    assert (letters.attrib["font-size"], letters.attrib["font-weight"]) == ("10px", "bold")
    assert letters.attrib["font-family"] == "DejaVu Sans, sans-serif"
    assert (use.attrib["href"], use.attrib["clip-path"]) == ("#p-a", "url(#p-c)")
    assert foreign.attrib == {}
    assert "width" not in root.attrib
    assert "onload" not in root.attrib


def test_two_runs_show_the_numbers_of_their_comparison(tmp_path: Path) -> None:
    scores = [n % 3 == 0 for n in range(30)]
    one = write_answers(tmp_path / "a.jsonl", ["x"] * 30, scores, "a")
    two = write_answers(tmp_path / "b.jsonl", ["y"] * 30, [n < 2 or right for n, right in enumerate(scores)], "b")
    view, known = comparison_view([one, two], ["a", "b"]), compare_runs(*read_runs([one, two]))
    assert view["pairs"][0]["words"] == signed(known.difference.value) == "+0.033"
    assert view["pairs"][0]["interval"] == signed_interval(known.difference.interval)
    assert view["flips"] == {"rose": ["sums.test.1"], "fell": []}
    assert [row["name"] for row in view["groups"][0]["rows"]] == ["g0", "g1"]
    assert [row["words"] for row in view["groups"][0]["rows"]] == [signed(g.difference.value) for g in known.groups]


def test_three_runs_are_ranked_and_every_pair_is_shown(tmp_path: Path) -> None:
    paths = [
        write_answers(tmp_path / f"{name}.jsonl", ["x"] * 60, [n < n_right for n in range(60)], name)
        for name, n_right in (("low", 5), ("middle", 30), ("high", 58))
    ]
    view = comparison_view(paths, ["low", "middle", "high"])
    assert [(row["rank"], row["name"]) for row in view["runs"]] == [("1", "high"), ("2", "middle"), ("3", "low")]
    assert [pair["name"] for pair in view["pairs"]] == ["high − middle", "high − low", "middle − low"]
    assert len(view["flips"]["rose"]) == 53


def test_the_page_of_three_runs_has_a_row_for_each_run_and_for_each_pair(tmp_path: Path) -> None:
    paths = [
        write_answers(tmp_path / f"{name}.jsonl", ["x"] * 20, [n < n_right for n in range(20)], name)
        for name, n_right in (("low", 2), ("middle", 10), ("high", 19))
    ]
    write_page(paths, tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    compared = page[page.index('id="comparison"') :].partition("</section>")[0]
    assert re.findall(r'<th scope="row">([^<]*)</th>', compared) == [
        *("high", "middle", "low"),
        *("high − middle", "high − low", "middle − low"),
    ]


def test_records_of_different_questions_say_that_they_cannot_be_compared(tmp_path: Path) -> None:
    one = write_answers(tmp_path / "a.jsonl", ["x"] * 4, [True] * 4)
    two = tmp_path / "b.jsonl"
    two.write_bytes(one.read_bytes().replace(b"sums.test", b"other.t").replace(b"question", b"riddle"))
    assert set(comparison_view([one, two], ["a", "b"])) == {"problem"}


def test_whatever_a_template_prints_is_escaped_and_has_no_hidden_letters():
    pytest.importorskip("jinja2")
    from markupsafe import Markup

    template = environment().from_string("<h3>{{ name }}</h3>{{ made }}")
    name = "<b>\x1b[31m\u202egpj.exe\U000e0041"
    html = template.render(name=name, made=Markup("<i>made here</i>"))
    assert html == "<h3>&lt;b&gt;\\x1b[31m\\u202egpj.exe\\U000e0041</h3><i>made here</i>"
