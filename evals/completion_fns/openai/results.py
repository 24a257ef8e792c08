"""Replies of the OpenAI endpoints as completions: texts, finish reasons, usage, log probabilities."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evals.completion import Completions
from evals.completion_fns.openai.finish_reasons import breakage_in, finish_reason_in, is_broken_off
from evals.completion_fns.openai.malformed import (
    problem_of_choices,
    problem_of_output,
    silence_of_choices,
    silence_of_output,
)
from evals.completion_fns.openai.response_items import assistant_message
from evals.completion_fns.openai.usage import usage_of
from evals.completion_fns.raw_replies import as_dict, dicts


class RawReply(dict[str, Any]):
    """A reply as a dict whose keys are attributes too, like the objects of the SDK: `raw.choices[0].text`."""

    def __getattr__(self, name: str) -> Any:
        try:
            return _view(self[name])
        except KeyError:
            raise AttributeError(name) from None


def _view(value: Any) -> Any:
    if isinstance(value, dict):
        return RawReply(value)
    return [_view(part) for part in value] if isinstance(value, list) else value


def _if_any(values: list[str | None]) -> list[str | None] | None:
    return values if any(values) else None


class OpenAIBaseCompletionResult(Completions):
    """Completions from a reply. The constructor takes `(raw_data, prompt)`, as the class of openai/evals does.

    raw_data: the JSON of a reply, or an object of the SDK.
    """

    def __init__(self, raw_data: Any, prompt: Any = None) -> None:
        raw = as_dict(raw_data)
        choices = dicts(raw.get("choices"))
        logprobs = [choice.get("logprobs") for choice in choices]
        super().__init__(
            texts=[self.text_of(choice) for choice in choices],
            prompt=prompt,
            model=raw.get("model"),
            usage=usage_of(raw),
            finish_reasons=[self.finish_reason_of(choice) for choice in choices],
            logprobs=logprobs if any(part is not None for part in logprobs) else None,
            raw_data=RawReply(raw) if isinstance(raw_data, dict) else raw_data,
            reasoning=_if_any([self.reasoning_of(choice) for choice in choices]),
            messages=[self.message_of(choice) for choice in choices],
        )

    @staticmethod
    def problem_of(raw: dict[str, Any]) -> str | None:
        """What is wrong with a reply that cannot be read as an answer of this endpoint; None for a good one."""
        return problem_of_choices(raw, is_chat=False)

    @staticmethod
    def silence_of(raw: dict[str, Any]) -> str | None:
        """What a reply without a problem says of a completion in which nothing stands, not even an empty text."""
        return silence_of_choices(raw)

    @staticmethod
    def message_of(choice: dict[str, Any]) -> dict[str, Any]:
        """A choice as an assistant's message, to be sent back as a part of the conversation."""
        return {"role": "assistant", "content": choice.get("text")}

    @staticmethod
    def reasoning_of(choice: dict[str, Any]) -> str | None:
        """The reasoning that a server sends beside the text of a choice; None without any."""
        return None

    @staticmethod
    def text_of(choice: dict[str, Any]) -> str:
        """The text of a choice; empty where it has none."""
        text = choice.get("text")
        return text if isinstance(text, str) else ""

    @staticmethod
    def finish_reason_of(choice: dict[str, Any]) -> str | None:
        """Why a choice ended, in the words of OpenAI; None where the reply does not say."""
        return finish_reason_in(choice)

    @staticmethod
    def breakage_of(raw: dict[str, Any]) -> Any:
        """What a reply says of a completion that the server broke off, often with a part of its text; else None."""
        for choice in dicts(raw.get("choices")):
            if found := breakage_in(choice):
                return found if choice.get("error") else raw.get("error") or found
        return None


class OpenAICompletionResult(OpenAIBaseCompletionResult):
    """A reply of `/completions`."""


class OpenAIChatCompletionResult(OpenAIBaseCompletionResult):
    """A reply of `/chat/completions`.

    A choice without content (refused, filtered, or a tool call) is an empty text, so that the choices keep their
    places. Its finish reason says why; it is `refusal` where the model refused. Reasoning that a server sends beside
    the content stands in `reasoning`.
    """

    def __init__(self, raw_data: Any, prompt: Any = None) -> None:
        choice = _plain_choice(raw_data)
        if choice is None:
            super().__init__(raw_data, prompt)
            return
        logprobs, content = choice.get("logprobs"), choice["message"]["content"]
        Completions.__init__(
            self,
            texts=[content],
            prompt=prompt,
            model=raw_data.get("model"),
            usage=usage_of(raw_data),
            finish_reasons=[finish_reason_in(choice)],
            logprobs=None if logprobs is None else [logprobs],
            raw_data=RawReply(raw_data),
            messages=[{"role": "assistant", "content": content}],
        )

    @staticmethod
    def problem_of(raw: dict[str, Any]) -> str | None:
        return problem_of_choices(raw, is_chat=True)

    @staticmethod
    def message_of(choice: dict[str, Any]) -> dict[str, Any]:
        message = _message(choice)
        calls = message.get("tool_calls")
        said = {"role": "assistant", "content": message.get("content")}
        if not calls:
            return said
        return {
            **said,
            "tool_calls": calls,
            **{key: message[key] for key in _GOES_BACK if message.get(key) is not None},
        }

    @staticmethod
    def reasoning_of(choice: dict[str, Any]) -> str | None:
        return shown_reasoning(_message(choice))

    @staticmethod
    def text_of(choice: dict[str, Any]) -> str:
        content = _message(choice).get("content")
        return content if isinstance(content, str) else joined_text(content)

    @staticmethod
    def finish_reason_of(choice: dict[str, Any]) -> str | None:
        reason, message = finish_reason_in(choice), _message(choice)
        if reason in ("stop", None) and not message.get("content"):
            if message.get("refusal"):
                return "refusal"
            if message.get("tool_calls"):
                return "tool_calls"
        return reason


_PLAIN_KEYS = frozenset({"role", "content"})
_GOES_BACK = ("reasoning_content", "reasoning", "reasoning_details", "thinking_blocks")
"""What servers want back beside tool calls, as they sent it. DeepSeek answers 400 without its `reasoning_content`;
models of Anthropic and Google behind OpenRouter and litellm need their signatures, in the last two."""


def _plain_choice(raw: Any) -> dict[str, Any] | None:
    """The one choice of a reply whose message is a text and nothing else, as most are; else None."""
    choices = raw.get("choices") if isinstance(raw, dict) else None
    if not isinstance(choices, list) or len(choices) != 1 or not isinstance(choices[0], dict):
        return None
    choice: dict[str, Any] = choices[0]
    message = choice.get("message")
    if not isinstance(message, dict) or not message.get("content") or not isinstance(message["content"], str):
        return None
    for key in message:
        if key not in _PLAIN_KEYS and message[key]:
            return None
    return choice


def _message(choice: dict[str, Any]) -> dict[str, Any]:
    message = choice.get("message")
    return message if isinstance(message, dict) else {}


def shown_reasoning(message: Mapping[str, Any]) -> str | None:
    """The reasoning in a message of a chat reply; None without any.

    Read from the first of these that is there: `reasoning` (vLLM since 0.12, Ollama, OpenRouter), `reasoning_content`
    (DeepSeek, SGLang, llama.cpp, older vLLM), `thinking`, the texts of `reasoning_details` (OpenRouter), and parts of
    the content of type `thinking` (Mistral).
    """
    for name in ("reasoning", "reasoning_content", "thinking"):
        value = message.get(name)
        if isinstance(value, str) and value:
            return value
    content = message.get("content")
    if not isinstance(content, list) and not message.get("reasoning_details"):
        return None
    details = [part.get("text") or part.get("summary") for part in dicts(message.get("reasoning_details"))]
    thinking = [part.get("thinking") for part in dicts(content) if part.get("type") == "thinking"]
    texts = [joined_text(part) if isinstance(part, list) else part for part in details or thinking]
    return "".join(text for text in texts if isinstance(text, str)) or None


COMMENTARY = "commentary"
"The phase of a message that comes before the answer of a model, since gpt-5.3."


def _summaries(raw: Mapping[str, Any]) -> str | None:
    """The texts and summaries of the reasoning items of a reply of `/responses`, a blank line between them.

    Comments on the way to an answer stand among them.
    """
    items = [
        item for item in dicts(raw.get("output")) if item.get("type") == "reasoning" or item.get("phase") == COMMENTARY
    ]
    parts = [part for item in items for key in ("content", "summary") for part in dicts(item.get(key))]
    return "\n\n".join(part["text"] for part in parts if isinstance(part.get("text"), str)) or None


def joined_text(parts: Any) -> str:
    """The texts of a list of content parts, joined; reasoning and images are left out."""
    if not isinstance(parts, list):
        return ""
    kinds = ("text", "output_text", None)
    return "".join(
        part["text"] for part in parts if isinstance(part, Mapping) and part.get("type") in kinds and part.get("text")
    )


_TOOL_CALLS = ("function_call", "custom_tool_call")
_INCOMPLETE = {"max_output_tokens": "length", "content_filter": "content_filter"}


class OpenAIResponsesCompletionResult(OpenAIBaseCompletionResult):
    """A reply of `/responses`: one completion. Its finish reason is in the words of the chat endpoint."""

    def __init__(self, raw_data: Any, prompt: Any = None) -> None:
        raw = as_dict(raw_data)
        content = _output_content(raw)
        logprobs = [token for part in content for token in part.get("logprobs") or []]
        Completions.__init__(
            self,
            texts=[joined_text(content)],
            prompt=prompt,
            model=raw.get("model"),
            usage=usage_of(raw),
            finish_reasons=[_responses_finish_reason(raw, content)],
            logprobs=[{"content": logprobs}] if logprobs else None,
            raw_data=RawReply(raw) if isinstance(raw_data, dict) else raw_data,
            reasoning=_if_any([_summaries(raw)]),
            messages=[assistant_message(dicts(raw.get("output")))],
        )

    @staticmethod
    def problem_of(raw: dict[str, Any]) -> str | None:
        return problem_of_output(raw)

    @staticmethod
    def silence_of(raw: dict[str, Any]) -> str | None:
        return silence_of_output(raw)

    @staticmethod
    def breakage_of(raw: dict[str, Any]) -> Any:
        status = raw.get("status")
        if not raw.get("error") and not is_broken_off(status):
            return None
        return raw.get("error") or f"the response was broken off: status {status!r}"


def _output_content(raw: dict[str, Any]) -> list[dict[str, Any]]:
    """The parts of the answer: those of all messages but comments on the way to it.

    A response that ended normally after a comment has nothing else: then that is its text. One that was cut off there
    has none.
    """
    messages = [item for item in dicts(raw.get("output")) if item.get("type") == "message"]
    answer = [message for message in messages if message.get("phase") != COMMENTARY]
    if not answer and raw.get("status") != "incomplete":
        answer = messages
    return [part for message in answer for part in dicts(message.get("content"))]


def _responses_finish_reason(raw: dict[str, Any], content: list[dict[str, Any]]) -> str | None:
    if raw.get("status") == "incomplete":
        reason = (raw.get("incomplete_details") or {}).get("reason")
        return _INCOMPLETE.get(str(reason), str(reason or "incomplete"))
    if any(part.get("type") == "refusal" for part in content) and not joined_text(content):
        return "refusal"
    if raw.get("status") != "completed":
        return raw.get("status")
    called = any(item.get("type") in _TOOL_CALLS for item in dicts(raw.get("output")))
    return "tool_calls" if called else "stop"
