"""What follows from the options of a call for its request: worked out once for the calls that have the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from evals.completion_fns.openai.model_rules import problem_with, wants_responses, with_facts
from evals.completion_fns.openai.requests import RequestRules, recorded_request
from evals.specs import ModelInfo

NOT_FOR_THE_BODY = frozenset({"extra_headers", "extra_body", "timeout", "request_timeout", "stream"})
"Options that a request has elsewhere, or never."


@dataclass(frozen=True)
class RequestPlan:
    """How calls with the same options are sent, and recorded. Made by `request_plan`."""

    learnt: RequestRules
    "The rules of which it was made; it holds until the server teaches others."
    rules: RequestRules
    "Those, and what is known of the model."
    fields: Mapping[str, Any]
    "The options that go into the body."
    changes: Mapping[str, str | None]
    "Options that the rules rename, or leave out (None)."
    problem: str | None
    "Why the model cannot do what is asked; None where it can."
    timeout_s: float
    wants_responses: bool
    "Whether the chat endpoint refuses such a call which the responses endpoint takes."
    _recorded: dict[str, dict[str, Any] | None] = field(default_factory=dict)

    def recorded_at(self, path: str, body: Mapping[str, Any]) -> dict[str, Any] | None:
        """The parameters of such a request at an endpoint, as they are recorded. body: any of them."""
        if path not in self._recorded:
            self._recorded[path] = recorded_request(body, self.changes)
        recorded = self._recorded[path]
        return None if recorded is None else dict(recorded)


def request_plan(options: Mapping[str, Any], learnt: RequestRules, info: ModelInfo, timeout_s: float) -> RequestPlan:
    """The plan for calls with these options. learnt: rules that the user gave or the server taught."""
    fields = {name: value for name, value in options.items() if name not in NOT_FOR_THE_BODY}
    rules = with_facts(learnt, info, fields)
    return RequestPlan(
        learnt=learnt,
        rules=rules,
        fields=fields,
        changes=rules.changes_to(options),
        problem=problem_with(info, options),
        timeout_s=timeout_s,
        wants_responses=wants_responses(info, options),
    )
