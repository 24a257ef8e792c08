"""A pocket model with random weights: completions and log probabilities that depend on the request alone."""

from __future__ import annotations

import math
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from random import Random

import numpy as np
import pytest
from random_models import SMALL, plain_greedy, plain_logprobs, random_arrays, random_model

from evals.local_models.language_model import ContextExceeded, LanguageModel, Sampling
from evals.local_models.pocket.tokenizer import END
from evals.local_models.pocket.weights import Config

MODEL = random_model()
ARRAYS = random_arrays(SMALL)
RNG = Random(9)
PROMPTS = [[RNG.randrange(1, SMALL.n_vocab) for _ in range(n)] for n in (3, 17, 1, 0, 30, 17, 8, 40)]
GREEDY = Sampling(max_tokens=8, temperature=0.0)


def ids_of(generated):
    return [token.id for token in generated.tokens]


def test_it_is_a_language_model():
    assert isinstance(MODEL, LanguageModel)
    assert (MODEL.n_ctx, MODEL.chat_stop, MODEL.chat_lead) == (96, ("\n",), " ")


def test_greedy_completions_are_those_of_plain_arithmetic():
    found = MODEL.generate([(prompt, Sampling(max_tokens=4, temperature=0.0)) for prompt in PROMPTS])
    for prompt, (generated,) in zip(PROMPTS, found, strict=True):
        expected = plain_greedy(SMALL, ARRAYS, prompt, 4)
        expected = expected[: expected.index(END)] if END in expected else expected
        assert ids_of(generated) == expected


def test_log_probabilities_of_what_is_written_are_those_of_plain_arithmetic():
    ((generated,),) = MODEL.generate([(PROMPTS[1], GREEDY)])
    ids = [END, *PROMPTS[1], *ids_of(generated)]
    logprobs = plain_logprobs(SMALL, ARRAYS, ids)
    for place, token in enumerate(generated.tokens, len(PROMPTS[1])):
        assert token.logprob == pytest.approx(logprobs[place, token.id], abs=1e-9)


@pytest.mark.parametrize("options", [{"temperature": 0.0}, {"temperature": 1.3}, {"top_p": 0.8}], ids=str)
def test_a_completion_is_the_same_alone_and_in_any_batch(options):
    requests = [(prompt, Sampling(max_tokens=20, seed=k, **options)) for k, prompt in enumerate(PROMPTS)]
    together = MODEL.generate(requests)
    mixed = MODEL.generate([requests[5], (PROMPTS[2], GREEDY), requests[0]])
    for k, request in enumerate(requests):
        (alone,) = MODEL.generate([request])
        assert_alike(alone, together[k])
    assert_alike(mixed[0], together[5])
    assert_alike(mixed[2], together[0])


def assert_alike(a, b):
    """The same tokens, with log probabilities that agree to 1e-6 nats, and far better."""
    for one, other in zip(a, b, strict=True):
        assert (one.text, one.finish_reason, one.n_drawn) == (other.text, other.finish_reason, other.n_drawn)
        assert ids_of(one) == ids_of(other)
        for x, y in zip(one.tokens, other.tokens, strict=True):
            assert x.logprob == pytest.approx(y.logprob, rel=0, abs=1e-11)


def test_scoring_agrees_with_writing_and_does_not_depend_on_the_batch():
    found = MODEL.generate([(prompt, GREEDY) for prompt in PROMPTS])
    texts = [[*prompt, *ids_of(done[0])] for prompt, done in zip(PROMPTS, found, strict=True)]
    together = MODEL.score(texts)
    behind = MODEL.score(texts, first=[len(prompt) for prompt in PROMPTS])
    for k, (prompt, (generated,)) in enumerate(zip(PROMPTS, found, strict=True)):
        (alone,) = MODEL.score([texts[k]])
        assert [token.id for token in alone] == texts[k]
        for part in (together[k][len(prompt) :], alone[len(prompt) :], behind[k]):
            written = [token.logprob for token in generated.tokens]
            assert [token.logprob for token in part] == pytest.approx(written, rel=0, abs=1e-11)


def test_scores_of_a_text_are_those_of_plain_arithmetic_from_its_first_token_on():
    text = PROMPTS[4]
    logprobs = plain_logprobs(SMALL, ARRAYS, [END, *text])
    (scored,) = MODEL.score([text])
    for place, token in enumerate(scored):
        assert token.logprob == pytest.approx(logprobs[place, text[place]], abs=1e-9)
        assert token.piece == MODEL.decode_bytes([text[place]])


def test_the_likeliest_tokens_of_each_place_are_named():
    text = PROMPTS[1]
    logprobs = plain_logprobs(SMALL, ARRAYS, [END, *text])
    (scored,) = MODEL.score([text], top_logprobs=3)
    for place, token in enumerate(scored):
        assert [k for k, _ in token.top] == np.argsort(-logprobs[place])[:3].tolist()
    ((generated,),) = MODEL.generate([(text, Sampling(max_tokens=3, temperature=0.0, top_logprobs=2))])
    assert [token.top[0] for token in generated.tokens] == [(token.id, token.logprob) for token in generated.tokens]
    assert all(len(token.top) == 2 for token in generated.tokens)


def test_texts_that_share_a_beginning_or_are_one_another_are_scored_each():
    base = PROMPTS[4]
    texts = [base, [*base, 5], [*base, 6, 7], base, [], [3]]
    found = MODEL.score(texts)
    assert [len(part) for part in found] == [30, 31, 32, 30, 0, 1]
    assert found[0] == found[3]
    for part in found[1:3]:
        assert [token.logprob for token in part[:30]] == [token.logprob for token in found[0]]


def test_n_completions_are_n_draws_and_the_same_again_by_the_same_seed():
    request = (PROMPTS[0], Sampling(max_tokens=8, n=6, seed=11))
    (first,) = MODEL.generate([request])
    (again,) = MODEL.generate([request])
    assert_alike(first, again)
    assert len({tuple(ids_of(each)) for each in first}) == 6
    (fewer,) = MODEL.generate([(PROMPTS[0], Sampling(max_tokens=8, n=2, seed=11))])
    assert_alike(fewer, first[:2])
    (other,) = MODEL.generate([(PROMPTS[0], Sampling(max_tokens=8, n=6, seed=12))])
    assert {tuple(ids_of(each)) for each in first}.isdisjoint(tuple(ids_of(each)) for each in other)


def test_without_a_seed_two_calls_draw_differently():
    request = (PROMPTS[0], Sampling(max_tokens=20))
    assert ids_of(MODEL.generate([request])[0][0]) != ids_of(MODEL.generate([request])[0][0])


def test_without_chance_n_completions_are_the_same_one():
    ((first, *others),) = MODEL.generate([(PROMPTS[0], Sampling(max_tokens=5, temperature=0.0, n=3))])
    assert others == [first, first]


def test_first_tokens_come_as_often_as_they_are_likely():
    """Chi-squared of 4,000 draws against the model's own distribution, in 30 bins."""
    n = 4000
    draws = [MODEL.generate([(PROMPTS[0], Sampling(max_tokens=1, n=1000, seed=k))])[0] for k in range(n // 1000)]
    counts = Counter(each.tokens[0].id if each.tokens else END for drawn in draws for each in drawn)
    probabilities = np.exp(plain_logprobs(SMALL, ARRAYS, [END, *PROMPTS[0]])[-1])
    bins = np.array_split(np.argsort(-probabilities), 30)
    expected = [n * probabilities[ids].sum() for ids in bins]
    observed = [sum(counts[int(k)] for k in ids) for ids in bins]
    chi_squared = sum((o - e) ** 2 / e for o, e in zip(observed, expected, strict=True) if e > 5)
    assert chi_squared < 29 + 5 * math.sqrt(2 * 29)


def test_more_requests_than_are_written_at_a_time_come_back_in_their_order():
    requests = [(prompt, Sampling(max_tokens=1 + k % 7, temperature=0.0)) for k in range(20) for prompt in PROMPTS]
    found = MODEL.generate(requests)
    assert len(found) == 160
    for (prompt, sampling), (generated,) in zip(requests, found, strict=True):
        (whole,) = MODEL.generate([(prompt, GREEDY)])
        assert ids_of(generated) == ids_of(whole[0])[: sampling.max_tokens]


def test_tokens_are_heard_of_as_they_are_drawn():
    heard: dict[tuple[int, int], list[int]] = {}
    requests = [(PROMPTS[0], Sampling(max_tokens=5, n=2, seed=3)), (PROMPTS[1], Sampling(5, temperature=0.0, n=2))]
    found = MODEL.generate(requests, lambda k, draw, token: heard.setdefault((k, draw), []).append(token.id))
    for k, draws in enumerate(found):
        for draw, generated in enumerate(draws):
            assert [each for each in heard[k, draw] if each != END] == ids_of(generated)


def test_threads_may_share_a_model():
    requests = [[(prompt, Sampling(max_tokens=10, seed=k))] for k, prompt in enumerate(PROMPTS * 3)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(MODEL.generate, requests))
    for request, (done,) in zip(requests, found, strict=True):
        assert_alike(done, MODEL.generate(request)[0])


def test_the_context_can_be_filled_and_not_exceeded():
    prompt = [5] * 90
    ((full,),) = MODEL.generate([(prompt, Sampling(max_tokens=6, temperature=0.0))])
    assert full.n_drawn == 6 or full.finish_reason == "stop"
    assert len(MODEL.score([[5] * 96])[0]) == 96
    with pytest.raises(ContextExceeded):
        MODEL.generate([(PROMPTS[0], GREEDY), (prompt, Sampling(max_tokens=7))])
    with pytest.raises(ContextExceeded):
        MODEL.score([[5] * 97])


def test_a_number_that_is_no_token_is_refused():
    for ids in ([SMALL.n_vocab], [-1]):
        with pytest.raises(ValueError, match="from 0 to 299"):
            MODEL.generate([(ids, GREEDY)])
        with pytest.raises(ValueError, match="from 0 to 299"):
            MODEL.score([ids])


def test_one_layer_and_one_head_are_enough():
    model = random_model(Config(n_vocab=270, n_ctx=32, n_layer=1, n_head=1, d_model=16, d_ff=64))
    assert len(model.score([[1, 2, 3]])[0]) == 3
