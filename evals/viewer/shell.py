"""The frame of the viewer's own pages: title, navigation, one script. Nothing from a record stands in it."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

STATIC = Path(__file__).parent / "static"
TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}


@dataclass(frozen=True)
class Page:
    """One page of the viewer."""

    title: str
    script: str
    "File in `static/`."
    in_menu: bool = True


PAGES: Mapping[str, Page] = {
    "/": Page("Runs", "runs.js"),
    "/trends": Page("Trends", "trends.js"),
    "/forecasts": Page("Forecasts", "forecasts.js"),
    "/votes": Page("Votes", "votes.js"),
    "/vote/{run_ids}": Page("Vote", "vote.js", in_menu=False),
    "/label/{run_id}": Page("Label", "label.js", in_menu=False),
    "/live/{run_id}": Page("Run", "live.js", in_menu=False),
}

WAITING = Page("Reading the record", "wait.js", in_menu=False)
"What stands at the address of a run until its page is made, where that takes seconds."

_FRAME = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} - evals view</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/static/viewer.css">
<script type="module" src="/static/{script}"></script>
</head>
<body>
<a class="skip" href="#content">to the content</a>
<header>
<span class="name">evals view</span>
<nav aria-label="pages"><ul>
{menu}
</ul></nav>
<span class="folder">{folder}</span>
</header>
<main>
<h1>{title}</h1>
<div id="content"><p class="quiet">loading</p></div>
<noscript><p>These pages need JavaScript. In the terminal: evals runs, evals view RECORD, evals compare.</p></noscript>
</main>
</body>
</html>
"""


def page_html(page: Page, folder: str) -> str:
    """A page of ours. folder: the name of the folder of records, for the head of the page."""
    menu = "\n".join(
        f'<li><a href="{path}"{" aria-current=page" if one is page else ""}>{one.title}</a></li>'
        for path, one in PAGES.items()
        if one.in_menu
    )
    return _FRAME.format(title=page.title, script=page.script, menu=menu, folder=html.escape(folder))


@lru_cache(maxsize=1)
def static_files() -> dict[str, tuple[bytes, str]]:
    """Bytes and content type of each file in `static/`, by its name. Nothing else can be asked for."""
    return {path.name: (path.read_bytes(), TYPES[path.suffix]) for path in STATIC.iterdir() if path.suffix in TYPES}
