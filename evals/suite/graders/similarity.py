"""Similarity of two texts, from 0 to 1, by the metrics that `text_similarity` graders name: pure functions."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from evals.errors import MissingExtra, UsageError

COSINE = "cosine"
"The metric that needs embeddings, and so a call."


class CannotCompare(ValueError):
    """A metric cannot tell anything about these texts; the message says why."""


def fuzzy_match(input: str, reference: str) -> float:
    """rapidfuzz's `fuzz.WRatio` of both texts in lower case, without punctuation around them.

    OpenAI's guide names the package and not the function; its example of the same comparison in Python calls this one.
    """
    rapidfuzz = _package("rapidfuzz.fuzz"), _package("rapidfuzz.utils")
    return float(rapidfuzz[0].WRatio(input, reference, processor=rapidfuzz[1].default_process)) / 100


def bleu(input: str, reference: str) -> float:
    """sacrebleu's sentence BLEU (13a tokens, orders without a match skipped), as a share.

    Papineni et al. 2002, ACL, "BLEU: a method for automatic evaluation of machine translation".
    """
    scorer = _package("sacrebleu.metrics.bleu").BLEU(effective_order=True)
    # Rounding lifts the score of a text that equals its reference to 100.00000000000004.
    return min(1.0, float(scorer.sentence_score(input, [reference]).score) / 100)


def gleu(input: str, reference: str) -> float:
    """Google BLEU: the smaller of precision and recall of all n-grams of 1 to 4 tokens. nltk's, over 13a tokens.

    Wu et al. 2016, arXiv:1609.08144, section 4.
    """
    answer, wanted = tokens(input), tokens(reference)
    if not answer or not wanted:
        return 0.0
    return float(_package("nltk.translate.gleu_score").sentence_gleu([wanted], answer))


def meteor(input: str, reference: str) -> float:
    """METEOR with exact matches, stems and synonyms of WordNet, over 13a tokens. nltk's.

    Banerjee and Lavie 2005, "METEOR: an automatic metric for MT evaluation"; the parameters are nltk's.

    Raises:
        UsageError: WordNet is not on this machine.
    """
    wordnet = _package("nltk.corpus").wordnet
    try:
        wordnet.synsets("word")
    except LookupError:
        raise UsageError(
            "the metric 'meteor' needs WordNet, which is not on this machine",
            notes=["'meteor_no_wordnet' is the same without synonyms: its scores are lower or equal"],
            fix="python -m nltk.downloader wordnet, or choose evaluation_metric: meteor_no_wordnet",
        ) from None
    return _meteor(input, reference, wordnet)


def meteor_no_wordnet(input: str, reference: str) -> float:
    """METEOR with exact matches and stems alone: a variant, whose scores are no METEOR scores. nltk's, 13a tokens."""
    return _meteor(input, reference, _NoSynonyms())


class _NoSynonyms:
    """A dictionary that knows no word."""

    def synsets(self, word: str) -> list[Any]:
        return []


def _meteor(input: str, reference: str, wordnet: Any) -> float:
    answer, wanted = tokens(input), tokens(reference)
    if not answer or not wanted:
        return 0.0
    score = _package("nltk.translate.meteor_score").single_meteor_score(wanted, answer, wordnet=wordnet)
    return float(score)


def rouge(kind: str, input: str, reference: str) -> float:
    """The F measure of ROUGE by the package rouge_score, without stemming. kind: `rouge1` to `rouge5`, or `rougeL`.

    Lin 2004, "ROUGE: a package for automatic evaluation of summaries".

    Raises:
        CannotCompare: the reference has no word that the package sees: it reads only a-z and 0-9.
    """
    if not any(char.isascii() and char.isalnum() for char in reference):
        raise CannotCompare(
            f"ROUGE reads only the letters a-z and digits, and the reference has none: {reference[:40]!r}"
        )
    scorer = _package("rouge_score.rouge_scorer").RougeScorer([kind])
    return float(scorer.score(reference, input)[kind].fmeasure)


def cosine(left: Sequence[float], right: Sequence[float]) -> float:
    """The cosine of the angle between two vectors; 0 if one of them is 0.

    Raises:
        CannotCompare: they have different lengths.
    """
    if len(left) != len(right):
        raise CannotCompare(f"the embeddings have {len(left)} and {len(right)} numbers")
    norms = math.sqrt(math.fsum(x * x for x in left)) * math.sqrt(math.fsum(x * x for x in right))
    return math.fsum(x * y for x, y in zip(left, right, strict=True)) / norms if norms else 0.0


METRICS: Mapping[str, Callable[[str, str], float]] = {
    "fuzzy_match": fuzzy_match,
    "bleu": bleu,
    "gleu": gleu,
    "meteor": meteor,
    "meteor_no_wordnet": meteor_no_wordnet,
    **{f"rouge_{n}": functools.partial(rouge, f"rouge{n}") for n in range(1, 6)},
    "rouge_l": functools.partial(rouge, "rougeL"),
}
"Each metric of two texts: of the input and the reference."


def tokens(text: str) -> list[str]:
    """The words and signs of a text, by sacrebleu's tokenizer 13a (that of mteval-v13a)."""
    return list(_tokenizer()(text).split())


@functools.lru_cache(maxsize=1)
def _tokenizer() -> Callable[[str], str]:
    tokenizer: Callable[[str], str] = _package("sacrebleu.tokenizers.tokenizer_13a").Tokenizer13a()
    return tokenizer


def _package(module: str) -> Any:
    """A module of an optional package. Raises MissingExtra if it is not installed."""
    import importlib

    try:
        return importlib.import_module(module)
    except ImportError:
        raise MissingExtra("text_similarity", "text") from None
