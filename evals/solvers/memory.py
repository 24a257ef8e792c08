"""Memory of a solver between the turns of one sample, for messages that the eval does not see."""

from __future__ import annotations

from dataclasses import dataclass, field

from evals.task_state import Message, TaskState


@dataclass
class Interaction:
    """The messages of a sample so far."""

    messages: list[Message]
    "Public and private ones, without the task description."
    private_messages_ids: list[int] = field(default_factory=list)
    "Indices in `messages` of the private ones, which only the solver knows."


class PersistentMemoryCache:
    """Keeps the private messages of earlier turns, and puts them back in their places.

    interaction_length: private messages in each turn. They stand just before the last message of the turn, which is the
    public answer.
    """

    def __init__(self, interaction_length: int) -> None:
        self.private_interaction_length = interaction_length
        self.last_interaction: Interaction | None = None

    def save_private_interaction(self, task_state: TaskState) -> None:
        """Keep `task_state.messages`; those before the last one are the private messages of this turn."""
        last = len(task_state.messages) - 1
        earlier = [] if self.last_interaction is None else self.last_interaction.private_messages_ids
        fresh = range(last - self.private_interaction_length, last)
        self.last_interaction = Interaction(task_state.messages, [*earlier, *fresh])

    def load_private_interaction(self, task_state: TaskState) -> list[Message]:
        """The messages of `task_state`, with the private messages of earlier turns in their places.

        Raises:
            ValueError: the public messages are not those that were kept.
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
