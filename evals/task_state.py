"""What a solver sees of a sample: the task's description, the messages so far, the state."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class Message:
    """One chat message; `content` is text, or a list of parts where images are sent."""

    role: str
    content: Any

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass
class TaskState:
    """The problem as a solver gets it. `current_state` is free for the eval's own use."""

    task_description: str
    messages: list[Message] = field(default_factory=list)
    current_state: Any = None
