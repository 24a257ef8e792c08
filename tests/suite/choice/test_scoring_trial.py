"""Evals that need log probabilities of texts, on servers that give them, give wrong ones, or give none."""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path
from typing import Any

import pytest

import evals
from evals.cli.oaieval import main
from evals.completion_fns.openai.models import OpenAICompletionFn
from evals.errors import UsageError
from evals.testing.server_kinds import BEGIN, KindServer, logprob_of, tokens_of

TEXTS = ["the cat sat on a mat.", "a dog", "no, a b c d"]
QUESTIONS = [
    {"question": "What sat?", "choices": ["the cat", "a dog", "no one"], "answer": 0},
    {"question": "Where?", "choices": ["on a mat", "here", "there and back"], "answer": 2},
]


@pytest.fixture
def registry(tmp_path: Path) -> Path:
    root = tmp_path / "registry"
    (root / "evals").mkdir(parents=True)
    texts, questions = tmp_path / "texts.jsonl", tmp_path / "questions.jsonl"
    texts.write_text("".join(json.dumps({"text": text}) + "\n" for text in TEXTS))
    questions.write_text("".join(json.dumps(row) + "\n" for row in QUESTIONS))
    entries = {
        "loss.test.v0": f"  class: evals.suite:TextLoss\n  args:\n    samples_jsonl: {texts}\n",
        "likely.test.v0": f"  class: evals.suite:Choice\n  args:\n    samples_jsonl: {questions}\n    style: completion\n",
        "letter.test.v0": f"  class: evals.suite:Choice\n  args:\n    samples_jsonl: {questions}\n",
    }
    (root / "evals" / "x.yaml").write_text("".join(f"{name}:\n{entry}" for name, entry in entries.items()))
    return root


def run(server: KindServer, name: str, registry: Path) -> Any:
    fn = OpenAICompletionFn("m", server.base_url)
    return evals.run(fn, name, registry_paths=registry, record_path=registry.parent / "r.jsonl")


def nats(text: str) -> float:
    return nats_after(BEGIN, text)


def nats_after(before: str, text: str) -> float:
    tokens = [before, *tokens_of(text)]
    return -sum(logprob_of(token, last) for last, token in itertools.pairwise(tokens))


@pytest.mark.parametrize("kind", ["vllm", "llama-cpp-python"])
def test_the_loss_is_that_of_the_model(kind: str, registry: Path):
    with KindServer(kind) as server:
        result = run(server, "loss.test.v0", registry)
    n_bytes = sum(len(text.encode()) for text in TEXTS)
    assert result.metric("bits_per_byte").value == pytest.approx(sum(map(nats, TEXTS)) / math.log(2) / n_bytes)
    assert result.report["n_tokens"] == sum(len(tokens_of(text)) for text in TEXTS)


@pytest.mark.parametrize("kind", ["vllm", "llama-cpp-python"])
def test_options_are_compared_by_the_models_own_numbers(kind: str, registry: Path):
    with KindServer(kind) as server:
        result = run(server, "likely.test.v0", registry)
    expected = []
    for row in QUESTIONS:
        before = tokens_of(f"{row['question']}\nAnswer:")[-1]
        values = [-nats_after(before, f" {choice}") for choice in row["choices"]]
        expected.append(values.index(max(values)) == row["answer"])
    assert result.metric("accuracy").value == sum(expected) / len(expected)
    assert result.n_errors == 0


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("llama-server", "does not score prompts"),
        ("transformers", "does not score prompts"),
        ("llama-cpp-python, no begin token", "are not its model's"),
    ],
)
@pytest.mark.parametrize("name", ["loss.test.v0", "likely.test.v0"])
def test_a_server_that_cannot_score_is_refused_before_the_first_sample(
    kind: str, said: str, name: str, registry: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(registry.parent)
    with KindServer(kind) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        code = main(["completions/m", name, "--registry_path", str(registry)])
    shown = capsys.readouterr()
    text = shown.out + shown.err
    assert code == 2
    assert said in text
    assert "it offers: " in text
    assert "generated texts" in text
    assert ("next token" in text) == (kind != "transformers")
    assert "resume" not in text
    records = [json.loads(line) for path in Path("evallogs").glob("*.jsonl") for line in path.read_text().splitlines()]
    assert not any(line.get("type") in ("match", "metrics", "error") for line in records)


@pytest.mark.parametrize(
    ("kind", "way"),
    [
        ("vllm", "echo"),
        ("llama-cpp-python", "echo"),
        ("llama-cpp-python, no begin token", "top_logprobs"),
        ("llama-server", "top_logprobs"),
        ("transformers", "parsed"),
    ],
)
def test_letters_are_asked_for_in_the_best_way_that_works(kind: str, way: str, registry: Path):
    with KindServer(kind) as server:
        result = run(server, "letter.test.v0", registry)
        assert all(body.get("max_tokens") != 0 for body in server.bodies)
    assert result.n_errors == 0
    assert f"{way}: " in str(result.report["how"])


def test_a_named_way_that_the_server_lacks_is_refused_with_those_that_it_has(registry: Path):
    path = registry / "evals" / "x.yaml"
    path.write_text(path.read_text() + "    way: echo\n")
    with KindServer("llama-server") as server, pytest.raises(UsageError) as caught:
        run(server, "letter.test.v0", registry)
    assert "way: echo needs log probabilities of texts" in str(caught.value)
    assert "style: letter (top_logprobs or parsed)" in str(caught.value)
