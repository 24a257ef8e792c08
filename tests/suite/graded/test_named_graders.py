"""Graders that `--grader` and YAML name: separate from the evaluated model, several as a panel, both orders, retries."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml

import evals
from evals.cli.main import main as score_command
from evals.cli.oaieval import main
from evals.engine.context import use_session
from evals.engine.session import Session
from evals.engine.settings import EngineSettings
from evals.errors import EvalsError, RegistryError, UsageError
from evals.record.grading import grading_by
from evals.record.reader import read_record
from evals.report.terminal.sample import sample_text
from evals.testing.openai_server import Answer, Call, LoopbackServer

GOOD = {
    "prompt": "Answer: {completion}\nGood?",
    "choice_strings": ["Yes", "No"],
    "choice_scores": {"Yes": 1, "No": 0},
    "input_outputs": {"input": "completion"},
}
PAIR = {
    "prompt": "One: {completion1}\nTwo: {completion2}\nIs one better?",
    "choice_strings": ["Yes", "No"],
    "choice_scores": {"Yes": 1, "No": 0},
    "input_outputs": {"input1": "completion1", "input2": "completion2"},
}
BEST = {
    "prompt": "{completion}\nWhich?",
    "choice_strings": "from_n",
    "input_outputs": {"input": "completion"},
    "output_template": "{i}. {output}\n",
}


def says(text: str) -> dict[str, Any]:
    return {"class": "evals.completion_fns:ScriptedCompletionFn", "args": {"completions": [], "default": text}}


@pytest.fixture
def registry(tmp_path: Path) -> Path:
    """A registry with three rubrics, an eval of each, and graders that always say the same."""
    root = tmp_path / "registry"
    for kind in ("evals", "data", "modelgraded", "completion_fns"):
        (root / kind).mkdir(parents=True)
    write(root / "modelgraded" / "r.yaml", {"good": GOOD, "pair": PAIR, "which": BEST})
    fns = {"writer": says("four"), "yes": says("Yes"), "no": says("No"), "mute": says("Hm")}
    write(root / "completion_fns" / "fns.yaml", fns)
    rows = [{"input": f"{i} + {i}?"} for i in range(4)]
    pairs = [{"input1": "?", "input2": "?", "completion1": f"a{i}", "completion2": f"b{i}"} for i in range(4)]
    for name, some in (("rows", rows), ("pairs", pairs)):
        (root / "data" / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in some))
    entries: dict[str, Any] = {}
    for name, rubric, data in (("graded", "good", "rows"), ("paired", "pair", "pairs"), ("best-of", "which", "rows")):
        args = {"samples_jsonl": f"{data}.jsonl", "modelgraded_spec": rubric, "eval_type": "classify"}
        entries[name] = {"id": f"{name}.dev.v0", "metrics": ["score"]}
        entries[f"{name}.dev.v0"] = {"class": "evals.suite:ModelBasedClassify", "args": args}
    write(root / "evals" / "e.yaml", entries)
    return root


def write(path: Path, entries: dict[str, Any]) -> None:
    path.write_text(yaml.safe_dump(entries), encoding="utf-8")


def run(registry: Path, name: str, fn: Any = "writer", **args: Any) -> evals.RunResult:
    place = registry.parent / "r.jsonl"
    return evals.run(fn, name, registry_paths=[registry], record_path=place, eval_args=args)


def verdicts(registry: Path) -> list[list[dict[str, Any]]]:
    """The `verdict` events of each sample, in the order of the ids."""
    samples = sorted(read_record(registry.parent / "r.jsonl").samples(), key=lambda sample: sample.sample_id)
    return [sample.data("verdict") for sample in samples]


def test_a_grader_is_named_by_itself_and_the_record_says_who_answered(registry):
    result = run(registry, "graded", grader="yes")
    assert result.report["score"] == 1.0
    assert result.run_spec.completion_fns == ["writer"]
    assert result.run_spec.run_config["graders"] == [{"name": "yes", "model": "yes"}]
    (sample, *_) = read_record(registry.parent / "r.jsonl").samples()
    assert [call.get("grader") for call in sample.data("sampling")] == [None, "yes"]
    assert sample.data("verdict") == [{"grader": "yes", "choice": "Yes", "score": 1.0, "n_retries": 0}]
    assert result.report["graders"]["yes"]["n_calls"] == 4


def test_the_last_completion_function_grades_under_its_name_as_before(registry):
    result = run(registry, "graded", ["writer", "no"])
    assert result.report["score"] == 0.0
    assert result.run_spec.run_config["graders"] == [{"name": "no", "model": "no"}]
    assert result.report["graders"]["no"]["n_calls"] == 4


def test_another_grader_is_another_run(registry):
    first = run(registry, "graded", grader="yes").run_spec.run_config["fingerprint"]
    second = run(registry, "graded", grader="no").run_spec.run_config["fingerprint"]
    with_args = {"model": "yes", "args": {"temperature": 0.5}}
    third = run(registry, "graded", grader=with_args).run_spec.run_config["fingerprint"]
    assert first["scorer"]["graders"]["yes"]["model"] == "yes"
    assert len({json.dumps(one["scorer"], sort_keys=True) for one in (first, second, third)}) == 3


def test_a_panel_keeps_each_verdict_and_reports_how_far_it_agrees(registry):
    report = run(registry, "graded", grader=["yes", {"model": "no", "name": "strict"}], aggregate="mean").report
    assert [[one["choice"] for one in sample] for sample in verdicts(registry)] == [["Yes", "No"]] * 4
    assert report["score"] == 0.5
    assert report["graders"]["yes"]["score"] == 1.0
    assert report["graders"]["strict"]["score"] == 0.0
    assert report["graders"]["strict"]["n_calls"] == 4
    # Both always say the same, and never what the other says: 4 of 8 ratings each, so 1 - 7 * 4 / 16.
    assert report["grader_alpha"] == pytest.approx(1 - 7 * 4 / 16)
    assert report["how"] == "mean of a panel of 2 graders: yes, strict"


def test_the_command_line_takes_several_graders(registry, capsys):
    arguments = ["writer", "graded", "--grader", "yes,no", "--grader", "mute", "--registry_path", str(registry)]
    assert main([*arguments, "--record_path", str(registry.parent / "r.jsonl"), "--max-errors", "9"]) == 0
    out = capsys.readouterr().out
    assert "majority of a panel of 3 graders: yes, no, mute" in " ".join(out.split())
    assert "grader       yes: score 1.000" in out
    assert [one["choice"] for one in verdicts(registry)[0]] == ["Yes", "No", "__invalid__"]


def test_the_calls_of_a_grader_have_their_own_model_options_tokens_and_server(registry, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "no-key")
    monkeypatch.chdir(registry.parent)
    with LoopbackServer("four") as server, LoopbackServer(Answer("Yes")) as other:
        args = {"base_url": other.base_url, "temperature": 0.25, "effort": "low"}
        result = evals.run(
            "gpt-6-luna", "graded", registry_paths=[registry], record_path="r.jsonl", temperature=0.75,
            completion_args={"api_base": server.base_url}, grader={"model": "gpt-6-sol", "args": args},
        )  # fmt: skip
        assert {body["model"] for body in server.bodies} == {"gpt-6-luna"}
        assert {body["model"] for body in other.bodies} == {"gpt-6-sol"}
        assert {body["reasoning_effort"] for body in other.bodies} == {"low"}
        assert all(body.get("temperature") != 0.75 for body in other.bodies)
    of_grader = result.report["graders"]["gpt-6-sol"]
    assert of_grader["n_calls"] == 4
    assert 0 < of_grader["usage_total_tokens"] < result.report["usage_total_tokens"]
    assert 0 < of_grader["cost_usd"] < result.report["cost_usd"]
    identity = result.run_spec.run_config["fingerprint"]["scorer"]["graders"]["gpt-6-sol"]
    assert identity["server"] == other.base_url


def test_a_grader_shares_no_limit_with_the_evaluated_model():
    class Remote:
        model, limit_key = "m", "the server"

        async def complete(self, prompt: Any, **kwargs: Any) -> Any: ...

    fn, session = Remote(), Session(EngineSettings())
    with use_session(session, None):
        own = session.limit_of(fn)
        with grading_by("m"):
            assert session.limit_of(fn) is not own
            assert session.breaker_of(fn) is session.breaker_of(fn)
        assert session.limit_of(fn) is own


def test_an_unreadable_verdict_is_asked_again_and_then_counted_and_never_scored(registry):
    report = run(registry, "graded", grader="mute").report
    assert report["graders"]["mute"]["n_calls"] == 8
    assert (report["invalid_rate"], report["retry_rate"], report["n_retries"]) == (1.0, 1.0, 4)
    assert report["score"] is None
    assert "no verdict could be read" in report["warnings"][0]
    calls = [call for sample in read_record(registry.parent / "r.jsonl").samples() for call in sample.data("sampling")]
    again = [call["prompt"] for call in calls if len(call["prompt"]) == 3]
    assert again[0][1]["content"] == "Hm"
    assert '"Yes" or "No"' in again[0][2]["content"]


def test_a_second_answer_that_can_be_read_counts(registry):
    sample_ids = [f"graded.dev.{i}" for i in range(4)]
    rows = [{"sample_id": name, "completions": ["Well.", "No"]} for name in sample_ids]
    script = registry / "data" / "twice.jsonl"
    script.write_text("".join(json.dumps(row) + "\n" for row in rows))
    grader = {"model": "scripted", "args": {"path": str(script)}}
    entry = {"scripted": {"class": "evals.completion_fns:ScriptedCompletionFn"}}
    write(registry / "completion_fns" / "s.yaml", entry)
    report = run(registry, "graded", grader=grader).report
    assert (report["score"], report["invalid_rate"], report["retry_rate"]) == (0.0, 0.0, 1.0)
    report = run(registry, "graded", grader=grader, retries=0).report
    assert (report["invalid_rate"], report["retry_rate"]) == (1.0, 0.0)


@pytest.mark.parametrize(("eval_type", "n_asked", "score"), [("cot_classify", 2, 0.0), ("classify_cot", 1, 1.0)])
def test_reasons_that_break_off_before_the_verdict_are_not_read_as_one(
    registry, monkeypatch, eval_type, n_asked, score
):
    monkeypatch.setenv("OPENAI_API_KEY", "no-key")

    def answer(call: Call) -> Answer:
        is_again = len(call.body["messages"]) > 1
        return Answer("No") if is_again else Answer("Yes, it is polite.\nBut it is", finish_reason="length")

    entries = yaml.safe_load((registry / "evals" / "e.yaml").read_text())
    entries["graded.dev.v0"]["args"]["eval_type"] = eval_type
    write(registry / "evals" / "e.yaml", entries)
    with LoopbackServer(answer) as server:
        grader = {"model": "gpt-6-sol", "args": {"base_url": server.base_url}}
        report = run(registry, "graded", grader=grader).report
    assert (report["score"], report["graders"]["gpt-6-sol"]["n_calls"]) == (score, 4 * n_asked)


def test_both_orders_are_asked_and_a_preference_for_a_place_is_a_tie(registry):
    """`yes` always prefers the first: in the other order that is the second."""
    report = run(registry, "paired", grader="yes", swap=True).report
    assert (report["score"], report["position_inconsistency"]) == (0.5, 1.0)
    assert report["counts/__inconsistent__"] == 4
    calls = [call for sample in read_record(registry.parent / "r.jsonl").samples() for call in sample.data("sampling")]
    shown = sorted(call["prompt"][0]["content"].split("\n")[0] for call in calls)
    assert shown == sorted([*(f"One: a{i}" for i in range(4)), *(f"One: b{i}" for i in range(4))])


def test_the_place_of_the_best_of_several_is_turned_round(registry):
    write(registry / "completion_fns" / "n.yaml", {"first": says("1"), "other": says("five")})
    report = run(registry, "best-of", ["writer", "other"], grader="first", multicomp_n="from_models", swap=True).report
    assert report["position_inconsistency"] == 1.0
    prompts = {call["prompt"][0]["content"].split("\nWhich")[0]
               for sample in read_record(registry.parent / "r.jsonl").samples()
               for call in sample.data("sampling") if "grader" in call}  # fmt: skip
    assert prompts == {"1. four\n2. five", "1. five\n2. four"}


@pytest.mark.parametrize(
    ("eval_name", "args", "said"),
    [
        ("graded", {"grader": "yes", "swap": True}, "does not compare completions"),
        ("graded", {"grader": ["yes", "yes"]}, "two graders of the panel are called 'yes'"),
        ("graded", {"grader": []}, "no grader is named"),
        ("graded", {"grader": {"modle": "yes"}}, "a grader has no key 'modle'"),
        ("graded", {"grader": {"model": "yes", "args": {"effort": "low"}}}, "takes no effort"),
        ("graded", {"grader": "yes", "aggregate": "median"}, "aggregate is 'median'"),
        ("graded", {"grader": "yes", "retries": -1}, "retries is -1"),
        ("best-of", {"grader": "yes,no", "aggregate": "mean", "multicomp_n": 2}, "needs scores"),
        ("arithmetic", {"grader": "yes"}, "asks no grader"),
    ],
)
def test_a_mistake_about_graders_is_named_before_any_call(registry, eval_name, args, said):
    with pytest.raises(UsageError, match=said):
        run(registry, eval_name, **args)
    assert not (registry.parent / "r.jsonl").exists()


def test_an_unknown_grader_of_a_reserved_name_is_refused_with_what_is_near(registry):
    with pytest.raises(RegistryError, match="no completion function is called 'pocket/1mm'") as error:
        run(registry, "graded", grader="pocket/1mm")
    assert "pocket/1m" in str(error.value)


def test_a_grader_without_a_key_ends_the_run_before_its_first_call(registry, monkeypatch):
    for name in list(os.environ):
        if name.startswith("OPENAI"):
            monkeypatch.delenv(name)
    with pytest.raises(EvalsError, match="key"):
        run(registry, "graded", grader="gpt-6-sol")
    assert not (registry.parent / "r.jsonl").exists()


def test_a_grader_that_is_the_evaluated_model_is_said_once(registry, capsys):
    same = ["writer", "graded", "--grader", "writer", "--registry_path", str(registry), "--dry-run"]
    main(same)
    assert capsys.readouterr().err.count("grader writer is the evaluated model itself") == 1
    main([*same, "--grader", "yes"])
    assert "grader yes" not in capsys.readouterr().err.partition("warning")[2]
    main(["pocket/1m", "closedqa-demo", "--dry-run", "--max_samples", "1"])
    assert capsys.readouterr().err.count("is the evaluated model itself") == 1


def test_the_sample_shows_the_verdict_of_each_grader(registry):
    run(registry, "graded", grader=["yes", "no"])
    (sample, *_) = read_record(registry.parent / "r.jsonl").samples()
    shown = sample_text(sample)
    assert "verdict     yes: Yes" in shown
    assert "verdict     no: No" in shown
    assert "3 of 3, grader no" in sample_text(sample, max_lines=None)


def test_a_panel_is_scored_again_from_its_record_with_no_call_and_no_warning(registry, capsys):
    before = run(registry, "graded", grader=["yes", "no"]).report
    record = str(registry.parent / "r.jsonl")
    flags = ["--registry_path", str(registry), "--record_path", str(registry.parent / "again.jsonl")]
    assert score_command(["score", record, "--grader", "yes,no", *flags]) == 0
    said = capsys.readouterr()
    assert "is the evaluated model itself" not in said.err
    after = read_record(registry.parent / "again.jsonl").final_report
    assert {name: after[name] for name in ("score", "grader_alpha", "counts/__split__")} == {
        name: before[name] for name in ("score", "grader_alpha", "counts/__split__")
    }  # fmt: skip


def test_a_run_with_a_panel_goes_on_where_it_was_stopped(registry):
    whole = run(registry, "graded", grader=["yes", "no"]).report
    place = registry.parent / "r.jsonl"
    lines = place.read_text().splitlines(keepends=True)
    done = [number for number, line in enumerate(lines) if '"sample_done"' in line]
    place.write_text("".join(lines[: done[1] + 1]))
    result = evals.run(
        "writer",
        "graded",
        registry_paths=[registry],
        record_path=place,
        resume=True,
        eval_args={"grader": ["yes", "no"]},
    )
    assert result.counts.n_calls == 2 * 3
    assert result.report == whole


def test_lists_of_claims_take_one_named_grader(registry):
    write(registry / "completion_fns" / "lister.yaml", {"lister": says("Claim: four. S\n")})
    rows = [{"passage": "p", "question": "q", "completion": "four"}]
    (registry / "data" / "claims.jsonl").write_text(json.dumps(rows[0]) + "\n")
    entry = {"class": "evals.suite:ClaimSupport", "args": {"samples_jsonl": "claims.jsonl"}}
    write(registry / "evals" / "c.yaml", {"my-claims": {"id": "my-claims.dev.v0"}, "my-claims.dev.v0": entry})
    with pytest.raises(UsageError, match="takes one grader, got 2"):
        run(registry, "my-claims", grader="yes,no")
    result = evals.run(
        "writer", "my-claims", registry_paths=[registry], grader="lister", check=False,
        record_path=registry.parent / "r.jsonl",
    )  # fmt: skip
    assert result.run_spec.run_config["graders"] == [{"name": "lister", "model": "lister"}]
