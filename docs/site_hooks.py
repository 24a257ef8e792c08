"""What the site does otherwise than the pages on a code host: links to files outside `docs/` become their texts."""

from __future__ import annotations

import re
from typing import Any

OUTSIDE = re.compile(r"\[([^\]]+)\]\(\.\./[^)]+\)")


def on_page_markdown(markdown: str, **_: Any) -> str:
    """The Markdown of a page as mkdocs renders it. Files outside `docs/` are no part of the site."""
    return OUTSIDE.sub(r"\1", markdown)
