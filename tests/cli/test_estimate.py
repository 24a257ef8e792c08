"""`--estimate`: what it foretells is what the run then uses, and it calls nothing."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from evals.cli import oaieval, oaievalset
from evals.cli.estimate import prices_of, without_flags
from evals.errors import UsageError
from evals.runner.estimate import Guess, summed
from evals.testing.openai_server import Answer, LoopbackServer

QUESTIONS = [
    "Which river flows through the middle of the old town, and how many bridges cross it today?",
    "A baker sells twelve loaves in the morning and nine in the afternoon. How many loaves are sold that day?",
    "What do you call the person who repairs shoes, in one word and without an explanation?",
]


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three evals over three questions: one call a sample, few-shot examples, and a grader."""
    root = tmp_path / "registry"
    for name in ("evals", "data", "eval_sets", "modelgraded"):
        (root / name).mkdir(parents=True)
    rows = [{"input": question, "ideal": "nine"} for question in QUESTIONS]
    (root / "data" / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    shots = [{"input": "How many legs does a spider have?", "ideal": "eight"}]
    (root / "data" / "shots.jsonl").write_text("".join(json.dumps(row) + "\n" for row in shots), encoding="utf-8")
    rubric = {
        "right": {
            "prompt": "Is this answer to the question right?\n{input}\n{completion}\nReply with Y for yes or N for no.",
            "choice_strings": "YN",
            "choice_scores": {"Y": 1.0, "N": 0.0},
            "input_outputs": {"input": "completion"},
        }
    }
    (root / "modelgraded" / "right.yaml").write_text(yaml.safe_dump(rubric), encoding="utf-8")
    entries = {
        "plain": ("Includes", {}),
        "shots": ("ExtractAnswer", {"extract": "last_line", "few_shot_jsonl": "shots.jsonl", "max_tokens": 50}),
        "graded": ("ModelBasedClassify", {"modelgraded_spec": "right", "eval_type": "classify"}),
    }
    body: dict[str, Any] = {}
    for name, (cls, args) in entries.items():
        body[name] = {"id": f"{name}.dev.v0"}
        body[f"{name}.dev.v0"] = {"class": f"evals.suite:{cls}", "args": {"samples_jsonl": "rows.jsonl", **args}}
    (root / "evals" / "all.yaml").write_text(yaml.safe_dump(body), encoding="utf-8")
    (root / "eval_sets" / "all.yaml").write_text(yaml.safe_dump({"all-three": {"evals": ["plain", "shots"]}}))
    monkeypatch.chdir(tmp_path)
    return root


def told(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Any:
    with LoopbackServer(lambda call: Answer("Y, it is nine")) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        monkeypatch.setenv("OPENAI_API_KEY", "none")
        yield server


@pytest.mark.parametrize(
    ("name", "flags"),
    [
        ("plain", ()),
        ("plain", ("--repeats", "3", "--max_samples", "2")),
        ("shots", ()),
        ("shots", ("--max-samples", "1")),
        ("graded", ()),
        ("graded", ("--repeats", "2")),
    ],
)
def test_calls_are_exact_and_tokens_within_their_range(
    registry: Path, server: Any, capsys: pytest.CaptureFixture[str], name: str, flags: tuple[str, ...]
) -> None:
    command = ["some-model", name, "--registry_path", str(registry), *flags, "--json"]
    assert oaieval.main([*command, "--estimate"]) == 0
    found = told(capsys)
    assert server.n_requests == 0
    assert oaieval.main(command) == 0
    used = told(capsys)
    assert found["calls"]["low"] == found["calls"]["high"] == used["run"]["n_calls"] == server.n_requests
    usage = used["final_report"]
    prompts = summed([Guess(**one["prompt_tokens"]) for one in found["models"]], "")
    assert prompts.high is not None
    assert prompts.low <= usage["usage_prompt_tokens"] <= prompts.high
    completions = summed([Guess(**one["completion_tokens"]) for one in found["models"]], "")
    assert completions.low <= usage["usage_completion_tokens"]
    assert completions.high is None or usage["usage_completion_tokens"] <= completions.high


def test_functions_and_schemas_that_are_sent_count_as_prompt(
    registry: Path, server: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "Gives the weather of a place for some days. " * 50
    function = {"type": "function", "function": {"name": "weather", "description": text, "parameters": {}}}
    schema = {"type": "object", "description": text}
    rows = {"tools": {"input": "Hi", "tools": [function], "ideal": []}, "schema": {"input": "Hi", "schema": schema}}
    body = {}
    for name, row in rows.items():
        (registry / "data" / f"{name}.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
        cls = "ToolCall" if name == "tools" else "JsonSchema"
        body[f"{name}.dev.v0"] = {"class": f"evals.suite:{cls}", "args": {"samples_jsonl": f"{name}.jsonl"}}
    (registry / "evals" / "more.yaml").write_text(yaml.safe_dump(body), encoding="utf-8")
    for name in rows:
        assert oaieval.main(["m", f"{name}.dev.v0", "--registry_path", str(registry), "--estimate", "--json"]) == 0
        tokens = told(capsys)["models"][0]["prompt_tokens"]
        assert tokens["low"] > len(text) / 6 - 1
        assert tokens["expected"] == pytest.approx(len(text) / 4, rel=0.1)
    oaieval.main(["m", "tools.dev.v0", "--registry_path", str(registry), "--dry-run"])
    n_said = int(re.search(r"about ([\d,]+) prompt tokens", capsys.readouterr().err)[1].replace(",", ""))  # type: ignore[index]
    assert n_said == pytest.approx(len(text) / 4, rel=0.1)


def test_a_solver_that_asks_twice_has_both_calls_at_the_model_that_it_asks(
    registry: Path, server: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    (registry / "completion_fns").mkdir()
    thinks = {
        "class": "evals.completion_fns:ChainOfThoughtCompletionFn",
        "args": {"cot_completion_fn": "some-model"},
    }
    (registry / "completion_fns" / "thinks.yaml").write_text(yaml.safe_dump({"thinks": thinks}), encoding="utf-8")
    command = ["thinks", "plain", "--registry_path", str(registry), "--json"]
    assert oaieval.main([*command, "--estimate"]) == 0
    found = told(capsys)
    assert oaieval.main(command) == 0
    assert [one["n_calls"] for one in found["models"]] == [6] == [server.n_requests]


def test_a_grader_is_named_with_its_own_calls(registry: Path, server: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert oaieval.main(["some-model,gpt-4o", "graded", "--registry_path", str(registry), "--estimate", "--json"]) == 0
    models = told(capsys)["models"]
    assert [(one["model"], one["role"], one["n_calls"]) for one in models] == [
        ("some-model", "evaluated", 3),
        ("gpt-4o", "grader", 3),
    ]
    assert models[0]["cost_usd"] is None
    assert "unknown price: add --price IN,OUT" in models[0]["price_basis"]
    assert models[1]["cost_usd"]["high"] > 0
    assert "as of 20" in models[1]["price_basis"]


def test_no_key_is_needed_and_the_text_says_what_each_number_rests_on(
    registry: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    command = ["gpt-6-luna", "shots", "--registry_path", str(registry), "--estimate", "--price", "1,2"]
    assert oaieval.main([*command, "--requests-per-minute", "1"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("shots.dev.v0 on gpt-6-luna: an estimate, nothing was called\n")
    assert "bytes/4; range bytes/6 to bytes/2" in text
    assert "$1 in, $2 out per million tokens, as given" in " ".join(text.split())
    assert "at least 3.0 min" in text
    assert max(map(len, text.splitlines())) <= 80


def test_cost_follows_from_tokens_and_prices(registry: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["some-model", "shots", "--registry_path", str(registry), "--estimate", "--json", "--price", "3,10"]
    assert oaieval.main(command) == 0
    (one,) = told(capsys)["models"]
    for end in ("low", "high"):
        expected = (3 * one["prompt_tokens"][end] + 10 * one["completion_tokens"][end]) / 1e6
        assert one["cost_usd"][end] == pytest.approx(expected)
    assert one["completion_tokens"]["high"] == 3 * 50


def test_real_calls_measure_lengths_and_latency(
    registry: Path, server: Any, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    command = ["some-model", "plain", "--registry_path", str(registry), "--json"]
    assert oaieval.main([*command, "--estimate-calls", "2"]) == 0
    found = told(capsys)
    assert server.n_requests == found["n_trial_calls"] == 2
    assert not list(tmp_path.glob("evallogs/*.jsonl"))
    assert oaieval.main(command) == 0
    used = told(capsys)["final_report"]
    (one,) = found["models"]
    assert one["completion_tokens"]["expected"] == used["usage_completion_tokens"]
    assert one["prompt_tokens"]["expected"] == pytest.approx(used["usage_prompt_tokens"], rel=0.2)
    assert 0 < found["time_s"]["low"] <= found["time_s"]["high"]


def test_a_run_that_is_gone_on_with_counts_what_is_left(
    registry: Path, server: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["some-model", "plain", "--registry_path", str(registry), "--json"]
    assert oaieval.main([*command, "--max_tokens_total", "1", "--concurrency", "1"]) == 4
    n_done = server.n_requests
    capsys.readouterr()
    assert oaieval.main([*command, "--resume", "--estimate"]) == 0
    assert told(capsys)["calls"]["high"] == 3 - n_done


def test_a_set_ends_in_a_row_with_the_sum(registry: Path, server: Any, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["some-model", "all-three", "--registry_path", str(registry), "--estimate", "--price", "1,1"]
    assert oaievalset.main([*command, "--json"]) == 0
    found = told(capsys)
    assert [row["calls"]["high"] for row in found["evals"]] == [3, 3]
    assert found["sum"]["calls"]["high"] == 6
    assert found["sum"]["prompt_tokens"]["low"] == sum(
        model["prompt_tokens"]["low"] for row in found["evals"] for model in row["models"]
    )
    assert oaievalset.main(command) == 0
    lines = capsys.readouterr().out.splitlines()
    assert next(line for line in lines if line.split()[:1] == ["sum"]).split()[1] == "6"
    assert server.n_requests == 0


def test_evals_that_a_set_has_done_cost_nothing_more(
    registry: Path, server: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["some-model", "plain", "--registry_path", str(registry), "--json"]
    assert oaievalset.main(command) == 0
    capsys.readouterr()
    assert oaievalset.main([*command, "--estimate", "--price=1,1"]) == 0
    found = told(capsys)
    assert [row["was_done"] for row in found["evals"]] == [True]
    assert found["sum"]["calls"]["high"] == 0


def test_a_plugin_is_not_run_and_the_assumption_is_said(
    registry: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    code = (
        "import evals\n\n\nclass Twice(evals.Eval):\n    def eval_sample(self, sample, rng):\n"
        "        raise RuntimeError('run')\n\n    def run(self, recorder):\n        return {}\n"
    )
    (tmp_path / "twice_plugin.py").write_text(code, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    entry = {
        "twice": {"id": "twice.dev.v0"},
        "twice.dev.v0": {"class": "twice_plugin:Twice", "args": {"samples_jsonl": "rows.jsonl"}},
    }
    (registry / "evals" / "twice.yaml").write_text(yaml.safe_dump(entry), encoding="utf-8")
    assert oaieval.main(["dummy", "twice", "--registry_path", str(registry), "--estimate", "--json"]) == 0
    calls = told(capsys)["calls"]
    assert (calls["low"], calls["high"]) == (3, None)
    assert "one call a sample is assumed" in calls["basis"]


def test_prices_are_two_numbers() -> None:
    assert prices_of("0.5,1.5") == (0.5, 1.5)
    for text in ("-1,2", "1,-2", "nan,1", "1,inf"):
        with pytest.raises(UsageError, match="a price is a number from 0 up"):
            prices_of(text)
    for text in ("1", "a,b", "1,2,3", ""):
        with pytest.raises(UsageError, match="--price needs two numbers"):
            prices_of(text)


def test_the_command_of_a_run_is_the_one_without_these_flags() -> None:
    task = ["oaieval", "m", "e", "--estimate_calls", "5", "--price=1,2", "--max_samples", "2", "--estimate"]
    assert without_flags(task) == ["oaieval", "m", "e", "--max_samples", "2"]


def test_estimates_add_up_only_where_all_are_known() -> None:
    total = summed([Guess(1, 2, 3, "a"), Guess(1, None, 4, "b"), Guess(0, 1, None, "c")], "sum")
    assert (total.low, total.expected, total.high) == (2, None, None)
