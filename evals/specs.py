"""Specs: registry entries and runs as plain dataclasses."""

from __future__ import annotations

import base64
import datetime
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


def is_openai_evals_form(cls: str) -> bool:
    """Whether a `class` is a path of openai/evals, or of a plug-in, which may be written for it.

    Where the two projects' rules differ, this alone decides: such an entry keeps the rule of openai/evals.
    """
    return not cls.startswith("evals.") or cls.startswith("evals.elsuite.")


@dataclass
class BaseEvalSpec:
    """An alias. id: the entry that it points at. metrics: keys of reports; the first one is the primary metric."""

    id: str | None = None
    metrics: Sequence[str] | None = None
    description: str | None = None
    disclaimer: str | None = None
    higher_is_better: bool = True
    key: str | None = None
    group: str | None = None
    where: str | None = None
    "`file:line` of the entry."
    extras: Mapping[str, Any] | None = None
    "Keys that openai/evals does not have (`tags`, `reference`, `source`, ...)."


@dataclass
class EvalSpec:
    """An eval bound to its data. cls: `module:Class`. args: its keyword arguments. key: `name.split.version`."""

    cls: str
    registry_path: Path
    args: dict[str, Any] | None = None
    key: str | None = None
    group: str | None = None
    where: str | None = None
    extras: Mapping[str, Any] | None = None

    @property
    def is_openai_evals_form(self) -> bool:
        """Whether the entry keeps the rules of openai/evals (`is_openai_evals_form`)."""
        return is_openai_evals_form(self.cls)


@dataclass
class CompletionFnSpec:
    """A completion function or a solver. cls: `module:Class`. args: its keyword arguments."""

    cls: str
    args: dict[str, Any] | None = None
    key: str | None = None
    group: str | None = None
    registry_path: Path | None = None
    where: str | None = None


@dataclass
class EvalSetSpec:
    """An eval set: a list of names of evals, and of patterns with `*`."""

    evals: Sequence[str]
    key: str | None = None
    group: str | None = None
    where: str | None = None


@dataclass
class ModelGradedSpec:
    """A rubric: the grader's prompt, its choices and their scores."""

    prompt: str | list[dict[str, str]]
    choice_strings: list[str] | str
    input_outputs: dict[str, str]
    eval_type: str | None = None
    choice_scores: dict[str, float] | str | None = None
    output_template: str | None = None
    key: str | None = None
    group: str | None = None
    where: str | None = None


@dataclass(frozen=True)
class LongPrices:
    """Prices in US dollars per million tokens for requests whose prompt is longer than `over` tokens."""

    over: int
    input_usd_per_million: float
    cached_input_usd_per_million: float | None
    output_usd_per_million: float


@dataclass(frozen=True)
class ModelInfo:
    """Facts about a model. A field is None if it is not known."""

    name: str
    context_length: int | None = None
    "In tokens, prompt and completion together."
    input_usd_per_million: float | None = None
    cached_input_usd_per_million: float | None = None
    output_usd_per_million: float | None = None
    price_as_of: str | None = None
    "The date of the prices."
    price_source: str | None = None
    max_output_tokens: int | None = None
    "What it writes at most in one reply, reasoning counted."
    cache_write_usd_per_million: float | None = None
    batch_input_usd_per_million: float | None = None
    batch_output_usd_per_million: float | None = None
    long: LongPrices | None = None
    "What holds for the whole of a request with a long prompt; None: the price has no tiers."
    endpoints: tuple[str, ...] = ()
    "`chat`, `responses`, `messages`, `generate_content`; empty: not known."
    efforts: tuple[str, ...] = ()
    "The efforts of reasoning that it takes, in the order of its API; empty: none, or not known."
    effort_budgets: tuple[tuple[str, int], ...] = ()
    "Tokens for thoughts by effort, where the API takes a budget in place of a name; empty: it takes the name."
    default_effort: str | None = None
    "What the server takes for requests that name no effort."
    reasons: bool | None = None
    "Whether it reasons where a request says nothing about it; None: not known."
    refuses: tuple[str, ...] = ()
    "Request parameters, in OpenAI's words, that it refuses always."
    refuses_while_reasoning: tuple[str, ...] = ()
    "Those that it refuses unless the effort is `none`."
    responses_only_efforts: tuple[str, ...] = ()
    "Efforts that the chat endpoint refuses, and the responses endpoint takes."
    chat_tools: str | None = None
    "When the chat endpoint takes function tools: `without_reasoning` or `never`; None: always."
    prefill: bool | None = None
    "Whether a chat may end with an assistant's message, which the model goes on with; None: not known."
    max_n: int | None = None
    "Completions of one request, at most."
    max_top_logprobs: int | None = None
    headroom_tokens: int = 25_000
    "Added to the cap that an eval sets, while the model reasons. OpenAI's guide to reasoning models advises 25,000."
    retires: str | None = None
    "The day (YYYY-MM-DD) on which it was shut down, or will be."
    successor: str | None = None
    "What the provider names in its place."
    training_flops: float | None = None
    "What its training took, in floating-point operations; laws of scaling are fitted over it."
    parameters: int | None = None
    family: str | None = None
    "Models of one family are trained alike and differ in size; a law holds within one family."

    def scale(self) -> dict[str, float | int | str]:
        """What is known of training and size, for the first line of a record; empty where nothing is."""
        known = {"training_flops": self.training_flops, "parameters": self.parameters, "family": self.family}
        return {key: value for key, value in known.items() if value is not None}


@dataclass
class RunSpec:
    """A run: one eval by one completion function, once. This is the first line of a record.

    base_eval, split: the first two parts of `eval_name`. run_id, created_at (UTC): always new, whatever is given.
    """

    completion_fns: list[str]
    eval_name: str
    base_eval: str
    split: str
    run_config: dict[str, Any]
    created_by: str
    run_id: str | None = None
    created_at: str | None = None

    def __post_init__(self) -> None:
        now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
        suffix = base64.b32encode(os.urandom(5)).decode("ascii")
        self.run_id = now.strftime("%y%m%d%H%M%S") + suffix
        self.created_at = str(now)
