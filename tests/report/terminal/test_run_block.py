"""The block that ends a run in the terminal."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest
from sums import three_of_four, write_sums

import evals
from evals.report.terminal.run import final_block
from evals.specs import BaseEvalSpec


@pytest.mark.parametrize(
    ("n", "said"),
    [
        (2, "No difference can be detected: too few samples"),
        (100, "Smallest drop this eval can detect: about 11.5 to 17.4 points"),
    ],
)
def test_what_so_many_samples_can_show_is_said_in_points_that_exist(tmp_path: Path, n: int, said: str) -> None:
    (tmp_path / "evals").mkdir()
    (tmp_path / "data").mkdir()
    rows = [{"input": str(i), "ideal": "yes" if i % 2 else "no"} for i in range(n)]
    (tmp_path / "data" / "halves.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "evals" / "halves.yaml").write_text(
        "halves.dev.v0: {class: 'evals.suite:Match', args: {samples_jsonl: halves.jsonl}}\n"
    )
    result = evals.run(
        lambda prompt: "yes", "halves.dev.v0", registry_paths=[tmp_path], record_path=str(tmp_path / "r.jsonl")
    )
    assert final_block(result).splitlines()[4] == f"  {said}"


@pytest.mark.parametrize(
    ("metric", "said"),
    [
        # 2.802 standard errors times sqrt(2 (1 - 0.3)) and sqrt(2 (1 - 0.7)); bits a byte are no points
        ({"bits_per_byte": 0.9, "bits_per_byte_stderr": 0.02}, "difference this eval can detect: about 0.043 to 0.066"),
        ({"accuracy": 0.7, "accuracy_stderr": 0.02}, "difference this eval can detect: about 4.3 to 6.6 points"),
        ({"accuracy": 1.0, "accuracy_stderr": 0.0}, "drop this eval can detect: about 7.9 points"),
        (
            {"accuracy": 0.02, "accuracy_stderr": math.sqrt(0.02 * 0.98 / 99)},
            "No drop can be detected: the score is near 0",
        ),
        ({"accuracy": 0.0, "accuracy_stderr": 0.0}, ""),
        ({"f1": 0.5, "f1_stderr": 0.0}, ""),
    ],
)
def test_what_is_detectable_is_said_where_it_means_something(result: Any, metric: dict[str, Any], said: str) -> None:
    lines = [line for line in block_of({**metric, "n": 100}, result) if re.search("can (detect|be detected):", line)]
    assert (said in lines[0]) if said else not lines


def test_what_is_detectable_is_said_of_the_headline_and_of_no_rate_of_unreadable_answers(result: Any) -> None:
    rates = {"invalid_rate": 1.0, "invalid_rate_stderr": 0.0, "n": 30}
    assert not [line for line in block_of({"score": None, **rates}, result) if "can detect" in line]
    assert not [line for line in block_of(rates, result) if "can detect" in line]


def test_each_interval_names_its_method(result: Any) -> None:
    names = {"accuracy": "wilson", "f1": "effective wilson", "loss": "student t", "recall": "wilson"}
    report: dict[str, Any] = {"n": 30}
    for name, method in names.items():
        report |= {name: 0.5, f"{name}_ci95": [0.4, 0.6], f"{name}_method": method}
    groups = {"subject": {"a": dict(list(report.items())[:4]), "b": dict(list(report.items())[:4])}}
    text = "\n".join(block_of({**report, "groups": groups}, result))
    assert "  intervals    wilson: accuracy, recall; effective wilson: f1; student t: loss\n" in text
    assert "  accuracy by subject (wilson)\n" in text
    assert "accuracy_method" not in text


def test_the_rate_of_unreadable_answers_has_its_own_interval(result: Any) -> None:
    keys = {"unparsed": 0.1, "unparsed_stderr": 0.069, "unparsed_ci95": [0.012, 0.317], "unparsed_method": "wilson"}
    result.counters.n_unparsed = 2
    lines = block_of({"accuracy": 0.5, "n": 20, **keys}, result)
    at = lines.index("  unparsed     0.100   stderr 0.069   95 % interval 0.012 to 0.317   n = 20")
    assert lines[at + 1] == "                       2 completions without an answer (scored wrong)"


def test_repeats_say_what_would_pay(result: Any) -> None:
    variance = {"items": 0.142, "draws": 0.051, "repeats": 5.0}
    twice = {"error_with_twice_the_items": 0.7071, "error_with_twice_the_repeats": 0.983}
    lines = block_of({"accuracy": 0.5, "n": 100, "variance": {**variance, **twice}}, result)
    at = lines.index("  variance     between items 0.142, between draws of one 0.051")
    assert lines[at + 1] == "               stderr: 0.71 times with twice the items, 0.98 with twice the repeats"


def test_a_resumed_run_says_what_this_session_took_and_what_all_took(result: Any) -> None:
    graders = {"judge": {"n_calls": 12, "usage_total_tokens": 696}}
    report = {"accuracy": 0.5, "n": 20, "usage_total_tokens": 744, "cost_usd": 0.0019, "graders": graders}
    assert not [line for line in block_of(report, result) if line.endswith("since it was resumed")]
    result.counters.n_before = 8
    lines = block_of(report, result)
    at = next(place for place, line in enumerate(lines) if line.endswith(", since it was resumed"))
    assert lines[at + 1 : at + 3] == [
        "  in all       744 tokens, $0.0019 for what is recorded",
        "  grader       judge: 12 calls, 696 tokens",
    ]


def block_of(report: dict[str, Any], result: Any, **changes: Any) -> list[str]:
    result.report = report
    for name, value in changes.items():
        setattr(result, name, value)
    return final_block(result).splitlines()


@pytest.fixture
def result(tmp_path: Path) -> Any:
    return evals.run(three_of_four, "sums", registry_paths=write_sums(tmp_path / "r"), record_path=tmp_path / "s.jsonl")


def test_metrics_and_counts_have_a_line_each_and_clusters_stand_with_the_metric(result: Any) -> None:
    report = {
        "accuracy": 0.5, "accuracy_stderr": 0.1, "accuracy_ci95": [0.3, 0.7], "n": 20, "n_clusters": 4, "n_errors": 0,
        "f1": 0.25, "top_n": 3.5, "n_completions": 40, "counts/A": 12, "cost_usd": 1.0, "usage_total": 5, "boostrap_std": 0.1,
    }  # fmt: skip
    assert block_of(report, result)[2:7] == [
        "  accuracy      0.500   95 % interval 0.300 to 0.700   n = 20 in 4 clusters",
        "  f1            0.250",
        "  top_n         3.500",
        "  n_completions 40",
        "  counts/A      12",
    ]


@pytest.mark.parametrize("name", ["f1", "accuracy/parallel_multiple", "field/address.street.number"])
def test_no_line_of_numbers_is_wider_than_the_terminal(result: Any, name: str) -> None:
    scores = {"accuracy": 0.5, name: 0.25}
    errors = {"accuracy_stderr": 0.1, "accuracy_ci95": [0.3, 0.7], f"{name}_stderr": 0.1, f"{name}_ci95": [0.1, 0.5]}
    result.base_spec = BaseEvalSpec(
        id="x", extras={"reference": {"value": 0.92, "model": "model " * 12}, "protocol": "shots " * 20}
    )
    result.counters.errors.update({"cut off": 5, "content filter": 4, "context length": 3, "refused request": 2})
    result.counters.first_error = f"{'no answer ' * 12}\nfix: allow more"
    lines = block_of({**scores, **errors, "n": 1_319}, result)
    assert f"{'':<23}fix: allow more" in lines
    paths = str(result.record_path)
    assert [line for line in lines if len(line) > 80 and paths not in line and "--resume" not in line] == []
    assert any(line.startswith(f"  {name} ") and "0.100 to 0.500   n = 1,319" in line for line in lines)
    assert any("stderr 0.100" in line for line in lines) == (name == "f1")


def test_groups_show_the_metric_of_each_value(result: Any) -> None:
    rows = {
        f"v{i:02}": {"accuracy": i / 22, "accuracy_stderr": 0.1, "accuracy_ci95": [0, 1], "n": 3} for i in range(22)
    }
    lines = block_of({"accuracy": 0.5, "groups": {"category": rows, "alone": {"x": rows["v00"]}}}, result)
    at = lines.index("  accuracy by category")
    assert lines[at + 1] == "    v00  0.000   95 % interval 0.000 to 1.000   n = 3"
    assert lines[at + 21] == "    and 2 more; all of them: evals view RECORD --json -n 1"
    assert "  by alone" not in lines


@pytest.mark.parametrize(
    "report",
    [
        {"groups": 3, "how": "one text", "warnings": None, "accuracy": "high", "accuracy_ci95": 3, "n": "x"},
        {"groups": {"g": {"a": 1, "b": None}}, "unparsed": "many"},
        {},
    ],
)
def test_a_report_of_another_form_ends_nothing(result: Any, report: dict[str, Any]) -> None:
    assert block_of(report, result)[0] == "sums.dev.v0 on three_of_four"


def test_texts_of_the_eval_and_of_errors_cannot_steer_the_terminal(result: Any) -> None:
    result.counters.add_failed({"type": "bug", "message": "\x1b[2Jgone"})
    rows = {name: {"accuracy": 1.0, "n": 1} for name in ("\x1b[31m", "\nx")}
    text = "\n".join(block_of({"accuracy": 1.0, "how": ["\x1b]0;x\x07"], "groups": {"g": rows}}, result))
    assert "\x1b" not in text
    assert "the first: \\x1b[2Jgone" in text


def test_a_reference_may_be_a_text(result: Any) -> None:
    spec = BaseEvalSpec(id="sums.dev.v0", extras={"reference": [{"value": "about half", "model": "m"}, {"value": 0.5}]})
    lines = block_of({"accuracy": 0.5}, result, base_spec=spec)
    assert "  reference    about half m" in lines
    assert "  reference    0.500" in lines[lines.index("  reference    about half m") + 1]


def test_completions_that_were_no_plain_answer_have_a_line_each(result: Any) -> None:
    lines = block_of({"accuracy": 0.5, "n_refused": 2, "n_with_thoughts": 1, "n_errors": 0}, result)
    assert "  refused        2     completions refused by the model, without an answer" in lines
    assert "  with thoughts  1     completion held thoughts, which are not read" in lines
    assert not any("n_refused" in line for line in lines)
