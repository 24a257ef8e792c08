"""The backend as a run has it: chats, scores, choices of letters, and what cannot be loaded."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys

import pytest
from tiny_models import save_tiny, torch, transformers

from evals.engine import calls
from evals.engine.failures import CallFailed, Kind
from evals.engine.loop import run_sync
from evals.errors import UsageError
from evals.local_models.hf.completion_fn import HfCompletionFn

pytestmark = pytest.mark.filterwarnings("ignore")

CHAT = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "What is two plus three?"}]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return save_tiny(tmp_path_factory.mktemp("plain"))


@pytest.fixture(scope="module")
def chatty(tmp_path_factory):
    return save_tiny(tmp_path_factory.mktemp("chatty"), "llama", template=True, begins=True)


def test_a_chat_goes_through_the_tokenizer_s_template(chatty):
    fn = HfCompletionFn(str(chatty), device="cpu")
    text = fn.language_model.render_chat(CHAT)
    assert text == (
        "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nWhat is two plus three?<|im_end|>\n<|im_start|>assistant\n"
    )
    tokenizer = transformers.AutoTokenizer.from_pretrained(chatty)
    model = transformers.AutoModelForCausalLM.from_pretrained(chatty)
    ids = [0, *tokenizer.encode(text, add_special_tokens=False)]
    made = model.generate(torch.tensor([ids]), max_new_tokens=8, do_sample=False, pad_token_id=0)[0][
        len(ids) :
    ].tolist()
    expected = tokenizer.decode(made, skip_special_tokens=True)
    assert fn(CHAT, temperature=0, max_tokens=8).get_completions() == [expected]


def test_a_chat_without_a_template_is_the_text_of_openai_evals(folder):
    fn = HfCompletionFn(str(folder), device="cpu")
    assert fn.language_model.render_chat(CHAT) == "Be brief.\nUser: What is two plus three?\nAssistant:"
    named = [
        {"role": "system", "name": "example_user", "content": "hi"},
        {"role": "user", "content": [{"type": "text", "text": "x"}]},
    ]
    assert fn.language_model.render_chat(named) == "User: hi\nUser: x\nAssistant:"
    with pytest.raises(CallFailed) as caught:
        fn([{"role": "user", "content": [{"type": "image_url"}]}])
    assert caught.value.kind is Kind.BAD_REQUEST


def test_scores_of_continuations_are_sums_over_their_tokens(folder):
    fn = HfCompletionFn(str(folder), device="cpu", dtype="float64")
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float64)
    prompt, texts = "Question: What is two plus three?\nAnswer:", [" five", " A B", " river bird"]
    for text, score in zip(texts, run_sync(calls.score(fn, prompt, texts)), strict=True):
        ids = tokenizer.encode(prompt + text)
        with torch.no_grad():
            table = torch.log_softmax(model(torch.tensor([ids])).logits[0], -1)
        start = len(tokenizer.encode(prompt))
        assert score.n_tokens == len(ids) - start
        assert score.logprob == pytest.approx(
            sum(float(table[k - 1, ids[k]]) for k in range(start, len(ids))), abs=1e-9
        )


def test_an_empty_prompt_is_scored_after_the_begin_token(folder):
    fn = HfCompletionFn(str(folder), device="cpu")
    (score,) = asyncio.run(fn.score("", [" five"]))
    assert score.n_tokens == len(fn.language_model.encode(" five"))
    assert score.logprob < 0


def test_more_than_the_context_is_a_context_length_failure(folder):
    fn = HfCompletionFn(str(folder), device="cpu")
    assert fn.n_ctx == 128
    with pytest.raises(CallFailed) as caught:
        fn("A" * 127, max_tokens=50)
    assert caught.value.kind is Kind.CONTEXT_LENGTH


def test_a_folder_that_is_not_complete_is_said_in_words(tmp_path, folder):
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "config.json").write_text((folder / "config.json").read_text())
    with pytest.raises(UsageError, match="cannot be loaded") as caught:
        HfCompletionFn(str(tmp_path / "broken")).preflight()
    assert "weights and the tokenizer" in str(caught.value)


RUN_WITHOUT_NETWORK = """
import socket, sys
def refused(*args): raise AssertionError("a connection was tried")
socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = refused
from evals.cli.oaieval import main
raise SystemExit(main(sys.argv[1:]))
"""


@pytest.mark.slow
def test_a_run_over_a_folder_needs_no_network(tmp_path, folder):
    command = [
        sys.executable,
        "-c",
        RUN_WITHOUT_NETWORK,
        f"hf/{folder}",
        "pocket-choice",
        "--max_samples",
        "20",
        "--json",
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    record = (tmp_path / json.loads(done.stdout)["record_path"]).read_text(encoding="utf-8")
    events = [json.loads(line) for line in record.splitlines()]
    choices = [event["data"] for event in events if event.get("type") == "choice"]
    assert len(choices) == 20
    assert {choice["way"] for choice in choices} == {"score"}
    right = sum(choice["picked"] == choice["answer"] for choice in choices)
    assert json.loads(done.stdout)["final_report"]["accuracy"] == pytest.approx(right / 20)


ASK_THE_HUB = """
import socket, sys, urllib.request
def unknown(*args, **more): raise socket.gaierror("no such name")
socket.getaddrinfo = unknown
urllib.request.getproxies = dict
from evals.cli.oaieval import main
raise SystemExit(main(sys.argv[1:]))
"""


def test_a_name_of_the_hub_without_a_network_fails_at_once_and_says_how_a_folder_is_written(tmp_path):
    command = [sys.executable, "-c", ASK_THE_HUB, "hf/nobody/nothing", "arithmetic"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 2
    assert "error: the hub's model nobody/nothing cannot be loaded" in done.stderr
    assert "hf/./nobody/nothing" in done.stderr
    assert "Retrying" not in done.stderr
