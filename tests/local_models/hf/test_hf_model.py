"""Models of transformers against transformers itself: its `generate`, its logits, its tokenizer."""

from __future__ import annotations

import math
import random

import pytest
from tiny_models import TEXTS, save_tiny, torch, transformers

from evals.local_models.hf.location import Location
from evals.local_models.hf.model import HfModel, load_model
from evals.local_models.language_model import ContextExceeded, Sampling

pytestmark = pytest.mark.filterwarnings("ignore")

PROMPTS = ["The red", "Question: What is two plus three?\nAnswer:", "A", "a small café bird sings\n", "ü"]
TOLERANCE = 1e-4
"Nats, in float32: what other rows in the batch and padding may change."


@pytest.fixture(scope="module", params=["gpt2", "llama", "bloom"])
def folder(request, tmp_path_factory):
    return save_tiny(tmp_path_factory.mktemp(request.param), request.param)


@pytest.fixture(scope="module")
def model(folder) -> HfModel:
    return load_model(Location(str(folder), True), dtype="float32", device="cpu")


@pytest.fixture(scope="module")
def bare(folder):
    """The same weights as transformers has them, and its tokenizer."""
    return (
        transformers.AutoModelForCausalLM.from_pretrained(folder).eval(),
        transformers.AutoTokenizer.from_pretrained(folder),
    )


def logits_of(bare, ids):
    with torch.no_grad():
        return torch.log_softmax(bare[0](torch.tensor([list(ids)])).logits[0], -1)


def test_greedy_completions_are_those_of_transformers(model, bare):
    requests = [(model.encode(prompt), Sampling(max_tokens=12, temperature=0)) for prompt in PROMPTS]
    for (prompt, _), (found,) in zip(requests, model.generate(requests), strict=True):
        ids = bare[0].generate(torch.tensor([prompt]), max_new_tokens=12, do_sample=False, pad_token_id=0)[0]
        expected = [int(k) for k in ids[len(prompt) :] if k != 0]
        assert [token.id for token in found.tokens] == expected
        assert found.text == bare[1].decode(expected)


def test_scores_are_those_of_a_bare_forward_pass(model, bare):
    sequences = [model.encode(text) for text in TEXTS]
    for ids, found in zip(sequences, model.score(sequences, 3), strict=True):
        table = logits_of(bare, ids)
        assert found[0].logprob is None
        assert [token.id for token in found] == ids
        assert [token.logprob for token in found[1:]] == pytest.approx(
            [float(table[place - 1, k]) for place, k in enumerate(ids) if place], abs=TOLERANCE
        )
        for place, token in enumerate(found[1:], 1):
            best = torch.topk(table[place - 1], 3)
            assert [logprob for _, logprob in token.top] == pytest.approx(best.values.tolist(), abs=TOLERANCE)
            assert [k for k, _ in token.top] == best.indices.tolist()


def test_only_the_wanted_tokens_are_scored_and_a_first_one_after_the_begin_token(model, bare):
    ids = model.encode(TEXTS[0])
    (tail,), (whole,) = model.score([ids], first=[5]), model.score([ids], first=[0])
    table, begun = logits_of(bare, ids), logits_of(bare, [0, *ids])
    assert [token.logprob for token in tail] == pytest.approx(
        [float(table[k - 1, ids[k]]) for k in range(5, len(ids))], abs=TOLERANCE
    )
    assert [token.logprob for token in whole] == pytest.approx(
        [float(begun[k, ids[k]]) for k in range(len(ids))], abs=TOLERANCE
    )


def test_what_else_is_in_the_batch_changes_nothing_beyond_the_tolerance(model):
    rng = random.Random(1)
    sequences = [[rng.randrange(1, 300) for _ in range(rng.randrange(2, 40))] for _ in range(20)]
    together = model.score(sequences)
    for ids, found in zip(sequences, together, strict=True):
        alone = model.score([ids])[0]
        assert [t.logprob for t in found[1:]] == pytest.approx([t.logprob for t in alone[1:]], abs=TOLERANCE)
    requests = [(ids, Sampling(max_tokens=8, seed=k, top_logprobs=1)) for k, ids in enumerate(sequences)]
    for request, draws in zip(requests, model.generate(requests), strict=True):
        (alone,) = model.generate([request])[0]
        assert draws[0].text == alone.text
        assert [t.logprob for t in draws[0].tokens] == pytest.approx([t.logprob for t in alone.tokens], abs=TOLERANCE)


def test_generated_log_probabilities_are_those_of_scoring_the_text(model):
    ids = model.encode(PROMPTS[1])
    draws = model.generate([(ids, Sampling(max_tokens=10, seed=4, n=3))])[0]
    for draw in draws:
        own = [token.id for token in draw.tokens]
        scored = model.score([[*ids, *own]], first=[len(ids)])[0]
        assert [t.logprob for t in draw.tokens] == pytest.approx([t.logprob for t in scored], abs=TOLERANCE)


def test_equal_seeds_draw_equally_and_draws_differ(model):
    request = (model.encode("The"), Sampling(max_tokens=10, seed=4, n=4))
    first, again = model.generate([request])[0], model.generate([request])[0]
    assert [draw.text for draw in first] == [draw.text for draw in again]
    assert len({draw.text for draw in first}) > 1


def test_tokens_are_drawn_as_often_as_the_model_says(model):
    """Chi-square of 2,000 draws of one token against its probabilities; 1 in 10^5 fails by chance, the seed is fixed."""
    from scipy.stats import chi2

    (draws,) = model.generate([(model.encode("The"), Sampling(max_tokens=1, seed=11, n=1000, temperature=1.5))])
    table = model.score([[*model.encode("The"), 1]], 10**6, first=[1])[0][0].top
    weights = {k: math.exp(logprob / 1.5) for k, logprob in table}
    total = sum(weights.values())
    n_ends = sum(not draw.tokens for draw in draws)
    counts = {0: n_ends}
    for draw in draws:
        for token in draw.tokens:
            counts[token.id] = counts.get(token.id, 0) + 1
    expected = {k: 1000 * weight / total for k, weight in weights.items()}
    large = [k for k, n in expected.items() if n >= 5]
    rest = 1000 - sum(expected[k] for k in large), 1000 - sum(counts.get(k, 0) for k in large)
    statistic = sum((counts.get(k, 0) - expected[k]) ** 2 / expected[k] for k in large) + (
        rest[1] - rest[0]
    ) ** 2 / max(rest[0], 1e-9)
    assert statistic < chi2.ppf(1 - 1e-5, len(large))


def test_stop_texts_end_a_completion_and_tokens_are_heard(model):
    ids = model.encode("The")
    plain = model.generate([(ids, Sampling(max_tokens=20, seed=1))])[0][0]
    stop = next(plain.text[k : k + 2] for k in range(3, len(plain.text)) if plain.text[k : k + 2].isascii())
    heard = []
    found = model.generate([(ids, Sampling(max_tokens=20, seed=1, stop=(stop,)))], lambda *call: heard.append(call))[0][
        0
    ]
    assert found.text == plain.text[: plain.text.find(stop)]
    assert found.finish_reason == "stop"
    assert [(request, draw) for request, draw, _ in heard] == [(0, 0)] * found.n_drawn


def test_a_context_that_is_full_is_refused_before_anything_is_computed(model):
    n = model.n_ctx
    with pytest.raises(ContextExceeded):
        model.generate([([5], Sampling(max_tokens=2)), ([5] * n, Sampling(max_tokens=1))])
    with pytest.raises(ContextExceeded):
        model.score([[5] * (n + 1)])
    with pytest.raises(ValueError, match="token ids"):
        model.score([[5, 10**6]])


def test_all_of_the_context_can_be_used(folder):
    model = load_model(Location(str(folder), True), n_ctx=40, device="cpu")
    assert model.n_ctx == 40
    assert len(model.score([[5] * 40])[0]) == 40
    assert model.generate([([5] * 30, Sampling(max_tokens=10, temperature=0))])[0][0].n_drawn <= 10


@pytest.mark.parametrize("text", [*TEXTS, "", " ", "😀 ☃\n\t", "a\ud800b", "<|endoftext|>x"])
def test_bytes_of_tokens_are_the_text(model, text):
    ids = model.encode(text)
    assert model.decode_bytes(ids).decode() == text.encode("utf-8", "replace").decode().replace("<|endoftext|>", "")
