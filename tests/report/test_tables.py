"""Tables of runs: `evals runs` lists a folder, `evals report` makes tables for the terminal, Markdown, CSV and LaTeX."""

from __future__ import annotations

import csv
import fcntl
import gzip
import io
import json
import math
import os
from pathlib import Path
from typing import Any

import pytest

from evals.cli.main import main
from evals.comparison.run_list import runs_in
from evals.comparison.run_table import read_table
from evals.record.summary import read_summary
from evals.report.tables import csv_table, latex_table, markdown_table, text_table


def record(path: Path, model: str = "m", name: str = "sums.dev.v0", **more: Any) -> Path:
    """A record with nothing but its ends. more: `report` (None: unfinished), `at`, `tags`, `run`, `fingerprint`."""
    report = more.get("report", {"accuracy": 0.5, "accuracy_stderr": 0.1, "accuracy_ci95": [0.3, 0.7], "n": 20})
    spec = {"completion_fns": [model], "eval_name": name, "created_at": more.get("at", "2026-11-30 10:00:00")}
    spec["run_config"] = {"tags": more.get("tags", []), "fingerprint": more.get("fingerprint", {})}
    event = {"sample_id": "s", "type": "match", "data": {"text": "x" * 40_000}}
    lines = [{"spec": spec, "record_format": 1}, event]
    if report is not None:
        lines.append({"final_report": report, "run": more.get("run", {"exit_code": 0})})
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def test_a_record_of_openai_evals_has_ended_where_events_follow_its_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # Its recorder appends the report at once, and the events that it still holds (up to 100) when the process ends.
    events = [{"run_id": "r", "event_id": n, "sample_id": f"s.{n}", "type": "match", "data": {}} for n in range(99)]
    lines = [{"spec": {"completion_fns": ["gpt-4"], "eval_name": "s.dev.v0", "run_config": {}, "created_at": "2024"}}]
    path = tmp_path / "theirs.jsonl"
    path.write_text("".join(f"{json.dumps(one)}\n" for one in [*lines, {"final_report": {"accuracy": 0.25}}, *events]))
    found = read_summary(path)
    assert found is not None
    assert found.report == {"accuracy": 0.25}
    assert main(["runs", str(path)]) == 0
    assert "0.250" in (shown := capsys.readouterr().out)
    assert "done" in shown
    path.write_text("".join(f"{json.dumps(one)}\n" for one in [*lines, *events]))
    unfinished = read_summary(path)
    assert unfinished is not None
    assert unfinished.report is None


def test_the_ends_of_a_record_are_read_also_where_the_report_is_long(tmp_path: Path) -> None:
    long = record(tmp_path / "long.jsonl", report={"accuracy": 1.0, "groups": ["y" * 300_000]})
    found = read_summary(long)
    assert found is not None
    assert found.report is not None
    assert (found.report["accuracy"], found.extras["run"]) == (1.0, {"exit_code": 0})
    packed = tmp_path / "packed.jsonl.gz"
    packed.write_bytes(gzip.compress(long.read_bytes()))
    again = read_summary(packed)
    assert again is not None
    assert again.report == found.report
    other = tmp_path / "other.jsonl"
    other.write_text('{"question": "no record"}\n')
    assert read_summary(other) is None


def test_states_of_runs_tell_running_stopped_failed_and_done(tmp_path: Path) -> None:
    record(tmp_path / "done.jsonl", "done")
    record(tmp_path / "failed.jsonl", "failed", report={"accuracy": 0.5, "n": 9, "n_errors": 3})
    record(tmp_path / "budget.jsonl", "budget", run={"exit_code": 4})
    record(tmp_path / "killed.jsonl", "killed", report=None)
    with record(tmp_path / "deep" / "live.jsonl", "live", report=None).open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        states = {run.model: run.state for run in runs_in([tmp_path])}
    wanted = {"done": "done", "failed": "failed", "budget": "stopped", "killed": "stopped", "live": "running"}
    assert states == wanted


def test_evals_runs_lists_the_newest_first_within_80_columns(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for hour in range(3):
        record(
            tmp_path / f"{hour}.jsonl", f"model-{hour}", at=f"2026-11-30 1{hour}:00:00", tags=["night"] * (hour == 1)
        )
    assert main(["runs", str(tmp_path), "--last", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[3] for line in lines[1:3]] == ["model-2", "model-1"]
    assert "0.500" in lines[1]
    assert "0.300 to 0.700" in lines[1]
    assert lines[2].endswith("done #night")
    assert lines[3] == "2 of 3 runs; --last 0 shows all"
    assert main(["runs", str(tmp_path), "--tag", "night", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["n"], found["runs"][0]["model"], found["runs"][0]["n"]) == (1, "model-1", 20)
    assert main(["runs", str(tmp_path / "nowhere")]) == 2


def test_a_name_from_outside_neither_steers_the_terminal_nor_breaks_a_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record(tmp_path / "a.jsonl", "evil\x1b[31m|\nmodel", name="a_b.dev.v0")
    record(tmp_path / "b.jsonl", "=cmd()", name="a_b.dev.v0")
    assert main(["runs", str(tmp_path)]) == 0
    assert "\x1b" not in capsys.readouterr().out
    table = read_table([tmp_path])
    assert "\x1b" not in text_table(table, None)
    assert markdown_table(table, None).splitlines()[2].count(" | ") == 1
    assert r"a\_b.dev.v0" in latex_table(table, None)
    assert "'=cmd()" in csv_table(table, None)


def test_one_run_shows_all_its_metrics_and_several_are_models_by_evals(tmp_path: Path) -> None:
    report = {"accuracy": 0.25, "accuracy_stderr": 0.1, "accuracy_ci95": [0.1, 0.5], "n": 20, "unparsed": 0.125}
    one = record(tmp_path / "1.jsonl", "small", "sums.dev.v0", report=report)
    lines = text_table(read_table([one]), None).splitlines()
    assert [line.split() for line in lines] == [
        ["metric", "score", "stderr", "95", "%", "interval", "n"],
        ["accuracy", "0.250", "0.100", "0.100", "to", "0.500", "20"],
        ["unparsed", "0.125"],
    ]
    record(tmp_path / "2.jsonl", "large", "sums.dev.v0")
    record(tmp_path / "3.jsonl", "large", "facts.dev.v0", report={"score": 0.9, "n": 7, "n_errors": 2})
    table = read_table([tmp_path])
    lines = text_table(table, None).splitlines()
    assert lines[0].split() == ["model", "sums.dev.v0", "facts.dev.v0"]
    assert lines[1].split("  ")[0] == "small"
    assert lines[2].endswith("0.500 [0.300, 0.700]        0.900*")
    assert "sums.dev.v0: accuracy, n = 20" in lines
    assert lines[-1] == "* samples failed and were not scored: large on facts.dev.v0 (2)"


def test_a_finished_run_goes_before_a_newer_one_that_was_stopped_and_both_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = {"accuracy": 0.5, "accuracy_ci95": [0.4, 0.6], "n": 100}
    part = {"accuracy": 0.9, "accuracy_ci95": [0.6, 1.0], "n": 10}
    at = "2026-11-30 1{}:00:00"
    for hour, name, report, code in ((0, "whole", whole, 0), (1, "part", part, 4), (2, "killed", part, 130)):
        record(tmp_path / f"{name}.jsonl", report=report, run={"exit_code": code}, at=at.format(hour))
    assert main(["report", str(tmp_path)]) == 0
    shown = capsys.readouterr()
    assert "0.500" in shown.out
    assert "stopped" not in shown.out
    for name in ("part", "killed"):
        said = (
            f"{name}.jsonl: it was stopped, and {tmp_path / 'whole.jsonl'} is a finished run of the same model and eval"
        )
        assert f"{said} (n = 100; here n = 10)" in shown.err
    (tmp_path / "whole.jsonl").unlink()
    assert main(["report", str(tmp_path)]) == 0
    shown = capsys.readouterr()
    assert "killed.jsonl: the run was stopped, and these are its samples so far" in shown.out
    assert f"part.jsonl: {tmp_path / 'killed.jsonl'} is a newer run of the same model and eval" in shown.err


def test_csv_has_every_number_unrounded_and_missing_ones_empty(tmp_path: Path) -> None:
    report = {"accuracy": 1 / 3, "accuracy_stderr": 0.1, "accuracy_ci95": [0.1, 0.5], "n": 20, "f1": None, "f1_n": 3}
    rows = list(csv.DictReader(io.StringIO(csv_table(read_table([record(tmp_path / "1.jsonl", report=report)]), None))))
    assert float(rows[0]["value"]) == 1 / 3
    assert (rows[0]["ci95_low"], rows[0]["ci95_high"], rows[0]["n"]) == ("0.1", "0.5", "20")
    assert rows[0]["record"] == str(tmp_path / "1.jsonl")


def test_prompts_and_conditions_of_images_have_columns_of_their_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    prompts = {"short": "{q}", "long": "Think. {q}"}
    for name in prompts:
        record(tmp_path / f"{name}.jsonl", fingerprint={"eval_args": {"prompt": name, "prompts": prompts}})
    record(tmp_path / "blind.jsonl", fingerprint={"images": {"condition": "no_vision"}})
    record(tmp_path / "plain.jsonl", fingerprint={"eval_args": {"prompt": "{q}"}, "images": {"max_px": 64}})
    table = read_table([tmp_path])
    wanted = {f"sums.dev.v0{given}" for given in ("", " [short]", " [long]", " [no_vision]")}
    assert set(table.evals) == wanted
    assert table.left_out == []
    assert main(["runs", str(tmp_path)]) == 0
    listed = capsys.readouterr().out
    assert all(name in listed for name in wanted)


def test_the_newest_of_several_runs_is_taken_and_the_others_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record(tmp_path / "new.jsonl", at="2026-11-30 12:00:00", report={"accuracy": 0.75, "n": 4})
    record(tmp_path / "old.jsonl", at="2026-11-29 12:00:00", report={"accuracy": 0.25, "n": 4})
    record(tmp_path / "part.jsonl", report=None)
    assert main(["report", str(tmp_path), "--format", "csv", "--out", str(tmp_path / "t.csv")]) == 0
    said = capsys.readouterr().err
    assert "old.jsonl: " in said
    assert "part.jsonl: the run has not ended" in said
    assert [row["value"] for row in csv.DictReader(io.StringIO((tmp_path / "t.csv").read_text()))] == ["0.75"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing.jsonl"], "cannot be read"),
        (["part.jsonl"], "no run has ended"),
        (["theirs.jsonl"], "openai/evals wrote no report into it"),
        (["one.jsonl", "--metric", "acuracy"], "did you mean: accuracy"),
        (["one.jsonl", "--json", "--format", "csv"], "--json is a format of its own"),
    ],
)
def test_mistakes_are_said(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    message: str,
) -> None:
    record(tmp_path / "one.jsonl")
    ours = record(tmp_path / "part.jsonl", report=None).read_text()
    (tmp_path / "theirs.jsonl").write_text(ours.replace(', "record_format": 1', ""))
    monkeypatch.chdir(tmp_path)
    assert main(["report", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_a_run_tag_reaches_the_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from evals.cli.oaieval import main as oaieval

    monkeypatch.setenv("EVALS_LOG_DIR", str(tmp_path))
    assert oaieval(["dummy", "arithmetic", "--limit", "2", "--run-tag", "night", "--run-tag", "b"]) == 0
    [run] = runs_in([tmp_path])
    assert run.tags == ("night", "b")
    assert os.path.samefile(run.path, next(tmp_path.glob("*.jsonl")))


def test_runs_with_two_efforts_are_two_models(tmp_path: Path) -> None:
    for effort in ("low", "high"):
        asked = {"overrides": {"reasoning_effort": effort}}
        record(tmp_path / f"{effort}.jsonl", fingerprint=asked)
    assert read_table([tmp_path]).models == ["m, effort high", "m, effort low"]
    assert {run.model for run in runs_in([tmp_path])} == {"m, effort high", "m, effort low"}


def test_a_report_with_counts_alone_has_rates_with_their_intervals(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # openai/evals reports a rubric without scores so: nothing but how often each choice was made.
    counted = record(tmp_path / "fact.jsonl", name="fact.dev.v0", report={"counts/A": 30, "counts/__invalid__": 10})
    table = read_table([counted])
    found = table.runs[0].metrics
    assert [(name, one.value, one.n) for name, one in found.items()] == [
        ("invalid_rate", 0.25, 40),
        ("rate/A", 0.75, 40),
    ]
    # Wilson's interval of 30 of 40: (p + z^2/2n -+ z sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n).
    n, p, z = 40, 0.75, 1.959964
    middle, half = p + z * z / 2 / n, z * math.sqrt(p * (1 - p) / n + z * z / 4 / n / n)
    assert found["rate/A"].ci95 == pytest.approx(((middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)))
    assert main(["report", str(counted), str(record(tmp_path / "sums.jsonl"))]) == 0
    assert "0.750" in capsys.readouterr().out


def test_a_run_without_any_number_is_named_and_not_dropped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    empty = record(tmp_path / "empty.jsonl", name="other.dev.v0", report={"note": "nothing"})
    assert main(["report", str(empty), str(record(tmp_path / "sums.jsonl"))]) == 0
    assert "empty.jsonl: its report has no score and no rate" in capsys.readouterr().err


def test_what_failed_in_a_run_with_repeats_are_evaluations(tmp_path: Path) -> None:
    report = {"accuracy": 0.5, "n": 20, "n_errors": 30}
    one = record(tmp_path / "1.jsonl", "small", "sums.dev.v0", report=report)
    lines = one.read_text(encoding="utf-8").splitlines(keepends=True)
    spec = json.loads(lines[0])
    spec["spec"]["run_config"] = {**(spec["spec"].get("run_config") or {}), "repeats": 3}
    one.write_text("".join([json.dumps(spec) + "\n", *lines[1:]]), encoding="utf-8")
    record(tmp_path / "2.jsonl", "large", "sums.dev.v0")
    lines = text_table(read_table([tmp_path]), None).splitlines()
    assert lines[-1] == "* samples failed and were not scored: small on sums.dev.v0 (30 evaluations)"
