"""Chats for APIs with one system text and two roles."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from evals.completion_fns.two_role_chat import TwoRoleFormat
from tests.support.pictures import PNG, PNG_URL


def parts(content: Any) -> list[Any]:
    return [content] if isinstance(content, str) and content else list(content or [])


FORMAT = TwoRoleFormat("model", "parts", parts)


def user(*texts: Any) -> dict[str, Any]:
    return {"role": "user", "parts": list(texts)}


def model(*texts: Any) -> dict[str, Any]:
    return {"role": "model", "parts": list(texts)}


def said(role: str, content: Any) -> dict[str, Any]:
    return {"role": role, "content": content}


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("hi", ("", [user("hi")])),
        ([said("user", "a"), said("assistant", "b")], ("", [user("a"), model("b")])),
        ([said("system", "s"), said("system", "t"), said("user", "a")], ("s\n\nt", [user("a")])),
        ([said("user", "a"), said("system", "s"), said("assistant", "b")], ("", [user("a", "s"), model("b")])),
        ([said("system", "s")], ("", [user("s")])),
        ([said("developer", "s"), said("user", "a")], ("s", [user("a")])),
        ([said("system", "s"), said("assistant", "b"), said("user", "a")], ("s", [model("b"), user("a")])),
        ([said("user", "a"), said("assistant", ""), said("user", "b")], ("", [user("a", "b")])),
        ([said("tool", "t")], ("", [user("t")])),
        ([], ("", [])),
    ],
)
def test_system_texts_at_the_start_go_apart_and_neighbours_of_a_role_together(prompt: Any, expected: Any):
    assert FORMAT.system_and_messages(prompt) == expected


def test_a_system_text_may_be_a_list_of_parts():
    system = [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]
    assert FORMAT.system_and_messages([said("system", system), said("user", "a")]) == ("one\ntwo", [user("a")])


def test_images_of_this_machine_are_read(tmp_path: Path):
    path = tmp_path / "dot.png"
    path.write_bytes(PNG)
    content = [{"type": "image_url", "image_url": {"url": str(path)}}]
    _, messages = FORMAT.system_and_messages([said("user", content)])
    assert messages[0]["parts"][0]["image_url"]["url"] == PNG_URL
