"""What the backends over other providers' SDKs share: options, key, one client a run, n completions, cost."""

from __future__ import annotations

import os
import time
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from evals.completion import Completions
from evals.completion_fns.backend import Backend
from evals.completion_fns.cost import cost_usd, summed_usage
from evals.completion_fns.inner_fns import registry_or_new
from evals.completion_fns.openai.requests import overlaid
from evals.completion_fns.openai.transport import checked_base_url, host_of
from evals.engine.failures import CallFailed, Kind
from evals.errors import UsageError, did_you_mean, listed
from evals.secrets import register_secret
from evals.specs import ModelInfo


class ProviderBackend(Backend):
    """A model behind a provider's SDK. Subclasses say how one request is sent.

    options: sampling arguments laid over those of each call; None takes an eval's own out. base_url, alias api_base:
    another server. api_key: else from the environment (`key_variables`), when the first call is made.
    """

    model: str
    host: str
    key_variables: Sequence[str] = ()
    url_variables: Sequence[str] = ()
    default_base_url: str = ""

    def __init__(
        self, model: str | None, base_url: str | None, api_key: str | None, options: Mapping[str, Any], registry: Any
    ) -> None:
        if not model:
            raise UsageError(f"{type(self).__name__} needs a model", fix="--completion_args model=NAME")
        self.model = model
        from_environment = next((os.environ[name] for name in self.url_variables if os.environ.get(name)), None)
        self.base_url = checked_base_url(base_url or from_environment or self.default_base_url)
        self.options = dict(options)
        self.host = host_of(self.base_url)
        self.limit_key = self.base_url
        self._api_key = api_key
        self._client: Any = None
        self._info: ModelInfo | None = registry_or_new(registry).model_info(model)
        if api_key:
            register_secret(api_key)

    @abstractmethod
    def check_sdk(self) -> None:
        """Raises MissingExtra when the SDK is not installed."""

    @abstractmethod
    def new_client(self, api_key: str) -> Any:
        """The SDK's client, its retries off; made once, on the loop that uses it."""

    @abstractmethod
    async def draw(self, client: Any, prompt: Any, options: Mapping[str, Any]) -> Completions:
        """One completion. Raises CallFailed."""

    def preflight(self) -> None:
        """Find out what must fail before the first call is made.

        Raises:
            UsageError: no key. MissingExtra: no SDK.
        """
        self.check_sdk()
        self.api_key()

    async def complete(self, prompt: Any, **kwargs: Any) -> Completions:
        options = overlaid(kwargs, self.options)
        n_completions = int(options.get("n") or 1)
        client = self.client()
        began_s = time.perf_counter()
        drawn = [await self.draw(client, prompt, options) for _ in range(n_completions)]
        result = drawn[0] if n_completions == 1 else together(drawn)
        if not any(result.texts) and set(result.finish_reasons) == {"content_filter"}:
            raise CallFailed(Kind.CONTENT_FILTER, "the whole answer was filtered", host=self.host)
        result.latency_s = time.perf_counter() - began_s
        result.cost_usd = cost_usd(result.usage, self._info)
        return result

    def client(self) -> Any:
        if self._client is None:
            self.check_sdk()
            self._client = self.new_client(self.api_key())
        return self._client

    def api_key(self) -> str:
        """The key that was given, else the environment's.

        Raises:
            UsageError: there is none.
        """
        key = self._api_key or next((os.environ[name] for name in self.key_variables if os.environ.get(name)), None)
        key = (key or "").strip()
        if not key:
            variable = self.key_variables[0]
            raise UsageError(f"no key for {self.host}: {variable} is not set", fix=f"set {variable}")
        register_secret(key)
        return key

    def cache_identity(self) -> dict[str, Any] | None:
        kind = f"{type(self).__module__}:{type(self).__qualname__}"
        return {"class": kind, "base_url": self.base_url, "model": self.model, "options": self.options}

    def __deepcopy__(self, memo: dict[int, Any]) -> ProviderBackend:
        return self


def together(drawn: Sequence[Completions]) -> Completions:
    """The completions of several requests as those of one."""
    first = drawn[0]
    logprobs = [entry for result in drawn for entry in result.logprobs or [None]]
    return Completions(
        texts=[text for result in drawn for text in result.texts],
        model=first.model,
        usage=summed_usage([result.usage for result in drawn]),
        finish_reasons=[reason for result in drawn for reason in result.finish_reasons],
        logprobs=logprobs if any(entry is not None for entry in logprobs) else None,
        raw_data=[result.raw_data for result in drawn],
        headers=drawn[-1].headers,
        request=first.request,
    )


def checked_options(given: Mapping[str, Any], known: frozenset[str], owner: str) -> dict[str, Any]:
    """`given`, if all of its names are known sampling arguments.

    Raises:
        UsageError: one is not; `extra_options` takes any name.
    """
    for name in given:
        if name not in known:
            raise UsageError(
                f"{owner} takes no argument {name!r}",
                notes=[did_you_mean(name, known), f"sampling arguments: {listed(sorted(known), 12)}"],
                fix="correct it, or pass it on unchecked in extra_options",
            )
    return dict(given)
