"""What a solver gets of a sample."""

from __future__ import annotations

from evals.task_state import Message, TaskState


def test_a_message_is_a_dict_for_backends_with_its_parts():
    parts = [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": "data:x"}}]
    assert Message("user", parts).to_dict() == {"role": "user", "content": parts}
    assert Message("user", parts).to_dict()["content"] is not parts


def test_each_task_has_messages_of_its_own():
    first, second = TaskState("task"), TaskState("task")
    first.messages.append(Message("user", "hi"))
    assert second.messages == []
