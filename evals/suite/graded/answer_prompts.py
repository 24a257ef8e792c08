"""The instructions that tell a grader in which form to answer, one for each `eval_type`."""

from __future__ import annotations

from collections.abc import Iterable

from evals.chat import is_chat_prompt
from evals.completion import ChatPrompt
from evals.errors import RegistryError, did_you_mean
from evals.suite.samples.templates import fill_prompt

ANSWER_PROMPTS: dict[str, str] = {
    "classify": (
        "Reply with exactly one of {choices}: the bare answer, with no quotation marks, no punctuation, and "
        "nothing before or after it."
    ),
    "classify_cot": (
        "On the first line of your reply write exactly one of {choices}, bare, with no quotation marks and no "
        "punctuation. From the second line on, give the reasons for that answer step by step."
    ),
    "cot_classify": (
        "Work through the question step by step before you decide, and do not name an answer until you have "
        "finished. Then close your reply with a line that holds nothing but one of {choices}, bare, with no "
        "quotation marks and no punctuation. Write nothing after that line.\n\nReasoning:"
    ),
    "cot_classify_jp": (
        "まず、判断の根拠を順を追って説明してください。説明が終わるまで結論は書かないでください。"
        "そして最後の行に、{choices} のうち一つだけを、引用符も句読点も付けずに書いてください。"
        "その行の後には何も書かないでください。\n\n推論："
    ),
}
'Keys are the values of `eval_type`; `{choices}` becomes `"A" or "B"`.'


def choice_to_str(choice_strings: Iterable[str]) -> str:
    """The choices for a sentence: `"A" or "B"`."""
    return " or ".join(f'"{choice}"' for choice in choice_strings)


def check_eval_type(eval_type: str) -> None:
    """Raise RegistryError when no answer prompt belongs to `eval_type`."""
    if eval_type not in ANSWER_PROMPTS:
        raise RegistryError(
            f"no eval_type is called {eval_type!r}",
            notes=[did_you_mean(str(eval_type), ANSWER_PROMPTS)],
            fix=f"use {', '.join(ANSWER_PROMPTS)}",
        )


def append_answer_prompt(
    prompt: ChatPrompt,
    eval_type: str,
    append_type: str = "as_content",
    answer_prompt: str | ChatPrompt | None = None,
    choice_strings: Iterable[str] | None = None,
) -> ChatPrompt:
    """A new prompt that ends with the instruction of `eval_type`, or with `answer_prompt`.

    append_type: `as_content` adds a text to the last message, after a blank line; `as_message` adds the
    messages of a chat. The prompt handed in stays as it is.
    """
    if answer_prompt is None:
        check_eval_type(eval_type)
        answer_prompt = ANSWER_PROMPTS[eval_type]
    answer_prompt = fill_prompt(answer_prompt, {"choices": choice_to_str(choice_strings or ())})
    if append_type == "as_content":
        if not isinstance(answer_prompt, str):
            raise ValueError("append_type 'as_content' needs an answer prompt that is a text")
        *before, last = prompt
        return [*before, {**last, "content": f"{last['content']}\n\n{answer_prompt}"}]
    if append_type == "as_message":
        if not is_chat_prompt(answer_prompt):
            raise ValueError("append_type 'as_message' needs an answer prompt that is a list of messages")
        return [*prompt, *answer_prompt]
    raise ValueError(f"append_type must be 'as_content' or 'as_message', not {append_type!r}")
