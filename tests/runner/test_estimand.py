"""Intervals about these samples alone, and groups that are drawn together, in the report of a run."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

import evals
from evals.cli.oaieval import main
from evals.errors import UsageError
from evals.report.terminal.run import final_block


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Forty questions in five categories, of which a function that says "yes" gets 4, 5, 6, 7 and 8 of 8."""
    monkeypatch.setenv("EVALS_LOG_DIR", str(tmp_path / "evallogs"))
    root = tmp_path / "registry"
    (root / "evals").mkdir(parents=True)
    (root / "data").mkdir()
    rows = [
        {"input": f"{group}{i}", "ideal": "yes" if i < 4 + group else "no", "category": f"c{group}"}
        for group in range(5)
        for i in range(8)
    ]
    (root / "data" / "q.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (root / "evals" / "q.yaml").write_text("q.dev.v0: {class: 'evals.suite:Match', args: {samples_jsonl: q.jsonl}}\n")
    return root


def yes(prompt: object) -> str:
    return "yes"


def run(registry: Path, **options: object):
    return evals.run(yes, "q.dev.v0", registry_paths=[registry], **options)  # type: ignore[arg-type]


def test_half_of_the_dataset_leaves_half_of_the_variance(registry):
    usual, these = (run(registry, max_samples=20, estimand=name) for name in ("like-these", "these"))
    assert these.metric("accuracy").stderr == pytest.approx(usual.metric("accuracy").stderr * math.sqrt(1 / 2))
    assert these.metric("accuracy").method == "finite population"
    assert these.report["estimand"] == "these samples"
    text = final_block(these)
    assert "intervals are about the 40 samples of the dataset, evaluated once each" in " ".join(text.split())
    assert "can detect" in final_block(usual)
    assert "can detect" not in text


def test_a_whole_dataset_evaluated_once_has_a_known_score(registry):
    result = run(registry, estimand="these")
    assert (result.accuracy, result.metric("accuracy").ci95) == (0.75, None)
    assert "all 40 samples were evaluated once" in result.report["how"][0]
    row = result.report["groups"]["category"]["c0"]
    assert (row["accuracy"], row["accuracy_ci95"], row["n"]) == (0.5, None, 8)


def test_repeats_leave_the_draws_of_the_model_open(registry):
    metric = run(registry, estimand="these", repeats=2).metric("accuracy")
    assert metric.method == "two-stage"
    assert metric.ci95[0] < 0.75 < metric.ci95[1]
    assert metric.ci95[1] - metric.ci95[0] < 0.15


def test_the_command_has_both_options_and_a_finished_run_shows_them_too(registry, capsys):
    args = ["dummy", "q.dev.v0", "--registry_path", str(registry), "--json"]
    for more in (
        ["--max_samples", "20"],
        ["--max_samples", "20", "--resume", "--estimand", "these", "--shrink-groups"],
    ):
        main([*args, *more])
    report = json.loads(capsys.readouterr().out.splitlines()[-1])["final_report"]
    assert (report["estimand"], report["accuracy_method"]) == ("these samples", "finite population")


def test_without_a_record_there_is_no_such_interval(registry, capsys):
    assert main(["dummy", "q.dev.v0", "--registry_path", str(registry), "--estimand", "these", "--dry-run"]) == 2
    assert "needs a record" in capsys.readouterr().err


def test_another_estimand_is_an_error(registry):
    with pytest.raises(UsageError, match="estimand is 'all'"):
        run(registry, estimand="all")


def test_groups_are_drawn_towards_their_common_mean(registry):
    result = run(registry, shrink_groups=True)
    rows = result.report["groups"]["category"]
    for row in rows.values():
        assert abs(row["accuracy_shrunk"] - 0.75) < abs(row["accuracy"] - 0.75) or row["accuracy"] == 0.75
        assert row["accuracy_shrunk_method"] == "empirical bayes"
    assert "accuracy by category (empirical bayes)" in final_block(result)
    assert "c0  0.500   shrunk 0." in final_block(result)


def test_few_groups_are_left_as_they_are(registry):
    rows = [{"input": str(i), "ideal": "yes" if i % 3 else "no", "category": "ab"[i % 2]} for i in range(20)]
    (registry / "data" / "q.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    result = run(registry, shrink_groups=True)
    assert "accuracy_shrunk" not in result.report["groups"]["category"]["a"]
    assert "groups by category are not drawn together: fewer than 4, or all alike" in result.report["how"]
