"""The backend of models in this process, over a pocket model with random weights in a folder."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys

import numpy as np
import pytest
from random_models import SMALL, plain_logprobs, random_arrays, write_model

import evals
from evals.engine.failures import CallFailed, Kind
from evals.errors import RegistryError, UsageError
from evals.local_models.language_model import Sampling
from evals.local_models.pocket.completion_fn import PocketCompletionFn
from evals.local_models.pocket.tokenizer import END
from evals.registry import Registry
from evals.suite.choice.scoring_methods import alternatives_of, methods_of

CHAT = [{"role": "user", "content": "What is the A?"}]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_model(tmp_path_factory.mktemp("models"), "10k")


@pytest.fixture
def fn(folder):
    return PocketCompletionFn(path=str(folder))


def only(fn, prompt, **options):
    """The result of one request."""
    (result,) = fn.complete_batch([(prompt, options)])
    return result


def test_a_completion_says_what_it_used_and_by_which_model(fn):
    result = only(fn, "what is", temperature=0.0, max_tokens=5)
    assert result.model == "pocket/10k"
    assert result.finish_reasons == ["length"]
    assert result.usage["prompt_tokens"] == fn.count_tokens("what is")
    assert result.usage["completion_tokens"] == 5
    assert result.cost_usd == 0.0
    assert result.request == {"max_tokens": 5, "temperature": 0.0}


def test_a_call_by_hand_goes_through_the_engine(fn):
    result = fn("what is", temperature=0.0, max_tokens=5)
    assert result.get_completions() == only(fn, "what is", temperature=0.0, max_tokens=5).texts
    awaited = asyncio.run(fn.complete("what is", temperature=0.0, max_tokens=5))
    assert awaited.texts == result.texts


def test_a_chat_reply_has_neither_its_lead_nor_its_line_end(fn):
    model = fn.language_model
    raw = model.generate([(model.encode(model.render_chat(CHAT)), Sampling(max_tokens=20, temperature=0.0))])[0][0].text
    assert only(fn, CHAT, temperature=0.0, max_tokens=20).texts == [raw.split("\n")[0].removeprefix(" ")]


def test_one_bad_request_of_a_batch_fails_alone(fn):
    good = ("what is", {"temperature": 0.0, "max_tokens": 4})
    results = fn.complete_batch([good, ("x", {"top_p": 7}), (" A" * 200, {}), good])
    assert results[0].texts == results[3].texts == only(fn, good[0], **good[1]).texts
    assert [results[k].kind for k in (1, 2)] == [Kind.BAD_REQUEST, Kind.CONTEXT_LENGTH]
    scores = fn.score_batch([("A", [" B"]), ("A", [" A" * 200]), ("A", [" B"])])
    assert isinstance(scores[1], CallFailed)
    assert scores[0] == scores[2]


def test_alternatives_of_the_next_token_are_where_the_choice_engine_looks(fn):
    result = only(fn, "Answer:", temperature=0.0, max_tokens=1, logprobs=True, top_logprobs=4)
    found = alternatives_of(result)
    ids = [END, *fn.language_model.encode("Answer:")]
    arrays = {name: array.astype(np.float16).astype(float) for name, array in random_arrays(SMALL).items()}
    expected = np.sort(plain_logprobs(SMALL, arrays, ids)[-1])[::-1][:4]
    assert sorted(found.values(), reverse=True) == pytest.approx(expected.tolist(), abs=1e-9)
    assert [method.name for method in methods_of(fn, "letter")] == ["score", "top_logprobs", "parsed"]


def test_echo_gives_the_prompt_with_its_log_probabilities_and_agrees_with_score(fn):
    prompt, continuations = "Question A\nAnswer:", [" A", " B C", " w3"]
    (scores,) = fn.score_batch([(prompt, continuations)])
    for continuation, score in zip(continuations, scores, strict=True):
        result = only(fn, prompt + continuation, max_tokens=0, echo=True, logprobs=1)
        assert result.texts == [prompt + continuation]
        (found,) = result.logprobs
        n = score.n_tokens
        assert "".join(found["tokens"]) == prompt + continuation
        assert sum(found["token_logprobs"][-n:]) == pytest.approx(score.logprob, rel=0, abs=1e-9)
        assert "".join(found["tokens"][-n:]) == continuation


def test_a_greedy_continuation_is_known_as_one(fn):
    text = only(fn, "Question", temperature=0.0, max_tokens=3).texts[0]
    assert fn.count_tokens("Question" + text) == fn.count_tokens("Question") + 3
    (scores,) = fn.score_batch([("Question", [text, text[:-1] + " A"])])
    assert [score.is_greedy for score in scores] == [True, False]


def test_scores_of_a_chat_are_those_of_its_text(fn):
    text = fn.language_model.render_chat(CHAT)
    assert fn.score_batch([(CHAT, [" A"])]) == fn.score_batch([(text, [" A"])])


def test_seeds_are_told_by_the_request_and_how_often_it_was_made(folder):
    first, second = (PocketCompletionFn(path=str(folder)) for _ in range(2))
    seeds = [first.seeded("x", {"temperature": 1.0})["seed"] for _ in range(3)]
    assert len(set(seeds)) == 3
    assert [second.seeded("x", {"temperature": 1.0})["seed"] for _ in range(3)] == seeds
    assert second.seeded("y", {"temperature": 1.0})["seed"] not in seeds
    assert PocketCompletionFn(path=str(folder), seed=1).seeded("x", {"temperature": 1.0})["seed"] not in seeds


def test_a_seed_that_was_given_stays_and_none_is_needed_without_chance(fn):
    assert fn.seeded("x", {"seed": 5}) == {"seed": 5}
    assert fn.seeded("x", {"temperature": 0}) == {"temperature": 0}


def test_options_lie_over_those_of_a_call(folder):
    fn = PocketCompletionFn(path=str(folder), temperature=0.0, max_tokens=2)
    assert only(fn, "what is", temperature=1.0, max_tokens=9).usage["completion_tokens"] == 2
    assert fn.cache_identity()["options"] == {"temperature": 0.0, "max_tokens": 2}


def test_two_models_of_one_name_are_told_apart_by_their_weights(tmp_path, folder):
    other = write_model(tmp_path, "10k", seed=4)
    a, b = PocketCompletionFn(path=str(folder)), PocketCompletionFn(path=str(other))
    assert a.cache_identity() != b.cache_identity()


def test_a_wrong_batch_size_is_refused(folder):
    with pytest.raises(UsageError, match="batch_size"):
        PocketCompletionFn(path=str(folder), batch_size=0)
    with pytest.raises(UsageError, match="no pocket model is named"):
        PocketCompletionFn()


ROWS = [{"input": f"Question w{k}\nAnswer:", "ideal": "A"} for k in range(12)]
EVAL = """
draws:
  id: draws.dev.v0
  metrics: [accuracy]
draws.dev.v0:
  class: evals.suite:Includes
  args:
    samples_jsonl: draws/samples.jsonl
"""


@pytest.fixture
def registry_path(tmp_path):
    for name, text in {
        "evals/draws.yaml": EVAL,
        "data/draws/samples.jsonl": "\n".join(map(json.dumps, ROWS)),
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def completions(registry_path, folder, record, **options):
    """What a run's samples were answered, by id and repeat."""
    result = evals.run("pocket", "draws", registry_paths=[registry_path], record_path=registry_path / record, **options)
    events = [json.loads(line) for line in (registry_path / record).read_text().splitlines()]
    assert result.exit_code == 0
    return sorted(
        (event["sample_id"], event.get("repeat", 0), tuple(event["data"]["sampled"]))
        for event in events
        if event.get("type") == "sampling"
    )


def test_a_run_draws_the_same_whatever_its_concurrency_and_batches(registry_path, folder):
    args = {"path": str(folder), "max_tokens": 6}
    one = completions(registry_path, folder, "a.jsonl", completion_args=args, concurrency=1, repeats=2, temperature=1.0)
    many = completions(registry_path, folder, "b.jsonl", completion_args=args, repeats=2, temperature=1.0)
    assert one == many
    assert len({text for *_, text in one}) > 20
    other = completions(
        registry_path, folder, "c.jsonl", completion_args={**args, "seed": 1}, repeats=2, temperature=1.0
    )
    assert one != other


def test_a_run_needs_neither_scipy_nor_a_client(folder, registry_path):
    code = (
        "import sys, evals\n"
        f"evals.run('pocket', 'draws', registry_paths=[{str(registry_path)!r}], record_path={str(registry_path / 'r.jsonl')!r},"
        f" completion_args={{'path': {str(folder)!r}, 'max_tokens': 3}})\n"
        "print(sorted({'scipy', 'openai', 'torch', 'aiohttp', 'starlette'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("[]")


def test_a_name_under_the_prefix_that_is_no_model_is_an_error_and_no_call():
    with pytest.raises(RegistryError, match="reserved"):
        Registry().make_completion_fn("pocket/9000x")
