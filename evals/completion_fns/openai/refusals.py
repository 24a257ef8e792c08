"""What a refused request says of the model: a parameter or role that it does not take, in the words of many servers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from evals.completion_fns.openai.requests import RequestRules

_MAY_BE_DROPPED = (
    "top_p", "temperature", "presence_penalty", "frequency_penalty", "stop", "seed", "user", "parallel_tool_calls"
)  # fmt: skip
"""Parameters that are left out when the server refuses them; for `stop` the completion is then cut here. Where a model
takes `temperature` or `top_p`, and not both, `top_p` goes."""

_USE_INSTEAD = r"Unsupported parameter: '([\w.]+)'.{0,80}?[Uu]se '([\w.]+)' instead"
_IS_REFUSED = (
    r"unsupported|not supported|n't support|does not support|unrecognized request argument|unknown (parameter|name)|"
    r"extra_forbidden|is deprecated|not permitted|not allowed|may only be|only \S+ is (allowed|supported)|cannot both"
)
"""Of OpenAI, and of litellm (`don't support`), Google (`Unknown name`), Mistral (`extra_forbidden`), Anthropic (`may
only be set to 1`, `is deprecated`, `cannot both`) and Moonshot (`only 1 is allowed`)."""
_NO_ZERO = r"temperature`? must be (strictly )?positive"
"Of TGI, whose default is the likeliest token, as 0 means it."
_OTHER_VALUES = r"unsupported value|must be (between|less|greater|at most)|out of range"
"A value that is refused, while others are taken: only what OpenAI says of models with one value is a refusal of all."
_ONE_VALUE = r"only the default|does not support [\d.]+ with this model"
_ROLE_REFUSED = r"'messages\[\d+\]\.role' does not support '(system|developer)'"
_NO_SYSTEM = r"system role (is )?not supported|only user(,| and) assistant (and tool )?roles are supported"
"Chat templates of Gemma 2 and Mistral, whose errors vLLM, SGLang, LM Studio, TGI and llama.cpp pass on."
_NO_DEVELOPER = r"(variant|role).{0,20}developer|developer.{0,20}role"
"DeepSeek's `unknown variant 'developer', expected one of ...`, and chat templates' `Unexpected role 'developer'`."
_ALTERNATE = r"roles must alternate"


def adapted(rules: RequestRules, message: str, body: Mapping[str, Any]) -> RequestRules | None:
    """Rules by which a refused request would be accepted; None where the refusal has another reason.

    rules: those of the request. message: the server's error message. body: the request that it refused; only parameters
    that are in it are renamed or left out.
    """
    use = re.search(_USE_INSTEAD, message, re.DOTALL)
    if use and use[1] in body and use[2] not in body:
        return replace(rules, rename={**rules.rename, use[1]: use[2]})
    if role := re.search(_ROLE_REFUSED, message):
        other = {"system": "developer", "developer": "user"}[role[1]]
        return replace(rules, system_role=other) if rules.system_role != other else None
    if says(_NO_DEVELOPER, message) and not rules.no_developer and _has_developer(body):
        return replace(rules, no_developer=True)
    if says(_NO_SYSTEM, message) and rules.system_role != "user":
        return replace(rules, system_role="user", no_developer=True, must_alternate=True)
    if says(_ALTERNATE, message) and not rules.must_alternate:
        return replace(rules, must_alternate=True)
    if says(_NO_ZERO, message) and body.get("temperature") == 0:
        return replace(rules, no_zero=rules.no_zero | {"temperature"})
    refused = refused_parameter(message, body)
    return replace(rules, drop=rules.drop | {refused}) if refused else None


def _has_developer(body: Mapping[str, Any]) -> bool:
    messages = body.get("messages") or body.get("input") or ()
    return any(isinstance(message, Mapping) and message.get("role") == "developer" for message in messages)


_ONLY_STREAMS = r"only supports? stream|non-streaming|stream must be (set to )?true|must (have|set) [`'\"]?stream"
"DashScope's of models that think, which it answers in a stream alone."


def wants_stream(message: str) -> bool:
    """Whether an error says that the server answers in a stream alone."""
    return says(_ONLY_STREAMS, message)


def is_of_the_template(message: str) -> bool:
    """Whether an error comes from the model's chat template, which llama.cpp answers with status 500."""
    return says(_NO_SYSTEM, message) or says(_ALTERNATE, message)


def refused_parameter(message: str, body: Mapping[str, Any]) -> str | None:
    """The parameter in `body` that a server refuses whatever its value is, and that may be left out; else None."""
    if not says(_IS_REFUSED, message) or (says(_OTHER_VALUES, message) and not says(_ONE_VALUE, message)):
        return None
    return next((name for name in _MAY_BE_DROPPED if name in body and _names(message, name)), None)


def _names(message: str, name: str) -> bool:
    """Whether a message names a parameter, in quotes or where a name stands: `stop` and `user` are words too."""
    camel = re.sub(r"_(\w)", lambda letter: letter[1].upper(), name)
    either = f"(?:{name}|{camel})"
    marked = rf"['\"`\[]{either}['\"`\]=]|: {either}\s*(?:$|[.,;(])|^{either} (?:is|may|must)|invalid {either}:"
    return (
        says(marked, message)
        or ("_" in name and says(rf"\b{either}\b", message))
        or (name == "temperature" and says(r"\btemperature\b", message))
    )


def says(pattern: str, message: str) -> bool:
    """Whether a message holds a pattern, in letters of either case."""
    return re.search(pattern, message, re.IGNORECASE) is not None
