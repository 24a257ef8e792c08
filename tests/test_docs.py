"""The pages are true: their files can be written and run, and what they list is what there is."""

from __future__ import annotations

import os
import re
import runpy
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
COMMANDS = {"oaieval": "evals.cli.oaieval", "oaievalset": "evals.cli.oaievalset", "evals": "evals.cli.main"}

FILE = re.compile(r"^`([\w./-]+)`:\n\n```\w+\n(.*?)```", re.MULTILINE | re.DOTALL)
SHELL = re.compile(r"^```sh\n(.*?)```", re.MULTILINE | re.DOTALL)


def write_files(page: str, folder: Path) -> None:
    """The files that a page shows, under the names that stand above them."""
    for name, text in FILE.findall(page):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """An environment whose `oaieval`, `oaievalset` and `evals` are this checkout's, in a home without settings."""
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    for command, module in COMMANDS.items():
        script = bin_folder / command
        script.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT}:$PYTHONPATH exec {sys.executable} -m {module} "$@"\n')
        script.chmod(0o755)
    return {
        "PATH": f"{bin_folder}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "EVALS_DATA_DIR": str(tmp_path / "none"),
    }


def run_page(page: str, folder: Path, environment: dict[str, str]) -> str:
    """What the commands of a page print, run one after the other in a folder with its files."""
    write_files(page, folder)
    script = "set -e\n" + "\n".join(SHELL.findall(page))
    done = subprocess.run(
        ["sh", "-c", script], cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


class Generate(BaseHTTPRequestHandler):
    """The server of docs/adding-a-backend.md; its first reply is a 503."""

    asked: list[bytes] = []  # noqa: RUF012
    keys: list[str | None] = []  # noqa: RUF012

    def do_POST(self) -> None:
        self.asked.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.keys.append(self.headers["X-Key"])
        body = b'{"text": "4", "n_read": 10, "n_written": 1}' if len(self.asked) > 1 else b'{"error": "warming up"}'
        self.send_response(200 if len(self.asked) > 1 else 503)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def generate_server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Generate) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def environment_variables() -> set[str]:
    """Names in capitals that the package looks up in the environment."""
    text = "\n".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "evals").rglob("*.py") if "testing" not in path.parts
    )
    looked_up = re.findall(
        r"""environ(?:\.get\(|\[)"([A-Z_]+)"|"(EVALS_[A-Z_]+|[A-Z_]+_(?:API_KEY|API_BASE|BASE_URL))\"""", text
    )
    return {name for names in looked_up for name in names if name} - {"TERM"}


def targets(page: Path) -> list[Path]:
    """The files that a page links to."""
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    return [page.parent / link for link in links]


@pytest.mark.skipif(not (3, 11) <= sys.version_info[:2] <= (3, 13), reason="argparse lays its help out otherwise")
def test_help_texts_and_the_list_of_files_are_those_of_the_code(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    stale = [
        path.name
        for path, text in runpy.run_path(str(DOCS / "generate.py"))["pages"]().items()
        if path.read_text(encoding="utf-8") != text
    ]
    assert not stale, "run: python docs/generate.py"


def test_every_environment_variable_is_described():
    page = (DOCS / "cli.md").read_text(encoding="utf-8")
    assert [name for name in sorted(environment_variables()) if f"`{name}`" not in page] == []


def test_every_link_leads_to_a_file():
    pages = [*ROOT.glob("*.md"), *DOCS.glob("*.md")]
    assert [str(target) for page in pages for target in targets(page) if not target.exists()] == []


@pytest.mark.slow
def test_the_commands_of_the_page_about_commands_run(tmp_path, environment):
    out = run_page((DOCS / "cli.md").read_text(encoding="utf-8"), tmp_path, environment)
    assert len(re.findall(r"accuracy +0\.855", out)) == 2


def test_the_commands_of_the_page_about_settings_run_with_its_file(tmp_path, environment):
    out = run_page((DOCS / "settings.md").read_text(encoding="utf-8"), tmp_path, environment)
    assert re.search(r"model +pocket/1m +evals.toml:1 +MODEL", out)
    assert re.search(r"accuracy .*n = 20\n", out)
    assert len(list((tmp_path / "runs").glob("*_pocket-1m_pocket-arithmetic.jsonl"))) == 1


def test_the_first_command_of_the_readme_runs_after_its_installation(tmp_path, environment):
    first, second = re.findall(r"^(pip install .*)$", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    install, _, main_job = first.partition(" && ")
    assert (install, second) == ("pip install .", "pip install -e '.[dev]' && pytest")
    done = subprocess.run(
        ["sh", "-c", main_job], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=600, check=True
    )
    assert re.search(r"accuracy +0\.1[5-9]\d .*n = 238", done.stdout)


def test_the_class_of_the_page_is_checked_and_runs(tmp_path, environment):
    out = run_page((DOCS / "adding-a-class.md").read_text(encoding="utf-8"), tmp_path, environment)
    assert re.search(r"accuracy +0\.5", out)
    assert re.search(r"unparsed +0\.5", out)


@pytest.mark.slow
def test_the_graders_of_the_page_are_checked_and_run(tmp_path, environment):
    out = run_page((DOCS / "hosted-evals.md").read_text(encoding="utf-8"), tmp_path, environment)
    assert re.search(r"accuracy +0\.5", out)
    assert re.search(r"passed/short +0\.5", out)


@pytest.mark.slow
def test_the_backends_of_the_page_run(tmp_path, environment, generate_server):
    page = (DOCS / "adding-a-backend.md").read_text(encoding="utf-8")
    out = run_page(page, tmp_path, environment | {"MY_SERVER_URL": generate_server})
    assert Generate.keys == [None] * 21 + ["a-key-of-mine"] * 5
    assert all(b'"temperature":0.5' in body for body in Generate.asked[21:])
    assert len(re.findall(r"accuracy +0\.", out)) == 3
    assert "$0.0001" in out


@pytest.mark.slow
def test_the_page_about_pocket_models_runs(tmp_path, environment):
    page = (DOCS / "pocket-models.md").read_text(encoding="utf-8")
    out = run_page(page, tmp_path, environment)
    assert len(re.findall(r"c\.dev\.v0 +pocket/\w+ +0 +accuracy", out)) == 9
    assert len(re.findall(r"^ *members? +pocket/32k$|^ +pocket/1m$", out, re.MULTILINE)) == 2
    code = re.search(r"^```python\n(.*?)```", page, re.MULTILINE | re.DOTALL)
    assert code is not None
    done = subprocess.run(
        [sys.executable, "-c", code[1]], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert re.match(r" ?\d+ \[-", done.stdout)


@pytest.mark.slow
def test_the_comparisons_of_the_page_come_out_as_shown(tmp_path, environment):
    page = (DOCS / "comparing.md").read_text(encoding="utf-8")
    out = run_page(page, tmp_path, environment)
    shown = re.findall(r"^```text\n(.*?)```", page, re.MULTILINE | re.DOTALL)
    assert len(shown) == 3
    assert [block for block in shown if block not in out] == []
