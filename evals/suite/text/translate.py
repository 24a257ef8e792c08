"""Translate: BLEU of each translation against its references, and BLEU of the whole run."""

from __future__ import annotations

import collections
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from evals.engine.context import current_plan
from evals.eval import Report
from evals.metrics import MatchReport
from evals.record.current import record_match, record_metrics
from evals.record.metric_ranges import MetricRange
from evals.record.recorders import Event
from evals.report_keys import interval_keys
from evals.suite.match.match import Match
from evals.suite.samples.ideals import accepted
from evals.suite.text.bleu_tokenizers import AUTO, DEFAULT, make_bleu, tokenizer_for

GOOD_BLEU = 30
"A translation is correct if its sentence BLEU, from 0 to 100, is above this."


class Translate(Match):
    """A translation is correct if its sentence BLEU is above GOOD_BLEU; `sacrebleu_score` is the corpus BLEU.

    Arguments, prompt and few-shot examples are those of Match. `ideal` may be a list of references; all of them count
    in the sentence BLEU and in the corpus BLEU. (openai/evals passes the list to the corpus BLEU as if it were one
    reference.) A threshold on BLEU is a crude measure of correctness: prefer the corpus BLEU.

    tokenize: one of sacrebleu's tokenizers (`13a`, `zh`, `char`, `ja-mecab`, `ko-mecab`, `flores200`, ...); `auto` is
    the one that fits the language of each sample's first reference, see `evals.suite.text.bleu_tokenizers`. BLEU by
    different tokenizers cannot be compared; the report names them.

    Raises:
        MissingExtra: sacrebleu is not installed.
        UsageError: no such tokenizer, or one whose package is not installed; else as for Match.
        BadSample: as for Match.
    """

    scores_without_calls = True
    metric_ranges: Mapping[str, MetricRange] = dict.fromkeys(
        ("sacrebleu_score", "sacrebleu_sentence_score"), (0.0, 100.0)
    )

    def __init__(self, *args: Any, tokenize: str = AUTO, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.tokenize = tokenize
        first = DEFAULT if tokenize == AUTO else tokenize
        self._bleus = {first: make_bleu(True, first)}

    def check_sample(self, sample: Any) -> None:
        """Raise BadSample unless the row has what Match needs, and at least one reference as `ideal`."""
        super().check_sample(sample)
        accepted(sample)

    first_prompt = Match.first_prompt
    few_shot_overlap = Match.few_shot_overlap

    async def eval_sample(self, sample: Any, rng: Random) -> bool:  # type: ignore[override]
        """Send the prompt with `max_tokens`; record a `metrics` and a `match` event; return whether it is correct.

        No temperature is sent. metrics: `sacrebleu_sentence_score`, from 0 to 100. match: `correct`; `expected`, the
        references; `sampled`, the translation; `sacrebleu_sentence_score`.

        Raises:
            BadSample: `check_sample` refuses the row.
        """
        self.check_sample(sample)
        references = accepted(sample)
        completion = await self.complete(self.first_prompt(sample), max_tokens=self.max_tokens)
        score = float(self._bleu_for(references).sentence_score(completion, references).score)
        correct = score > GOOD_BLEU
        record_metrics(sacrebleu_sentence_score=score)
        record_match(correct, expected=references, sampled=completion, sacrebleu_sentence_score=score)
        return correct

    def new_report(self) -> Report:
        """An empty TranslationReport."""
        return TranslationReport(self.tokenize)

    def _bleu_for(self, references: Sequence[str]) -> Any:
        name = tokenizer_for(references[0]) if self.tokenize == AUTO else self.tokenize
        if name not in self._bleus:
            self._bleus[name] = make_bleu(True, name)
        return self._bleus[name]


class TranslationReport(MatchReport):
    """Accuracy with standard error and interval, and the corpus BLEU of all translations with its tokenizers."""

    def __init__(self, tokenize: str = AUTO) -> None:
        super().__init__()
        self.corpus = CorpusBleu(tokenize)

    def add(self, sample_id: str, events: Sequence[Event]) -> None:
        """Add the `match` event of one translation to the accuracy and to the corpus BLEU."""
        super().add(sample_id, events)
        for event in events:
            if event.type == "match":
                expected = event.data["expected"]
                self.corpus.add(event.data["sampled"], [expected] if isinstance(expected, str) else expected, sample_id)

    def as_dict(self) -> dict[str, Any]:
        """The report so far; `sacrebleu_score` is from 0 to 100, with an interval, or None without translations.

        `sacrebleu_tokenize` is the tokenizer, or several with commas, the one of most samples first.
        """
        tokenizers = ", ".join(name for name, _ in self.corpus.n_by_tokenizer.most_common())
        how = [f"BLEU with sacrebleu's tokenizer {tokenizers}"] if tokenizers else []
        score = {"sacrebleu_score": self.corpus.score, **self.corpus.uncertainty("sacrebleu_score")}
        return {**super().as_dict(), **score, "sacrebleu_tokenize": tokenizers or None, "how": how}


MIN_UNITS = 30
"Documents, or samples, below which the corpus BLEU has no interval."


def _added(one: list[int] | None, other: list[int]) -> list[int]:
    return other if one is None else [a + b for a, b in zip(one, other, strict=True)]


class CorpusBleu:
    """sacrebleu's corpus BLEU over translations that are added one at a time, in any order.

    BLEU is a function of sums (matched and total n-grams, lengths), so only the sums are kept. The number of
    references may differ from one translation to the next. Papineni et al. 2002, ACL, "BLEU: a method for automatic
    evaluation of machine translation"; smoothing is sacrebleu's default. tokenize: as for `Translate`.
    """

    def __init__(self, tokenize: str = AUTO) -> None:
        self.tokenize = tokenize
        self.n_by_tokenizer: collections.Counter[str] = collections.Counter()
        "Translations that each tokenizer has read."
        self._bleu = make_bleu(tokenize=DEFAULT if tokenize == AUTO else tokenize)
        self._bleus = {DEFAULT if tokenize == AUTO else tokenize: self._bleu}
        self._sums: list[int] | None = None
        plan = current_plan()
        self._cluster_of = (plan.cluster_of if plan is not None else None) or {}
        self._units: dict[str, list[int]] = {}
        "Sums of each document, or of each sample where there are no clusters: what the bootstrap draws."

    def add(self, translation: str, references: Sequence[str], sample_id: str = "") -> None:
        """Add one translation and its references."""
        name = tokenizer_for(references[0]) if self.tokenize == AUTO else self.tokenize
        if name not in self._bleus:
            self._bleus[name] = make_bleu(tokenize=name)
        self.n_by_tokenizer[name] += 1
        counts = self._bleus[name].corpus_score([translation], [[reference] for reference in references])
        numbers = [*counts.counts, *counts.totals, counts.sys_len, counts.ref_len]
        self._sums = _added(self._sums, numbers)
        unit = str(self._cluster_of.get(sample_id, sample_id))
        self._units[unit] = _added(self._units.get(unit), numbers)

    @property
    def score(self) -> float | None:
        """The corpus BLEU so far, from 0 to 100; None without a translation."""
        return None if self._sums is None else self._score_of(self._sums)

    def uncertainty(self, name: str) -> dict[str, Any]:
        """`name_stderr`, `name_ci95` and `name_method` by a bootstrap of documents, or of samples that stand alone.

        Koehn 2004, EMNLP, "Statistical significance tests for machine translation evaluation"; BCa, 1,000 draws. Empty
        for fewer than `MIN_UNITS` of them: a bootstrap of few is too narrow.
        """
        if len(self._units) < MIN_UNITS:
            return {}
        import numpy as np

        from evals.stats.bootstrap import bootstrap_statistic

        sums = np.array([self._units[unit] for unit in sorted(self._units)], dtype=np.float64)
        found = bootstrap_statistic(
            lambda weights: np.array([self._score_of([round(x) for x in row @ sums]) for row in weights]),
            len(sums),
            rng=np.random.default_rng(0),
            n_draws=1000,
        )
        ends = max(0.0, found.interval.low), min(100.0, found.interval.high)
        return {f"{name}_stderr": found.stderr, **interval_keys(name, ends, f"{found.method} bootstrap")}

    def _score_of(self, sums: Sequence[int]) -> float:
        *ngrams, sys_len, ref_len = sums
        n_orders = len(ngrams) // 2
        return float(
            self._bleu.compute_bleu(
                correct=ngrams[:n_orders],
                total=ngrams[n_orders:],
                sys_len=sys_len,
                ref_len=ref_len,
                smooth_method=self._bleu.smooth_method,
                smooth_value=self._bleu.smooth_value,
            ).score
        )
