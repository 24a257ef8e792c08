"""Estimates a run before anything is paid: calls, tokens, cost and time, each with a range and what it rests on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from evals.engine.settings import EngineSettings
from evals.engine.stand_in import PlannedCalls
from evals.engine.traits import traits_of
from evals.errors import UsageError
from evals.eval import Eval
from evals.registry.lookup import Registry
from evals.runner.planned_calls import Plan, plan_calls
from evals.runner.prepare import PreparedRun, prepare
from evals.runner.request import RunRequest
from evals.runner.resume import find_earlier
from evals.runner.trial_calls import Measured, measure
from evals.specs import ModelInfo

BYTES_PER_TOKEN = 4.0
BYTES_PER_TOKEN_RANGE = (6.0, 2.0)
"""Tokenizers of today take about 4 bytes of English a token. Simple words come to 5 or 6, code, numbers and most other
languages to 2 or 3."""

TOKENS_A_MESSAGE = 4
"What a chat format adds to a message, at most."


@dataclass(frozen=True)
class Guess:
    """A number before the run. low, high: its range; high None where nothing bounds it. basis: what it rests on."""

    low: float
    expected: float | None
    "None where only the range is known."
    high: float | None
    basis: str

    @property
    def is_exact(self) -> bool:
        return self.low == self.high

    def times(self, factor: float) -> Guess:
        """The guess times a factor, on the same basis."""
        scaled = (None if value is None else value * factor for value in (self.expected, self.high))
        expected, high = scaled
        return Guess(self.low * factor, expected, high, self.basis)


def summed(guesses: Sequence[Guess], basis: str) -> Guess:
    """The sum: of the expected values and the upper ends only where all are known."""
    expected, high = ([getattr(one, name) for one in guesses] for name in ("expected", "high"))
    return Guess(
        sum(one.low for one in guesses),
        None if None in expected else sum(expected),
        None if None in high else sum(high),
        basis,
    )


@dataclass(frozen=True)
class ModelEstimate:
    """What a run would ask of one model."""

    model: str
    role: str
    "`evaluated`, `grader`, or both."
    n_calls: int
    prompt_tokens: Guess
    completion_tokens: Guess
    cost_usd: Guess | None
    "None where the price is not known."
    price_basis: str
    "The prices and their day, or how to give them."


@dataclass(frozen=True)
class RunEstimate:
    """A run before it begins. Retries are in no number."""

    eval: str
    n_samples: int
    n_evaluations: int
    models: Sequence[ModelEstimate]
    calls: Guess
    cost_usd: Guess | None
    "None where the price of a model is not known."
    time_s: Guess | None
    "None where no latency was measured and no limit on rates is set."
    notes: Sequence[str] = field(default_factory=tuple)
    n_trial_calls: int = 0
    "Calls that were really made to measure."

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


Prices = tuple[float, float]
"US dollars per million prompt and completion tokens."


def estimate_run(
    request: RunRequest, registry: Registry | None = None, *, n_trial_calls: int = 0, prices: Prices | None = None
) -> RunEstimate:
    """The estimate of a run. n_trial_calls: real calls to measure lengths and latency by; 0 calls nothing.

    prices: of the evaluated model, in place of those of the registry.

    Raises:
        EvalsError: the run could not begin like this.
    """
    prepared = prepare(request, registry, to_call=False)
    if prepared.eval.samples_jsonl is None and type(prepared.eval).get_samples is Eval.get_samples:
        raise UsageError(
            f"eval {prepared.eval_spec.key!r} makes its samples while it runs",
            where=prepared.eval_spec.where,
            fix="estimate it by a run of a few samples: --max_samples 5",
        )
    earlier = find_earlier(request, prepared.fingerprint)
    plan = plan_calls(prepared, earlier)
    measured = measure(request, plan, n_trial_calls) if n_trial_calls else Measured()
    models = [_model_estimate(calls, place, prepared, measured, prices) for place, calls in enumerate(plan.calls)]
    costs = [one.cost_usd for one in models]
    known = [cost for cost in costs if cost is not None]
    return RunEstimate(
        eval=str(prepared.eval_spec.key),
        n_samples=plan.n_samples,
        n_evaluations=plan.n_evaluations,
        models=models,
        calls=_calls(plan),
        cost_usd=summed(known, "sum over the models") if len(known) == len(costs) else None,
        time_s=time_of(plan.calls, models, request.settings, measured),
        notes=_notes(plan, prepared, earlier is not None),
        n_trial_calls=measured.n_calls,
    )


def _calls(plan: Plan) -> Guess:
    n = sum(calls.n_calls for calls in plan.calls)
    basis = f"counted over {plan.n_rows:,} of {plan.n_samples:,} samples" if plan.n_rows < plan.n_samples else "counted"
    if plan.is_assumed:
        return Guess(n, n, None, "one call a sample is assumed: a plug-in may make more")
    low = n - max(0, plan.n_test_calls - 1)
    return Guess(low, n, n, basis if low == n else f"{basis}; up to {plan.n_test_calls} of them are test calls")


def _model_estimate(
    calls: PlannedCalls, place: int, prepared: PreparedRun, measured: Measured, prices: Prices | None
) -> ModelEstimate:
    names, model = prepared.request.completion_fn_names, traits_of(calls.fn).model
    name = names[place] if place == 0 else model or type(calls.fn).__name__
    info = prepared.registry.model_info(model or name)
    if place == 0 and info.input_usd_per_million is None:
        info = prepared.registry.model_info(name)
    prompt = prompt_tokens(calls, measured)
    completion = completion_tokens(calls, info, measured)
    cost, basis = cost_of(calls, prompt, completion, info, prices if place == 0 else None)
    roles = ("evaluated", "evaluated and grader") if place == 0 else ("evaluated", "grader")
    return ModelEstimate(name, roles[calls.grades], calls.n_calls, prompt, completion, cost, basis)


def prompt_tokens(calls: PlannedCalls, measured: Measured) -> Guess:
    """Tokens of all prompts: by the model's own tokenizer, by what real calls used, else by bytes."""
    framing, carried = TOKENS_A_MESSAGE * calls.n_messages, calls.carried_tokens
    if calls.n_tokens:
        high = calls.n_tokens + framing + carried
        return Guess(calls.n_tokens, calls.n_tokens, high, "the model's own tokenizer")
    seen = measured.of(calls.fn)
    if seen is not None and seen.prompt_tokens_a_byte:
        ratios = seen.prompt_tokens_a_byte
        expected = calls.n_bytes * sum(ratios) / len(ratios)
        basis = f"tokens a byte of {len(ratios)} real calls"
        return Guess(calls.n_bytes * min(ratios), expected, calls.n_bytes * max(ratios) + carried, basis)
    most, least = BYTES_PER_TOKEN_RANGE
    return Guess(
        math.floor(calls.n_bytes / most),
        round(calls.n_bytes / BYTES_PER_TOKEN),
        math.ceil(calls.n_bytes / least) + framing + carried,
        "bytes/4; range bytes/6 to bytes/2" + (", with earlier answers of a sample" if carried else ""),
    )


def completion_tokens(calls: PlannedCalls, info: ModelInfo, measured: Measured) -> Guess:
    """Tokens of all completions: what real calls used, else from nothing up to the caps."""
    n = calls.n_completions
    if n == 0:
        return Guess(0, 0, 0, "log probabilities only")
    seen = measured.of(calls.fn)
    if seen is not None and seen.completion_tokens:
        used = seen.completion_tokens
        basis = f"{len(used)} real calls: {min(used):,} to {max(used):,} tokens"
        each = calls.n_calls
        return Guess(each * min(used), each * sum(used) / len(used), each * max(used), basis)
    advice = "--estimate-calls 5 measures lengths"
    if not calls.n_uncapped:
        return Guess(0, None, calls.cap_tokens, f"up to the caps, {calls.cap_tokens / n:,.0f} a completion; {advice}")
    most = info.max_output_tokens
    if most is None:
        return Guess(0, None, None, f"no cap; {advice}")
    high = calls.cap_tokens + calls.n_uncapped * most
    return Guess(0, None, high, f"no cap: the model writes up to {most:,}; {advice}")


def cost_of(
    calls: PlannedCalls, prompt: Guess, completion: Guess, info: ModelInfo, prices: Prices | None
) -> tuple[Guess | None, str]:
    """Dollars, and the prices that they follow from. Discounts for cached prompts and batches are left out."""
    if traits_of(calls.fn).is_local:
        return Guess(0, 0, 0, "runs here"), "runs here"
    given, written = prices or (info.input_usd_per_million, info.output_usd_per_million)
    if given is None or written is None:
        return None, "unknown price: add --price IN,OUT (dollars per million tokens)"
    dated = "as given" if prices else f"as of {info.price_as_of}" if info.price_as_of else "no date"
    basis = f"${given:g} in, ${written:g} out per million tokens, {dated}"
    return summed([prompt.times(given / 1e6), completion.times(written / 1e6)], basis), basis


def time_of(
    calls: Sequence[PlannedCalls], models: Sequence[ModelEstimate], settings: EngineSettings, measured: Measured
) -> Guess | None:
    """Seconds: calls times latency over the calls in flight, and no faster than limits on rates allow."""
    n = sum(one.n_calls for one in calls)
    floor, limits = 0.0, []
    if settings.requests_per_minute:
        floor = max(floor, 60 * n / settings.requests_per_minute)
        limits.append(f"{settings.requests_per_minute:g} requests a minute")
    if settings.tokens_per_minute:
        tokens = sum(one.prompt_tokens.low + one.completion_tokens.low for one in models)
        floor = max(floor, 60 * tokens / settings.tokens_per_minute)
        limits.append(f"{settings.tokens_per_minute:g} tokens a minute")
    latencies = measured.latencies_s
    if latencies:
        mean, start, most = sum(latencies) / len(latencies), settings.start_concurrency, settings.ceiling
        basis = f"latency {mean:.2g} s in {len(latencies)} calls, {start} to {most} calls in flight"
        spans = [max(*latencies, mean * n / width, floor) for width in (most, start)]
        return Guess(spans[0], spans[1], spans[1], "; ".join([basis, *limits]))
    return Guess(floor, None, None, "; ".join(limits)) if limits else None


def _notes(plan: Plan, prepared: PreparedRun, resumes: bool) -> list[str]:
    notes = ["retries are not counted"]
    if resumes:
        notes.append("samples that an earlier record has finished are not asked again, and not counted")
    if prepared.request.cache:
        notes.append("completions that --cache has already are counted as calls")
    if any(calls.n_images for calls in plan.calls):
        notes.append("tokens of images are not counted")
    return notes
