"""The base class of backends over a server: key, base URL, options, clients, several completions, price."""

from __future__ import annotations

import copy
import os
import time
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from evals.completion import Completions
from evals.completion_fns.backend import Backend
from evals.completion_fns.base_url import checked_base_url, host_of, secrets_of, shown_url
from evals.completion_fns.call_options import CallOptions, overlaid
from evals.completion_fns.caps import cap_of
from evals.completion_fns.cost import cost_usd, summed_usage
from evals.completion_fns.effort import check_effort, effort_in_words, effort_of
from evals.completion_fns.loop_clients import LoopClients
from evals.completion_fns.room import RoomToReason, checked_headroom
from evals.completion_fns.tool_calls import tool_calls_of
from evals.engine.failures import CallFailed, Kind
from evals.errors import UsageError, did_you_mean, listed
from evals.registry.classes import public_path
from evals.secrets import register_secret
from evals.specs import ModelInfo

PLACEHOLDER_KEY = "no-key"
"Sent when no key is set to a server that needs none; most of them want the header and not the key."


_UNKNOWN = ModelInfo("")


class HostedBackend(Backend):
    """A model behind the API of a provider. A subclass says what a client is, and how one request is sent.

    It writes `new_client`, `close_client` and `draw`, sets the class attributes below, and may override other methods,
    such as `prepare_client`, `needs_key` and `draw_all`. docs/adding-a-backend.md has an example.

    model: its name for the API. base_url: the server. api_key: None takes it from the environment when it is needed.
    options: sampling arguments by name, laid over those of each call; None takes an argument of the eval out. Beside
    them `effort` (of reasoning) and `headroom` (tokens on top of an eval's cap while the model reasons).
    extra_options: laid over both, under any name. registry: knows the prices; None: costs are not known.
    max_concurrency: calls in flight that the server takes.

    Raises:
        UsageError: no model, no http or https URL, or an option that is not in `known_options`.
    """

    key_variables: Sequence[str] = ()
    "Environment variables that may hold the key, the first choice first."
    url_variables: Sequence[str] = ()
    "Environment variables that may hold the base URL, the first choice first."
    default_base_url: str = ""
    known_options: frozenset[str] = frozenset()
    "Sampling arguments that may be given by name."
    kind: str = "a hosted model"
    "What messages call such a model."

    default_max_tokens: int | None = None
    "The cap that is sent with calls that have none; None where the server takes calls without one."

    model_is_optional: bool = False
    "The object may be made without a model, as classes of openai/evals may; `prepare_client` then refuses to go on."

    host: str

    def __init__(
        self,
        model: str | None,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        options: Mapping[str, Any] | None = None,
        extra_options: Mapping[str, Any] | None = None,
        registry: Any = None,
        max_concurrency: int | None = None,
    ) -> None:
        if not model and not self.model_is_optional:
            raise UsageError(f"{type(self).__name__} needs a model", fix="--completion_args model=NAME")
        self.model = model
        self.api_key = api_key
        given = dict(options or {})
        headroom = checked_headroom(given.pop("headroom", None))
        effort = given.pop("effort", None)
        self.options = self.checked_options(given) | ({} if effort is None else {"reasoning_effort": str(effort)})
        self.extra_options = dict(extra_options or {})
        self._call_options = CallOptions(self.options, self.extra_options)
        self.registry = registry
        self.max_concurrency = max_concurrency
        self.base_url = checked_base_url(self.find_base_url(base_url))
        self.host = host_of(self.base_url)
        self.limit_key = self.shown_url
        for secret in [api_key, *secrets_of(self.base_url)]:
            if secret:
                register_secret(secret)
        self._clients: LoopClients[Any] = LoopClients(self._make_client, self.close_client)
        self._model_info: ModelInfo | None = None
        self._room = RoomToReason(headroom, self.default_max_tokens)

    @abstractmethod
    def new_client(self, api_key: str) -> Any:
        """A client for the running event loop, its own retries off. Called on that loop, once for each."""

    @abstractmethod
    async def close_client(self, client: Any) -> None:
        """End what `new_client` made. Called on the same loop."""

    @abstractmethod
    async def draw(self, client: Any, prompt: Any, options: Mapping[str, Any]) -> Completions:
        """Send one request and read its reply; latency and cost are filled in afterwards.

        prompt: what `formatted` gave. options: all sampling arguments of the call, none of them None.

        Raises:
            CallFailed: no usable reply.
        """

    def prepare_client(self) -> None:
        """Find out what would keep `new_client` from working, and import what takes long. Called before each client.

        Raises:
            EvalsError: for example MissingExtra, where a package is not installed.
        """

    def needs_key(self) -> bool:
        """Whether the server refuses calls without a key; else `PLACEHOLDER_KEY` is sent."""
        return True

    def key_advice(self) -> str:
        """What to do when no key is set."""
        return f"set {self.key_variables[0]}"

    def checked_options(self, options: dict[str, Any]) -> dict[str, Any]:
        """The options, all of them known. Raises UsageError for one that is not; `extra_options` takes any name."""
        for name in options:
            if name not in self.known_options:
                raise self.unknown_option(name)
        return options

    def unknown_option(self, name: str) -> UsageError:
        """The error for an option that is not in `known_options`."""
        return UsageError(
            f"{self.kind} takes no argument {name!r}",
            notes=[
                did_you_mean(name, self.known_options),
                f"sampling arguments: {listed(sorted(self.known_options), 12)}",
            ],
            fix="correct it, or pass it on unchecked in extra_options",
        )

    def find_base_url(self, given: str | None) -> str:
        """The base URL: the one that was given, else from the environment, else the provider's own."""
        return given or _first_set(self.url_variables) or self.default_base_url

    def formatted(self, prompt: Any) -> Any:
        """The prompt in the form that `draw` wants."""
        return prompt

    async def draw_all(self, client: Any, prompt: Any, options: Mapping[str, Any]) -> list[Completions]:
        """The results of as many requests as `n` completions take: here one each, one after the other."""
        return [await self.draw(client, prompt, options) for _ in range(int(options.get("n") or 1))]

    def cache_identity(self) -> dict[str, Any] | None:
        """What decides the answers beside the request, without secrets."""
        path = public_path(f"{type(self).__module__}:{type(self).__qualname__}")
        options = {**self.options, **self.extra_options}
        return {"class": path, "base_url": self.shown_url, "model": self.model, "options": options}

    def __repr__(self) -> str:
        return f"{type(self).__name__}(model={self.model!r}, base_url={self.shown_url!r})"

    def effort_in_words(self, options: Mapping[str, Any]) -> str | None:
        """The effort of calls with these options laid under the model's own; None where it is not known."""
        return effort_in_words(self.model_info(), overlaid(options, self.options, self.extra_options))

    @property
    def shown_url(self) -> str:
        """The base URL without user, password and query."""
        return shown_url(self.base_url)

    def preflight(self) -> None:
        """Find out what must fail before the first call is made.

        Raises:
            UsageError: no key, or an effort that the model does not take. EvalsError: what `prepare_client` raises.
        """
        self.prepare_client()
        self.find_key()
        info = self.model_info()
        if info is not None:
            check_effort(info, effort_of({**self.options, **self.extra_options}))

    def client(self) -> Any:
        """The client of the running loop; made where it is first asked for.

        Raises:
            EvalsError: as `preflight`.
        """
        return self._clients.get()

    def _make_client(self) -> Any:
        self.prepare_client()
        return self.new_client(self.find_key())

    def find_key(self) -> str:
        """The key that was given, else the environment's, known as a secret from now on.

        White space around it, such as the line end that copying leaves, is cut off.

        Raises:
            UsageError: none is set, and the server needs one.
        """
        key = (self.api_key or _first_set(self.key_variables) or "").strip()
        if key:
            register_secret(key)
        elif self.needs_key():
            raise UsageError(f"no key for {self.host}: {self.key_variables[0]} is not set", fix=self.key_advice())
        return key or PLACEHOLDER_KEY

    def model_info(self) -> ModelInfo | None:
        """What the registry knows of the model; None without a registry."""
        if self._model_info is None and self.registry is not None and self.model is not None:
            self._model_info = self.registry.model_info(self.model)
        return self._model_info

    async def complete(self, prompt: Any, **kwargs: Any) -> Completions:
        """One attempt at `n` completions (1 by default).

        A cap that an eval sets (`max_tokens`) means the visible answer: while the model reasons it gets headroom. Where
        a completion was cut off before its text began, or within it and nobody knew that the model reasons, the call is
        made once more with a larger cap; its tokens and its cost are those of both.

        kwargs: sampling arguments in the words of the OpenAI API; the options of the constructor lie over them.

        Raises:
            CallFailed: no usable reply. EvalsError: as `preflight`.
        """
        options = self._call_options.of(kwargs)
        formatted = self.formatted(prompt)
        client = self.client()
        info = self.model_info() or _UNKNOWN

        async def draw(chosen: Mapping[str, Any]) -> list[Completions]:
            return await self.draw_all(client, formatted, chosen)

        began_s = time.perf_counter()
        cap = self._room.first_cap(options, info)
        drawn = await (
            self.draw_all(client, formatted, options) if cap is None else self._room.draw(draw, options, cap)
        )
        result = _joined(drawn)
        refuse_filtered(result, self.host)
        again = None
        if self._room.needs_more(result, options, cap):
            again = await self._room.draw_again(draw, options, cap, info)
        if again is not None:
            self._room.saw(result)
            result = _joined(again)
            result.request = {**(result.request or {}), "cut_off_before": _cap_sent(drawn[0])}
            drawn = [*drawn, *again]
            result.usage = summed_usage([part.usage for part in drawn])
        if not result.tool_calls:
            result.tool_calls = tool_calls_of(result)
        self._room.saw(result)
        result.latency_s = time.perf_counter() - began_s
        result.cost_usd = _summed([self.cost_of(part) for part in drawn])
        if any(part.cost_source for part in drawn):
            result.cost_source = "server"
        return result

    def cost_of(self, result: Completions) -> float | None:
        """The cost of one request in US dollars; None where they are not known."""
        return cost_usd(result.usage, self.model_info())

    async def aclose(self) -> None:
        """End the client of the running loop; a later call makes a new one."""
        await self._clients.aclose()


def _joined(drawn: Sequence[Completions]) -> Completions:
    return drawn[0] if len(drawn) == 1 else together(drawn)


def refuse_filtered(result: Completions, host: str, status: int | None = None) -> None:
    """Raise CallFailed where a filter took away every completion: nothing is left to be scored."""
    if not any(result.texts) and set(result.finish_reasons) == {"content_filter"}:
        raise CallFailed(Kind.CONTENT_FILTER, "the whole answer was filtered", status=status, host=host)


def together(drawn: Sequence[Completions]) -> Completions:
    """The completions of several requests as those of one. Usage is summed; the headers are the last request's."""
    result = copy.copy(drawn[0])
    logprobs = [entry for part in drawn for entry in part.logprobs or [None]]
    result.texts = [text for part in drawn for text in part.texts]
    result.finish_reasons = [reason for part in drawn for reason in part.finish_reasons]
    result.logprobs = logprobs if any(entry is not None for entry in logprobs) else None
    result.usage = summed_usage([part.usage for part in drawn])
    result.raw_data = [part.raw_data for part in drawn]
    reasoning = [shown for part in drawn for shown in part.reasoning or [None] * len(part.texts)]
    result.reasoning = reasoning if any(reasoning) else None
    if any(part.tool_calls for part in drawn):
        result.tool_calls = [calls for part in drawn for calls in part.tool_calls or [[] for _ in part.texts]]
    result.messages = [message for part in drawn for message in part.messages or ()] or None
    result.headers = drawn[-1].headers
    return result


def _cap_sent(result: Completions) -> int | None:
    """The cap on tokens in the request of a result."""
    cap = cap_of(result.request or {})
    return None if cap is None else cap.n_tokens


def _summed(costs: Sequence[float | None]) -> float | None:
    """The sum in US dollars; None where one of them is not known."""
    known = [cost for cost in costs if cost is not None]
    return sum(known) if len(known) == len(costs) else None


def _first_set(variables: Sequence[str]) -> str | None:
    """The value of the first of these environment variables that is set and not empty."""
    return next((os.environ[name] for name in variables if os.environ.get(name)), None)
