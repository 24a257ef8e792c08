"""TextLoss: how well a model predicts texts, in nats per token and bits per byte."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from evals.completion import Prompt
from evals.engine.context import current_plan
from evals.engine.traits import traits_of
from evals.errors import BadSample, UsageError
from evals.eval import Report, StreamedEval
from evals.record.current import record_metrics
from evals.record.metric_ranges import MetricRange
from evals.record.recorders import Event
from evals.report_keys import metric_keys
from evals.stats.intervals import ExactSum, mean_of, t_interval
from evals.suite.choice.scoring_methods import is_text_model
from evals.suite.choice.scoring_trial import refusal_of, unsupported
from evals.suite.one_model import require_one
from evals.suite.samples.ideals import require


class TextLoss(StreamedEval):
    """The negative log probability of each sample's `text`, after its `prompt` if it has one.

    Reports are ratios of totals over all texts. `nats_per_token` depends on the model's tokenizer; `bits_per_byte`
    (bytes of UTF-8) does not. A server may give no log probability for some token, such as the first of a text if
    the model has no begin token. Such a token is left out of nats and tokens while its bytes count, so
    `bits_per_byte` is then slightly too low.

    Raises:
        UsageError: not exactly one completion function, or a backend that cannot score texts.
    """

    scores_without_calls = True
    metric_ranges: Mapping[str, MetricRange] = dict.fromkeys(("score", "nats", "n_tokens", "n_bytes"))
    input_field = "text"

    def __init__(self, completion_fns: Sequence[Any], samples_jsonl: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(completion_fns, *args, **kwargs)
        require_one(self, completion_fns)
        if not is_text_model(self.completion_fn):
            raise UsageError(
                f"a loss needs log probabilities of texts, which {type(self.completion_fn).__name__} does not give",
                fix="use a backend with `score`: a completions endpoint with echo, hf/, pocket/",
            )
        self.samples_jsonl = samples_jsonl

    def check_sample(self, sample: Any) -> None:
        """Raise BadSample unless `text` is a text that is not empty."""
        require(sample, "text")
        if not isinstance(sample["text"], str) or not sample["text"]:
            raise BadSample("'text' is not a text, or is empty", sample, fix="leave the row out")

    def first_prompt(self, sample: Any) -> Prompt:
        """The sample's `prompt`; an empty text without one."""
        return str(sample.get("prompt", ""))

    async def prepare(self) -> None:
        """Try the first text, so that a server which gives no log probabilities is found out before the first sample.

        Raises:
            UsageError: the server gives none of texts, or they are not its model's.
        """
        fn, samples = self.completion_fn, self.stream_samples()
        if traits_of(fn).score_way != "echo" or traits_of(fn).is_local or not len(samples):
            return
        text = samples[0]["text"]
        prompt = self.first_prompt(samples[0])
        failure = await refusal_of(fn, text, lambda: self.score(prompt, [text]))
        if failure is not None:
            raise await unsupported(fn, text, "a loss", failure)

    async def eval_sample(self, sample: Any, rng: Random) -> None:
        """Ask for the log probability of `text` after `prompt`; record a `metrics` event.

        metrics: `nats` (negative log probability), `n_tokens`, `n_bytes` (UTF-8), and `score`, the log2 probability
        per byte: higher is better. Runs are compared and grouped by `score`.
        """
        text: str = sample["text"]
        (score,) = await self.score(self.first_prompt(sample), [text])
        n_bytes = len(text.encode("utf-8", errors="replace"))
        record_metrics(
            nats=-score.logprob,
            n_tokens=score.n_tokens,
            n_bytes=n_bytes,
            score=score.logprob / math.log(2) / n_bytes,
        )

    def new_report(self) -> Report:
        """An empty LossReport."""
        return LossReport()


class Ratio:
    """A ratio of two totals, such as nats over tokens. The result does not depend on the order of samples.

    The totals of a sample's repeats are one unit, and so are samples of one cluster where the run's plan names them.
    """

    def __init__(self) -> None:
        plan = current_plan()
        self._repeats = plan.repeats if plan is not None else 1
        self._cluster_of = plan.cluster_of if plan is not None else None
        self._open: dict[str, list[tuple[float, float]]] = {}
        self._kept: dict[str, tuple[float, float]] = {}
        self.n = 0
        self._top, self._bottom = ExactSum(), ExactSum()
        self._top_squares, self._bottom_squares, self._products = ExactSum(), ExactSum(), ExactSum()

    def add(self, sample_id: str, top: float, bottom: float) -> None:
        """Add one evaluation of a sample: `top` to the numerator, `bottom` to the denominator."""
        if self._repeats == 1:
            self._close(sample_id, top, bottom)
            return
        pairs = self._open.setdefault(sample_id, [])
        pairs.append((top, bottom))
        if len(pairs) == self._repeats:
            self._close_repeats(sample_id)

    def _close_repeats(self, sample_id: str) -> None:
        pairs = self._open.pop(sample_id)
        self._close(sample_id, mean_of([top for top, _ in pairs]), mean_of([bottom for _, bottom in pairs]))

    def _close(self, sample_id: str, top: float, bottom: float) -> None:
        self.n += 1
        self._top.add(top)
        self._bottom.add(bottom)
        self._top_squares.add(top * top)
        self._bottom_squares.add(bottom * bottom)
        self._products.add(top * bottom)
        if self._cluster_of is not None:
            self._kept[sample_id] = (top, bottom)

    @property
    def bottom(self) -> float:
        """The total of the denominator; that of a sample's repeats is their mean."""
        return float(self._bottom.exact)

    @property
    def value(self) -> float:
        """The ratio; NaN if the denominator is 0."""
        return float(self._top.exact / self._bottom.exact) if self.bottom else math.nan

    @property
    def stderr(self) -> float:
        """Standard error of the ratio over samples, by linearisation; NaN for fewer than two samples.

        Cochran 1977, Sampling Techniques, section 6.3.
        """
        if self.n < 2 or not self.bottom:
            return math.nan
        r = self._top.exact / self._bottom.exact
        squares = self._top_squares.exact - 2 * r * self._products.exact + r * r * self._bottom_squares.exact
        return math.sqrt(max(0.0, float(squares)) * self.n / (self.n - 1)) / self.bottom

    def keys(self, name: str) -> dict[str, Any]:
        """The keys of a report: `name` with standard error and 95 % interval, which does not reach below 0.

        Samples of which a repeat is missing, because it failed or the run was stopped, count with those they have.
        """
        if self._open:
            whole = copy.deepcopy(self)
            for sample_id in [*whole._open]:
                whole._close_repeats(sample_id)
            return whole.keys(name)
        stderr, n_clusters, method = self.stderr, self.n, "student t"
        low, high = t_interval(self.value, stderr, self.n)
        if self._cluster_of is not None and self._kept:
            from evals.stats.means import ratio_of_totals

            tops, bottoms = zip(*self._kept.values(), strict=True)
            found = ratio_of_totals(tops, bottoms, [self._cluster_of.get(one, one) for one in self._kept])
            stderr, n_clusters, method = found.stderr, found.n_clusters, found.method
            low, high = found.interval.low, found.interval.high
        keys = metric_keys(name, self.value, stderr, (max(0.0, low) if low == low else low, high), self.n, method)
        return keys if n_clusters == self.n else {**keys, "n_clusters": n_clusters}


class LossReport:
    """`nats_per_token` and `bits_per_byte` over all texts, each with standard error and 95 % interval over texts."""

    def __init__(self) -> None:
        self.per_token, self.per_byte = Ratio(), Ratio()

    def add(self, sample_id: str, events: Sequence[Event]) -> None:
        """Add the `metrics` event of one text."""
        for event in events:
            if event.type == "metrics" and "nats" in event.data:
                nats = event.data["nats"]
                self.per_token.add(sample_id, nats, event.data["n_tokens"])
                self.per_byte.add(sample_id, nats / math.log(2), event.data["n_bytes"])

    def as_dict(self) -> dict[str, Any]:
        """The report so far, with `n` (texts), `n_tokens` and `n_bytes`; None for a number that does not exist."""
        report = {**self.per_byte.keys("bits_per_byte"), **self.per_token.keys("nats_per_token")}
        report["n"] = report.pop("n")
        return {**report, "n_tokens": int(self.per_token.bottom), "n_bytes": int(self.per_byte.bottom)}
