"""The instructions that tell a grader how to answer, one for each `eval_type`."""

from __future__ import annotations

from collections.abc import Iterable

from evals.chat import is_chat_prompt
from evals.completion import ChatPrompt
from evals.datasets.templates import fill_prompt
from evals.errors import RegistryError, did_you_mean

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
'Instructions by `eval_type`. `{choices}` is replaced by `"A" or "B"`.'


def choice_to_str(choice_strings: Iterable[str]) -> str:
    """The choices as part of a sentence: `"A" or "B"`."""
    return " or ".join(f'"{choice}"' for choice in choice_strings)


def check_eval_type(eval_type: str) -> None:
    """Raise RegistryError unless `eval_type` is a key of ANSWER_PROMPTS; names near misses."""
    if eval_type not in ANSWER_PROMPTS:
        raise RegistryError(
            f"there is no eval_type {eval_type!r}",
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
    """A new prompt that ends with the instruction of `eval_type`, or with `answer_prompt` if it is given.

    append_type: `as_content` adds a text to the last message, after a blank line; `as_message` adds the messages of a
    chat. choice_strings: fill `{choices}` of the instruction. `prompt` is not changed.

    Raises:
        RegistryError: no `answer_prompt` is given, and `eval_type` is unknown.
        ValueError: `append_type` is unknown, or does not fit the type of the answer prompt.
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
