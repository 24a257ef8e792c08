"""The backend that all OpenAI endpoints share: one attempt at a request, and refused parameters left out or renamed."""

from __future__ import annotations

import asyncio
import inspect
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from evals.completion import Completions
from evals.completion_fns.call_options import KnownOptions
from evals.completion_fns.cost import at_tier, cost_usd, known_or_stated, summed_usage, tier_of
from evals.completion_fns.hosted import HostedBackend, refuse_filtered
from evals.completion_fns.no_answer import refuse_silent
from evals.completion_fns.openai.cut_prompts import PromptWatch
from evals.completion_fns.openai.finish_reasons import with_limit_said
from evals.completion_fns.openai.model_rules import fewer_completions, says_cut_off
from evals.completion_fns.openai.refusals import adapted, is_of_the_template, wants_stream
from evals.completion_fns.openai.reply_checks import (
    failure_of_reply,
    failure_within,
    is_stream,
    kept_headers,
    read_reply,
)
from evals.completion_fns.openai.request_plan import NOT_FOR_THE_BODY, RequestPlan, request_plan
from evals.completion_fns.openai.requests import (
    SAMPLING_OPTIONS,
    RequestRules,
    refuse_words,
)
from evals.completion_fns.openai.results import OpenAIBaseCompletionResult
from evals.completion_fns.openai.stops import end_at_stop, stopped_in_thoughts
from evals.completion_fns.openai.transport import SdkTransport, http_transport, is_direct
from evals.completion_fns.openai.wire import Transport, WireReply
from evals.engine.failures import CallFailed, Kind
from evals.errors import UsageError, did_you_mean
from evals.specs import ModelInfo

if TYPE_CHECKING:
    from evals.registry.lookup import Registry

_MAX_ADAPTATIONS = 8
"Attempts at one request that differ in the parameters that the server refused."

_STREAM = {"stream": True, "stream_options": {"include_usage": True}}

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Endpoint:
    """One endpoint of the API. path: below the base URL. body: the JSON of a request by prompt, options and rules."""

    path: str
    body: Callable[[Any, Mapping[str, Any], RequestRules], dict[str, Any]]
    result_type: type[OpenAIBaseCompletionResult]


class OpenAIBackend(HostedBackend):
    """What the endpoints have in common: one HTTP request an attempt, its failures classified.

    model, api_base, api_key, n_ctx, extra_options: as in openai/evals; what is not given comes from OPENAI_BASE_URL
    (or OPENAI_API_BASE) and OPENAI_API_KEY. extra_options: request parameters of any name, laid over those of a call.
    registry: where prices are looked up. transport: `http` (lean) or `sdk`. headers: sent with each request, for
    gateways. timeout_s: of one attempt, in seconds; the engine's own is usually shorter. max_tokens_param, drop,
    system_role: how this model's parameters differ (see RequestRules). options: request parameters by name, laid over
    those of a call.

    Raises:
        UsageError: no such transport, an unknown option, a word where a number belongs, or no http or https URL.
    """

    key_variables = ("OPENAI_API_KEY",)
    url_variables = ("OPENAI_BASE_URL", "OPENAI_API_BASE")
    default_base_url = "https://api.openai.com/v1"
    known_options = SAMPLING_OPTIONS | NOT_FOR_THE_BODY
    model_is_optional = True
    speaks_openai = True
    path = ""
    "Of the endpoint, below the base URL."
    result_type: type[OpenAIBaseCompletionResult] = OpenAIBaseCompletionResult

    def __init__(
        self,
        model: str | None = None,
        api_base: str | None = None,
        api_key: str | None = None,
        n_ctx: int | None = None,
        extra_options: Mapping[str, Any] | None = None,
        registry: Registry | None = None,
        *,
        transport: str = "http",
        organization: str | None = None,
        project: str | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = 1200.0,
        max_concurrency: int | None = None,
        max_tokens_param: str | None = None,
        drop: Sequence[str] = (),
        system_role: str | None = None,
        **options: Any,
    ) -> None:
        if transport not in ("http", "sdk"):
            raise UsageError(f"no transport is called {transport!r}", fix="transport=http or transport=sdk")
        super().__init__(
            model,
            base_url=api_base,
            api_key=api_key,
            options=options,
            extra_options=extra_options,
            registry=registry,
            max_concurrency=max_concurrency,
        )
        refuse_words(self.options)
        self.api_base = api_base
        self.n_ctx = n_ctx
        self.limit_key = f"{self.shown_url} {model}"
        self.transport = transport
        self.organization = organization or os.environ.get("OPENAI_ORG_ID")
        self.project = project or os.environ.get("OPENAI_PROJECT_ID")
        self.headers = dict(headers or {})
        self.timeout_s = timeout_s
        self._endpoint: Endpoint | None = None
        self._prompts = PromptWatch()
        self._nothing_known: ModelInfo | None = None
        self._max_n: int | None = None
        "Completions that the server gives in one request, where it has said so."
        self._stream: dict[str, Any] | None = None
        "That no stream is wanted, for a server that streams unasked; or that one is, for a server that gives no other."
        rename = {"max_tokens": max_tokens_param} if max_tokens_param else {}
        self._own_rules = self._rules = RequestRules(rename, frozenset(drop), system_role)

    def cache_identity(self) -> dict[str, Any]:
        """What decides the answer to a request, without secrets."""
        return {
            "endpoint": self.shown_url + self.path,
            "model": self.model,
            "options": {**self.options, **self.extra_options},
            "rules": self._own_rules.as_dict(),
        }

    def prepare_client(self) -> None:
        """Import what the transport needs, and look for a proxy.

        Raises:
            UsageError: no model, a proxy that is no http proxy, or a password in the URL that the SDK does not take.
        """
        if self.model is None:
            raise UsageError("no model is named", fix="give model=NAME to the completion function")
        if self.transport == "http":
            if not is_direct(self.base_url):
                import aiohttp  # noqa: F401  (takes 0.1 s: before the clock of the first request runs)

        elif "@" in self.base_url:
            raise UsageError(
                "transport=sdk takes no user and password in the base URL", fix="leave transport=sdk out, or give a key"
            )

    def needs_key(self) -> bool:
        return self.host.partition(":")[0].endswith(".openai.com")

    def key_advice(self) -> str:
        return f"{super().key_advice()}, or point OPENAI_BASE_URL at your own server"

    def unknown_option(self, name: str) -> UsageError:
        """The error for an argument that is neither the class's own nor a known request parameter."""
        classes = [cls for cls in type(self).__mro__ if issubclass(cls, OpenAIBackend)]
        own = [parameter for cls in classes for parameter in inspect.signature(cls).parameters]
        near = "did you mean: api_base" if name == "base_url" else did_you_mean(name, [*self.known_options, *own])
        return UsageError(
            f"{type(self).__name__} has no argument {name!r}",
            notes=[near],
            fix=f'a parameter that only your server knows goes into extra_options={{"{name}": ...}}',
        )

    def new_client(self, api_key: str) -> Transport:
        if self.transport == "http":
            named = {"OpenAI-Organization": self.organization, "OpenAI-Project": self.project}
            known = {name: value for name, value in named.items() if value}
            credential = {} if "@" in self.base_url else {"Authorization": f"Bearer {api_key}"}
            return http_transport(self.base_url, {**credential, **known, **self.headers})
        return SdkTransport(lambda http_client: self.new_sdk_client(api_key, http_client), self.host)

    def new_sdk_client(self, api_key: str, http_client: Any) -> Any:
        """The SDK's client for `transport=sdk`, its retries off."""
        from openai import AsyncOpenAI

        return AsyncOpenAI(
            api_key=api_key,
            base_url=self.base_url,
            organization=self.organization,
            project=self.project,
            default_headers=self.headers,
            max_retries=0,
            http_client=http_client,
        )

    async def close_client(self, client: Transport) -> None:
        await client.aclose()

    def body(self, prompt: Any, options: Mapping[str, Any], rules: RequestRules) -> dict[str, Any]:
        """The JSON body of a request. prompt: what `formatted` gave."""
        raise NotImplementedError

    def endpoint_for(self, options: Mapping[str, Any]) -> Endpoint:
        """Where a call with these options goes: here always to the class's own endpoint."""
        if self._endpoint is None:
            self._endpoint = Endpoint(self.path, self.body, self.result_type)
        return self._endpoint

    def plan_of(self, options: Mapping[str, Any]) -> RequestPlan:
        """What follows from the options of a call; worked out once for those that come again."""
        known = options if isinstance(options, KnownOptions) else None
        if known is not None and known.derived is not None and known.derived.learnt is self._rules:
            plan: RequestPlan = known.derived
            return plan
        timeout_s = options.get("timeout") or options.get("request_timeout") or self.timeout_s
        plan = request_plan(options, self._rules, self._info(), timeout_s)
        if known is not None:
            known.derived = plan
        return plan

    async def draw_all(self, client: Transport, prompt: Any, options: Mapping[str, Any]) -> list[Completions]:
        """One request, since the endpoints take `n` themselves; several where the model takes less at a time."""
        n, most = int(options.get("n") or 1), self._max_n or self._info().max_n
        if most is not None and n > most:
            sizes = [min(most, n - start) for start in range(0, n, most)]
            return list(await asyncio.gather(*(self.draw(client, prompt, {**options, "n": size}) for size in sizes)))
        try:
            return [await self.draw(client, prompt, options)]
        except CallFailed as failure:
            fewer = fewer_completions(failure.message, n) if failure.status in (400, 422) else None
            if fewer is None:
                raise
            self._max_n = min(fewer, self._max_n or fewer)
            return await self.draw_all(client, prompt, options)

    async def draw(self, client: Transport, prompt: Any, options: Mapping[str, Any]) -> Completions:
        if problem := self.plan_of(options).problem:
            raise CallFailed(Kind.OTHER, problem, host=self.host)
        return await self.draw_at(self.endpoint_for(options), client, prompt, options)

    async def draw_at(
        self, endpoint: Endpoint, client: Transport, prompt: Any, options: Mapping[str, Any]
    ) -> Completions:
        """The completions of one request to this endpoint.

        Raises:
            CallFailed: no usable reply.
        """
        try:
            body, reply, plan = await self.exchange(client, prompt, options, endpoint)
        except CallFailed as failure:
            if failure.status == 400 and says_cut_off(failure.message):
                n = int(options.get("n") or 1)
                return Completions([""] * n, model=self.model, finish_reasons=["length"] * n)
            raise
        raw = with_limit_said(read_reply(reply, self.host), body)
        breakage = endpoint.result_type.breakage_of(raw)
        if breakage is not None:
            raise failure_within(breakage, reply, self.host)
        problem = endpoint.result_type.problem_of(raw)
        if problem is not None:
            raise CallFailed(Kind.BAD_REPLY, f"malformed reply: {problem}", status=reply.status, host=self.host)
        result = endpoint.result_type(raw, prompt)
        if not result.texts:
            raise CallFailed(Kind.BAD_REPLY, "the reply has no choices", status=reply.status, host=self.host)
        if not all(result.texts):
            refuse_silent(endpoint.result_type.silence_of(raw), result, self.host, reply.status)
        refuse_filtered(result, self.host, reply.status)
        if "stop" in body and stopped_in_thoughts(result):
            self._leave_stop_out()
            again = await self.draw_at(endpoint, client, prompt, options)
            again.usage = summed_usage([result.usage, again.usage])
            return again
        if "stop" in options and not body.get("include_stop_str_in_output"):
            end_at_stop(result, options["stop"])
        self._prompts.look(prompt, result)
        result.request = plan.recorded_at(endpoint.path, body)
        if endpoint.path != self.path:
            result.request = {**(result.request or {}), "endpoint": endpoint.path}
        result.headers = kept_headers(reply.headers)
        return result

    async def exchange(
        self, client: Transport, prompt: Any, options: Mapping[str, Any], endpoint: Endpoint | None = None
    ) -> tuple[dict[str, Any], WireReply, RequestPlan]:
        """The body sent, the reply to it, and the plan by which the body was made.

        What the registry says that the model refuses is left out or renamed before the request is sent. A request whose
        parameters are refused all the same is sent again without them, or under the names that the server wants.

        Raises:
            CallFailed: no reply with a good status.
        """
        there = endpoint or self.endpoint_for(options)
        failure: CallFailed | None = None
        for _ in range(_MAX_ADAPTATIONS):
            plan = self.plan_of(options)
            body = there.body(prompt, plan.fields, plan.rules)
            if self._stream is not None:
                body |= self._stream
            if "extra_body" in options:
                body.update(options["extra_body"])
            reply = await client.post(there.path, body, options.get("extra_headers"), plan.timeout_s)
            if reply.status < 300:
                if self._stream is not None or not is_stream(reply):
                    return body, reply, plan
                self._stream = {"stream": False}
                continue
            failure = failure_of_reply(reply, self.host, self.shown_url + there.path)
            if failure.status == 400 and wants_stream(failure.message) and not body.get("stream"):
                self._stream = _STREAM
                continue
            may_adapt = failure.status in (400, 422) or is_of_the_template(failure.message)
            if not may_adapt or not self._adapt(plan.learnt, failure, body):
                raise failure
        assert failure is not None
        raise failure

    def _leave_stop_out(self) -> None:
        """Send no stop texts from now on, and cut completions at them here: the server looks for them in thoughts."""
        if "stop" not in self._rules.drop:
            self._rules = replace(self._rules, drop=self._rules.drop | {"stop"})
            logger.warning("%s: stop texts ended its thoughts: they are no longer sent, and cut here", self.model)

    def cost_of(self, result: Completions) -> float | None:
        """The cost of one request in US dollars, by the prices of its tier, else as the reply says; None if unknown."""
        return known_or_stated(cost_usd(result.usage, at_tier(self.model_info(), tier_of(result.raw_data))), result)

    def _info(self) -> ModelInfo:
        known = self.model_info()
        if known is None:
            known = self._nothing_known = self._nothing_known or ModelInfo(self.model or "")
        return known

    def _adapt(self, rules: RequestRules, failure: CallFailed, body: Mapping[str, Any]) -> bool:
        """Whether the request is worth sending again by other rules; they hold for the rest of the run."""
        if self._rules is not rules:
            return True
        better = adapted(rules, failure.message, body)
        if better is None:
            return False
        self._rules = better
        logger.warning("%s: requests are adapted to the model: %s", self.model, failure.message)
        return True
