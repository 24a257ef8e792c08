"""Serves models by their registry names, behind the OpenAI API, at an address of this machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from evals.engine import traits
from evals.errors import MissingExtra, UsageError
from evals.key_values import typed
from evals.local_models.language_model import LanguageModel
from evals.registry.lookup import Registry
from evals.serving.faults import Rules
from evals.serving.same_site import is_loopback

try:
    from evals.serving.app import make_app
    from evals.serving.middleware import Middleware
    from evals.serving.served_model import DEFAULT_BATCH_SIZE, ServedModel
    from evals.serving.server import listening_socket, run_server
except ModuleNotFoundError as error:
    if (error.name or "").partition(".")[0] not in ("starlette", "uvicorn"):
        raise
    raise MissingExtra("evals serve", "serve") from None


def language_model(name: str, registry: Registry, arguments: Mapping[str, str]) -> tuple[LanguageModel, int]:
    """(the model that `name` leads to, requests that it takes in a batch). arguments: for its class, as texts.

    Raises:
        RegistryError: nothing has this name, or its class cannot be made. UsageError: it is no model of this process.
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
    allowed_hosts: Sequence[str] = (),
    clamps: bool = False,
    ready: Callable[[str, Mapping[str, LanguageModel]], None],
) -> dict[str, Any]:
    """Serve the models until SIGINT or SIGTERM; the counters of `Middleware.stats` at the end.

    names: of the registry. arguments: for the classes of all models, as texts. aliases: further names of the first
    model. allowed_hosts: names by which the server is reached, beside the loopback's (see `SameSite`). port: 0 takes a
    free one. clamps: see `make_app`. ready: called once connections are taken, with the base URL and the models by
    name.

    Raises:
        UsageError: a name leads to no model of this process, or host and port cannot be used.
    """
    models: dict[str, ServedModel] = {}
    for name in names:
        models[name] = ServedModel(name, *language_model(name, registry, arguments))
    for alias in aliases:
        models.setdefault(alias, models[names[0]])
    middleware = Middleware(rules)
    sock = listening_socket(host, port)
    url = f"http://{_shown_host(host)}:{sock.getsockname()[1]}/v1"
    shown = {name: served.model for name, served in models.items()}
    hosts = [host, *allowed_hosts] if is_loopback(host) or allowed_hosts else None
    run_server(make_app(models, middleware, hosts, clamps=clamps), sock, lambda: ready(url, shown), middleware.stop)
    return middleware.stats()


def _shown_host(host: str) -> str:
    return f"[{host}]" if ":" in host else host
