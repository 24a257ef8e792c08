"""Preference over scripted graders: orders, ties, retries, reports, and the way to `evals preferences` and back."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

import evals
from evals.cli.main import main
from evals.errors import EvalsError
from evals.interchange.preferences import read_judgements
from evals.record.reader import read_record
from evals.registry import bundled_data_root
from evals.runner.result import RunResult
from evals.suite.graded.preference_verdicts import OrderVerdict, grader_verdict

SHOWN = re.compile(r"<answer_A>\n(.*?)\n</answer_A>.*<answer_B>\n(.*?)\n</answer_B>", re.DOTALL)
ROWS = [{"input": f"Request {i}", "reference": f"reference {i}", "category": "ab"[i % 2]} for i in range(60)]


def judge(decide: Callable[[str, str], str]) -> Callable[[Any], str]:
    """A grader that decides between the first and the second answer."""

    def grader(prompt: Any) -> str:
        found = SHOWN.search(prompt[0]["content"])
        assert found is not None
        return f"Both were read.\n{decide(found[1], found[2])}"

    return grader


def writer(prompt: Any) -> str:
    return f"written for {prompt}"


def judged(
    tmp_path: Path, grader: Any, rows: Sequence[dict[str, Any]] = ROWS, model: Any = writer, **args: Any
) -> RunResult:
    models = [*(model if isinstance(model, list) else [model]), grader]
    folder = {"log_dir": tmp_path, "record_path": tmp_path / "run.jsonl"}
    return evals.run(models, rows, eval_class="Preference", eval_args=args, check=False, max_errors=1000, **folder)


def battles(result: RunResult) -> list[dict[str, Any]]:
    return [battle for sample in read_record(result.record_path).samples() for battle in sample.data("battle")]


prefers_written = judge(lambda one, other: "A" if one.startswith("written") else "B")
prefers_first = judge(lambda one, other: "A")


def test_the_winner_is_found_whichever_answer_stands_first(tmp_path: Path) -> None:
    result = judged(tmp_path, prefers_written)
    assert (result.report["win_rate"], result.report["n"], result.report["n_wins"]) == (1.0, 60, 60)
    firsts = [battle["verdicts"][0]["shown_first"] for battle in battles(result)]
    assert 15 < firsts.count("model_a") < 45


def test_the_coin_falls_the_same_way_in_every_run(tmp_path: Path) -> None:
    orders = []
    for name in ("one", "two"):
        found = read_record(judged(tmp_path / name, prefers_first).record_path).samples()
        orders.append({sample.sample_id: sample.data("battle")[0]["verdicts"] for sample in found})
    assert orders[0] == orders[1]


def test_a_grader_that_takes_the_first_answer_gives_ties_when_asked_in_both_orders(tmp_path: Path) -> None:
    report = judged(tmp_path, prefers_first, swap=True).report
    assert (report["win_rate"], report["n_ties"], report["position_inconsistency"]) == (0.5, 60, 1.0)
    assert report["first_preferred"] == 1.0


def test_position_bias_shows_in_one_order_too(tmp_path: Path) -> None:
    report = judged(tmp_path, prefers_first).report
    assert report["first_preferred"] == 1.0
    assert report["first_preferred_ci95"][0] > 0.9
    assert 0.25 < report["win_rate"] < 0.75
    assert "position_inconsistency" not in report


def test_ties_are_half_wins_and_left_out_of_the_decided_rate(tmp_path: Path) -> None:
    def decide(one: str, other: str) -> str:
        number = int(re.findall(r"\d+", one)[0])
        return "Tie" if number < 20 else "A" if one.startswith("written") == (number < 50) else "B"

    report = judged(tmp_path, judge(decide), swap=True).report
    assert (report["n_wins"], report["n_losses"], report["n_ties"]) == (30, 10, 20)
    assert report["win_rate"] == pytest.approx((30 + 20 / 2) / 60)
    assert (report["win_rate_decided"], report["win_rate_decided_n"]) == (0.75, 40)
    assert report["groups"]["category"]["a"]["n"] == 30


@pytest.mark.parametrize(
    ("outcomes", "choice", "score"),
    [
        ([1.0, 1.0], "model_a", 1.0),
        ([1.0, 0.0], "__inconsistent__", 0.5),
        ([1.0, 0.5], "__inconsistent__", 0.5),
        ([0.9, 0.7], "model_a", 0.8),
        ([0.0], "model_b", 0.0),
        ([1.0, None], "__invalid__", None),
    ],
)
def test_orders_that_disagree_are_a_tie(outcomes: list[float | None], choice: str, score: float | None) -> None:
    found = grader_verdict([OrderVerdict("g", "model_a", "A", outcome) for outcome in outcomes])
    assert (found.choice, found.score) == (choice, score if score is None else pytest.approx(score))


def test_an_unreadable_verdict_is_asked_for_again(tmp_path: Path) -> None:
    def grader(prompt: Any) -> str:
        return "I like both a lot" if len(prompt) == 1 else "Tie"

    result = judged(tmp_path, grader, ROWS[:4])
    assert (result.report["n_ties"], result.report["n_retries"], result.n_errors) == (4, 4, 0)
    assert result.report["retry_rate"] == 1.0
    assert {verdict["n_retries"] for battle in battles(result) for verdict in battle["verdicts"]} == {1}


def test_a_verdict_that_stays_unreadable_is_an_error_and_no_loss(tmp_path: Path) -> None:
    asked: list[Any] = []

    def grader(prompt: Any) -> str:
        asked.append(prompt)
        return "B" if "Request 1\n" in prompt[0]["content"] else "No idea."

    result = judged(tmp_path, grader, ROWS[:2], retries=1)
    assert (result.report["n"], result.n_errors) == (1, 1)
    assert [len(prompt) for prompt in asked if "Request 0\n" in prompt[0]["content"]] == [1, 3]
    [error] = [sample.error for sample in read_record(result.record_path).samples() if sample.error]
    assert "no verdict was read in a grader's answers, asked 2 times" in error["message"]


def test_equal_answers_are_a_tie_without_a_call(tmp_path: Path) -> None:
    rows = [{"input": "hello", "reference": "written for hello "}]

    def grader(prompt: Any) -> str:
        raise AssertionError("asked about equal answers")

    result = judged(tmp_path, grader, rows)
    assert (result.report["n_ties"], result.report["n_identical"], result.n_errors) == (1, 1, 0)


def test_the_baseline_may_be_a_second_model(tmp_path: Path) -> None:
    def other(prompt: Any) -> str:
        return "other"

    result = judged(tmp_path, prefers_written, [{"input": "q"}], model=[writer, other])
    assert result.report["win_rate"] == 1.0
    found = read_record(result.record_path)
    assert [call["sampled"] for sample in found.samples() for call in sample.data("sampling")][:2] == [
        ["written for q"],
        ["other"],
    ]
    assert main(["preferences", str(result.record_path)]) == 0


def test_the_baseline_may_be_a_model_of_the_registry(tmp_path: Path) -> None:
    stored = tmp_path / "stored.jsonl"
    stored.write_text('{"prompt": "q", "completion": "stored"}\n')
    (tmp_path / "reg" / "completion_fns").mkdir(parents=True)
    entry = f"my-base: {{class: 'evals.completion_fns:ScriptedCompletionFn', args: {{path: {stored}}}}}\n"
    (tmp_path / "reg" / "completion_fns" / "b.yaml").write_text(entry)
    result = evals.run(
        [writer, prefers_written], [{"input": "q"}], eval_class="Preference", eval_args={"baseline": "my-base"},
        log_dir=tmp_path, registry_paths=tmp_path / "reg",
    )  # fmt: skip
    assert result.report["win_rate"] == 1.0
    assert [battle["model_b"] for battle in battles(result)] == ["my-base"]


def test_finished_answers_are_judged_without_a_call_of_the_model(tmp_path: Path) -> None:
    row = {"input": "q", "completion": "written", "completion_truncated": True, "reference": "r", "model": "m7"}
    result = evals.run(prefers_written, [row | {"reference_model": "m8"}], eval_class="Preference", log_dir=tmp_path)
    assert (result.report["win_rate"], result.report["truncated"]) == (1.0, 1)
    assert [(battle["model_a"], battle["model_b"]) for battle in battles(result)] == [("m7", "m8")]


@pytest.mark.parametrize("swap", [False, True])
def test_a_record_is_read_as_battles_and_its_battles_are_read_back(tmp_path: Path, capsys: Any, swap: bool) -> None:
    def decide(one: str, other: str) -> str:
        number = int(re.findall(r"\d+", one)[0])
        return "A" if (number * 7 % 10 < 6) == one.startswith("written") else "B"

    rows = [row | {"reference": f"reference {i} " + "long " * (i % 9)} for i, row in enumerate(ROWS)]
    result = judged(tmp_path, judge(decide), rows, swap=swap)
    paths = [str(result.record_path), str(tmp_path / "battles.jsonl")]
    assert main(["preferences", paths[0], "--battles", paths[1], "--json"]) == 0
    of_record = json.loads(capsys.readouterr().out)
    assert main(["preferences", paths[1], "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == of_record
    [pair] = of_record["pairs"]
    for key, name in (("win_rate",) * 2, ("at_equal_length",) * 2, ("first_preferred",) * 2):
        assert pair[name]["value"] == pytest.approx(result.report[key], abs=1e-12)
        assert pair[name]["ci95"] == pytest.approx(result.report[f"{key}_ci95"], abs=1e-9)
    assert (pair["model"], pair["other"]) == ("writer", "reference")


STATE = {"is_mute": True}


def at_first_half_mute(prompt: Any) -> str:
    found = re.search(r"Request (\d+)", prompt[0]["content"])
    assert found is not None
    is_mute = STATE["is_mute"] and int(found[1]) % 2 == 0
    return "Hm." if is_mute else "A" if int(found[1]) % 3 else "Tie"


def test_a_resumed_run_has_the_report_of_one_that_was_not_stopped(tmp_path: Path) -> None:
    STATE["is_mute"] = True
    halved = judged(tmp_path, at_first_half_mute)
    assert (halved.report["n"], halved.n_errors) == (30, 30)
    STATE["is_mute"] = False
    models, kwargs = [writer, at_first_half_mute], {"eval_class": "Preference", "log_dir": tmp_path, "max_errors": 1000}
    resumed = evals.run(models, ROWS, record_path=tmp_path / "run.jsonl", resume=True, **kwargs)
    whole = evals.run(models, ROWS, record_path=tmp_path / "whole.jsonl", **kwargs)
    assert resumed.report["n"] == 60
    same = ("win_rate", "win_rate_ci95", "n_ties", "first_preferred", "at_equal_style", "length_difference")
    assert {key: resumed.report.get(key) for key in same} == {key: whole.report.get(key) for key in same}


def test_repeats_of_a_request_are_no_further_samples(tmp_path: Path) -> None:
    result = evals.run(
        [writer, prefers_written], ROWS, eval_class="Preference", log_dir=tmp_path, repeats=3,
        record_path=tmp_path / "run.jsonl",
    )  # fmt: skip
    assert (result.report["n"], result.report["n_wins"], result.report["win_rate"]) == (60, 180, 1.0)
    rows = read_judgements([tmp_path / "run.jsonl"]).rows
    assert (len(rows), len({row.prompt for row in rows})) == (180, 60)


def test_requests_of_one_cluster_count_as_dependent_in_all_rates(tmp_path: Path) -> None:
    def decide(one: str, other: str) -> str:
        number = int(re.findall(r"\d+", one)[0])
        return "A" if (number // 6 % 2 == 0) == one.startswith("written") else "B"

    rows = [row | {"reference": "r " * (1 + i * 7 % 11) + str(i)} for i, row in enumerate(ROWS)]
    alone = judged(tmp_path / "alone", judge(decide), rows).report
    rows = [row | {"cluster": f"c{i // 6}"} for i, row in enumerate(rows)]
    clustered = judged(tmp_path / "clustered", judge(decide), rows).report
    for name in ("win_rate", "at_equal_length", "at_equal_style"):
        assert clustered[name] == pytest.approx(alone[name])
        assert clustered[f"{name}_stderr"] > 1.5 * alone[f"{name}_stderr"]


@pytest.mark.parametrize("eval_name", ["preference-instructions", "two-models"])
def test_stored_verdicts_give_the_same_report_again(tmp_path: Path, eval_name: str) -> None:
    (tmp_path / "reg" / "evals").mkdir(parents=True)
    args = {"samples_jsonl": str(tmp_path / "two.jsonl"), "swap": True}
    entry = {"two-models": {"id": "two-models.dev.v0"}, "two-models.dev.v0": {"class": "evals.suite:Preference"}}
    entry["two-models.dev.v0"]["args"] = args  # type: ignore[assignment]
    (tmp_path / "reg" / "evals" / "two.yaml").write_text(json.dumps(entry))
    (tmp_path / "two.jsonl").write_text('{"input": "q1"}\n{"input": "q2"}\n')
    models = [writer, prefers_first] if eval_name != "two-models" else [writer, lambda prompt: "other", prefers_first]
    paths = [tmp_path / "r.jsonl", tmp_path / "s.jsonl"]
    kwargs = {"log_dir": tmp_path, "registry_paths": tmp_path / "reg"}
    result = evals.run(models, eval_name, record_path=paths[0], **kwargs)  # type: ignore[arg-type]
    argv = ["score", str(paths[0]), "--record_path", str(paths[1]), "--registry_path", str(tmp_path / "reg")]
    assert main(argv) == 0
    again = read_record(paths[1]).final_report
    assert again is not None
    assert (again["win_rate"], again["first_preferred"]) == (result.report["win_rate"], 1.0)
    assert again["position_inconsistency"] == 1.0


def test_the_bundled_requests_have_a_reference_and_a_category_each() -> None:
    path = bundled_data_root() / "preference-instructions" / "samples.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert len({row["id"] for row in rows}) == len(rows) >= 40
    assert all(row["reference"].strip() and row["category"] for row in rows)


@pytest.mark.parametrize(
    ("row", "args", "message"),
    [
        ({"input": "q"}, {}, "no 'reference'"),
        ({"input": "q", "reference": 7}, {}, "'reference' is int, not a text"),
        ({"input": "q", "reference": "r", "completion": None}, {}, "'completion' is NoneType"),
        ({"reference": "r"}, {"input_key": "input"}, "no 'input'|no column"),
        ({"input": "q", "reference": "r"}, {"retries": -1}, "retries is -1"),
        ({"input": "q", "reference": "r"}, {"modelgraded_spec": "closedqa"}, "does not show|cannot compare"),
        ({"input": "q", "reference": "r"}, {"eval_type": "cot"}, "no eval_type 'cot'"),
        ({"input": "q", "reference": "r"}, {"sample_kwargs": {"n_samples": 2}}, "asks for 2 completions"),
        ({"input": "q", "reference": "r"}, {"baseline": "pocket/nope"}, "pocket/nope"),
    ],
)
def test_rows_and_arguments_that_cannot_be_judged_say_why(
    tmp_path: Path, row: dict[str, Any], args: dict[str, Any], message: str
) -> None:
    with pytest.raises(EvalsError, match=message):
        evals.run([writer, prefers_first], [row], eval_class="Preference", eval_args=args, log_dir=tmp_path)


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A registry with graders of known taste: `long`, `short` and `mute`."""
    (tmp_path / "reg" / "completion_fns").mkdir(parents=True)
    entries = "".join(f"{name}: {{class: 'graders_of_taste:{name.title()}'}}\n" for name in ("long", "short", "mute"))
    (tmp_path / "reg" / "completion_fns" / "g.yaml").write_text(entries)
    (tmp_path / "graders_of_taste.py").write_text(TASTES)
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path / "reg"


TASTES = """
import re
from evals.completion import Completions

class Long:
    sign = 1

    def __call__(self, prompt, **kwargs):
        text = prompt[0]["content"]
        a, b = (len(re.search(f"<answer_{x}>(.*?)</answer_{x}>", text, re.S)[1]) for x in "AB")
        return Completions(["A" if self.sign * (a - b) > 0 else "B"])

class Short(Long):
    sign = -1

class Mute:
    def __call__(self, prompt, **kwargs):
        return Completions(["Hm."])
"""


def panel(tmp_path: Path, registry: Path, grader: str, **args: Any) -> RunResult:
    rows = [{"input": "q", "reference": "a much longer text than that"}, {"input": "q2", "reference": "short"}]
    return evals.run(
        writer, rows, eval_class="Preference", eval_args={"grader": grader, **args}, log_dir=tmp_path,
        registry_paths=registry, check=False, max_errors=10,
    )  # fmt: skip


def test_a_named_grader_judges_and_two_models_are_answer_and_baseline(tmp_path: Path, registry: Path) -> None:
    assert panel(tmp_path, registry, "long").report["win_rate"] == 0.5
    rows = [{"input": "q"}]
    result = evals.run(
        [writer, lambda prompt: "x"], rows, eval_class="Preference", eval_args={"grader": "short"}, log_dir=tmp_path,
        registry_paths=registry,
    )  # fmt: skip
    assert (result.report["n_losses"], result.report["n"]) == (1, 1)


def test_a_panel_that_is_split_is_a_tie_and_its_agreement_is_reported(tmp_path: Path, registry: Path) -> None:
    report = panel(tmp_path, registry, "long,short", swap=True).report
    assert (report["n_ties"], report["position_inconsistency"]) == (2, 0.0)
    assert report["graders"]["long"]["score"] == report["graders"]["short"]["score"] == 0.5
    assert report["grader_kappa"] == -1.0
    assert "majority of a panel of 2 graders: long, short" in report["how"]


def test_a_grader_of_a_panel_that_cannot_be_read_does_not_count(tmp_path: Path, registry: Path) -> None:
    report = panel(tmp_path, registry, "long,mute").report
    assert (report["n_wins"], report["n_losses"], report["n_errors"]) == (1, 1, 0)
    report = panel(tmp_path, registry, "long,mute", aggregate="unanimous").report
    assert (report["n"], report["n_errors"]) == (0, 2)


def test_four_models_are_too_many(tmp_path: Path) -> None:
    with pytest.raises(EvalsError, match="3 models were named"):
        evals.run([writer] * 4, ROWS[:1], eval_class="Preference", log_dir=tmp_path)
