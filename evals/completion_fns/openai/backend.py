"""The backend that all OpenAI endpoints share: keys, base URL, one attempt at a request, refused parameters mended."""

from __future__ import annotations

import inspect
import logging
import os
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from evals.completion import Completions
from evals.completion_fns.backend import Backend
from evals.completion_fns.cost import cost_usd
from evals.completion_fns.openai.requests import (
    NUMBERS,
    SAMPLING_OPTIONS,
    RequestRules,
    adapted,
    cut_at,
    overlaid,
    recorded_request,
)
from evals.completion_fns.openai.results import (
    OpenAIBaseCompletionResult,
    failure_of_reply,
    rate_limit_headers,
    read_reply,
)
from evals.completion_fns.openai.transport import (
    HttpTransport,
    SdkTransport,
    Transport,
    WireReply,
    checked_base_url,
    host_of,
    secrets_of,
    shown_url,
)
from evals.engine.failures import CallFailed, Kind
from evals.errors import UsageError, did_you_mean
from evals.secrets import register_secret

if TYPE_CHECKING:
    from evals.registry.lookup import Registry
    from evals.specs import ModelInfo

DEFAULT_BASE_URL = "https://api.openai.com/v1"
PLACEHOLDER_KEY = "no-key"
"Sent to servers other than OpenAI's when no key is set; most of them want the header and not the key."

_MAX_ADAPTATIONS = 8
_NOT_FOR_THE_BODY = frozenset({"extra_headers", "extra_body", "timeout", "request_timeout", "stream"})

logger = logging.getLogger(__name__)


class OpenAIBackend(Backend):
    """What the endpoints have in common: one HTTP request an attempt, its failures classified.

    model, api_base, api_key, n_ctx, extra_options: as in openai/evals; what is not given comes from OPENAI_BASE_URL
    (or OPENAI_API_BASE) and OPENAI_API_KEY. extra_options: request parameters of any name, laid over those of a call.
    registry: where prices are looked up. transport: `http` (lean) or `sdk`. headers: sent with each request, for
    gateways. timeout_s: of one attempt; the engine's own is usually shorter. max_tokens_param, drop, system_role: how
    this model's parameters differ (see RequestRules). options: request parameters by name, laid over those of a call.
    """

    host: str
    path = ""
    result_type: type[OpenAIBaseCompletionResult] = OpenAIBaseCompletionResult
    key_variable = "OPENAI_API_KEY"
    speaks_openai = True

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
        self.model = model
        self.api_base = api_base
        self.api_key = api_key
        self.n_ctx = n_ctx
        self.extra_options = dict(extra_options or {})
        self.registry = registry
        self.transport = transport
        self.organization = organization or os.environ.get("OPENAI_ORG_ID")
        self.project = project or os.environ.get("OPENAI_PROJECT_ID")
        self.headers = dict(headers or {})
        self.timeout_s = timeout_s
        self.max_concurrency = max_concurrency
        self.options = self._checked_options(options)
        _refuse_words(self.options)
        self.base_url = checked_base_url(self._find_base_url())
        self.host = host_of(self.base_url)
        self.limit_key = f"{self._shown_url()} {model}"
        for secret in secrets_of(self.base_url):
            register_secret(secret)
        rename = {"max_tokens": max_tokens_param} if max_tokens_param else {}
        self._own_rules = self._rules = RequestRules(rename, frozenset(drop), system_role)
        self._wire: Transport | None = None
        self._info: ModelInfo | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}(model={self.model!r}, base_url={self._shown_url()!r})"

    def __deepcopy__(self, memo: dict[int, Any]) -> OpenAIBackend:
        """Itself: solvers are copied for each sample, and a client a sample costs more than the call."""
        return self

    def cache_identity(self) -> dict[str, Any]:
        """What decides the answer to a request, without secrets."""
        return {
            "endpoint": self._shown_url() + self.path,
            "model": self.model,
            "options": overlaid(self.options, self.extra_options),
            "rules": self._own_rules.as_dict(),
        }

    def preflight(self) -> None:
        """Find out what must fail before the first call is made.

        Raises:
            UsageError: no model, or no key for a server that needs one.
        """
        self._ready()

    async def complete(self, prompt: Any, **kwargs: Any) -> Completions:
        """One attempt, as the engine wants it; parameters as of the endpoint.

        Raises:
            CallFailed: no usable reply. UsageError: no key is set.
        """
        options = overlaid(kwargs, self.options, self.extra_options)
        return await self._call(self._formatted(prompt), options)

    async def aclose(self) -> None:
        if self._wire is not None:
            await self._wire.aclose()

    def _formatted(self, prompt: Any) -> Any:
        raise NotImplementedError

    def _body(self, prompt: Any, options: Mapping[str, Any], rules: RequestRules) -> dict[str, Any]:
        raise NotImplementedError

    async def _call(self, prompt: Any, options: dict[str, Any]) -> Completions:
        wire = self._ready()
        began_s = time.perf_counter()
        body, reply, rules = await self._exchange(wire, prompt, options)
        raw = read_reply(reply, self.host)
        result = self.result_type(raw, prompt)
        if not result.texts:
            raise CallFailed(Kind.BAD_REPLY, "the reply has no choices", status=reply.status, host=self.host)
        if not any(result.texts) and set(result.finish_reasons) == {"content_filter"}:
            raise CallFailed(Kind.CONTENT_FILTER, "the whole answer was filtered", status=reply.status, host=self.host)
        if "stop" in options and "stop" not in body:
            result.texts = [cut_at(text, options["stop"]) for text in result.texts]
        result.latency_s = time.perf_counter() - began_s
        result.cost_usd = cost_usd(result.usage, self._model_info())
        result.request = recorded_request(body, rules.changes_to(options))
        result.headers = rate_limit_headers(reply.headers)
        return result

    async def _exchange(
        self, wire: Transport, prompt: Any, options: dict[str, Any]
    ) -> tuple[dict[str, Any], WireReply, RequestRules]:
        """The body sent, the reply to it, and the rules it was made by; refused parameters are mended on the way."""
        fields = {name: value for name, value in options.items() if name not in _NOT_FOR_THE_BODY}
        timeout_s = options.get("timeout") or options.get("request_timeout") or self.timeout_s
        for _ in range(_MAX_ADAPTATIONS):
            rules = self._rules
            body = {**self._body(prompt, fields, rules), **options.get("extra_body", {})}
            reply = await wire.post(self.path, body, options.get("extra_headers"), timeout_s)
            if reply.status < 300:
                return body, reply, rules
            failure = self._failure(reply)
            if failure.status not in (400, 422) or not self._adapt(rules, failure, body):
                raise failure
        raise failure

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

    def _failure(self, reply: WireReply) -> CallFailed:
        return failure_of_reply(reply, self.host, self._shown_url() + self.path)

    def _shown_url(self) -> str:
        return shown_url(self.base_url)

    def _find_base_url(self) -> str:
        given = self.api_base or os.environ.get("OPENAI_BASE_URL") or os.environ.get("OPENAI_API_BASE")
        return given or DEFAULT_BASE_URL

    def _key(self) -> str:
        key = self._registered(self.api_key or os.environ.get(self.key_variable))
        if key:
            return key
        if self._needs_key():
            raise UsageError(
                f"no key for {self.host}: {self.key_variable} is not set",
                fix=f"set {self.key_variable}, or point OPENAI_BASE_URL at your own server",
            )
        return PLACEHOLDER_KEY

    def _needs_key(self) -> bool:
        return self.host.partition(":")[0].endswith(".openai.com")

    @staticmethod
    def _registered(key: str | None) -> str | None:
        """The key without the line ends that copying leaves, known as a secret from now on."""
        key = (key or "").strip() or None
        if key:
            register_secret(key)
        return key

    def _ready(self) -> Transport:
        if self._wire is None:
            if self.model is None:
                raise UsageError("no model is named", fix="give model=NAME to the completion function")
            self._wire = self._new_transport(self._key())
        return self._wire

    def _new_transport(self, key: str) -> Transport:
        if self.transport == "http":
            named = {"OpenAI-Organization": self.organization, "OpenAI-Project": self.project}
            known = {name: value for name, value in named.items() if value}
            credential = {} if "@" in self.base_url else {"Authorization": f"Bearer {key}"}
            return HttpTransport(self.base_url, {**credential, **known, **self.headers})
        return SdkTransport(lambda http_client: self._new_sdk_client(key, http_client), self.host)

    def _new_sdk_client(self, key: str, http_client: Any) -> Any:
        from openai import AsyncOpenAI

        return AsyncOpenAI(
            api_key=key,
            base_url=self.base_url,
            organization=self.organization,
            project=self.project,
            default_headers=self.headers,
            max_retries=0,
            http_client=http_client,
        )

    def _model_info(self) -> ModelInfo | None:
        if self._info is None and self.registry is not None and self.model is not None:
            self._info = self.registry.model_info(self.model)
        return self._info

    @classmethod
    def known_options(cls) -> frozenset[str]:
        """Request parameters that can be given by name."""
        return SAMPLING_OPTIONS | _NOT_FOR_THE_BODY

    def _checked_options(self, options: dict[str, Any]) -> dict[str, Any]:
        for name in options:
            if name not in self.known_options():
                raise unknown_option(self, name)
        return options


def _refuse_words(options: Mapping[str, Any]) -> None:
    """Raise UsageError for a word where a number belongs, which every server refuses."""
    for name, value in options.items():
        if name in NUMBERS and isinstance(value, str):
            raise UsageError(f"{name} must be a number, not {value!r}", fix=f"write {name}=NUMBER")


def unknown_option(backend: OpenAIBackend, name: str) -> UsageError:
    """The error for an argument that is neither the class's own nor a known request parameter."""
    own = [p for cls in type(backend).__mro__ for p in inspect.signature(cls).parameters]
    return UsageError(
        f"{type(backend).__name__} has no argument {name!r}",
        notes=[did_you_mean(name, [*backend.known_options(), *own])],
        fix=f'a parameter that only your server knows goes into extra_options={{"{name}": ...}}',
    )
