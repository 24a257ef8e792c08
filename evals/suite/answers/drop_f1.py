"""DROP: the F1 of bags of words between the spans of an answer and those of the best gold answer."""

from __future__ import annotations

import itertools
import math
import random
import re
import string
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from evals.errors import BadSample
from evals.eval import Report
from evals.metrics import MetricsReport
from evals.record.current import record_match, record_metrics
from evals.sample import Sample
from evals.suite.answers.answer_rules import after_phrases
from evals.suite.answers.extract import ExtractAnswer
from evals.suite.samples.ideals import accepted, require

_ARTICLES = re.compile(r"\b(?:a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)


@dataclass(frozen=True)
class DropScore:
    """em: 1 when the spans are the same texts. f1: rounded to two decimals, as published."""

    em: float
    f1: float


def drop_score(predicted: Sequence[str], golds: Sequence[Sequence[str]]) -> DropScore:
    """The best exact match and the best F1 of the predicted spans over the gold answers, each a list of spans.

    Dua et al. 2019, arXiv:1903.00161, by the definitions of its published scorer: spans are compared as sets of
    normalised words; a gold span with numbers needs one of them in the other; spans are paired one to one so that the
    sum of F1 is largest, and the sum is divided by the larger number of spans. A gold answer whose first span is blank
    counts nothing.
    """
    em = f1 = 0.0
    texts = [normalised(span) for span in predicted]
    for gold in golds:
        if not gold or not gold[0].strip():
            continue
        gold_texts = [normalised(span) for span in gold]
        em = max(em, float(set(texts) == set(gold_texts) and len(texts) == len(gold_texts)))
        f1 = max(f1, round(_aligned([set(t.split()) for t in texts], [set(t.split()) for t in gold_texts]), 2))
    return DropScore(em, f1)


def normalised(span: str) -> str:
    """Words in small letters, without punctuation and articles, parted at blanks and hyphens; numbers as floats.

    >>> normalised("The 3,000-meter  race")
    '3000.0 meter race'
    """
    words = (_normalised_word(word) for word in re.split(" |-", span))
    return " ".join(word for word in words if word.strip()).strip()


def _normalised_word(word: str) -> str:
    word = word.lower()
    if not _is_number(word):
        word = word.translate(_PUNCTUATION)
    if _is_number(word):
        word = str(float(word))
    return " ".join(_ARTICLES.sub(" ", word).split())


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _aligned(predicted: Sequence[set[str]], gold: Sequence[set[str]]) -> float:
    """Mean F1 under the best pairing, over the larger number of spans; 0 without any span."""
    if not predicted or not gold:
        return 0.0
    scores = [[_f1(bag, wanted) if _numbers_fit(bag, wanted) else 0.0 for bag in predicted] for wanted in gold]
    return best_pairing(scores) / max(len(predicted), len(gold))


def _f1(bag: set[str], gold: set[str]) -> float:
    common = len(bag & gold)
    precision = common / len(bag) if bag else 1.0
    recall = common / len(gold) if gold else 1.0
    return 2 * precision * recall / (precision + recall) if precision or recall else 0.0


def _numbers_fit(bag: set[str], gold: set[str]) -> bool:
    wanted = {word for word in gold if _is_number(word)}
    return not wanted or bool(wanted & bag)


def best_pairing(scores: Sequence[Sequence[float]]) -> float:
    """The largest sum of scores of a one-to-one pairing of rows and columns. scores: at least one row and one column.

    The linear sum assignment problem, by scipy: Crouse 2016, doi:10.1109/TAES.2016.140952. scipy is loaded only where
    both sides have several spans: it takes as long to load as all the rest of a run's start.
    """
    if len(scores) == 1 or len(scores[0]) == 1:
        return max(itertools.chain.from_iterable(scores))
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(scores, maximize=True)
    return math.fsum(scores[row][column] for row, column in zip(rows, columns, strict=True))


class DropF1(ExtractAnswer):
    """F1 and exact match of the completion against DROP's gold answers.

    The answer is what follows the last of `answer_phrases` on its line, else the first line with text. It is one span,
    as in lm-evaluation-harness, unless `separator` is given, at which it is cut into several. Gold answers are the
    sample's `answers`, a list of lists of spans, else each `ideal` as one span. Prompt arguments: see ExtractAnswer.
    """

    scores_without_calls = True

    def __init__(self, *args: Any, separator: str | None = None, answer_phrases: Sequence[str] = (), **kwargs: Any):
        super().__init__(*args, extract="last_line", answer_phrases=answer_phrases, **kwargs)
        self.separator = separator
        self.answer_phrases = tuple(answer_phrases)

    def check_sample(self, sample: Any) -> None:
        """Raise BadSample where no answer could be right."""
        require(sample, "input")
        if not any(gold and gold[0].strip() for gold in golds_of(sample)):
            raise BadSample("no gold answer with text", sample)
        self.first_prompt(sample)

    first_prompt = ExtractAnswer.first_prompt
    few_shot_overlap = ExtractAnswer.few_shot_overlap

    def ideal_completions(self, sample: Any) -> list[str]:
        spans = next(gold for gold in golds_of(sample) if gold and gold[0].strip())
        if len(spans) > 1 and self.separator is None:
            return []
        mark = f"{self.answer_phrases[0]} " if self.answer_phrases else ""
        return [mark + (self.separator or "").join(spans)]

    async def eval_sample(self, sample: Sample, rng: random.Random) -> None:  # type: ignore[override]
        self.check_sample(sample)
        answer = self.answer_in(await self.complete(self.first_prompt(sample), **self.request))
        parts = answer.split(self.separator) if self.separator else [answer]
        found = drop_score([part.strip() for part in parts], golds_of(sample))
        expected = [list(gold) for gold in golds_of(sample)]
        record_match(found.em == 1, expected=expected, picked=answer, parsed=bool(answer))
        record_metrics(f1=found.f1, em=found.em)

    def answer_in(self, completion: str) -> str:
        """The answer's line; empty where there is no text."""
        lines = [line.strip() for line in completion.splitlines() if line.strip()]
        return next(after_phrases(completion, self.answer_phrases), lines[0] if lines else "").strip()

    def new_report(self) -> Report:
        return MetricsReport("f1", "em")


def golds_of(sample: Any) -> list[list[str]]:
    """The gold answers of a sample, each as its spans."""
    if isinstance(sample, dict) and "answers" in sample:
        answers = sample["answers"]
        whole = isinstance(answers, list) and all(
            isinstance(gold, list) and all(isinstance(span, str) for span in gold) for gold in answers
        )
        if not whole:
            raise BadSample("'answers' is no list of lists of texts", sample, fix='write [["first span", "second"]]')
        return list(answers)
    return [[answer] for answer in accepted(sample)]
