"""What the site does otherwise than the pages on a code host: links that leave `docs/`, and pages without a place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

OUTSIDE = re.compile(r"\[([^\]]+)\]\(\.\./[^)]+\)")
REST = "Reference"
"The part of the navigation that takes pages which it does not name."


def on_config(config: Any) -> Any:
    """The settings of mkdocs, with every page in the navigation."""
    named = set(pages_in(config["nav"]))
    rest = sorted(path.name for path in Path(config["docs_dir"]).glob("*.md") if path.name not in named)
    next(part for part in config["nav"] if REST in part)[REST].extend(rest)
    return config


def on_page_markdown(markdown: str, **_: Any) -> str:
    """The Markdown of a page as mkdocs renders it. Files outside `docs/` are no part of the site."""
    return OUTSIDE.sub(r"\1", markdown)


def pages_in(nav: Any) -> Iterator[str]:
    """The files that a navigation names, at any depth."""
    if isinstance(nav, str):
        yield nav
    for part in nav.values() if isinstance(nav, dict) else nav if isinstance(nav, list) else ():
        yield from pages_in(part)
