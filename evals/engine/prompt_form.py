"""Brings a prompt into the form that its model takes, in the way that the entry's rules say."""

from __future__ import annotations

from typing import Any

from evals.chat import is_chat_prompt, text_prompt_to_chat_prompt
from evals.engine.context import current_plan
from evals.engine.traits import CHAT, TEXT, traits_of

END_OF_TURN = "\nUser:"
"What a text model writes where it goes on with the other side of a chat that was given to it as one text."


AS_USER, ENDS_WITH_TURN = "one user message", "one text that ends at the next turn"


def in_form(fn: Any, prompt: Any, options: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """The prompt and the options of a call to `fn` by an eval of ours; unchanged for entries of openai/evals form.

    A text for a chat model becomes one user message. In openai/evals it becomes a system message, which the backend
    makes of a text that comes as it is. A chat of several messages that is sent as one text ends at the next turn,
    unless the call has stop texts of its own. Calls by hand, outside a run, stay as they are.
    """
    plan = current_plan()
    if plan is None or plan.openai_evals_rules:
        return prompt, options
    change = change_of_form(fn, prompt)
    if change == AS_USER:
        return text_prompt_to_chat_prompt(prompt, "user"), options
    if change == ENDS_WITH_TURN and not options.get("stop"):
        return prompt, {**options, "stop": [END_OF_TURN]}
    return prompt, options


def change_of_form(fn: Any, prompt: Any) -> str | None:
    """What our rules change of a prompt for this model; None for nothing. It is a fact of a run's fingerprint."""
    form = traits_of(fn).prompt_form
    if form == CHAT and isinstance(prompt, str):
        return AS_USER
    return ENDS_WITH_TURN if form == TEXT and is_chat_prompt(prompt) and len(prompt) > 1 else None


def form_in_words(fn: Any, first_prompt: Any, *, openai_evals_rules: bool) -> str | None:
    """How the text prompts of a run reach a chat model, in a sentence; None where no text is sent to one."""
    if not isinstance(first_prompt, str) or traits_of(fn).prompt_form != CHAT:
        return None
    if openai_evals_rules:
        return "prompts are texts: each is sent as one system message, the rule of openai/evals for its entries"
    return f"prompts are texts: each is sent as {AS_USER}"
