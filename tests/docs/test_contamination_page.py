"""docs/contamination.md: its example runs and prints what it shows; fields, endings and defaults are those of the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from evals.cli import main
from evals.contamination.contamination import FREQUENT
from evals.contamination.corpus import FORMS
from evals.contamination.documents import DEFAULT_KEYS
from evals.contamination.items import Rule
from evals.contamination.questions import CONTEXT_FIELDS, QUESTION_FIELDS

PAGE = (Path(__file__).parents[2] / "docs" / "contamination.md").read_text(encoding="utf-8")


def test_the_example_prints_what_the_page_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = re.search(r"`forum.txt`:\n\n```text\n(.*?)```", PAGE, re.DOTALL)
    shown = re.search(r"```sh\nevals (contamination closedqa-demo .*?)\n```\n\n```text\n(.*?)```", PAGE, re.DOTALL)
    assert text is not None
    assert shown is not None
    (tmp_path / "forum.txt").write_text(text[1], encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert main.main(shown[1].split()) == 0
    assert capsys.readouterr().out == shown[2]


@pytest.mark.parametrize("name", [*CONTEXT_FIELDS, *QUESTION_FIELDS, *DEFAULT_KEYS, *FORMS])
def test_every_field_and_ending_is_named(name: str) -> None:
    assert f"`{name}`" in PAGE


def test_the_defaults_are_those_of_the_code() -> None:
    rule = Rule()
    assert f"{rule.n_substrings} substrings of {rule.length} characters" in PAGE
    assert f"fewer than {rule.min_length} (`--min-length`)" in PAGE
    assert f"runs of {rule.n_words} words" in PAGE
    assert f"fewer than {rule.min_gram_bytes} bytes" in PAGE
    assert f"in {FREQUENT} documents or more" in PAGE
