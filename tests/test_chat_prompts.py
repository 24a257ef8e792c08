"""Chat prompts and their text form, as openai/evals writes it."""

from __future__ import annotations

import base64
import hashlib

import pytest

from evals.chat import (
    ChatCompletionPrompt,
    CompletionPrompt,
    chat_prompt_to_text_prompt,
    is_chat_prompt,
    text_prompt_to_chat_prompt,
    with_pictures_by_digest,
)

CHAT = [
    {"role": "system", "content": "Be brief."},
    {"role": "system", "name": "example_user", "content": "2+2?"},
    {"role": "system", "name": "example_assistant", "content": "4"},
    {"role": "user", "content": "3+3?"},
]


@pytest.mark.parametrize(
    ("prompt", "is_chat"),
    [([], True), (CHAT, True), ("text", False), ([1, 2], False), ([{}, "x"], False), (None, False)],
)
def test_a_chat_is_a_list_of_messages(prompt, is_chat):
    assert is_chat_prompt(prompt) is is_chat


def test_a_chat_becomes_lines_that_the_model_goes_on_from():
    text = "Be brief.\nUser: 2+2?\nAssistant: 4\nUser: 3+3?\n"
    assert chat_prompt_to_text_prompt(CHAT) == text + "Assistant:"
    assert chat_prompt_to_text_prompt(CHAT, for_completion=False) == text


def test_a_single_message_is_its_content_alone():
    assert chat_prompt_to_text_prompt([{"role": "user", "content": "Hi"}]) == "Hi"


def test_prefixes_may_be_one_s_own_and_other_roles_are_named():
    chat = [{"role": "user", "content": "a"}, {"role": "tool", "content": "b"}]
    assert chat_prompt_to_text_prompt(chat, chat_to_prefixes={"user": "> ", "assistant": "< "}) == "> a\nTool: b\n<"


def test_each_kind_of_prompt_brings_either_form_into_its_own():
    assert CompletionPrompt(CHAT).to_formatted_prompt().endswith("Assistant:")
    assert CompletionPrompt("text").to_formatted_prompt() == "text"
    assert ChatCompletionPrompt(CHAT).to_formatted_prompt() is CHAT
    assert ChatCompletionPrompt("text").to_formatted_prompt() == [{"role": "system", "content": "text"}]
    assert text_prompt_to_chat_prompt("text", role="user") == [{"role": "user", "content": "text"}]


def picture(url: str) -> list[dict]:
    return [{"role": "user", "content": [{"type": "text", "text": "?"}, {"type": "image_url", "image_url": {"url": url}}]}]  # fmt: skip


def test_a_long_picture_becomes_its_digest_in_a_record():
    content = bytes(range(256)) * 10
    url = f"data:image/png;base64,{base64.b64encode(content).decode()}"
    (message,) = with_pictures_by_digest(picture(url))
    digest = hashlib.sha256(content).hexdigest()
    assert message["content"][1]["image_url"]["url"] == f"data:image/png;base64,<2560 bytes, sha256 {digest}>"
    assert with_pictures_by_digest([message]) == [message]


@pytest.mark.parametrize("prompt", ["text", [], [{"role": "user", "content": "data:" + "x" * 2000}], picture("p.png")])
def test_other_prompts_stay_as_they_are(prompt):
    assert with_pictures_by_digest(prompt) == prompt
