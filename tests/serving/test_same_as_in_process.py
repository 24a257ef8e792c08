"""One model, asked in this process and through `evals serve`: the same completions, scores and log probabilities.

The model has random weights; once as they are drawn, once changed so that letters are its likeliest tokens.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from random_models import random_arrays, tokenizer_of
from server_process import Served

import evals
from evals.completion_fns.openai.models import OpenAIChatCompletionFn, OpenAICompletionFn
from evals.engine import calls
from evals.engine.loop import run_sync
from evals.local_models.pocket.completion_fn import PocketCompletionFn
from evals.local_models.pocket.weights import Config
from evals.record.reader import read_record

CONFIG = Config(n_vocab=300, n_ctx=512, n_layer=2, n_head=2, d_model=24, d_ff=96)
TOKENIZER = tokenizer_of(CONFIG.n_vocab)
N_SAMPLES = 40
TOLERANCE = 1e-6
"Nats."


def lettered(arrays: Any) -> None:
    """Make letters likely: nothing writes to the first place of the hidden state, which is large in their embeddings."""
    arrays["embedding"] *= 0.3
    arrays["embedding"][:, 0] = 1.0
    arrays["embedding"][[TOKENIZER.encode(f" {letter}")[0] for letter in "ABCD"], 0] = 8.0
    for layer in range(CONFIG.n_layer):
        arrays[f"layer.{layer}.o"][:, 0] = arrays[f"layer.{layer}.down"][:, 0] = 0.0


def save(folder: Path, arrays: Any) -> Path:
    folder.mkdir()
    TOKENIZER.save(folder / "tokenizer.json")
    np.savez(folder / "weights.npz", **{name: array.astype(np.float16) for name, array in arrays.items()})
    (folder / "card.json").write_text(json.dumps({"config": vars(CONFIG)}))
    return folder


@pytest.fixture(scope="module", params=["random", "lettered"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    arrays = random_arrays(CONFIG, seed=3)
    if request.param == "lettered":
        lettered(arrays)
    return save(tmp_path_factory.mktemp("models") / request.param, arrays)


@pytest.fixture(scope="module")
def server(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    arguments = ("--completion_args", f"path={folder}")
    with Served(*arguments, folder=tmp_path_factory.mktemp("server"), model="pocket") as served:
        yield served


@pytest.fixture
def here(folder: Path) -> PocketCompletionFn:
    return PocketCompletionFn(path=str(folder))


def choices(record: Path) -> dict[str, dict[str, Any]]:
    return {str(event.sample_id): event.data for event in read_record(record).events("choice")}


def run_choice(fn: Any, record: Path, **args: Any) -> tuple[dict[str, dict[str, Any]], float]:
    """What was learnt of each question, and the accuracy."""
    result = evals.run(fn, "pocket-choice", max_samples=N_SAMPLES, eval_args=args, record_path=record)
    found = choices(record)
    assert len(found) == N_SAMPLES
    return found, result.report["accuracy"]


@pytest.mark.slow
def test_the_ways_of_choosing_agree(folder: Path, here: PocketCompletionFn, server: Served, tmp_path: Path) -> None:
    chat = OpenAIChatCompletionFn("pocket", api_base=server.base_url)
    text = OpenAICompletionFn("pocket", api_base=server.base_url)
    asked = {"letter_forms": "spaced"}
    score, accuracy = run_choice(here, tmp_path / "score.jsonl", way="score", **asked)
    top, top_accuracy = run_choice(chat, tmp_path / "top.jsonl", way="top_logprobs", **asked)
    echo, echo_accuracy = run_choice(text, tmp_path / "echo.jsonl", way="echo", **asked)
    parsed, parsed_accuracy = run_choice(chat, tmp_path / "parsed.jsonl", way="parsed", max_tokens=1)
    assert {name: {c["way"] for c in found.values()} for name, found in
            {"score": score, "top_logprobs": top, "echo": echo, "parsed": parsed}.items()} == {
        name: {name} for name in ("score", "top_logprobs", "echo", "parsed")
    }  # fmt: skip
    for sample, expected in score.items():
        assert echo[sample]["logprobs"] == pytest.approx(expected["logprobs"], abs=TOLERANCE)
        known = [k for k, floored in enumerate(top[sample]["floored"]) if not floored]
        assert [top[sample]["logprobs"][k] for k in known] == pytest.approx(
            [expected["logprobs"][k] for k in known], abs=TOLERANCE
        )
        assert echo[sample]["picked"] == expected["picked"]
    assert accuracy == echo_accuracy
    assert len({round(choice["logprobs"][0], 3) for choice in score.values()}) > N_SAMPLES / 2
    if folder.name == "lettered":
        assert not any(any(choice["floored"]) for choice in top.values())
        assert {sample: choice["picked"] for sample, choice in top.items()} == {
            sample: choice["picked"] for sample, choice in parsed.items()
        }
        assert accuracy == top_accuracy == parsed_accuracy


@pytest.mark.slow
@pytest.mark.parametrize("prompt", ["Answer:", ""])
def test_whole_options_are_scored_alike_by_echo(
    here: PocketCompletionFn, server: Served, tmp_path: Path, prompt: str
) -> None:
    text = OpenAICompletionFn("pocket", api_base=server.base_url)
    asked = {"style": "completion", "normalisation": "unconditional", "unconditional_prompt": prompt}
    score, accuracy = run_choice(here, tmp_path / "score.jsonl", **asked)
    echo, echo_accuracy = run_choice(text, tmp_path / "echo.jsonl", **asked)
    for sample, expected in score.items():
        assert (expected["way"], echo[sample]["way"]) == ("score", "echo")
        assert echo[sample]["n_tokens"] == expected["n_tokens"]
        assert echo[sample]["logprobs"] == pytest.approx(expected["logprobs"], abs=TOLERANCE)
        assert echo[sample]["unconditional"] == pytest.approx(expected["unconditional"], abs=TOLERANCE)
        assert echo[sample]["picked"] == expected["picked"]
    assert accuracy == echo_accuracy


@pytest.mark.slow
@pytest.mark.parametrize("rung", ["pocket/32k", "pocket/1m"])
def test_models_of_the_package_choose_alike_by_their_names(rung: str, tmp_path: Path) -> None:
    with Served(folder=tmp_path, model=rung) as served:
        chat = OpenAIChatCompletionFn(rung, api_base=served.base_url)
        text = OpenAICompletionFn(rung, api_base=served.base_url)
        score, accuracy = run_choice(rung, tmp_path / "score.jsonl")
        echo, echo_accuracy = run_choice(text, tmp_path / "echo.jsonl")
        top, _ = run_choice(chat, tmp_path / "top.jsonl", letter_forms="spaced")
    assert accuracy == echo_accuracy
    for sample, expected in score.items():
        assert (expected["way"], echo[sample]["way"], top[sample]["way"]) == ("score", "echo", "top_logprobs")
        assert echo[sample]["logprobs"] == pytest.approx(expected["logprobs"], abs=TOLERANCE)
        for ours, theirs, floored in zip(
            expected["logprobs"], top[sample]["logprobs"], top[sample]["floored"], strict=True
        ):
            assert floored or theirs == pytest.approx(ours, abs=TOLERANCE)


def sampled(record: Path) -> dict[str, list[str]]:
    return {str(event.sample_id): event.data["sampled"] for event in read_record(record).events("sampling")}


@pytest.mark.slow
@pytest.mark.parametrize("transport", ["http", "sdk"])
def test_an_eval_of_chats_gives_the_same_completions_and_score(
    folder: Path, server: Served, tmp_path: Path, transport: str
) -> None:
    """By names, as on the command line; `sdk` sends through the `openai` package."""
    inside = evals.run(
        "pocket", "arithmetic", temperature=0, completion_args={"path": str(folder), "max_tokens": 20},
        record_path=tmp_path / "inside.jsonl",
    )  # fmt: skip
    through = evals.run(
        "chat/pocket", "arithmetic", temperature=0, record_path=tmp_path / "through.jsonl",
        completion_args={"api_base": server.base_url, "transport": transport, "max_tokens": 20},
    )  # fmt: skip
    assert sampled(tmp_path / "inside.jsonl") == sampled(tmp_path / "through.jsonl")
    assert folder.name == "lettered" or len(set(map(str, sampled(tmp_path / "inside.jsonl").values()))) > 1
    assert inside.report["accuracy"] == through.report["accuracy"]


def test_log_probabilities_of_completions_are_the_same(here: PocketCompletionFn, server: Served) -> None:
    asked = {"temperature": 0.0, "max_tokens": 15, "logprobs": 5, "echo": True}
    text = OpenAICompletionFn("pocket", api_base=server.base_url)
    for prompt in ("what is the", "caf\u00e9 A B", "Question"):
        inside, through = (run_sync(calls.complete(fn, prompt, **asked)) for fn in (here, text))
        assert inside.get_completions() == through.get_completions()
        assert flat(inside.logprobs) == pytest.approx(flat(through.logprobs), abs=TOLERANCE)
        assert inside.logprobs[0]["tokens"] == through.logprobs[0]["tokens"]
        assert inside.logprobs[0]["text_offset"] == through.logprobs[0]["text_offset"]


def flat(logprobs: Any) -> list[float]:
    """The numbers of a completion: of its tokens, then of all alternatives by their texts."""
    (found,) = logprobs
    return [*found["token_logprobs"], *(value for top in found["top_logprobs"] for _, value in sorted(top.items()))]


def test_a_stream_is_the_completion_as_it_is_drawn(here: PocketCompletionFn, server: Served) -> None:
    import openai

    asked: dict[str, Any] = {"model": "pocket", "temperature": 0.9, "max_tokens": 20, "n": 3, "seed": 5}
    messages: Any = [{"role": "user", "content": "what is A"}]
    texts = [""] * 3
    with openai.OpenAI(base_url=server.base_url, api_key="x", max_retries=0) as client:
        for chunk in client.chat.completions.create(messages=messages, stream=True, **asked):
            for choice in chunk.choices:
                texts[choice.index] += choice.delta.content or ""
    del asked["model"]
    assert texts == run_sync(calls.complete(here, messages, **asked)).get_completions()


def test_seeded_draws_are_the_same(here: PocketCompletionFn, server: Served) -> None:
    asked = {"temperature": 0.9, "top_p": 0.8, "max_tokens": 12, "n": 3, "seed": 77, "stop": ["B"]}
    chat = OpenAIChatCompletionFn("pocket", api_base=server.base_url)
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "system", "name": "example_user", "content": "what is A"},
        {"role": "system", "name": "example_assistant", "content": "the"},
        {"role": "user", "content": "what is B"},
    ]
    inside, through = (run_sync(calls.complete(fn, messages, **asked)) for fn in (here, chat))
    assert inside.get_completions() == through.get_completions()
    assert inside.finish_reasons == through.finish_reasons
    assert inside.usage["prompt_tokens"] == through.usage["prompt_tokens"]
    assert inside.usage["completion_tokens"] == through.usage["completion_tokens"]
