"""Private messages of earlier turns, put back in their places."""

from __future__ import annotations

import pytest

from evals.solvers.memory import PersistentMemoryCache
from evals.task_state import Message, TaskState


def messages(*texts: str) -> list[Message]:
    return [Message("user", text) for text in texts]


def texts(found: list[Message]) -> list[str]:
    return [str(message.content) for message in found]


def test_before_the_first_turn_there_is_nothing_to_put_back():
    state = TaskState("task", messages("q1"))
    assert PersistentMemoryCache(2).load_private_interaction(state) is state.messages


def test_private_messages_of_all_turns_stand_before_their_answers():
    cache = PersistentMemoryCache(2)
    cache.save_private_interaction(TaskState("task", messages("q1", "think1", "reason1", "a1")))
    turn = cache.load_private_interaction(TaskState("task", messages("q1", "a1", "q2")))
    assert texts(turn) == ["q1", "think1", "reason1", "a1", "q2"]
    cache.save_private_interaction(TaskState("task", [*turn, *messages("think2", "reason2", "a2")]))
    third = cache.load_private_interaction(TaskState("task", messages("q1", "a1", "q2", "a2", "q3")))
    assert texts(third) == ["q1", "think1", "reason1", "a1", "q2", "think2", "reason2", "a2", "q3"]


@pytest.mark.parametrize("given", [("other", "a1", "q2"), ("q1",), ()])
def test_another_past_than_the_one_that_was_kept_is_refused(given: tuple[str, ...]):
    cache = PersistentMemoryCache(1)
    cache.save_private_interaction(TaskState("task", messages("q1", "think1", "a1")))
    with pytest.raises(ValueError, match="is not the one remembered"):
        cache.load_private_interaction(TaskState("task", messages(*given)))
