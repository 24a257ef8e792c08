"""Messages that every server refuses are found before the first call; legal oddities are sent as they are."""

from __future__ import annotations

from typing import Any

import pytest

from evals.suite.samples.messages import problem_of_messages


def user(content: Any) -> dict[str, Any]:
    return {"role": "user", "content": content}


LEGAL: list[list[Any]] = [
    [user("?")],
    [{"role": "system", "content": ""}, user("?")],
    [{"role": "developer", "content": "x", "name": "someone"}, user("?")],
    [user("?"), {"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]}, {"role": "tool", "content": "4"}],
    [
        user("?"),
        {"role": "assistant", "tool_calls": [{"id": "1"}]},
        {"role": "tool", "content": "", "tool_call_id": "1"},
    ],
    [user("?"), {"role": "assistant", "content": None, "function_call": {"name": "f"}}, user("?")],
    [user("?"), {"role": "assistant", "content": None, "refusal": "no"}, user("?")],
    [user([{"type": "text", "text": "?"}, {"type": "image_url", "image_url": {"url": "a.png"}}])],
    [user([{"type": "input_audio", "input_audio": {"data": "AA=="}}])],
    [user("\u2028\x00 \ud7ff"), {"role": "assistant", "content": "A"}],
    [{**user("?"), "anything": 5}],
    [user([{"type": "text", "text": "?"}, {"type": "redacted_thinking", "data": "x"}])],
    [user([{"type": "molecule", "smiles": "CCO"}])],
    ["one text", "another"],
    [101, 7],
    [[101, 7], [3]],
]


@pytest.mark.parametrize("messages", LEGAL)
def test_what_a_server_may_take_is_no_problem(messages):
    assert problem_of_messages(messages) is None


BROKEN = [
    ([], "'input' is an empty list"),
    ([user(None)], "message 1 of 'input' has the content null"),
    ([user(5)], "message 1 of 'input' has the content 5"),
    ([user(True)], "message 1 of 'input' has the content true"),
    ([user({"text": "?"})], "message 1 of 'input' has the content {"),
    ([user([])], "message 1 of 'input' has an empty list as content"),
    ([user([{"type": "txt", "text": "?"}])], "has a content part of type \"txt\" (did you mean: text)"),
    ([user(["?"])], "which has no 'type'"),
    ([user([{"text": "?"}])], "which has no 'type'"),
    ([user([{"type": "text", "content": "?"}])], "has a text part without a text under 'text'"),
    ([{"role": "User", "content": "?"}], "has the role \"User\", which no server knows (did you mean: user)"),
    ([{"role": "human", "content": "?"}], "there are: system, developer, user, assistant, tool, function"),
    ([{"role": None, "content": "?"}], "has the role null"),
    ([{"role": ["user"], "content": "?"}], "has the role [\"user\"]"),
    ([{"rol": "user", "content": "?"}], "message 1 of 'input' has no 'role' (did you mean: rol)"),
    ([user("?"), {"role": "user", "contents": "?"}], "message 2 of 'input' has no 'content' (did you mean: contents)"),
    ([user("?"), "and a text"], "'input' holds"),
    ([1, "x"], "'input' holds"),
    ([-5], "'input' holds -5"),
    ([None], "'input' holds null"),
    ([[], [1]], "'input' holds []"),
]  # fmt: skip


@pytest.mark.parametrize(("messages", "said"), BROKEN)
def test_what_every_server_refuses_is_said_with_its_place(messages, said):
    assert said in str(problem_of_messages(messages))


def test_the_key_of_the_row_is_named():
    assert problem_of_messages([], "sample") == "'sample' is an empty list"
