"""The plots of a page: every registered kind that the records allow, as SVG without styles of its own, text and CSV."""

from __future__ import annotations

import argparse
import base64
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from evals.errors import EvalsError
from evals.report.plots.figure import check_drawing, csv_text, svg_text
from evals.report.plots.kinds import Plot, PlotKind
from evals.report.plots.registered import PLOTS
from evals.report.words import printable

_SVG = "http://www.w3.org/2000/svg"
_LINK = "{http://www.w3.org/1999/xlink}href"
_DRAWN = {"svg", "g", "path", "text", "tspan", "rect", "circle", "line", "use", "defs", "clipPath", "title", "desc"}
"Elements that a picture may have; others are left out."
_FONT = re.compile(
    r"(?:(?P<style>italic|oblique)\s+)?(?:(?P<weight>bold|\d{3})\s+)?(?P<size>[\d.]+px)\s+(?P<family>.+)"
)


def plot_views(
    paths: Sequence[str | Path], kinds: Sequence[PlotKind] = PLOTS
) -> tuple[list[dict[str, Any]], list[str]]:
    """(the plots, words on kinds that could not be drawn) of these records.

    Raises:
        MissingExtra: matplotlib is not installed.
    """
    check_drawing()
    views, left_out = [], []
    for kind in kinds:
        try:
            views.append(plot_view(kind, [str(path) for path in paths]))
        except EvalsError as error:
            left_out.append(f"{kind.name}: {printable(error.what)}")
    return views, left_out


def plot_view(kind: PlotKind, paths: Sequence[str]) -> dict[str, Any]:
    """One kind of plot of these records, with the default of every option.

    Raises:
        EvalsError: the records do not allow it. MissingExtra: matplotlib is not installed.
    """
    needs, at_least = kind.needs, max(kind.needs.at_least, kind.at_least_on_page)
    if len(paths) < at_least or (needs.at_most is not None and len(paths) > needs.at_most):
        raise EvalsError(f"needs another number of records than {len(paths)}")
    parser = argparse.ArgumentParser()
    kind.add_options(parser)
    plot: Plot = kind.make(paths, parser.parse_args([]))
    data = csv_text(plot.table())
    return {
        "name": kind.name,
        "help": kind.help,
        "svg": plain_svg(svg_text(plot), f"plot-{kind.name}", f"{kind.name}: {kind.help}"),
        "text": printable(plot.text()),
        "csv": "data:text/csv;base64," + base64.b64encode(data.encode()).decode(),
        "file": f"{kind.name}.csv",
    }


def plain_svg(text: str, prefix: str, title: str) -> str:
    """An SVG of matplotlib for a page whose policy allows no style in elements: each style becomes attributes.

    prefix: stands before every id, so that two pictures of a page do not share one. title: what it shows, for readers
    who cannot see it. Scripts, links and elements that draw nothing are left out.
    """
    ElementTree.register_namespace("", _SVG)
    root = ElementTree.fromstring(text)
    _clean(root, prefix)
    root.attrib.pop("width", None)
    root.attrib.pop("height", None)
    root.attrib |= {"role": "img", "aria-label": title, "stroke-linejoin": "round", "stroke-linecap": "butt"}
    return ElementTree.tostring(root, encoding="unicode")


def _clean(element: ElementTree.Element, prefix: str) -> None:
    for child in list(element):
        if not isinstance(child.tag, str) or child.tag.rpartition("}")[2] not in _DRAWN:
            element.remove(child)
        else:
            _clean(child, prefix)
    for name, value in list(element.attrib.items()):
        if name == "style":
            del element.attrib[name]
            element.attrib.update(_presentation(value))
        elif name == "id":
            element.set(name, f"{prefix}-{value}")
        elif name in (_LINK, "href"):
            del element.attrib[name]
            if value.startswith("#"):
                element.set("href", f"#{prefix}-{value[1:]}")
        elif name.startswith("on"):
            del element.attrib[name]
    for name, value in list(element.attrib.items()):
        if value.startswith("url(#"):
            element.set(name, f"url(#{prefix}-{value[5:]}")


def _presentation(style: str) -> Iterator[tuple[str, str]]:
    """`fill: #fff; font: 10px 'X'` as attributes."""
    for rule in style.split(";"):
        name, _, value = (part.strip() for part in rule.partition(":"))
        font = _FONT.fullmatch(value) if name == "font" else None
        if font is not None:
            yield from ((f"font-{key}", found.replace("'", "")) for key, found in font.groupdict().items() if found)
        elif name and name != "font":
            yield name, value
