"""A model of transformers behind `evals serve`, and in this process: the same completions and log probabilities."""

from __future__ import annotations

import pytest
from tiny_models import save_tiny

pytest.importorskip("starlette")
pytest.importorskip("uvicorn")

from server_process import Served

from evals.completion_fns.openai.models import OpenAIChatCompletionFn, OpenAICompletionFn
from evals.engine import calls
from evals.engine.loop import run_sync
from evals.local_models.hf.completion_fn import HfCompletionFn

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

PROMPT = "Question: What is two plus three?\nAnswer:"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return save_tiny(tmp_path_factory.mktemp("model"), "llama", template=True, begins=True)


@pytest.fixture(scope="module")
def base_url(folder, tmp_path_factory):
    options = ("--completion_args", "dtype=float64,device=cpu")
    with Served(*options, folder=tmp_path_factory.mktemp("server"), model=f"hf/{folder}") as served:
        yield served.base_url


@pytest.fixture
def here(folder):
    return HfCompletionFn(str(folder), dtype="float64", device="cpu")


def test_texts_are_completed_and_scored_alike(folder, base_url, here):
    there = OpenAICompletionFn(f"hf/{folder}", api_base=base_url)
    inside, through = (
        run_sync(calls.complete(fn, PROMPT, temperature=0, max_tokens=12, logprobs=2)) for fn in (here, there)
    )
    assert inside.get_completions() == through.get_completions()
    assert inside.logprobs[0]["token_logprobs"] == pytest.approx(through.logprobs[0]["token_logprobs"], abs=1e-6)
    options = [" five", " A", " river", "é"]
    scores = [run_sync(calls.score(fn, PROMPT, options)) for fn in (here, there)]
    assert [score.logprob for score in scores[0]] == pytest.approx([score.logprob for score in scores[1]], abs=1e-6)
    assert [score.n_tokens for score in scores[0]] == [score.n_tokens for score in scores[1]]


def test_chats_are_answered_alike(folder, base_url, here):
    there = OpenAIChatCompletionFn(f"hf/{folder}", api_base=base_url)
    asked = {"temperature": 0.8, "seed": 5, "max_tokens": 12, "n": 2, "logprobs": True, "top_logprobs": 3}
    chat = [{"role": "user", "content": "What is two plus three?"}]
    inside, through = (run_sync(calls.complete(fn, chat, **asked)) for fn in (here, there))
    assert inside.get_completions() == through.get_completions()
    for ours, theirs in zip(inside.logprobs, through.logprobs, strict=True):
        assert [t["bytes"] for t in ours["content"]] == [t["bytes"] for t in theirs["content"]]
        assert [t["logprob"] for t in ours["content"]] == pytest.approx(
            [t["logprob"] for t in theirs["content"]], abs=1e-6
        )
