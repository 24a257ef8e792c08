"""What the registry knows of a model, as rules for its requests: names, refused parameters, limits, endpoint."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from evals.completion_fns.effort import effort_of, reasons
from evals.completion_fns.openai.requests import RequestRules
from evals.specs import ModelInfo


def _pattern(text: str, flags: int = 0) -> Callable[[str], re.Match[str] | None]:
    """The search for a pattern, compiled when it is first made: most runs meet none of these messages."""
    return lambda message: re.search(text, message, flags)


_LOGPROBS = ("logprobs", "top_logprobs")
_NEEDED = (*_LOGPROBS, "logit_bias")
"Not left out: whoever asks for them cannot do without."

_TOOLS_ELSEWHERE = _pattern(r"[Ff]unction tools .{0,80}not supported .{0,120}/v1/responses", re.DOTALL)
_CUT_OFF = _pattern(r"Could not finish the message because max_tokens or model output limit was reached")
_MOST = _pattern(
    r"Invalid 'n': integer above maximum value\. Expected a value <= (\d+)"
    r"|['\"`]?\bn['\"`]?[ :].{0,40}?(?:at most|less than or equal to|<=|no more than|between 1 and) (\d+)"
)
_ONLY_ONE = _pattern(
    r"only (?:one|1|a single) (?:completion|choice)|multiple (?:completions|choices) (?:are|is) not"
    r"|\bn['\"`]? ?(?:=|==|must be|should be|can only be|to be) ?(?:equal to )?1\b|\bn['\"`]? ?> ?1\b.{0,40}not",
    re.IGNORECASE,
)
_TOO_MANY = _pattern(r"\bn(?:_cmpl)?\b.{0,60}number of (?:parallel )?slots", re.IGNORECASE | re.DOTALL)


def refused_by(info: ModelInfo, options: Mapping[str, Any]) -> frozenset[str]:
    """The parameters that the model refuses in a request with these options, in the words of the chat endpoint."""
    always = frozenset(info.refuses)
    return always | frozenset(info.refuses_while_reasoning) if reasons(info, options) else always


def with_facts(rules: RequestRules, info: ModelInfo, options: Mapping[str, Any]) -> RequestRules:
    """The rules, and those that follow from what is known of the model for a call with these options."""
    refused = refused_by(info, options)
    if not refused:
        return rules
    rename = dict(rules.rename)
    if "max_tokens" in refused:
        rename.setdefault("max_tokens", "max_completion_tokens")
    return replace(rules, rename=rename, drop=rules.drop | (refused - {"max_tokens", *_NEEDED}))


def problem_with(info: ModelInfo, options: Mapping[str, Any]) -> str | None:
    """Why the model cannot do what a call asks for, as it gives no log probabilities or takes no bias; else None."""
    if options.get("logit_bias") and "logit_bias" in info.refuses:
        return f"{info.name} takes no logit_bias"
    if not (options.get("logprobs") or options.get("top_logprobs")):
        return None
    if refused_by(info, options).intersection(_LOGPROBS):
        instead = " (it does at effort none)" if "none" in info.efforts else ""
        return f"{info.name} gives no log probabilities while it reasons{instead}"
    n, most = options.get("top_logprobs"), info.max_top_logprobs
    if isinstance(n, int) and most is not None and n > most:
        return f"{info.name} gives {most} alternatives of a token at most, and {n} were asked for"
    return None


def wants_responses(info: ModelInfo, options: Mapping[str, Any]) -> bool:
    """Whether the chat endpoint refuses a call with these options which the responses endpoint takes."""
    if info.endpoints and "responses" not in info.endpoints:
        return False
    if info.endpoints and "chat" not in info.endpoints:
        return True
    if effort_of(options) in info.responses_only_efforts:
        return True
    if not has_function_tools(options):
        return False
    return info.chat_tools == "never" or (info.chat_tools == "without_reasoning" and reasons(info, options))


def has_function_tools(options: Mapping[str, Any]) -> bool:
    """Whether the options of a call hold tools that are functions."""
    tools = options.get("tools")
    return any(isinstance(tool, Mapping) and tool.get("type") == "function" for tool in tools or ())


def refuses_tools_on_chat(message: str) -> bool:
    """Whether an error says that function tools go to the responses endpoint."""
    return _TOOLS_ELSEWHERE(message) is not None


def says_cut_off(message: str) -> bool:
    """Whether an error means an answer that was cut off before it began, which some models answer with status 400."""
    return _CUT_OFF(message) is not None


def fewer_completions(message: str, n: int) -> int | None:
    """How many completions to ask for at a time, below `n`, after an error about `n`; None for any other error.

    Where the error names no number, half as many: llama.cpp's server takes as many as it has slots, and does not say.
    """
    if n < 2:
        return None
    if found := _MOST(message):
        most = int(found[1] or found[2])
    elif _ONLY_ONE(message):
        most = 1
    elif _TOO_MANY(message):
        most = n // 2
    else:
        return None
    return most if 1 <= most < n else None
