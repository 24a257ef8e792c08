"""`evals report --html` and `--parquet`: what is written, and what is said where it cannot be."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from page_records import write_answers, write_mixed_run

from evals.cli.main import main

pytest.importorskip("jinja2")
pytest.importorskip("matplotlib")


def test_a_page_and_a_table_are_written_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("pyarrow")
    record = write_mixed_run(tmp_path / "a.jsonl")
    page, table = tmp_path / "p.html", tmp_path / "t.parquet"
    assert main(["report", str(record), "--html", str(page), "--parquet", str(table)]) == 0
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert table.read_bytes().startswith(b"PAR1")
    assert capsys.readouterr().err == f"wrote {page}\nwrote {table}\n"


def test_a_folder_stands_for_its_records(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    for name in ("one", "two"):
        write_answers(tmp_path / "logs" / f"{name}.jsonl", ["x"] * 4, [True] * 4, name)
    assert main(["report", str(tmp_path / "logs"), "--html", str(tmp_path / "p.html")]) == 0
    assert '<h2 id="comparison-title">' in (tmp_path / "p.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["missing.jsonl", "empty"])
def test_what_is_no_record_is_an_error_with_a_fix(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    (tmp_path / "empty").mkdir()
    assert main(["report", str(tmp_path / name), "--html", str(tmp_path / "p.html")]) == 2
    assert "fix: " in capsys.readouterr().err
    assert not (tmp_path / "p.html").exists()


def test_a_page_that_cannot_be_written_is_an_error_with_its_path(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = write_mixed_run(tmp_path / "a.jsonl")
    assert main(["report", str(record), "--html", str(tmp_path / "no" / "p.html")]) == 2
    assert "p.html cannot be written" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("package", "option", "extra"),
    [("jinja2", "--html", "report"), ("matplotlib", "--html", "report"), ("pyarrow", "--parquet", "data")],
)
def test_a_missing_package_is_named_with_the_line_that_installs_it(
    tmp_path: Path, package: str, option: str, extra: str
) -> None:
    record = write_mixed_run(tmp_path / "a.jsonl")
    code = f"import sys; sys.modules[{package!r}] = None; from evals.cli.main import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", code, "report", str(record), option, str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 2
    assert f"pip install 'oaieval[{extra}]'" in done.stderr
    assert not (tmp_path / "out").exists()
