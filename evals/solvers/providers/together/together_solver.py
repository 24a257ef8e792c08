"""Open models at together.ai as a solver."""

from __future__ import annotations

import os
from typing import Any

from evals.registry.typed_arguments import typed_arguments
from evals.solvers.providers.openai.openai_solver import Messages, OpenAISolver

BASE_URL = "https://api.together.xyz/v1"


@typed_arguments
class TogetherSolver(OpenAISolver):
    """Sends chats that the templates of open models accept: one system message at most, at the start, then a user's.

    Other system messages become the user's. merge_adjacent_msgs: join neighbouring messages of one role by an empty
    line, for templates that want alternating roles. The key is TOGETHER_API_KEY.

    Raises:
        NotImplementedError: `valid_answers` is given.
    """

    def __init__(self, merge_adjacent_msgs: bool = False, **kwargs: Any) -> None:
        if kwargs.get("valid_answers") is not None:
            raise NotImplementedError("TogetherSolver has no valid_answers")
        super().__init__(**kwargs)
        self.merge_adjacent_msgs = merge_adjacent_msgs

    @property
    def _api_base(self) -> str | None:
        return BASE_URL

    @property
    def _api_key(self) -> str | None:
        return os.environ.get("TOGETHER_API_KEY")

    def _is_chat_model(self, model: str) -> bool:
        return True

    def _process_msgs(self, raw_msgs: Messages) -> Messages:
        roles = [message["role"] for message in raw_msgs]
        # A system message alone, or before the assistant's, stands where a user's must.
        keeps_system = len(roles) > 1 and roles[0] == "system" and roles[1] != "assistant"
        first_to_change = 1 if keeps_system else 0
        messages = [
            {**message, "role": "user"} if message["role"] == "system" and index >= first_to_change else message
            for index, message in enumerate(raw_msgs)
        ]
        return _merged(messages) if self.merge_adjacent_msgs else messages


def _merged(messages: Messages) -> Messages:
    joined: Messages = []
    for message in messages:
        if joined and joined[-1]["role"] == message["role"]:
            joined[-1] = {**joined[-1], "content": f"{joined[-1]['content']}\n\n{message['content']}"}
        else:
            joined.append(message)
    return joined
