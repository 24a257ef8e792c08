"""Superlatives about what was measured stand beside the name of the test that measures it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
CLAIM = re.compile(
    r"\b(fastest|most accurate|cheapest|outperforms?|state of the art|faster than|slower than|more accurate than"
    r"|times as (fast|accurate|cheap)|times (faster|cheaper|smaller)|lowest (memory|cost|error)|best of all)\b",
    re.IGNORECASE,
)
TEST = re.compile(r"<!-- test: (tests/[\w/]+\.py)::(\w+) -->")


def unbacked(text: str) -> list[str]:
    """The claims of paragraphs that name no test which is there: `<!-- test: tests/FILE.py::NAME -->`."""
    found = []
    for paragraph in re.split(r"\n\s*\n", text):
        tests = TEST.findall(paragraph)
        there = [name for path, name in tests if f"def {name}(" in _source(path)]
        if CLAIM.search(paragraph) and not there:
            found.append(CLAIM.search(paragraph)[0])  # type: ignore[index]
    return found


def _source(path: str) -> str:
    file = ROOT / path
    return file.read_text(encoding="utf-8") if file.is_file() else ""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_names_the_test_of_each_superlative(page):
    assert unbacked(page.read_text(encoding="utf-8")) == []


def test_a_claim_without_a_test_or_with_one_that_is_not_there_is_found():
    here = "tests/docs/test_superlatives.py"
    named = "test_a_page_names_the_test_of_each_superlative"
    assert unbacked("It is three times as fast\nas any other.\n\nThis is plain.") == ["times as fast"]
    assert unbacked(f"The fastest of all. <!-- test: {here}::{named} -->") == []
    assert unbacked(f"The fastest of all. <!-- test: {here}::test_of_nothing -->") == ["fastest"]
    assert unbacked("The fastest of all. <!-- test: tests/nowhere.py::test_it -->") == ["fastest"]
