"""Completion functions for Google's models, through the google-genai SDK."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from evals.completion import Completions
from evals.completion_fns.google.contents import (
    CHAT_FORMAT,
    NO_ANSWER,
    NOT_SENT,
    candidate_reasoning,
    candidate_text,
    config_of,
    finish_reason,
    reply_usage,
    silence_of,
)
from evals.completion_fns.google.tools import assistant_message, google_options
from evals.completion_fns.hosted import HostedBackend
from evals.completion_fns.inner_fns import registry_or_new
from evals.completion_fns.no_answer import refuse_silent
from evals.completion_fns.sdk_failures import body_of, failure_of_status, failure_of_transport
from evals.engine.failures import CallFailed, Kind
from evals.errors import MissingExtra
from evals.registry.typed_arguments import typed_arguments

TIMEOUT_S = 600.0
"Of one attempt; the engine's own time-out is usually shorter."

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
        "seed",
        "presence_penalty",
        "frequency_penalty",
        "logprobs",
        "top_logprobs",
        "response_logprobs",
        "response_mime_type",
        "response_schema",
        "response_json_schema",
        "safety_settings",
        "thinking_config",
        "reasoning_effort",
        "tools",
        "response_format",
        "parallel_tool_calls",
        "tool_config",
        "tool_choice",
        "media_resolution",
        "labels",
    ]
)
"Sampling arguments that may be given by name, in OpenAI's words or Google's."


@typed_arguments
class GoogleCompletionFn(HostedBackend):
    """A Gemini model, by the Gemini API.

    api_base: another name of base_url. options: sampling arguments in OpenAI's words or Google's, `safety_settings`
    among them. extra_options: fields of the SDK's GenerateContentConfig, over everything else. A prompt that Google
    blocks is a failure of the kind content filter; a completion that it cuts off has the finish reason
    `content_filter`.

    Raises:
        UsageError: no model, an unknown option, or no http or https URL.
    """

    key_variables = ("GEMINI_API_KEY", "GOOGLE_API_KEY")
    url_variables = ("GOOGLE_GEMINI_BASE_URL",)
    default_base_url = "https://generativelanguage.googleapis.com"
    known_options = OPTIONS
    kind = "a Google model"

    def __init__(
        self,
        model: str | None = None,
        api_base: str | None = None,
        api_key: str | None = None,
        extra_options: Mapping[str, Any] | None = None,
        base_url: str | None = None,
        registry: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(
            model,
            base_url=base_url or api_base,
            api_key=api_key,
            options=options,
            extra_options=extra_options,
            registry=registry_or_new(registry),
        )

    def prepare_client(self) -> None:
        if find_spec("google") is None or find_spec("google.genai") is None:
            raise MissingExtra(self.kind, "google")

    def new_client(self, api_key: str) -> Any:
        from google import genai

        # Without `attempts` the SDK tries again after a lost connection, up to ten seconds later.
        options = {"base_url": self.base_url, "timeout": int(TIMEOUT_S * 1000), "retry_options": {"attempts": 1}}
        return genai.Client(api_key=api_key, vertexai=False, http_options=options)

    async def close_client(self, client: Any) -> None:
        close = getattr(client.aio, "aclose", None)  # older SDKs have nothing to close
        if close is not None:
            await close()

    async def draw_all(self, client: Any, prompt: Any, options: Mapping[str, Any]) -> list[Completions]:
        return await super().draw_all(client, prompt, google_options(options))

    async def draw(self, client: Any, prompt: Any, options: Mapping[str, Any]) -> Completions:
        system, contents = CHAT_FORMAT.system_and_messages(prompt)
        info = self.model_info()
        config = config_of(system, options, None if info is None else dict(info.effort_budgets))
        headers, reply = await self._generate(client, contents, config)
        candidate = self._candidate(reply)
        logprobs = candidate.get("logprobs_result")
        result = Completions(
            [candidate_text(candidate)],
            model=reply.get("model_version") or self.model,
            usage=reply_usage(reply),
            finish_reasons=[finish_reason(candidate)],
            logprobs=None if logprobs is None else [logprobs],
            raw_data=reply,
            messages=[assistant_message(candidate)],
            headers=headers,
            request={name: value for name, value in config.items() if name != "system_instruction"},
            reasoning=None if (shown := candidate_reasoning(candidate)) is None else [shown],
        )
        refuse_silent(silence_of(candidate), result, self.host)
        return result

    async def _generate(
        self, client: Any, contents: list[dict[str, Any]], config: dict[str, Any]
    ) -> tuple[dict[str, str], dict[str, Any]]:
        from google.genai import errors, types

        try:
            checked = types.GenerateContentConfig(**config)
        except ValueError as error:
            raise CallFailed(Kind.BAD_REQUEST, f"the SDK does not take these arguments: {error}") from error
        try:
            reply = await client.aio.models.generate_content(model=self.model, contents=contents, config=checked)
        except errors.APIError as error:
            raise self._failure(error) from error
        except Exception as error:
            # From httpx, aiohttp or the SDK's JSON reader, which depends on its version and on what is installed.
            raise failure_of_transport(error, self.host) from error
        raw = getattr(reply, "sdk_http_response", None)
        headers = {name.lower(): value for name, value in (getattr(raw, "headers", None) or {}).items()}
        body = reply.model_dump(mode="json", exclude_none=True, exclude={"sdk_http_response", "parsed"})
        return headers, body

    def _candidate(self, reply: Mapping[str, Any]) -> dict[str, Any]:
        candidates = reply.get("candidates") or []
        if candidates:
            first: dict[str, Any] = candidates[0]
            if first.get("finish_reason") in NO_ANSWER and not candidate_text(first):
                raise CallFailed(Kind.SERVER, f"no text, finish reason {first['finish_reason']}", host=self.host)
            return first
        reason = (reply.get("prompt_feedback") or {}).get("block_reason")
        if reason:
            raise CallFailed(Kind.CONTENT_FILTER, f"the prompt was blocked: {reason}", host=self.host)
        raise CallFailed(Kind.BAD_REPLY, "the reply has no candidate", host=self.host)

    def _failure(self, error: Any) -> CallFailed:
        failure = failure_of_status(error, self.host) or failure_of_transport(error, self.host)
        body = body_of(error)
        if failure.kind is Kind.BAD_REQUEST and ("API_KEY_INVALID" in body or "API key not valid" in body):
            failure.kind = Kind.AUTH
        return failure
