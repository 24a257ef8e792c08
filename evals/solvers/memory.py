"""Lets a solver remember, from turn to turn of one sample, what the eval never sees."""

from __future__ import annotations

from dataclasses import dataclass, field

from evals.task_state import Message, TaskState


@dataclass
class Interaction:
    """All messages so far, the private ones included; the task description is no message."""

    messages: list[Message]
    private_messages_ids: list[int] = field(default_factory=list)
    "Indices into `messages` of what only the solver knows."


class PersistentMemoryCache:
    """Keeps the private messages of earlier turns and weaves them back in.

    interaction_length: private messages a turn; they stand just before the turn's last message, the public answer.
    """

    def __init__(self, interaction_length: int) -> None:
        self.private_interaction_length = interaction_length
        self.last_interaction: Interaction | None = None

    def save_private_interaction(self, task_state: TaskState) -> None:
        """Remember `task_state.messages`; the messages before the last one are this turn's private ones."""
        last = len(task_state.messages) - 1
        earlier = [] if self.last_interaction is None else self.last_interaction.private_messages_ids
        fresh = range(last - self.private_interaction_length, last)
        self.last_interaction = Interaction(task_state.messages, [*earlier, *fresh])

    def load_private_interaction(self, task_state: TaskState) -> list[Message]:
        """The messages of `task_state` with the private ones of earlier turns in their places.

        Raises:
            ValueError: the public part differs from what was remembered.
        """
        if self.last_interaction is None:
            return task_state.messages
        known = self.last_interaction.messages
        private = set(self.last_interaction.private_messages_ids)
        public = [message for index, message in enumerate(known) if index not in private]
        given = task_state.messages
        for index, message in enumerate(public):
            if index >= len(given) or given[index] != message:
                found = given[index] if index < len(given) else "nothing"
                raise ValueError(f"message {index} of the task state is not the one remembered: {found} != {message}")
        return known + given[len(public) :]
