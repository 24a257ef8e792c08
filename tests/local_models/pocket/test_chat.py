"""Chats as texts that a pocket model continues."""

from __future__ import annotations

import pytest

from evals.local_models.pocket.chat import render_chat


def user(text):
    return {"role": "user", "content": text}


@pytest.mark.parametrize(
    ("messages", "text"),
    [
        ([user("What is 1 + 1?")], "Question: What is 1 + 1?\nAnswer:"),
        ([user("Question: 2?\nAnswer:")], "Question: 2?\nAnswer:"),
        ([user("Question: 2?\nAnswer: ")], "Question: 2?\nAnswer:"),
        ([{"role": "system", "content": "Be short."}, user("Why?")], "Be short.\nQuestion: Why?\nAnswer:"),
        (
            [user("1?"), {"role": "assistant", "content": "one"}, user("2?")],
            "Question: 1?\nAnswer: one\nQuestion: 2?\nAnswer:",
        ),
        (
            [
                {"role": "system", "name": "example_user", "content": "1?"},
                {"role": "system", "name": "example_assistant", "content": "one"},
                user("2?"),
            ],
            "Question: 1?\nAnswer: one\nQuestion: 2?\nAnswer:",
        ),
        ([user("1?"), user("2?")], "Question: 1?\nAnswer:\nQuestion: 2?\nAnswer:"),
        ([user([{"type": "text", "text": "1?"}])], "Question: 1?\nAnswer:"),
        ([], ""),
    ],
)
def test_a_chat_becomes_questions_and_answers(messages, text):
    assert render_chat(messages) == text


@pytest.mark.parametrize("content", [None, 5, [{"type": "image_url", "image_url": "x"}]])
def test_what_is_no_text_is_refused(content):
    with pytest.raises(ValueError, match="role 'user'"):
        render_chat([user(content)])
