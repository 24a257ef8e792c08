"""Models by their registry names, behind the OpenAI API at an address of this machine."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from evals.engine import traits
from evals.errors import MissingExtra, UsageError
from evals.key_values import typed
from evals.local_models.language_model import LanguageModel
from evals.registry.lookup import Registry
from evals.serving.faults import Rules

try:
    from evals.serving.app import make_app
    from evals.serving.middleware import Gate
    from evals.serving.served_model import DEFAULT_BATCH_SIZE, ServedModel
    from evals.serving.server import listening_socket, run_server
except ModuleNotFoundError as error:
    if (error.name or "").partition(".")[0] not in ("starlette", "uvicorn"):
        raise
    raise MissingExtra("evals serve", "serve") from None


def language_model(name: str, registry: Registry, arguments: Mapping[str, str]) -> tuple[LanguageModel, int]:
    """The model that `name` leads to, and how many requests it takes at a time. arguments: for its class, as texts.

    Raises:
        UsageError: the completion function is no model of this process.
    """
    fn = registry.make_completion_fn(name, **{key: typed(text) for key, text in arguments.items()})
    model: LanguageModel | None = traits.language_model(fn)
    if model is None:
        raise UsageError(
            f"{name!r} is no model of this process, so it cannot be served",
            fix="serve pocket/NAME or hf/MODEL",
        )
    return model, traits.traits_of(fn).batch_size or DEFAULT_BATCH_SIZE


def serve(
    names: Sequence[str],
    registry: Registry,
    rules: Rules,
    *,
    host: str,
    port: int,
    arguments: Mapping[str, str],
    aliases: Sequence[str] = (),
    ready: Callable[[str, Mapping[str, LanguageModel]], None],
) -> dict[str, Any]:
    """Serve the models until a signal stops it; the counters in the end.

    aliases: further names of the first model. ready: called with the base URL and the models, by name.
    """
    models: dict[str, ServedModel] = {}
    for name in names:
        models[name] = ServedModel(name, *language_model(name, registry, arguments))
    for alias in aliases:
        models.setdefault(alias, models[names[0]])
    gate = Gate(rules)
    sock = listening_socket(host, port)
    url = f"http://{_shown_host(host)}:{sock.getsockname()[1]}/v1"
    shown = {name: served.model for name, served in models.items()}
    run_server(make_app(models, gate), sock, lambda: ready(url, shown), gate.stop)
    return gate.stats()


def is_loopback(host: str) -> bool:
    """Whether only programs of this machine can reach `host`."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _shown_host(host: str) -> str:
    return f"[{host}]" if ":" in host else host
