"""docs/report-page.md: every filter, order and key of the page is described, and its code runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from page_records import write_answers

from evals.report.html.page import script_text
from evals.report.html.sample_state import FLAGS, VERDICTS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "report-page.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [*VERDICTS, *FLAGS])
def test_every_filter_is_described(name: str) -> None:
    row = next(line for line in PAGE.splitlines() if line.startswith("| filter |"))
    assert name in row


def test_every_key_is_described() -> None:
    keys = re.findall(
        r'^"?([^\s":]+)"?: \(\) =>', script_text().partition("const KEYS = {")[2].partition("};")[0], re.M
    )
    assert set(keys) == {"j", "k", "/", "?"}
    assert all(f"`{key}`" in PAGE for key in keys)


def test_the_length_at_which_texts_are_cut_is_that_of_the_script() -> None:
    shown = re.search(r"const SHOWN = (\d+);", script_text())
    assert shown is not None
    assert f"above {int(shown[1]):,} characters" in PAGE


def test_the_code_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("jinja2")
    pytest.importorskip("matplotlib")
    (tmp_path / "evallogs").mkdir()
    write_answers(tmp_path / "evallogs" / "run.jsonl", ["x"], [True])
    monkeypatch.chdir(tmp_path)
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.S)
    exec(compile(code, "report-page.md", "exec"), {})
    assert (tmp_path / "run.html").exists()


def test_the_picture_of_the_readme_is_small_and_as_wide_as_it_is_shown() -> None:
    picture = (ROOT / "docs" / "report-page.png").read_bytes()
    assert len(picture) < 200_000
    assert int.from_bytes(picture[16:20], "big") == 1280
