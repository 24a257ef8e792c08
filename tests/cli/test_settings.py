"""`evals settings`, and commands in a folder with a project file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from commands import lines_of

from evals.cli import main, oaieval
from evals.project import VARIABLE


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in (VARIABLE, "EVALS_LOG_DIR", "EVALS_THREADS", "EVALS_THREAD_TIMEOUT"):
        monkeypatch.delenv(name, raising=False)
    registry = tmp_path / "registry"
    for kind in ("evals", "data"):
        (registry / kind).mkdir(parents=True)
    rows = [{"input": f"q{i}", "ideal": "a"} for i in range(4)]
    (registry / "data" / "own.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    body = {"class": "evals.suite:Match", "args": {"samples_jsonl": "own.jsonl"}}
    (registry / "evals" / "own.yaml").write_text(json.dumps({"own": {"id": "own.dev.v0"}, "own.dev.v0": body}))
    (tmp_path / "evals.toml").write_text(
        'model = "dummy"\nregistry_paths = ["registry"]\nlog_dir = "runs"\nmax_samples = 2\nseed = 5\n'
    )
    (tmp_path / "inner").mkdir()
    monkeypatch.chdir(tmp_path / "inner")
    return tmp_path


def the_record(folder: Path) -> dict[str, Any]:
    (record,) = (folder / "runs").glob("*.jsonl")
    config: dict[str, Any] = lines_of(record)[0]["spec"]["run_config"]
    return config


def test_a_run_takes_model_registry_folder_and_limits_from_the_file_and_records_it(folder, capsys):
    assert oaieval.main(["own"]) == 0
    config = the_record(folder)
    assert (config["completion_fns"], config["max_samples"], config["seed"]) == (["dummy"], 2, 5)
    assert config["project_file"]["path"] == str((folder / "evals.toml").resolve())
    assert config["project_file"]["settings"]["max_samples"] == 2
    assert "evals.toml: model, registry_paths, log_dir, max_samples, seed" in capsys.readouterr().err


def test_the_command_line_wins_over_the_file(folder):
    assert oaieval.main(["pocket/1m", "own", "--seed", "6", "--max_samples", "1"]) == 0
    config = the_record(folder)
    assert (config["completion_fns"], config["max_samples"], config["seed"]) == (["pocket/1m"], 1, 6)


def test_other_commands_know_the_registry_of_the_file(folder, capsys):
    assert main.main(["list", "own"]) == 0
    assert "own" in capsys.readouterr().out
    assert oaieval.main(["own"]) == 0
    capsys.readouterr()
    assert main.main(["runs", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["n"] == 1


def test_a_bad_file_ends_a_command_with_two_and_leaves_help_alone(folder, capsys):
    (folder / "evals.toml").write_text("seeed = 1\n")
    assert oaieval.main(["own"]) == 2
    said = capsys.readouterr().err
    assert "evals.toml:1: no setting is called 'seeed'" in said
    assert "did you mean: seed" in said
    with pytest.raises(SystemExit) as ended:
        oaieval.main(["--help"])
    assert ended.value.code == 0


def test_without_a_default_model_a_lone_name_is_an_error_as_before(folder, capsys):
    (folder / "evals.toml").write_text("seed = 1\n")
    with pytest.raises(SystemExit) as ended:
        oaieval.main(["own"])
    assert ended.value.code == 2
    assert "the following arguments are required: eval" in capsys.readouterr().err


def test_every_setting_is_shown_with_its_value_and_its_source(folder, capsys, monkeypatch):
    monkeypatch.setenv("EVALS_THREADS", "3")
    assert main.main(["settings", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["project_file"] == str((folder / "evals.toml").resolve())
    sources = {name: (row["value"], row["from"].rpartition("/")[2]) for name, row in told["settings"].items()}
    assert sources["seed"] == (5, "evals.toml:5")
    assert sources["threads"] == ("3", "$EVALS_THREADS")
    assert sources["max_errors"] == (0, "default")
    assert main.main(["settings"]) == 0
    shown = capsys.readouterr().out
    assert "project file" in shown
    assert "evals.toml:4" in shown


def test_without_a_file_the_defaults_are_shown(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv(VARIABLE, "none")
    monkeypatch.chdir(tmp_path)
    assert main.main(["settings"]) == 0
    assert "project file   none" in capsys.readouterr().out
