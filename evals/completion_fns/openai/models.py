"""Completion functions for the OpenAI API and servers that speak it: chat, text completions, responses, Azure."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from evals.chat import ChatCompletionPrompt, CompletionPrompt
from evals.completion import Completions, ContinuationScore, ContinuationScores
from evals.completion_fns.cost import cost_usd
from evals.completion_fns.effort import reasons
from evals.completion_fns.hosted import together
from evals.completion_fns.openai.backend import Endpoint, OpenAIBackend
from evals.completion_fns.openai.model_rules import has_function_tools, refuses_tools_on_chat
from evals.completion_fns.openai.reply_checks import read_reply
from evals.completion_fns.openai.requests import RequestRules, chat_body, responses_body, text_body
from evals.completion_fns.openai.results import (
    OpenAIBaseCompletionResult,
    OpenAIChatCompletionResult,
    OpenAICompletionResult,
    OpenAIResponsesCompletionResult,
)
from evals.completion_fns.openai.wire import Transport
from evals.engine.failures import CallFailed
from evals.errors import UsageError, did_you_mean
from evals.images.inline import inline_images
from evals.registry.typed_arguments import typed_arguments
from evals.secrets import register_secret

if TYPE_CHECKING:
    from evals.completion_fns.openai.echo_scoring import EchoScoring

__all__ = [
    "AzureOpenAIChatCompletionFn",
    "OpenAIBaseCompletionResult",
    "OpenAIChatCompletionFn",
    "OpenAIChatCompletionResult",
    "OpenAICompletionFn",
    "OpenAICompletionResult",
    "OpenAIResponsesCompletionFn",
    "OpenAIResponsesCompletionResult",
]

logger = logging.getLogger(__name__)


@typed_arguments
class OpenAIChatCompletionFn(OpenAIBackend):
    """A chat model, at `/chat/completions`. A text prompt becomes one system message, as in openai/evals.

    Evals that are not of openai/evals form send their texts as a user message (`evals.engine.prompt_form`).

    Calls that this endpoint refuses and `/responses` takes go there: function tools or an effort `max` with models that
    reason, as the registry says or the server's error. A server without that endpoint gets them here.

    The arguments are those of `OpenAIBackend`.
    """

    path = "/chat/completions"
    prompt_form = "chat"
    result_type: type[OpenAIBaseCompletionResult] = OpenAIChatCompletionResult
    gives_top_logprobs = True
    _tools_go_to_responses = False
    "The server has said so."
    _has_no_responses = False
    "The server has no such endpoint."

    def formatted(self, prompt: Any) -> Any:
        formatted = prompt if hasattr(prompt, "to_formatted_prompt") else ChatCompletionPrompt(prompt)
        return inline_images(formatted.to_formatted_prompt())

    def body(self, prompt: Any, options: Mapping[str, Any], rules: RequestRules) -> dict[str, Any]:
        return chat_body(self.model, prompt, options, rules)

    def endpoint_for(self, options: Mapping[str, Any]) -> Endpoint:
        """`/responses` for calls that the chat endpoint refuses, else the class's own endpoint."""
        tools_move = self._tools_go_to_responses and has_function_tools(options)
        if self._has_no_responses or not (tools_move or self.plan_of(options).wants_responses):
            return super().endpoint_for(options)

        return Endpoint("/responses", self.body_for_responses, OpenAIResponsesCompletionResult)

    def body_for_responses(self, prompt: Any, options: Mapping[str, Any], rules: RequestRules) -> dict[str, Any]:
        """The JSON body of the same request at `/responses`."""
        return responses_body(self.model, prompt, options, rules, reasons=reasons(self._info(), options))

    async def draw_at(
        self, endpoint: Endpoint, client: Transport, prompt: Any, options: Mapping[str, Any]
    ) -> Completions:
        draw = super().draw_at
        try:
            if endpoint.path == self.path:
                return await draw(endpoint, client, prompt, options)
            n = int(options.get("n") or 1)
            drawn = await asyncio.gather(*(draw(endpoint, client, prompt, {**options, "n": 1}) for _ in range(n)))
            return drawn[0] if n == 1 else together(drawn)
        except CallFailed as failure:
            if endpoint.path != self.path and failure.status == 404:
                self._has_no_responses = True
            elif endpoint.path == self.path and not self._has_no_responses and refuses_tools_on_chat(failure.message):
                self._tools_go_to_responses = True
            else:
                raise
            return await self.draw_at(self.endpoint_for(options), client, prompt, options)


@typed_arguments
class OpenAICompletionFn(OpenAIBackend):
    """A text model, at `/completions`. A chat becomes one text by the rules of openai/evals.

    Lists of token ids and lists of texts are sent as they are. The arguments are those of `OpenAIBackend`; an unknown
    one is ignored with a warning, as in openai/evals, unless it looks like a misspelt parameter.
    """

    path = "/completions"
    prompt_form = "text"
    result_type = OpenAICompletionResult
    gives_top_logprobs = True
    score_way = "echo"
    _scoring: EchoScoring | None = None

    async def score(self, prompt: Any, continuations: Sequence[str]) -> list[ContinuationScore]:
        """The log probability of each continuation after `prompt`, in nats; one request where the server takes that.

        The first call tests the server: what it says of a token that it generates must be what it says of it echoed.

        Raises:
            CallFailed: no usable reply, the server does not echo the prompt with log probabilities, or the test failed.
        """
        from evals.completion_fns.openai.echo_scoring import EchoScoring

        if self._scoring is None:
            self._scoring = EchoScoring(self._ask_for_scores, {**self.options, **self.extra_options}, self.host)
        found = await self._scoring.score(self.formatted(prompt), continuations)
        return ContinuationScores(
            found.scores, model=found.model, usage=found.usage, cost_usd=cost_usd(found.usage, self.model_info())
        )

    async def _ask_for_scores(self, prompt: str | list[str], options: Mapping[str, Any]) -> dict[str, Any]:
        _, reply, _ = await self.exchange(self.client(), prompt, options)
        return read_reply(reply, self.host)

    def formatted(self, prompt: Any) -> Any:
        """The prompt as a text, tokens or several texts. A list of one text is sent as a text."""
        formatted = prompt if hasattr(prompt, "to_formatted_prompt") else CompletionPrompt(prompt)
        sent = formatted.to_formatted_prompt()
        return sent[0] if isinstance(sent, list) and len(sent) == 1 and isinstance(sent[0], str) else sent

    def body(self, prompt: Any, options: Mapping[str, Any], rules: RequestRules) -> dict[str, Any]:
        return text_body(self.model, prompt, options, rules)

    def checked_options(self, options: dict[str, Any]) -> dict[str, Any]:
        for name in [name for name in options if name not in self.known_options]:
            if did_you_mean(name, self.known_options):
                raise self.unknown_option(name)
            logger.warning("%s ignores the argument %r", type(self).__name__, name)
            del options[name]
        return options


@typed_arguments
class OpenAIResponsesCompletionFn(OpenAIChatCompletionFn):
    """A model at `/responses`, called with the messages and parameters of the chat endpoint.

    The endpoint has no `n` and no `stop`: n completions are n requests, and completions are cut here. `seed`, penalties
    and `logit_bias` are left out.
    """

    path = "/responses"
    result_type = OpenAIResponsesCompletionResult
    min_max_tokens = 16

    def endpoint_for(self, options: Mapping[str, Any]) -> Endpoint:
        """The class's own endpoint, always."""
        return Endpoint(self.path, self.body, self.result_type)

    def body(self, prompt: Any, options: Mapping[str, Any], rules: RequestRules) -> dict[str, Any]:
        return self.body_for_responses(prompt, options, rules)

    async def draw_all(self, client: Transport, prompt: Any, options: Mapping[str, Any]) -> list[Completions]:
        """A request for each of the `n` completions, all at the same time."""
        n_completions = int(options.get("n", 1))
        if n_completions == 1:
            return [await self.draw(client, prompt, options)]
        return await asyncio.gather(*(self.draw(client, prompt, options) for _ in range(n_completions)))


@typed_arguments
class AzureOpenAIChatCompletionFn(OpenAIChatCompletionFn):
    """A chat model on Azure, through the SDK's client for Azure.

    model: the name of the deployment, unless azure_deployment names it. azure_endpoint, api_version, api_key and
    azure_ad_token: by default AZURE_OPENAI_ENDPOINT, OPENAI_API_VERSION, AZURE_OPENAI_API_KEY and
    AZURE_OPENAI_AD_TOKEN. api_base: instead of azure_endpoint, as it is.
    """

    key_variables = ("AZURE_OPENAI_API_KEY",)

    def __init__(
        self,
        model: str | None = None,
        api_base: str | None = None,
        api_key: str | None = None,
        *args: Any,
        azure_endpoint: str | None = None,
        azure_deployment: str | None = None,
        api_version: str | None = None,
        azure_ad_token: str | None = None,
        **kwargs: Any,
    ) -> None:
        self.azure_endpoint = azure_endpoint or os.environ.get("AZURE_OPENAI_ENDPOINT")
        self.azure_deployment = azure_deployment
        self.api_version = api_version or os.environ.get("OPENAI_API_VERSION")
        self.azure_ad_token = azure_ad_token or os.environ.get("AZURE_OPENAI_AD_TOKEN")
        super().__init__(model, api_base, api_key, *args, **{**kwargs, "transport": "sdk"})

    def cache_identity(self) -> dict[str, Any]:
        return {**super().cache_identity(), "api_version": self.api_version}

    def find_base_url(self, given: str | None) -> str:
        if given:
            return given
        if not self.azure_endpoint:
            raise UsageError("no Azure endpoint is named", fix="set AZURE_OPENAI_ENDPOINT, or give azure_endpoint=URL")
        place = f"/deployments/{self.azure_deployment}" if self.azure_deployment else ""
        return f"{self.azure_endpoint.rstrip('/')}/openai{place}"

    def find_key(self) -> str:
        """The Active Directory token where there is one, else the key, as of `HostedBackend`.

        Raises:
            UsageError: neither is set, or no version of the API is named.
        """
        if not self.api_version:
            raise UsageError("no Azure API version is named", fix="set OPENAI_API_VERSION, or give api_version=DATE")
        token = (self.azure_ad_token or "").strip()
        if token:
            register_secret(token)
        return token or super().find_key()

    def needs_key(self) -> bool:
        return True

    def new_sdk_client(self, api_key: str, http_client: Any) -> Any:
        from openai import AsyncAzureOpenAI

        place: dict[str, Any] = {"base_url": self.base_url}
        if not self.api_base:
            place = {"azure_endpoint": self.azure_endpoint, "azure_deployment": self.azure_deployment}
        return AsyncAzureOpenAI(
            **place,
            api_key=None if self.azure_ad_token else api_key,
            azure_ad_token=api_key if self.azure_ad_token else None,
            api_version=self.api_version,
            organization=self.organization,
            default_headers=self.headers,
            max_retries=0,
            http_client=http_client,
        )
