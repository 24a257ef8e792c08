"""Door: prompts and their two forms under the path of openai/evals."""

from __future__ import annotations

from evals.chat import ChatCompletionPrompt as ChatCompletionPrompt
from evals.chat import CompletionPrompt as CompletionPrompt
from evals.chat import WrappedPrompt as Prompt
from evals.chat import chat_prompt_to_text_prompt as chat_prompt_to_text_prompt
from evals.chat import is_chat_prompt as is_chat_prompt
from evals.chat import text_prompt_to_chat_prompt as text_prompt_to_chat_prompt
from evals.completion import ChatMessage as OpenAIChatMessage
from evals.completion import ChatPrompt as OpenAICreateChatPrompt
from evals.completion import Prompt as OpenAICreatePrompt

__all__ = [
    "ChatCompletionPrompt",
    "CompletionPrompt",
    "OpenAIChatMessage",
    "OpenAICreateChatPrompt",
    "OpenAICreatePrompt",
    "Prompt",
    "chat_prompt_to_text_prompt",
    "is_chat_prompt",
    "text_prompt_to_chat_prompt",
]
