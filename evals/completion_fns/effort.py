"""The effort of reasoning: where a call names it, whether the model takes it, and whether the model reasons at all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evals.errors import UsageError, did_you_mean
from evals.specs import ModelInfo

NO_REASONING = "none"
"The effort at which a model answers at once."

KNOWN_EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
"The efforts of all providers, the least first."

_THINKING_ON = frozenset({"enabled", "adaptive", "between_tools"})


def effort_of(options: Mapping[str, Any]) -> str | None:
    """The effort that the options of a call name, in OpenAI's words or in those of Anthropic or Google; None without.

    options: `reasoning_effort`, `reasoning.effort`, `output_config.effort` or `thinking_config.thinking_level`.
    """
    if options.get("reasoning_effort") is not None:
        return str(options["reasoning_effort"])
    for outer, inner in (("reasoning", "effort"), ("output_config", "effort"), ("thinking_config", "thinking_level")):
        value = options.get(outer)
        if value is not None and isinstance(value, Mapping) and value.get(inner) is not None:
            return str(value[inner])
    return None


def check_effort(info: ModelInfo, effort: str | None) -> None:
    """Raise UsageError for an effort that the model is known not to take. None passes, and so does an unknown model."""
    if effort is None or effort in info.efforts:
        return
    if info.efforts:
        raise UsageError(
            f"{info.name} takes no effort {effort!r}",
            notes=[did_you_mean(effort, info.efforts)],
            fix=f"its efforts: {', '.join(info.efforts)}",
        )
    if info.endpoints and not info.reasons:
        raise UsageError(f"{info.name} takes no effort: it does not reason, or not by effort", fix="leave effort out")
    if not info.endpoints and effort not in KNOWN_EFFORTS:
        raise UsageError(
            f"no effort is called {effort!r}",
            notes=[did_you_mean(effort, KNOWN_EFFORTS)],
            fix=f"one of {', '.join(KNOWN_EFFORTS)}; others go into extra_options",
        )


def reasons(info: ModelInfo | None, options: Mapping[str, Any]) -> bool:
    """Whether the model reasons before it answers a call with these options; False where nothing is known."""
    # A check against Mapping takes longer than all else here, and few calls have these options.
    thinking, config = options.get("thinking"), options.get("thinking_config")
    if thinking is not None and isinstance(thinking, Mapping):
        return thinking.get("type") in _THINKING_ON
    if config is not None and isinstance(config, Mapping) and config.get("thinking_budget") is not None:
        return bool(config["thinking_budget"])
    effort = effort_of(options)
    if effort == NO_REASONING:
        return False
    if info is not None and info.reasons is not None and (effort is None or info.default_effort != NO_REASONING):
        return info.reasons
    return effort is not None


def effort_in_words(info: ModelInfo | None, options: Mapping[str, Any]) -> str | None:
    """`high`, or `medium (default)` where the call names none and the model's default is known; else None."""
    effort = effort_of(options)
    if effort is not None:
        return effort
    return f"{info.default_effort} (default)" if info is not None and info.default_effort else None
