"""Metrics of similarity, against closed forms, brute force and second libraries."""

from __future__ import annotations

import itertools
import math
import random

import pytest
from nltk.stem.porter import PorterStemmer
from nltk.translate.bleu_score import sentence_bleu
from rapidfuzz import fuzz, utils
from sacrebleu.metrics.bleu import BLEU

from evals.errors import UsageError
from evals.suite.graders.similarity import (
    METRICS,
    CannotCompare,
    bleu,
    cosine,
    fuzzy_match,
    gleu,
    meteor,
    meteor_no_wordnet,
    rouge,
    tokens,
)

SENTENCE = "the quick brown fox jumps over the lazy dog"
WORDS = ["the", "a", "cat", "dog", "sat", "mat", "on", "runs", "running", "ran"]


def texts(seed: int, n: int = 40) -> list[tuple[str, str]]:
    rng = random.Random(seed)
    return [tuple(" ".join(rng.choices(WORDS, k=rng.randint(4, 9))) for _ in range(2)) for _ in range(n)]  # type: ignore[misc]


def n_grams(words: list[str], n: int) -> list[tuple[str, ...]]:
    return [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]


def overlap(left: list[tuple[str, ...]], right: list[tuple[str, ...]]) -> int:
    return sum(min(left.count(gram), right.count(gram)) for gram in set(left))


def longest_common(left: list[str], right: list[str]) -> int:
    table = [[0] * (len(right) + 1) for _ in range(len(left) + 1)]
    for i, j in itertools.product(range(len(left)), range(len(right))):
        same = table[i][j] + 1 if left[i] == right[j] else max(table[i][j + 1], table[i + 1][j])
        table[i + 1][j + 1] = same
    return table[-1][-1]


@pytest.mark.parametrize("metric", [name for name in METRICS if name != "meteor"])
def test_equal_texts_have_a_similarity_near_1_and_strange_ones_0(metric: str) -> None:
    least = 0.99 if metric.startswith("meteor") else 1.0
    assert least <= METRICS[metric](SENTENCE, SENTENCE) <= 1.0
    assert METRICS[metric]("zzzz qqqq vvvv xxxx yyyy", "one two six ten") == pytest.approx(
        0.0, abs=0.35 if metric == "fuzzy_match" else 0.06
    )


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
def test_rouge_n_is_the_f_measure_of_shared_n_grams(n: int) -> None:
    for left, right in texts(n):
        mine, theirs = n_grams(left.split(), n), n_grams(right.split(), n)
        shared = overlap(mine, theirs)
        expected = 2 * shared / (len(mine) + len(theirs)) if shared else 0.0
        assert rouge(f"rouge{n}", left, right) == pytest.approx(expected)


def test_rouge_l_is_the_f_measure_of_the_longest_common_subsequence() -> None:
    for left, right in texts(7):
        mine, theirs = left.split(), right.split()
        assert rouge("rougeL", left, right) == pytest.approx(
            2 * longest_common(mine, theirs) / (len(mine) + len(theirs))
        )


def test_rouge_refuses_a_reference_that_it_cannot_read_instead_of_scoring_0() -> None:
    with pytest.raises(CannotCompare, match="only the letters a-z"):
        rouge("rouge1", "巴黎是首都", "巴黎是首都")
    assert rouge("rouge1", "巴黎", "Paris") == 0.0


def test_bleu_agrees_with_nltk_where_every_order_has_a_match() -> None:
    rng = random.Random(3)
    for _ in range(40):
        theirs = [f"w{number}" for number in rng.sample(range(99), 12)]
        mine = theirs[: rng.randint(5, 12)] + rng.choices(WORDS, k=rng.randint(0, 4))
        assert bleu(" ".join(mine), " ".join(theirs)) == pytest.approx(sentence_bleu([theirs], mine))


def test_bleu_is_that_of_sacrebleu() -> None:
    scorer = BLEU(effective_order=True)
    for left, right in texts(4):
        assert bleu(left, right) == pytest.approx(scorer.sentence_score(left, [right]).score / 100)


def test_gleu_is_the_smaller_of_precision_and_recall_of_all_n_grams() -> None:
    for left, right in texts(5):
        mine = [gram for n in (1, 2, 3, 4) for gram in n_grams(left.split(), n)]
        theirs = [gram for n in (1, 2, 3, 4) for gram in n_grams(right.split(), n)]
        assert gleu(left, right) == pytest.approx(overlap(mine, theirs) / max(len(mine), len(theirs)))


@pytest.mark.parametrize(
    ("input", "reference", "matches", "chunks"),
    [
        ("the cat sat", "the cat sat", 3, 1),
        ("the cats sat", "the cat sat", 3, 1),
        ("sat the cat", "the cat sat", 3, 2),
        ("the dog", "the cat sat", 1, 1),
    ],
)
def test_meteor_without_wordnet_is_its_formula_over_words_and_stems(
    input: str, reference: str, matches: int, chunks: int
) -> None:
    precision, recall = matches / len(input.split()), matches / len(reference.split())
    mean = precision * recall / (0.9 * precision + 0.1 * recall)
    assert meteor_no_wordnet(input, reference) == pytest.approx(mean * (1 - 0.5 * (chunks / matches) ** 3))
    assert PorterStemmer().stem("cats") == "cat"


def test_meteor_needs_wordnet_and_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nltk.data.path", [])
    with pytest.raises(UsageError, match="needs WordNet") as error:
        meteor("a", "a")
    assert "meteor_no_wordnet" in str(error.value)


def test_fuzzy_match_is_wratio_without_case_and_outer_signs() -> None:
    assert fuzzy_match("Fuzzy Wuzzy was a bear!", "fuzzy wuzzy was a bear") == 1.0
    for left, right in texts(6):
        longest = longest_common(list(left), list(right))
        indel = 2 * longest / (len(left) + len(right))
        assert fuzzy_match(left, right) >= indel - 1e-9, (
            "WRatio is the best of several ratios, the plain one among them"
        )
        assert fuzzy_match(left, right) == pytest.approx(
            fuzz.WRatio(left, right, processor=utils.default_process) / 100
        )


def test_cosine_is_that_of_geometry() -> None:
    assert cosine([1, 0], [0, 2]) == 0.0
    assert cosine([1, 1], [2, 2]) == pytest.approx(1.0)
    assert cosine([1, 0], [1, 1]) == pytest.approx(math.sqrt(0.5))
    assert cosine([1, 2], [-1, -2]) == pytest.approx(-1.0)
    assert cosine([0, 0], [1, 1]) == 0.0
    with pytest.raises(CannotCompare, match="2 and 3 numbers"):
        cosine([1, 2], [1, 2, 3])


@pytest.mark.parametrize("metric", [name for name in METRICS if name != "meteor" and not name.startswith("rouge")])
def test_an_empty_answer_scores_0(metric: str) -> None:
    assert METRICS[metric]("", SENTENCE) == 0.0


def test_tokens_are_those_of_mteval() -> None:
    assert tokens("It's 3.5, isn't it?") == ["It's", "3.5", ",", "isn't", "it", "?"]
