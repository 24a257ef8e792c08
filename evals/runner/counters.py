"""Counts a run while it goes on: samples done and failed, the running score, tokens, cost."""

from __future__ import annotations

import collections
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evals.engine.cut_off import CUT_OFF_REASONS
from evals.engine.samples import NullObserver, Observer, WorkItem
from evals.metrics import Mean
from evals.record.recorders import Event
from evals.record.scores import is_finite, n_unparsed, score_of
from evals.report_keys import ENDINGS
from evals.texts.thoughts import split_thoughts

MOST_TRUNCATED = 0.01
"The share of samples with a truncated completion above which a report warns."


class RunCounters:
    """An observer that counts what it sees, and passes it on to another observer.

    Sums are exact (whole numbers, scores without rounding), so they do not depend on the order of samples. `n_total`,
    `n_before` (done by an earlier run), `n_finished`, `n_errors`, `n_truncated` (scored, though a completion reached
    the limit on tokens): evaluations, each repeat on its own. `n_unparsed`: completions without a readable answer.
    `usage`: tokens by the provider's name of the count. reads_beginning: of the eval, whose completions may end early.
    """

    def __init__(self, inner: Observer, *, reads_beginning: bool = False) -> None:
        self._inner = inner
        self._reads_beginning = reads_beginning
        self.n_truncated = 0
        self.n_total = 0
        self.n_before = 0
        self.n_finished = 0
        self.n_unparsed = 0
        self.errors: collections.Counter[str] = collections.Counter()
        "Failed evaluations by type of error."
        self.first_error = ""
        "The message of the first sample that failed."
        self.first_place = ""
        "`file:line` of the code that failed first; empty where no code failed."
        self.usage: collections.Counter[str] = collections.Counter()
        self.models: collections.Counter[str] = collections.Counter()
        "Calls by the name that the server gave its model."
        self.endings: collections.Counter[str] = collections.Counter()
        "Completions by what kept them from being a whole, plain answer: one of ENDINGS."
        self.graders: dict[str, GraderCosts] = {}
        "What the calls of each grader came to; they are in all other sums too."
        self.scores = Mean(repeats=1)
        "The scores of the finished evaluations, each repeat on its own."
        # Dollars as whole numbers of 1e-12: float sums would depend on the order of samples.
        self._pico_usd = 0
        self._n_priced = 0
        self._n_sampled = 0

    @property
    def n_errors(self) -> int:
        return sum(self.errors.values())

    @property
    def error_kinds(self) -> str:
        """The four most frequent types of error with their counts: `timed out 3, rate limit 1`."""
        kinds = sorted(self.errors.items(), key=lambda one: (-one[1], one[0]))
        return ", ".join(f"{kind} {count}" for kind, count in kinds[:4])

    @property
    def n_recorded(self) -> int:
        """Calls that left an event, of the finished samples."""
        return self._n_sampled

    @property
    def cost_usd(self) -> float | None:
        """Cost of the finished samples in dollars; None if the price of any call is not known."""
        return self._pico_usd / 1e12 if self._n_priced and self._n_priced == self._n_sampled else None

    def started(self, n_items: int, n_done_before: int) -> None:
        self.n_total += n_items
        self.n_before += n_done_before
        self._tell(lambda: self._inner.started(n_items, n_done_before))

    def finished(self, item: WorkItem, events: Sequence[Event]) -> None:
        self.n_finished += 1
        self.add_finished(events)
        self._tell(lambda: self._inner.finished(item, events))

    def failed(self, item: WorkItem, error: dict[str, Any]) -> None:
        self.add_failed(error)
        self._tell(lambda: self._inner.failed(item, error))

    def moved(self, n_finished: int, n_failed: int) -> None:
        self._tell(lambda: self._inner.moved(n_finished, n_failed))

    def copy(self) -> RunCounters:
        """These counts, with no observer."""
        made = RunCounters(NullObserver(), reads_beginning=self._reads_beginning)
        made.become(self, [])
        return made

    def become(self, first: RunCounters, others: Sequence[RunCounters]) -> None:
        """Take over the sums of `first` and `others`, the counts of several processes; totals are those of `first`."""
        self.n_total, self.n_before = first.n_total, first.n_before
        all_of_them = [first, *others]
        for name in ("n_truncated", "n_finished", "n_unparsed", "_pico_usd", "_n_priced", "_n_sampled"):
            setattr(self, name, sum(getattr(one, name) for one in all_of_them))
        for name in ("errors", "usage", "models", "endings"):
            setattr(self, name, sum_of_counts([getattr(one, name) for one in all_of_them]))
        failed_first = next((one for one in all_of_them if one.first_error), first)
        self.first_error, self.first_place = failed_first.first_error, failed_first.first_place
        graders = {name for one in all_of_them for name in one.graders}
        self.graders = {name: GraderCosts.of_all([one.graders.get(name) for one in all_of_them]) for name in graders}
        self.scores = Mean(repeats=1)
        for one in all_of_them:
            self.scores.merge(one.scores)

    def _tell(self, news: Callable[[], None]) -> None:
        """Tell the inner observer, until it cannot print any more: a closed terminal or pipe must not end a run."""
        try:
            news()
        except OSError:
            self._inner = NullObserver()

    def add_failed(self, error: dict[str, Any]) -> None:
        """Count a sample that failed. error: the data of its `error` event."""
        self.errors[str(error.get("type", "error"))] += 1
        self.first_error = self.first_error or str(error.get("message", ""))
        self.first_place = self.first_place or str(error.get("where", ""))

    def add_finished(self, events: Sequence[Event]) -> None:
        """Add the calls and the score of a finished evaluation, of this run or of the one that it resumes."""
        is_cut = False
        for event in events:
            if not isinstance(event.data, dict):
                continue
            if event.type == "sampling" or (event.type in ("cond_logp", "embedding") and "usage" in event.data):
                self._add_call(event.data)
                is_cut = is_cut or is_truncated(event)
        self.n_truncated += is_cut and not self._reads_beginning
        self.n_unparsed += n_unparsed(events)
        score = score_of(events)
        if score is not None:
            self.scores.add("", score)

    def _add_call(self, data: dict[str, Any]) -> None:
        self._n_sampled += 1
        if data.get("model"):
            self.models[str(data["model"])] += 1
        cost = data.get("cost_usd")
        pico_usd = round(cost * 1e12) if isinstance(cost, int | float) and is_finite(cost) else None
        if pico_usd is not None:
            self._n_priced += 1
            self._pico_usd += pico_usd
        if isinstance(data.get("grader"), str):
            self.graders.setdefault(data["grader"], GraderCosts()).add(data, pico_usd)
        totals = self.usage
        for key, value in flat_usage(data.get("usage")):
            totals[key] += value
        for ending in endings_of(data):
            self.endings[ending] += 1

    def sums(self, report: dict[str, Any]) -> dict[str, int]:
        """`usage_<key>` sums and ENDINGS for the final report.

        Keys that `report` has already are left out: those are the eval's own.
        """
        keys = {f"usage_{key}": total for key, total in sorted(self.usage.items())}
        keys |= {name: self.endings[name] for name in ENDINGS if self.endings[name]}
        return {key: total for key, total in keys.items() if key not in report}


@dataclass
class GraderCosts:
    """Calls, tokens and dollars of one grader."""

    n_calls: int = 0
    usage: collections.Counter[str] = field(default_factory=collections.Counter)
    n_priced: int = 0
    pico_usd: int = 0

    def add(self, call: Mapping[str, Any], pico_usd: int | None) -> None:
        """Add one call. pico_usd: its cost in 1e-12 dollars, None where it is not known."""
        self.n_calls += 1
        self.n_priced += pico_usd is not None
        self.pico_usd += pico_usd or 0
        for key, value in flat_usage(call.get("usage")):
            self.usage[key] += value

    @classmethod
    def of_all(cls, costs: Sequence[GraderCosts | None]) -> GraderCosts:
        """The sums of several."""
        given = [one for one in costs if one is not None]
        return cls(
            n_calls=sum(one.n_calls for one in given),
            usage=sum_of_counts([one.usage for one in given]),
            n_priced=sum(one.n_priced for one in given),
            pico_usd=sum(one.pico_usd for one in given),
        )

    def as_dict(self) -> dict[str, Any]:
        """`n_calls`, `usage_<key>`, and `cost_usd` if all calls have a price."""
        found: dict[str, Any] = {"n_calls": self.n_calls}
        found |= {f"usage_{key}": total for key, total in sorted(self.usage.items())}
        return found | ({"cost_usd": self.pico_usd / 1e12} if self.n_priced == self.n_calls else {})


def sum_of_counts(counts: Sequence[Mapping[str, int]]) -> collections.Counter[str]:
    """The sums by key. A key whose counts are all 0 stays, which the `+` of counters would drop."""
    total: collections.Counter[str] = collections.Counter()
    for one in counts:
        total.update(one)
    return total


_ENDING_OF = {
    "refusal": "n_refused",
    "content_filter": "n_filtered",
    "tool_calls": "n_tool_calls",
    "function_call": "n_tool_calls",
}


def endings_of(sampling: Mapping[str, Any]) -> list[str]:
    """The ENDINGS of the completions of a `sampling` event, one entry for each completion and ending."""
    reasons, answers = sampling.get("finish_reasons"), sampling.get("answers")
    if reasons is None and answers is None and not sampling.get("reasoning"):
        return []
    endings = _endings_by_reason(sampling, reasons if isinstance(reasons, list) else [])
    texts = _sampled(sampling)
    if isinstance(answers, list) and isinstance(texts, list):
        changed = [(answer, text) for answer, text in zip(answers, texts, strict=False) if answer != text]
        cut = [answer for answer, text in changed if split_thoughts(str(text)).thoughts]
        endings += ["n_with_thoughts"] * len(cut) + ["n_without_answer"] * cut.count("")
    return endings


def _endings_by_reason(sampling: Mapping[str, Any], reasons: Sequence[Any]) -> list[str]:
    """The endings that finish reasons tell, and those of completions that stopped with reasoning and without a text.

    reasons: empty where all completions have stopped by themselves.
    """
    found = [_ENDING_OF.get(str(reason)) for reason in reasons]
    reasoning, texts = sampling.get("reasoning"), _sampled(sampling)
    if isinstance(reasoning, list) and isinstance(texts, list):
        ends = reasons or ["stop"] * len(texts)
        for end, shown, text in zip(ends, reasoning, texts, strict=False):
            if shown and text == "" and end in ("stop", None):
                found.append("n_without_answer")
    return [ending for ending in found if ending]


def _sampled(sampling: Mapping[str, Any]) -> Any:
    texts = sampling.get("sampled")
    return [texts] if isinstance(texts, str) else texts


def is_truncated(event: Event) -> bool:
    """Whether a `sampling` event holds a completion that reached the limit on tokens, and whose text is read."""
    if event.type != "sampling" or not isinstance(event.data, dict) or event.data.get("logprobs"):
        return False
    reasons = event.data.get("finish_reasons")
    return isinstance(reasons, list) and not CUT_OFF_REASONS.isdisjoint(map(str, reasons))


def truncation_warning(n_truncated: int, n_finished: int, repeats: int = 1) -> str | None:
    """What a report says where more than 1 % of the scored evaluations have a truncated completion; else None.

    An evaluation is a sample in one of its repeats. repeats: of each sample.
    """
    if n_truncated <= MOST_TRUNCATED * n_finished:
        return None
    share, units = 100 * n_truncated / n_finished, "samples" if repeats == 1 else "evaluations of samples"
    return (
        f"{n_truncated:,} of {n_finished:,} {units} ({share:.1f} %) {'has' if n_truncated == 1 else 'have'} a "
        "completion that was cut off at the limit on tokens and scored as it is: allow more tokens"
    )


def flat_usage(usage: Any, prefix: str = "") -> list[tuple[str, int]]:
    """The token counts of a provider's usage object as (name, count); inner objects join their names with `_`.

    Inner counts of 0 are left out. Anything else than an object gives an empty list.
    """
    if not isinstance(usage, dict):
        return []
    counts: list[tuple[str, int]] = []
    for key, value in usage.items():
        if type(value) is int:
            counts.append((f"{prefix}{key}" if prefix else key, value))
        elif isinstance(value, dict) and any(value.values()):
            counts += [one for one in flat_usage(value, f"{prefix}{key}_") if one[1]]
    return counts
