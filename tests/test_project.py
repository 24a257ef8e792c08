"""The project file: where it is looked for, what it may say, and whose file is read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from evals.engine.settings import settings_from_environment
from evals.errors import UsageError
from evals.project import (
    NO_PROJECT,
    SETTINGS,
    VARIABLE,
    current_project,
    find_project,
    project_of_command,
    read_project,
)
from evals.registry.lookup import Registry
from evals.runner.request import log_dir


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in (VARIABLE, "EVALS_LOG_DIR", "EVALS_THREADS", "EVALS_THREAD_TIMEOUT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def refused(path: Path) -> str:
    with pytest.raises(UsageError) as caught:
        read_project(path)
    return str(caught.value)


def test_the_nearest_file_above_the_working_folder_is_found(folder):
    write(folder / "evals.toml", "seed = 1\n")
    write(folder / "a/evals.toml", "seed = 2\n")
    inner = folder / "a" / "b" / "c"
    inner.mkdir(parents=True)
    assert find_project(inner).values == {"seed": 2}
    assert find_project(folder).values == {"seed": 1}


def test_the_section_of_a_pyproject_counts_and_a_pyproject_without_it_does_not(folder):
    write(folder / "pyproject.toml", "[project]\nname = 'x'\n\n[tool.oaieval]\nseed = 3\n\n[tool.ruff]\nbad = 1\n")
    write(folder / "a/pyproject.toml", "[project]\nname = 'y'\n")
    found = find_project(folder / "a")
    assert (found.values, found.lines) == ({"seed": 3}, {"seed": 5})
    write(folder / "evals.toml", "seed = 4\n")
    assert find_project(folder).values == {"seed": 4}


def test_the_search_ends_at_a_repository_and_at_home(folder, monkeypatch):
    write(folder / "evals.toml", "seed = 1\n")
    (folder / "repository" / ".git").mkdir(parents=True)
    (folder / "home" / "work").mkdir(parents=True)
    assert find_project(folder / "repository") == NO_PROJECT
    monkeypatch.setenv("HOME", str(folder / "home"))
    monkeypatch.setenv("USERPROFILE", str(folder / "home"))
    assert find_project(folder / "home" / "work") == NO_PROJECT


def test_the_variable_names_a_file_or_none(folder, monkeypatch):
    write(folder / "evals.toml", "seed = 1\n")
    monkeypatch.setenv(VARIABLE, str(write(folder / "other/mine.toml", "seed = 9\n").parent / "evals.toml"))
    with pytest.raises(UsageError, match=VARIABLE):
        find_project(folder)
    write(folder / "other/evals.toml", "seed = 9\n")
    assert find_project(folder).values == {"seed": 9}
    monkeypatch.setenv(VARIABLE, "none")
    assert find_project(folder) == NO_PROJECT


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root can give a file to another user")
def test_a_file_of_another_user_is_not_read_and_it_is_said(folder, capsys, monkeypatch):
    path = write(folder / "evals.toml", "seed = 1\n")
    os.chown(path, 12345, 12345)
    monkeypatch.delenv("SUDO_UID", raising=False)
    assert find_project(folder) == NO_PROJECT
    assert "evals.toml belongs to another user, and is not read" in capsys.readouterr().err
    monkeypatch.setenv("SUDO_UID", "12345")
    assert find_project(folder).values == {"seed": 1}
    monkeypatch.delenv("SUDO_UID")
    monkeypatch.setenv(VARIABLE, str(path))
    assert find_project(folder).values == {"seed": 1}


def test_an_unknown_key_is_an_error_with_its_line_and_near_names(folder):
    said = refused(write(folder / "evals.toml", "seed = 1\n# more\nmax_eror = 2\n"))
    assert said.startswith("evals.toml:3: no setting is called 'max_eror'")
    assert "did you mean: max_errors" in said
    said = refused(write(folder / "evals.toml", "[limits]\nmax_cost = 2\n"))
    assert said.startswith("evals.toml:1: no setting is called 'limits'")
    assert "there are: model, registry_paths" in said


@pytest.mark.parametrize(
    ("line", "fix"),
    [
        ("seed = '5'", "write a whole number"),
        ("seed = true", "write a whole number"),
        ("max_samples = 0", "write a whole number from 1 up"),
        ("max_cost = -1", "write a number above 0"),
        ("max_cost = nan", "write a number above 0"),
        ("max_errors = 1.5", "write a count such as 5, or a fraction such as 0.02"),
        ("cache = 'yes'", "write true or false"),
        ("model = ''", "write a text"),
        ("registry_paths = 'registry'", 'write a list of folders, such as ["registry"]'),
    ],
)
def test_a_value_of_the_wrong_kind_is_an_error_with_its_line(folder, line, fix):
    said = refused(write(folder / "evals.toml", f"log_dir = 'x'\n{line}\n"))
    assert said.startswith(f"evals.toml:2: {line.split()[0]} is ")
    assert f"fix: {fix}" in said


def test_a_file_that_is_no_toml_and_a_registry_that_is_not_there_are_errors_with_their_lines(folder):
    assert refused(write(folder / "evals.toml", "seed = 1\nmodel = \n")).startswith("evals.toml:2: this is no TOML")
    assert refused(write(folder / "evals.toml", 'model = "x"\nregistry_paths = ["gone"]\n')).startswith(
        "evals.toml:2: there is no folder"
    )


def test_paths_begin_at_the_folder_of_the_file(folder, monkeypatch):
    (folder / "registry" / "evals").mkdir(parents=True)
    (folder / "deep").mkdir()
    write(folder / "evals.toml", 'registry_paths = ["registry"]\nlog_dir = "runs"\n')
    monkeypatch.chdir(folder / "deep")
    with project_of_command():
        assert Path(Registry().registry_paths[-1]).resolve() == (folder / "registry").resolve()
        assert log_dir().resolve() == (folder / "runs").resolve()


def test_the_environment_wins_over_the_file(folder, monkeypatch):
    write(folder / "evals.toml", 'log_dir = "runs"\nthreads = 3\ntimeout = 7\n')
    with project_of_command():
        settings = settings_from_environment()
        assert (settings.max_concurrency, settings.attempt_timeout_s, log_dir()) == (3, 7, Path("runs"))
        monkeypatch.setenv("EVALS_THREADS", "5")
        monkeypatch.setenv("EVALS_THREAD_TIMEOUT", "9")
        monkeypatch.setenv("EVALS_LOG_DIR", "elsewhere")
        settings = settings_from_environment()
        assert (settings.max_concurrency, settings.attempt_timeout_s, log_dir()) == (5, 9, Path("elsewhere"))
        assert settings_from_environment(attempt_timeout_s=11).attempt_timeout_s == 11


def test_only_a_command_reads_the_file(folder):
    write(folder / "evals.toml", "nonsense = 1\n")
    assert current_project() is NO_PROJECT
    assert log_dir() == Path("evallogs")
    with project_of_command(), pytest.raises(UsageError):
        current_project()
    assert current_project() is NO_PROJECT


def test_the_page_lists_every_setting_with_its_place():
    page = (Path(__file__).parents[1] / "docs" / "settings.md").read_text(encoding="utf-8")
    rows = {
        cells[0].strip("`"): cells
        for line in page.splitlines()
        if line.startswith("| `") and (cells := [cell.strip() for cell in line.strip("|").split("|")])
    }
    stated: dict[str, Any] = {name: (row[3].strip("`"), row[4].strip("`")) for name, row in rows.items()}
    assert stated == {name: (setting.variable, setting.option) for name, setting in SETTINGS.items()}
    for name, setting in SETTINGS.items():
        if setting.default not in (None, []):
            assert rows[name][2].strip("`") == str(setting.default).lower()
