"""Request bodies of the OpenAI endpoints, and the differences between models: pure functions."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evals.completion_fns.openai.message_roles import in_roles, without_developer
from evals.completion_fns.openai.response_items import input_items, responses_options
from evals.errors import UsageError
from evals.secrets import MASK, is_secret_name, redact, without_secrets

_NAMES = """
    temperature top_p max_tokens max_completion_tokens max_output_tokens n stop seed logprobs top_logprobs logit_bias
    presence_penalty frequency_penalty response_format reasoning_effort reasoning verbosity text best_of echo suffix
    tools tool_choice parallel_tool_calls functions function_call user safety_identifier service_tier store metadata
    prompt_cache_key prediction modalities audio instructions include truncation web_search_options
    top_k min_p repetition_penalty length_penalty min_tokens stop_token_ids ignore_eos skip_special_tokens
    guided_json guided_regex guided_choice guided_grammar structured_outputs chat_template_kwargs
    add_generation_prompt continue_final_message
"""

SAMPLING_OPTIONS = frozenset(_NAMES.split())
"Request parameters that can be given by name; any other one through `extra_options`."

NUMBERS = SAMPLING_OPTIONS & {
    "temperature", "top_p", "max_tokens", "max_completion_tokens", "max_output_tokens", "n", "seed", "presence_penalty",
    "frequency_penalty", "top_logprobs", "best_of", "top_k", "min_p",
}  # fmt: skip
"Parameters that are numbers for every server."


@dataclass(frozen=True)
class RequestRules:
    """How the requests for one model differ from those that the endpoint takes in general."""

    rename: Mapping[str, str] = field(default_factory=dict)
    "For parameters that this model calls otherwise: the name that it wants."
    drop: frozenset[str] = frozenset()
    "Parameters that are left out."
    system_role: str | None = None
    "The role that messages of role `system` get; None keeps it."
    no_zero: frozenset[str] = frozenset()
    "Parameters that are left out where they are 0."
    no_developer: bool = False
    "Whether messages of role `developer` are sent as those of role `system`."
    must_alternate: bool = False
    "Whether neighbouring messages of one role are sent as one: the model's chat template takes no others."

    def as_dict(self) -> dict[str, Any]:
        """The rules as JSON values, for the key of the cache."""
        return {"rename": dict(self.rename), "drop": sorted(self.drop), "system_role": self.system_role}

    def changes_to(self, options: Mapping[str, Any]) -> dict[str, str | None]:
        """For each of these parameters that the rules change: its new name, or None where it is left out."""
        left_out = {name: None for name, value in options.items() if self._leaves_out(name, value)}
        return left_out | {name: new for name, new in self.rename.items() if name in options}

    def apply(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters as they are sent."""
        kept = {name: value for name, value in options.items() if not self._leaves_out(name, value)}
        return {self.rename.get(name, name): value for name, value in kept.items()}

    def _leaves_out(self, name: str, value: Any) -> bool:
        return name in self.drop or (value == 0 and name in self.no_zero)


_NOT_FOR_CHAT = frozenset({"reasoning_items", "phase"})
"Keys of messages that only the responses endpoint has."


def chat_body(
    model: str | None, messages: Sequence[Mapping[str, Any]], options: Mapping[str, Any], rules: RequestRules
) -> dict[str, Any]:
    """The JSON body of a request to `/chat/completions`."""
    sent = [_for_chat(message) for message in _in_known_roles(messages, rules)]
    return {"model": model, "messages": sent, **rules.apply(options)}


def _in_known_roles(messages: Sequence[Mapping[str, Any]], rules: RequestRules) -> Sequence[Mapping[str, Any]]:
    known = without_developer(messages) if rules.no_developer else messages
    return in_roles(known, rules.system_role, must_alternate=rules.must_alternate)


def _for_chat(message: Mapping[str, Any]) -> Mapping[str, Any]:
    if _NOT_FOR_CHAT.isdisjoint(message):
        return message
    return {key: value for key, value in message.items() if key not in _NOT_FOR_CHAT}


def text_body(model: str | None, prompt: Any, options: Mapping[str, Any], rules: RequestRules) -> dict[str, Any]:
    """The JSON body of a request to `/completions`."""
    return {"model": model, "prompt": prompt, **rules.apply(options)}


def responses_body(
    model: str | None,
    messages: Sequence[Mapping[str, Any]],
    options: Mapping[str, Any],
    rules: RequestRules,
    *,
    reasons: bool = False,
) -> dict[str, Any]:
    """The JSON body of a request to `/responses`. messages, options: in the words of the chat endpoint.

    reasons: the model does in this call, so its reasoning items are asked for in a form that can be sent back.
    """
    items = input_items(_in_known_roles(messages, rules))
    # Said although it is the API's default: transformers' server streams this endpoint unless it is told not to.
    return {"model": model, "input": items, **rules.apply(responses_options(options, reasons=reasons)), "stream": False}


_MAX_RECORDED_CHARS = 200
"Of one value."


def recorded_request(body: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any] | None:
    """The parameters of a request for the record, without model, prompt and secrets; None where there are none.

    A value of more than 200 characters is replaced by its length. changes: parameters of the call that were renamed for
    this model, or left out (None); they are recorded as `adapted`.
    """
    kept = {name: _recorded(name, value) for name, value in body.items() if name not in _NOT_RECORDED}
    if changes:
        kept["adapted"] = dict(changes)
    return kept or None


_NOT_RECORDED = ("model", "messages", "prompt", "input", "stream", "stream_options")


def _recorded(name: str, value: Any) -> Any:
    if not isinstance(value, str | list | dict):
        return value
    masked = _masked(name, without_secrets({name: value}).get(name, MASK) if name.endswith("headers") else value)
    n_chars = len(json.dumps(masked, ensure_ascii=False, default=str))
    return masked if n_chars <= _MAX_RECORDED_CHARS else f"<{n_chars} characters>"


def _masked(name: str, value: Any) -> Any:
    """`value` with a mask in place of what is secret by its name, or known as a secret."""
    if isinstance(value, str):
        return MASK if is_secret_name(name) else redact(value)
    if isinstance(value, dict):
        return {key: _masked(str(key), part) for key, part in value.items()}
    return [_masked(name, part) for part in value] if isinstance(value, list) else value


def refuse_words(options: Mapping[str, Any]) -> None:
    """Raise UsageError for a word where a number belongs, which every server refuses."""
    for name, value in options.items():
        if name in NUMBERS and isinstance(value, str):
            raise UsageError(f"{name} must be a number, not {value!r}", fix=f"write {name}=NUMBER")
