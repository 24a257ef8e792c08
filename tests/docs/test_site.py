"""The site of the pages: it builds with every link right, and loads nothing from elsewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOADS = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src", "video": "src"}
"What a browser fetches by itself, and where its address stands. A link in a text is followed by people alone."


class Loads(HTMLParser):
    """Collects the addresses that a page loads."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if given.get("rel") not in ("canonical", "next", "prev", "alternate", "edit"):
            self.found.append(given.get(LOADS.get(tag, "")) or "")


def loads_of(page: str) -> list[str]:
    reader = Loads()
    reader.feed(page)
    return [address for address in reader.found if re.match(r"(https?:)?//", address)]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("material", reason="mkdocs-material is not installed (extra: docs): the site is not built")
    site = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "-d", str(site)],
        cwd=ROOT, capture_output=True, text=True, timeout=300, check=False, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return site


def test_what_a_page_loads_is_found_and_what_it_links_to_is_not() -> None:
    assert loads_of('<a href="https://a.b"></a><link rel=canonical href="https://a.b">') == []
    assert loads_of('<script src="https://a.b/c.js"></script><img src="//d.e">') == ["https://a.b/c.js", "//d.e"]


@pytest.mark.slow
def test_the_site_builds_strictly_with_a_page_for_each_of_ours(site: Path) -> None:
    pages = {path.stem for path in (ROOT / "docs").glob("*.md")}
    assert pages <= {path.stem for path in site.glob("*.html")}


@pytest.mark.slow
def test_every_page_can_be_reached_from_the_first_one(site: Path) -> None:
    first = (site / "index.html").read_text(encoding="utf-8")
    assert [path.stem for path in (ROOT / "docs").glob("*.md") if f'href="{path.stem}.html"' not in first] == []


@pytest.mark.slow
def test_nothing_in_the_site_is_loaded_from_elsewhere(site: Path) -> None:
    found = {page.name: loads_of(page.read_text(encoding="utf-8")) for page in site.rglob("*.html")}
    assert {name: addresses for name, addresses in found.items() if addresses} == {}
    styles = "".join(path.read_text(encoding="utf-8") for path in site.rglob("*.css"))
    assert not re.findall(r"(?:@import\s+|url\(\s*[\"']?)(?:https?:)?//", styles)
