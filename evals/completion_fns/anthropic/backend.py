"""Completion functions for Anthropic's models, through the anthropic SDK."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from evals.completion import Completions
from evals.completion_fns.anthropic.messages import (
    NOT_SENT,
    finish_reason,
    reply_reasoning,
    reply_text,
    reply_usage,
    request_body,
    silence_of,
)
from evals.completion_fns.anthropic.tools import anthropic_options
from evals.completion_fns.hosted import HostedBackend
from evals.completion_fns.inner_fns import registry_or_new
from evals.completion_fns.no_answer import refuse_silent
from evals.completion_fns.sdk_failures import failure_of_status, failure_of_transport
from evals.engine.failures import CallFailed, Kind
from evals.errors import MissingExtra
from evals.registry.typed_arguments import typed_arguments

TIMEOUT_S = 600.0
"Of one attempt; the engine's own time-out is usually shorter."

API_VERSION = "2023-06-01"
"SDKs from 2.0 on send 2026-10-21 by themselves, which takes no temperature for any model."

OPTIONS = NOT_SENT | frozenset(
    [
        "max_tokens",
        "max_completion_tokens",
        "max_output_tokens",
        "stop",
        "stop_sequences",
        "temperature",
        "top_p",
        "top_k",
        "thinking",
        "reasoning_effort",
        "metadata",
        "service_tier",
        "tools",
        "response_format",
        "parallel_tool_calls",
        "tool_choice",
        "output_config",
        "cache_control",
    ]
)
"Sampling arguments that may be given by name, in OpenAI's words or Anthropic's."
_MAY_BE_DROPPED = ("temperature", "top_p", "top_k", "stop_sequences")
_REFUSAL = re.compile(r"deprecated|not supported|unsupported|does not support|cannot both|not permitted|not allowed")


@typed_arguments
class AnthropicCompletionFn(HostedBackend):
    """A Claude model, by the messages API.

    max_tokens: for calls that have none, since the API wants one. api_base: another name of base_url. options: sampling
    arguments in OpenAI's words or Anthropic's. extra_options: sent as they are, over everything else. A sampling
    argument that the model refuses is left out for the rest of the run; `request` in the record says what was sent.

    Raises:
        UsageError: no model, an unknown option, or no http or https URL.
    """

    key_variables = ("ANTHROPIC_API_KEY",)
    url_variables = ("ANTHROPIC_BASE_URL",)
    default_base_url = "https://api.anthropic.com"
    known_options = OPTIONS
    kind = "an Anthropic model"

    def __init__(
        self,
        model: str | None = None,
        max_tokens: int = 1024,
        api_base: str | None = None,
        api_key: str | None = None,
        extra_options: Mapping[str, Any] | None = None,
        base_url: str | None = None,
        registry: Any = None,
        **options: Any,
    ) -> None:
        self.max_tokens = self.default_max_tokens = int(max_tokens)
        super().__init__(
            model,
            base_url=base_url or api_base,
            api_key=api_key,
            options=options,
            extra_options=extra_options,
            registry=registry_or_new(registry),
        )
        self._refused: frozenset[str] = frozenset()

    def prepare_client(self) -> None:
        if find_spec("anthropic") is None:
            raise MissingExtra(self.kind, "anthropic")

    def new_client(self, api_key: str) -> Any:
        from anthropic import AsyncAnthropic

        return AsyncAnthropic(
            api_key=api_key,
            base_url=self.base_url,
            max_retries=0,
            timeout=TIMEOUT_S,
            default_headers={"anthropic-version": API_VERSION},
        )

    async def close_client(self, client: Any) -> None:
        await client.close()

    async def draw_all(self, client: Any, prompt: Any, options: Mapping[str, Any]) -> list[Completions]:
        return await super().draw_all(client, prompt, anthropic_options(options))

    async def draw(self, client: Any, prompt: Any, options: Mapping[str, Any]) -> Completions:
        info = self.model_info()
        refused = self._refused | (frozenset(info.refuses) if info is not None else frozenset())
        body = request_body(self.model, prompt, options, self.max_tokens, refused)
        if info is not None and info.prefill is False:
            refuse_prefill(body, self.host)
        try:
            headers, reply = await self._post(client, body)
        except CallFailed as failure:
            name = refused_argument(failure, body)
            if name is None:
                raise
            self._refused |= {name}
            return await self.draw(client, prompt, options)
        result = Completions(
            [reply_text(reply)],
            model=reply.get("model"),
            usage=reply_usage(reply),
            finish_reasons=[finish_reason(reply)],
            raw_data=reply,
            messages=[{"role": "assistant", "content": reply["content"]}],
            headers=headers,
            request=_recorded_request(body, options, refused),
            reasoning=None if (shown := reply_reasoning(reply)) is None else [shown],
        )
        refuse_silent(silence_of(reply), result, self.host)
        return result

    async def _post(self, client: Any, body: dict[str, Any]) -> tuple[dict[str, str], dict[str, Any]]:
        """(headers, JSON) of the reply.

        Sampling arguments are sent as `extra_body`, since the versions of the SDK know different ones.
        """
        import anthropic

        named = {name: body[name] for name in ("model", "messages", "max_tokens")}
        rest = {name: value for name, value in body.items() if name not in named}
        try:
            raw = await client.messages.with_raw_response.create(**named, extra_body=rest, timeout=TIMEOUT_S)
            reply = raw.http_response.json()
        except anthropic.APIStatusError as error:
            raise self._failure(error) from error
        except (anthropic.APIError, OSError, ValueError) as error:
            raise failure_of_transport(error, self.host) from error
        if not isinstance(reply, dict) or not isinstance(reply.get("content"), list):
            raise CallFailed(Kind.BAD_REPLY, "the reply is no message", host=self.host)
        return {name.lower(): value for name, value in raw.headers.items()}, reply

    def _failure(self, error: Any) -> CallFailed:
        return failure_of_status(error, self.host) or failure_of_transport(error, self.host)

    def cache_identity(self) -> dict[str, Any] | None:
        identity = super().cache_identity()
        return None if identity is None else {**identity, "max_tokens": self.max_tokens}


def _recorded_request(body: Mapping[str, Any], options: Mapping[str, Any], refused: frozenset[str]) -> dict[str, Any]:
    """The parameters of a request for the record; `adapted` has those that were left out, as the model refuses them."""
    kept = {name: value for name, value in body.items() if name not in ("messages", "system", "model")}
    left_out = {name: None for name in options if name in refused and name not in body}
    return {**kept, "adapted": left_out} if left_out else kept


def refuse_prefill(body: Mapping[str, Any], host: str) -> None:
    """Raise CallFailed, without a call, for a chat that a model without prefill refuses: it ends with the assistant."""
    messages = body["messages"]
    if messages and messages[-1]["role"] == "assistant":
        raise CallFailed(
            Kind.BAD_REQUEST,
            f"{body['model']} takes no chat that ends with an assistant's message, and nothing was sent. End the "
            "prompt with a message of the user, such as one that asks to go on, or name a model with prefill.",
            host=host,
        )


def refused_argument(failure: CallFailed, body: Mapping[str, Any]) -> str | None:
    """The sampling argument in `body` that the server refused; None where the failure has another reason."""
    if failure.kind is not Kind.BAD_REQUEST or not _REFUSAL.search(failure.message):
        return None
    return next((name for name in _MAY_BE_DROPPED if name in body and name in failure.message), None)
