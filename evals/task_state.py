"""What a solver gets of a sample: the description of the task, the messages so far, and the state."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class Message:
    """One chat message. content: a text, or a list of parts (texts and images)."""

    role: str
    content: Any

    def to_dict(self) -> dict[str, Any]:
        """The message as `{"role": ..., "content": ...}`."""
        return asdict(self)


@dataclass
class TaskState:
    """The task of a solver. messages: the chat so far. current_state: for the eval's own use."""

    task_description: str
    messages: list[Message] = field(default_factory=list)
    current_state: Any = None
