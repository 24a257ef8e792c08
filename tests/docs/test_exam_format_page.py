"""docs/exams.md: every key that a paper may have is described."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "exams.md").read_text(encoding="utf-8")
READERS = ["read_paper", "read_sections", "read_items", "read_steps", "answer_keys", "tables"]
TAKES = r"\.(?:text|number|number_or_none|count|flag|one_of|texts|mapping|mappings|numbers|needed|take)\(\s*\"(\w+)\""


def keys() -> list[str]:
    sources = [(ROOT / "evals" / "exams" / f"{name}.py").read_text(encoding="utf-8") for name in READERS]
    return sorted({key for source in sources for key in re.findall(TAKES, source)})


def test_there_are_keys_to_look_for() -> None:
    assert len(keys()) > 60


@pytest.mark.parametrize("key", keys())
def test_a_key_of_a_paper_is_described(key: str) -> None:
    assert re.search(rf"`[^`\n]*\b{key}\b[^`\n]*`", PAGE), f"describe `{key}` in docs/exams.md"
