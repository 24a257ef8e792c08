"""`evals scale`: real models in real processes, the forecast sealed before the target runs, and going on after a stop."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evals.cli.main import main
from evals.record.reader import read_record

LADDER = "small/ladder:\n  members: [pocket/32k, pocket/57k, pocket/79k, pocket/132k, pocket/213k]\n"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "registry" / "completion_fns"
    folder.mkdir(parents=True)
    (folder / "ladder.yaml").write_text(LADDER, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def scaled(capfd: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> dict[str, Any]:
    capfd.readouterr()
    given = ["--registry_path", "registry", "--out", "out", "--plot", "none", "--draws", "50", "--json"]
    assert main(["scale", "small/ladder", *arguments, *given]) == code
    found: dict[str, Any] = json.loads(capfd.readouterr().out)
    return found


@pytest.mark.slow
def test_one_command_runs_the_rungs_seals_scores_and_does_nothing_twice(place, capfd):
    (found,) = scaled(capfd, "pocket-text", "--max_samples", "20")["evals"]
    assert (found["score"]["counts"], found["score"]["objections"]) == (True, [])
    sealed = found["forecast"]["created_at"]
    target = read_record(found["records"]["pocket/213k"]).spec["created_at"].replace(" ", "T") + "Z"
    early = read_record(found["records"]["pocket/132k"]).spec["created_at"].replace(" ", "T") + "Z"
    assert early < sealed < target
    times = {path: Path(path).stat().st_mtime_ns for path in found["records"].values()}
    (again,) = scaled(capfd, "pocket-text", "--max_samples", "20")["evals"]
    assert again == found
    assert times == {path: Path(path).stat().st_mtime_ns for path in found["records"].values()}


@pytest.mark.slow
def test_a_run_that_lacks_a_part_goes_on_there(place, capfd):
    (found,) = scaled(capfd, "pocket-text", "--max_samples", "8")["evals"]
    record = Path(found["records"]["pocket/213k"])
    lines = record.read_bytes().splitlines(keepends=True)
    record.write_bytes(b"".join(lines[: len(lines) // 2]))
    (again,) = scaled(capfd, "pocket-text", "--max_samples", "8")["evals"]
    assert again["score"] == found["score"]
    assert read_record(record).final_report is not None


@pytest.mark.slow
def test_other_options_do_not_replace_a_sealed_forecast(place, capfd):
    scaled(capfd, "pocket-text", "--max_samples", "8")
    given = ["--registry_path", "registry", "--out", "out", "--plot", "none", "--max_samples", "8"]
    assert main(["scale", "small/ladder", "pocket-text", *given, "--law", "power"]) == 2
    assert "was sealed from other values or with other options" in capfd.readouterr().err


@pytest.mark.slow
def test_an_eval_of_right_and_wrong_gets_its_trend(place, capfd):
    (found,) = scaled(capfd, "inverse-redefine", "--max_samples", "30")["evals"]
    assert "forecast" not in found
    assert found["plot"]["trends"][0]["n_models"] == 5


def test_a_name_that_is_no_ladder_or_no_eval_is_an_error_before_anything_runs(place, capfd):
    for names in (["pocket/32k", "pocket-text"], ["pocket/ladder", "pocket-txt"], ["pocket/ladder", "pocket-text", "--within", "7"]):  # fmt: skip
        assert main(["scale", *names, "--plot", "none"]) == 2
    assert not (place / "evallogs").exists()
