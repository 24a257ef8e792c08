"""Draws the reply to one question: in one stage, or first the reasoning and then the answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from evals.completion import CompletionResult, Completions
from evals.engine.calls import first_completion
from evals.engine.cut_off import reached_limit
from evals.exams.items import MARKED_BY_RULE
from evals.exams.paper import Sampling, StageSampling
from evals.suite.exam.prompts import Asked

EXTRACT, RESAMPLE = "extract", "resample"
ANSWER_MODES = (EXTRACT, RESAMPLE)
BLOCK_END = "\n\n"
"What stands between the blocks of a prompt that is one text: a base model goes on with the next question behind it."

Ask = Callable[..., Awaitable[CompletionResult]]
"Asks the evaluated model: messages, and the options of the request."


@dataclass(frozen=True)
class Reply:
    """What the model replied to one question, and what is known of the calls."""

    text: str
    "What is read: with two stages the reasoning and the answer line."
    results: tuple[CompletionResult, ...]
    was_cut_off: bool
    "The last completion reached its limit on tokens."

    def facts(self) -> dict[str, Any]:
        """Model, finish reasons, cost (US dollars) and latency (seconds) over the calls, as far as they are known."""
        known = [result for result in self.results if isinstance(result, Completions)]
        costs = [result.cost_usd for result in known if result.cost_usd is not None]
        latencies = [result.latency_s for result in known if result.latency_s is not None]
        facts = {
            "model": next((result.model for result in known if result.model), None),
            "finish_reasons": [reason for result in known for reason in result.finish_reasons[:1]],
            "cost_usd": sum(costs) if costs else None,
            "latency_s": round(sum(latencies), 4) if latencies else None,
        }
        return {key: value for key, value in facts.items() if value}


async def draw_reply(ask: Ask, asked: Asked, sampling: Sampling, mode: str, style: str) -> Reply:
    """One reply. mode `extract`: the answer is read from the reasoning. `resample`: it is drawn in a call of its own.

    Questions that no rule marks have one stage in both modes.
    """
    if mode == RESAMPLE and asked.shown.item.kind in MARKED_BY_RULE:
        return await _two_stages(ask, asked, sampling, style)
    stops = _stops_of_one_stage(sampling.reason, asked.answer_lead, style)
    result = await ask(_prompt(asked.messages, style), **options_of(sampling.reason, stops))
    return _reply(asked.replies_begin_with + first_completion(result), (result,))


async def _two_stages(ask: Ask, asked: Asked, sampling: Sampling, style: str) -> Reply:
    lead = asked.answer_lead
    if asked.replies_begin_with:  # the prompt asks for the answer at once: nothing to reason about
        answer = await ask(_prompt(asked.messages, style), **options_of(sampling.answer, sampling.answer.stop))
        return _reply(asked.replies_begin_with + first_completion(answer), (answer,))
    stops = sampling.reason.stop or (lead.strip(" ["),)
    first = await ask(_prompt(asked.messages, style), **options_of(sampling.reason, stops))
    reasoning = _before(first_completion(first), stops).strip()
    messages = _with_reasoning(asked, reasoning, style)
    second = await ask(_prompt(messages, style), **options_of(sampling.answer, sampling.answer.stop))
    said = first_completion(second).strip()
    line = said if said.startswith(lead.strip()) else f"{lead}{said.removeprefix('[')}"
    return _reply(f"{reasoning}\n{line}", (first, second))


def _before(text: str, stops: Sequence[str]) -> str:
    """The text up to the first stop: some models take no stops, and go on."""
    return text[: min((place for stop in stops if (place := text.find(stop)) >= 0), default=len(text))]


def _with_reasoning(asked: Asked, reasoning: str, style: str) -> list[dict[str, Any]]:
    """The prompt of the second stage: the reasoning, and the beginning of the answer line."""
    if style == "text":
        (message,) = asked.messages
        return [{**message, "content": f"{message['content']} {reasoning}\n{asked.answer_lead}"}]
    ask = f'Now give the answer alone, as one line that begins with "{asked.answer_lead}".'
    return [
        *asked.messages,
        {"role": "assistant", "content": reasoning or "(no reasoning)"},
        {"role": "user", "content": ask},
    ]


def options_of(stage: StageSampling, stops: Sequence[str]) -> dict[str, Any]:
    """The options of a request. A stage that names no temperature is greedy."""
    options = {
        "temperature": 0.0 if stage.temperature is None else stage.temperature,
        "top_p": stage.top_p,
        "max_tokens": stage.max_tokens,
        "stop": list(stops) or None,
    }
    return {key: value for key, value in options.items() if value is not None}


def _stops_of_one_stage(stage: StageSampling, answer_lead: str, style: str) -> list[str]:
    """The stops of a reply that holds the answer line itself: one that would end it before that is left out."""
    if style == "text" and not stage.stop:
        return [BLOCK_END]
    return [stop for stop in stage.stop if not stop.strip() or stop.strip() not in answer_lead]


def _prompt(messages: list[dict[str, Any]], style: str) -> Any:
    """A chat; for the style `text` its text alone, unless it holds images."""
    content = messages[0]["content"]
    return content if style == "text" and isinstance(content, str) else messages


def _reply(text: str, results: tuple[CompletionResult, ...]) -> Reply:
    last = results[-1]
    return Reply(text, results, isinstance(last, Completions) and reached_limit(last))
