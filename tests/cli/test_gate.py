"""The gate as a CI script uses it: baselines, verdicts, exit codes, JUnit, GitHub."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest


def write_record(path: Path, correct: list[bool], name: str = "toy", **config) -> str:
    """A record as `oaieval` writes it: one match event a sample."""
    spec = {
        "completion_fns": [config.pop("model", "m")], "eval_name": f"{name}.dev.v0", "base_eval": name, "split": "dev",
        "run_config": {"data_sha256": "d", "fingerprint": {"scorer": {"version": "1"}}, **config},
        "created_by": "", "run_id": "r", "created_at": "2026-01-01",
    }  # fmt: skip
    lines = [{"spec": spec, "record_format": 1}]
    for i, right in enumerate(correct):
        data = {"correct": right, "expected": "a", "picked": "a" if right else None}
        lines.append({"run_id": "r", "event_id": i, "sample_id": f"{name}.dev.{i}", "type": "match", "data": data,
                      "created_by": "", "created_at": "2026-01-01", "sample_done": True})  # fmt: skip
    lines.append({"final_report": {"accuracy": sum(correct) / max(1, len(correct))}, "run_id": "r"})
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return str(path)


def scores(n: int, accuracy: float, seed: int = 1) -> list[bool]:
    rng = random.Random(seed)
    return [rng.random() < accuracy for _ in range(n)]


def with_drop(before: list[bool], n_lost: int, n_won: int = 0) -> list[bool]:
    after = list(before)
    for index in [i for i, right in enumerate(before) if right][:n_lost]:
        after[index] = False
    for index in [i for i, right in enumerate(before) if not right][:n_won]:
        after[index] = True
    return after


def gate(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "evals.cli.main", "gate", *arguments]
    env = {k: v for k, v in os.environ.items() if not k.startswith("GITHUB_")} | environment
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=300, check=False)


def test_a_proven_regression_exits_one_and_an_unchanged_run_passes(tmp_path):
    before = scores(1500, 0.8)
    old = write_record(tmp_path / "old.jsonl", before)
    done = gate(tmp_path, old, "--baseline", "baselines", "--update")
    assert done.returncode == 0, done.stderr
    assert "n = 1,500" in done.stdout
    same = gate(tmp_path, old, "--baseline", "baselines")
    assert (same.returncode, "ok" in same.stdout) == (0, True), same.stdout
    bad = gate(tmp_path, write_record(tmp_path / "new.jsonl", with_drop(before, 120, 20)), "--baseline", "baselines")
    assert bad.returncode == 1
    assert "REGRESSION" in bad.stdout
    assert "the drop is over 2 points, p = " in bad.stdout
    assert "False-alarm rate: at most 5%" in bad.stdout
    assert max(map(len, bad.stdout.splitlines())) <= 80


@pytest.mark.slow
def test_too_few_samples_cannot_tell_and_say_how_many_would_do(tmp_path):
    before = scores(164, 0.7)
    gate(tmp_path, write_record(tmp_path / "old.jsonl", before), "--baseline", "b", "--update")
    new = write_record(tmp_path / "new.jsonl", with_drop(before, 14, 9))
    done = gate(tmp_path, new, "--baseline", "b")
    assert done.returncode == 5
    assert "cannot tell with 164 samples; about" in done.stdout
    assert gate(tmp_path, new, "--baseline", "b", "--undecided", "pass").returncode == 0
    assert gate(tmp_path, new, "--baseline", "b", "--undecided", "fail").returncode == 1


def test_a_baseline_is_a_small_file_that_reads_back(tmp_path):
    from evals.comparison.baseline import Baseline, read_baseline
    from evals.comparison.scores import read_scores

    run = read_scores(write_record(tmp_path / "old.jsonl", scores(1319, 0.8)))
    Baseline.of(run).write(tmp_path / "b.json")
    back = read_baseline(tmp_path / "b.json")
    assert (tmp_path / "b.json").stat().st_size < 1500
    assert dict(zip(back.sample_ids, back.scores, strict=True)) == dict(zip(run.sample_ids, run.scores, strict=True))


@pytest.mark.slow
def test_several_evals_at_once_are_corrected(tmp_path):
    """Ten borderline runs: each alone would fail at 0.05; Holm asks for 0.005 of the first."""
    before = scores(400, 0.9)
    old = [write_record(tmp_path / f"old{k}.jsonl", before, name=f"e{k}") for k in range(10)]
    gate(tmp_path, *old, "--baseline", "b", "--update")
    new = [write_record(tmp_path / f"new{k}.jsonl", with_drop(before, 24, 3), name=f"e{k}") for k in range(10)]
    alone = json.loads(gate(tmp_path, new[0], "--baseline", "b", "--json").stdout)["verdicts"][0]
    together = json.loads(gate(tmp_path, *new, "--baseline", "b", "--json").stdout)["verdicts"][0]
    assert together["p_value_holm"] == pytest.approx(min(1, 10 * alone["p_value"]))


@pytest.mark.slow
def test_junit_markdown_and_github(tmp_path):
    before = scores(1500, 0.8)
    gate(tmp_path, write_record(tmp_path / "old.jsonl", before), "--baseline", "b", "--update")
    new = write_record(tmp_path / "new.jsonl", with_drop(before, 120))
    summary = tmp_path / "summary.md"
    argv = (new, "--baseline", "b", "--junit", "j.xml", "--markdown", "t.md")
    done = gate(tmp_path, *argv, GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=str(summary))
    suite = ET.parse(tmp_path / "j.xml").getroot()
    assert (suite.get("tests"), suite.get("failures")) == ("1", "1")
    assert "REGRESSION" in suite.find("testcase/failure").get("message")
    assert "::error title=evals%3A toy.dev.v0::REGRESSION" in done.stderr
    assert "| toy.dev.v0 | " in summary.read_text()
    assert summary.read_text() == (tmp_path / "t.md").read_text()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "said"),
    [({"data_sha256": "other"}, "another data"), ({"fingerprint": {"scorer": {"version": "2"}}}, "another scorer")],
)
def test_what_cannot_be_compared_is_refused(tmp_path, change, said):
    before = scores(50, 0.8)
    gate(tmp_path, write_record(tmp_path / "old.jsonl", before), "--baseline", "b", "--update")
    done = gate(tmp_path, write_record(tmp_path / "new.jsonl", before, **change), "--baseline", "b")
    assert done.returncode == 2
    assert said in done.stderr
    assert "--update" in done.stderr


def test_mistakes_say_what_to_do(tmp_path):
    record = write_record(tmp_path / "r.jsonl", scores(50, 0.8))
    missing = gate(tmp_path, record, "--baseline", "nowhere")
    assert (missing.returncode, "--update" in missing.stderr) == (2, True)
    drop = gate(tmp_path, record, "--baseline", "nowhere", "--max-drop", "two")
    assert (drop.returncode, "--max-drop 2pt" in drop.stderr) == (2, True)
    order = gate(tmp_path, record, "--baseline", "nowhere", "--max-drop", "5pt", "--detect", "4pt")
    assert order.returncode == 2
    (tmp_path / "b.json").write_text("{}")
    assert gate(tmp_path, record, "--baseline", "b.json").returncode == 2


def test_a_run_that_misses_samples_is_not_ok(tmp_path):
    before = scores(1500, 0.8)
    gate(tmp_path, write_record(tmp_path / "old.jsonl", before), "--baseline", "b", "--update")
    done = gate(tmp_path, write_record(tmp_path / "new.jsonl", before[:1000]), "--baseline", "b")
    assert done.returncode == 5
    assert "only 1,000 of the baseline's 1,500 samples" in done.stdout


@pytest.mark.slow
def test_a_baseline_that_is_replaced_again_and_again_is_warned_of(tmp_path):
    said = []
    for number, accuracy in enumerate((0.7, 0.75, 0.8)):
        path = Path(write_record(tmp_path / "run.jsonl", scores(200, accuracy, seed=number)))
        path.write_text(path.read_text().replace('"run_id": "r"', f'"run_id": "r{number}"'))
        said.append(gate(tmp_path, str(path), "--baseline", "b", "--update").stderr)
    again = gate(tmp_path, str(path), "--baseline", "b", "--update")
    assert said[0] == ""
    assert "replaced once, now by a score above the one before" in said[1]
    assert "replaced 2 times" in said[2]
    assert "replaced 2 times" in again.stderr, "the same run once more is no further choice"
    assert gate(tmp_path, str(path), "--baseline", "b").returncode in (0, 5)


@pytest.mark.slow
def test_one_lost_sample_of_many_evals_fails_no_build(tmp_path):
    """Twenty evals of one sample each: nothing can be proven, and the table says from where on it could be."""
    names = [f"e{i}" for i in range(20)]
    old = [write_record(tmp_path / f"old{name}.jsonl", [True], name) for name in names]
    gate(tmp_path, *old, "--baseline", "b", "--update")
    new = [write_record(tmp_path / f"new{name}.jsonl", [i % 3 > 0], name) for i, name in enumerate(names)]
    done = gate(tmp_path, *new, "--baseline", "b")
    assert done.returncode == 5
    assert "REGRESSION" not in done.stdout
    assert "below 10 no drop can be proven" in done.stdout


def test_a_run_that_did_not_end_is_no_baseline(tmp_path):
    path = Path(write_record(tmp_path / "cut.jsonl", [True] * 10))
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))
    done = gate(tmp_path, str(path), "--baseline", "b", "--update")
    assert done.returncode == 2
    assert "did not end" in done.stderr
    assert not (tmp_path / "b").exists()


def failed_run(path: Path, name: str, n: int) -> str:
    """A finished run of which every call failed."""
    lines = Path(write_record(path, [True] * n, name)).read_text().splitlines()
    error = {"type": "error", "data": {"type": "ServerError", "message": "down"}, "failed": True}
    failed = [json.dumps({**json.loads(line), **error}) for line in lines[1:-1]]
    path.write_text("\n".join([lines[0], *failed, json.dumps({"final_report": {"n_errors": n}, "run_id": "r"})]) + "\n")
    return str(path)


def test_a_run_of_which_every_call_failed_is_not_complete_and_hides_no_regression(tmp_path):
    before = scores(300, 0.9)
    old = [write_record(tmp_path / f"old-{name}.jsonl", before, name) for name in ("up", "down")]
    gate(tmp_path, *old, "--baseline", "b", "--update")
    down = failed_run(tmp_path / "down.jsonl", "down", 300)
    up = write_record(tmp_path / "up.jsonl", with_drop(before, 100), "up")
    both = gate(tmp_path, down, up, "--baseline", "b", "--junit", "j.xml", "--json")
    assert both.returncode == 1, both.stderr
    found = {one["eval"]: one for one in json.loads(both.stdout)["verdicts"]}
    assert found["up.dev.v0"]["verdict"] == "regression"
    assert (found["down.dev.v0"]["verdict"], found["down.dev.v0"]["n"]) == ("incomplete", 0)
    assert found["down.dev.v0"]["worst_difference"] == pytest.approx(-sum(before) / 300)
    assert len(ET.parse(tmp_path / "j.xml").getroot().findall("testcase")) == 2
    alone = gate(tmp_path, down, "--baseline", "b", "--undecided", "neutral")
    assert alone.returncode == 5, "nothing turns it into a pass"
    assert "300 of 300 samples failed" in alone.stdout
    assert max(map(len, alone.stdout.splitlines()[:2])) <= 80


def test_a_run_of_which_every_call_failed_is_no_baseline(tmp_path):
    done = gate(tmp_path, failed_run(tmp_path / "down.jsonl", "down", 9), "--baseline", "b", "--update")
    assert done.returncode == 2
    assert "no sample of this record has a score" in done.stderr
    assert not (tmp_path / "b").exists()
