"""Built-in classes with their default settings, on servers that refuse and think as those of today do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import evals
from evals.errors import EvalsError
from evals.testing.anthropic_server import AnthropicServer
from evals.testing.google_server import GoogleServer
from evals.testing.openai_server import Call, LoopbackServer

SUMS = {"1 + 1?": "2", "2 + 2?": "4", "3 + 3?": "6"}
PLAIN = [{"input": question, "ideal": answer} for question, answer in SUMS.items()]
CHOICES = [{"question": q, "choices": ["0", a, "99"], "answer": 1} for q, a in SUMS.items()]


def answer(call: Call) -> str:
    """The right answer to a sum, a letter where options are shown, JSON or a grader's verdict where they are asked for."""
    prompt = call.prompt
    if "Reasoning about" in prompt:
        return "Y"
    said = next((text for question, text in SUMS.items() if question in prompt), "2")
    for line in prompt.splitlines():
        letter, _, option = line.strip().partition(" ")
        if option.strip() == said and len(letter) == 2:
            return letter[0]
    return said


def write(root: Path, cls: str, rows: list[dict[str, Any]], **args: Any) -> Path:
    for folder in ("evals", "data"):
        (root / folder).mkdir(parents=True)
    (root / "data" / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    body = {"class": f"evals.suite:{cls}", "args": {"samples_jsonl": "rows.jsonl", **args}}
    (root / "evals" / "e.yaml").write_text(f"e: {{id: e.dev.v0}}\ne.dev.v0: {json.dumps(body)}\n", encoding="utf-8")
    return root


CASES = [
    ("Match", PLAIN, {}),
    ("Includes", PLAIN, {}),
    ("FuzzyMatch", PLAIN, {}),
    ("JsonMatch", PLAIN, {}),
    ("Choice", CHOICES, {}),
]


@pytest.mark.parametrize(("cls", "rows", "args"), CASES, ids=[case[0] for case in CASES])
@pytest.mark.parametrize("model", ["gpt-6-luna", "gpt-6.1-sol", "responses/gpt-6-luna"])
def test_a_class_scores_right_with_default_settings_and_no_refusal(tmp_path, model, cls, rows, args):
    root = write(tmp_path / "registry", cls, rows, **args)
    with LoopbackServer(answer, profile=model.removeprefix("responses/")) as server:
        result = evals.run(
            model, "e", registry_paths=[root], log_dir=tmp_path, completion_args={"api_base": server.base_url}
        )
        assert server.n_refused == 0
    assert (result.accuracy, result.n_errors, result.report["n"]) == (1.0, 0, 3)
    assert "truncated" not in result.report


@pytest.mark.parametrize("profile", ["vllm", "llama-cpp"])
@pytest.mark.parametrize(("cls", "rows", "args"), CASES, ids=[case[0] for case in CASES])
def test_a_class_scores_right_on_an_open_server_whose_model_thinks(tmp_path, profile, cls, rows, args):
    root = write(tmp_path / "registry", cls, rows, **args)
    with LoopbackServer(answer, profile=profile) as server:
        arguments = {"api_base": server.base_url}
        result = evals.run("my-model", "e", registry_paths=[root], log_dir=tmp_path, completion_args=arguments)
    assert (result.accuracy, result.n_errors, result.report["n"]) == (1.0, 0, 3)


def test_multiple_choice_with_a_cap_of_one_token_is_answered(tmp_path):
    rows = [{"question": q, "answers": ["0", a, "99"], "label": 1} for q, a in SUMS.items()]
    root = write(tmp_path / "registry", "Match", rows)
    (root / "evals" / "e.yaml").write_text(
        "e: {id: e.dev.v0}\ne.dev.v0: {class: 'evals.suite:MultipleChoice', args: {dataset: rows.jsonl}}\n"
    )
    with LoopbackServer(answer, profile="gpt-6-luna") as server:
        arguments = {"api_base": server.base_url}
        result = evals.run("gpt-6-luna", "e", registry_paths=[root], log_dir=tmp_path, completion_args=arguments)
        assert server.n_refused == 0
        assert {body["max_completion_tokens"] for body in server.bodies} == {25_001}
    assert (result.accuracy, result.n_errors) == (1.0, 0)


def test_a_grader_that_thinks_has_room_for_its_verdict(tmp_path):
    root = write(tmp_path / "registry", "ModelBasedClassify", PLAIN, modelgraded_spec="closedqa")
    (root / "modelgraded").mkdir()
    spec = {
        "prompt": "Reasoning about {input}: is {completion} right? Y or N",
        "choice_strings": ["Y", "N"],
        "choice_scores": {"Y": 1.0, "N": 0.0},
        "input_outputs": {"input": "completion"},
    }
    (root / "modelgraded" / "mine.yaml").write_text(f"mine: {json.dumps(spec)}\n")
    body = {
        "class": "evals.suite:ModelBasedClassify",
        "args": {"samples_jsonl": "rows.jsonl", "modelgraded_spec": "mine", "eval_type": "classify"},
    }
    (root / "evals" / "e.yaml").write_text(f"e: {{id: e.dev.v0}}\ne.dev.v0: {json.dumps(body)}\n", encoding="utf-8")
    with LoopbackServer(answer, profile="gpt-6-luna") as server:
        arguments = {"api_base": server.base_url}
        result = evals.run("gpt-6-luna", "e", registry_paths=[root], log_dir=tmp_path, completion_args=arguments)
        assert server.n_refused == 0
    assert (result.report["score"], result.n_errors) == (1.0, 0)


def said_to(prompt: str) -> str:
    return answer(Call("chat", prompt, "m", {}))


@pytest.mark.parametrize(("cls", "rows", "args"), CASES, ids=[case[0] for case in CASES])
def test_a_class_scores_right_on_a_claude_of_today(tmp_path, monkeypatch, cls, rows, args):
    pytest.importorskip("anthropic", reason="needs the extra: pip install 'oaieval[anthropic]'")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "test-key")
    root = write(tmp_path / "registry", cls, rows, **args)
    with AnthropicServer(lambda body: said_to(body["messages"][-1]["content"][0]["text"]), profile="claude") as server:
        arguments = {"base_url": server.base_url}
        result = evals.run("claude-opus-5-5", "e", registry_paths=[root], log_dir=tmp_path, completion_args=arguments)
        assert server.n_refused == 0
    assert (result.accuracy, result.n_errors, result.report["n"]) == (1.0, 0, 3)


@pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning")
@pytest.mark.parametrize(("cls", "rows", "args"), CASES, ids=[case[0] for case in CASES])
def test_a_class_scores_right_on_a_gemini_of_today(tmp_path, monkeypatch, cls, rows, args):
    pytest.importorskip("google.genai", reason="needs the extra: pip install 'oaieval[google]'")
    monkeypatch.setenv("GEMINI_API_KEY", "test-key")
    root = write(tmp_path / "registry", cls, rows, **args)
    with GoogleServer(lambda body: said_to(body["contents"][-1]["parts"][0]["text"]), profile="gemini") as server:
        arguments = {"base_url": server.base_url}
        result = evals.run("gemini-3.8-flash", "e", registry_paths=[root], log_dir=tmp_path, completion_args=arguments)
        assert server.n_refused == 0
    assert (result.accuracy, result.n_errors, result.report["n"]) == (1.0, 0, 3)


PROGRAM = {
    "task_id": "p/0",
    "prompt": 'def double(n):\n    """Twice n."""\n',
    "entry_point": "double",
    "canonical_solution": "    return 2 * n\n",
    "test": "def check(candidate):\n    assert candidate(4) == 8\n",
}
FENCED = "```python\ndef double(n):\n    return 2 * n\n```"

FURTHER = [
    ("ExtractAnswer", PLAIN, {"extract": "number"}, "accuracy", answer),
    ("StatedConfidence", PLAIN, {"extract": "number"}, "accuracy", lambda call: f"Answer: {answer(call)}\nConfidence: 90%"),
    ("PassAtK", [PROGRAM], {"k": [1, 2], "n_completions": 2}, "pass@1", lambda call: FENCED),
    ("Translate", [{"input": "Hallo, Welt da drau\u00dfen!", "ideal": "Hello, world out there!"}], {}, "sacrebleu_score",
     lambda call: "Hello, world out there!"),
    ("JsonSchema", [{"input": "1 + 1? as JSON", "ideal": {"sum": 2}}],
     {"schema": {"type": "object", "properties": {"sum": {"type": "integer"}}, "required": ["sum"]}}, "accuracy",
     lambda call: '{"sum": 2}'),
]  # fmt: skip


@pytest.mark.parametrize(("cls", "rows", "args", "metric", "said"), FURTHER, ids=[case[0] for case in FURTHER])
@pytest.mark.parametrize("model", ["gpt-6-luna", "responses/gpt-6.1-sol"])
def test_a_further_class_scores_right_too(tmp_path, model, cls, rows, args, metric, said):
    if cls == "Translate":
        pytest.importorskip("sacrebleu", reason="needs the extra: pip install 'oaieval[text]'")
    root = write(tmp_path / "registry", cls, rows, **args)
    with LoopbackServer(said, profile=model.removeprefix("responses/")) as server:
        arguments = {"api_base": server.base_url}
        result = evals.run(model, "e", registry_paths=[root], log_dir=tmp_path, completion_args=arguments)
        assert server.n_refused == 0
    assert result.n_errors == 0
    assert result.report[metric] == pytest.approx(100.0 if metric == "sacrebleu_score" else 1.0)
    assert "truncated" not in result.report


@pytest.mark.parametrize("cls", ["TextLoss", "Choice"])
def test_what_needs_log_probabilities_of_texts_is_refused_before_a_paid_sample(tmp_path, cls):
    rows = [{"text": "a b c"}] if cls == "TextLoss" else CHOICES
    root = write(tmp_path / "registry", cls, rows, **({} if cls == "TextLoss" else {"style": "completion"}))
    with LoopbackServer(answer, profile="gpt-6-luna") as server:
        arguments = {"api_base": server.base_url}
        with pytest.raises(EvalsError) as refused:
            evals.run("gpt-6-luna", "e", registry_paths=[root], log_dir=tmp_path, completion_args=arguments)
    assert refused.value.exit_code == 2
    assert "resume" not in str(refused.value)
