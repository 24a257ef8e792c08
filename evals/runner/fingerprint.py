"""What makes two runs the same run: eval, data, model, arguments, scorer version."""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from evals.completion_fns.function import unwrapped
from evals.engine.prompt_form import change_of_form
from evals.engine.traits import cache_identity
from evals.registry.classes import public_path
from evals.runner.contents import contents_of
from evals.secrets import is_secret_name, without_secrets
from evals.specs import CompletionFnSpec

if TYPE_CHECKING:
    from evals.eval import Eval
    from evals.registry.lookup import Registry
    from evals.runner.preflight import Preflight
    from evals.runner.request import RunRequest
    from evals.specs import EvalSpec

_IRRELEVANT = {"api_key", "organization", "project"}


def fingerprint_of(
    request: RunRequest,
    spec: EvalSpec,
    evaluation: Eval,
    facts: Preflight,
    registry: Registry,
) -> dict[str, Any]:
    """The facts that must be equal for a record to be gone on with. No secrets among them."""
    models, fn_specs = {}, {}
    for fn, name in zip(request.completion_fns, request.completion_fn_names, strict=True):
        if isinstance(fn, str):
            fn_spec = fn_specs[name] = registry.resolve_completion_fn(fn)
            models[name] = {"class": public_path(fn_spec.cls), "args": _public(fn_spec.args or {})}
        else:
            models[name] = identity_of(fn)
    eval_args = _eval_args(request, spec, evaluation)
    given = {**fn_specs, "--completion_args": CompletionFnSpec("", _public(request.completion_args))}
    fns = dict(zip(request.completion_fn_names, evaluation.completion_fns, strict=False))
    said = {
        **scoring_facts(request, spec, evaluation, facts),
        "contents": contents_of(eval_args, spec.cls, fns, given, registry, spec.registry_path, facts.pictures),
        "completion_fns": models,
        "completion_args": _public(request.completion_args),
        "overrides": dict(request.settings.overrides),
    }
    if request.shard is not None:
        said["shard"] = [request.shard.index, request.shard.of]
    if sent := _sent_as(spec, evaluation, facts):
        said["prompts_sent_as"] = sent
    if images := _images(request, evaluation):
        said["images"] = images
    plain: dict[str, Any] = json.loads(json.dumps(said, sort_keys=True, default=str))
    return plain


def scoring_facts(request: RunRequest, spec: EvalSpec, evaluation: Eval, facts: Preflight) -> dict[str, Any]:
    """The part of the fingerprint that does not depend on the model: eval, arguments, data, samples."""
    said = {
        "eval": spec.key,
        "class": public_path(spec.cls),
        "eval_args": _eval_args(request, spec, evaluation),
        "scorer": evaluation.fingerprint(),
        "data_sha256": facts.data_sha256,
        "seed": request.seed,
        "max_samples": request.max_samples,
        "repeats": request.repeats,
    }
    plain: dict[str, Any] = json.loads(json.dumps(said, sort_keys=True, default=str))
    return plain


def _eval_args(request: RunRequest, spec: EvalSpec, evaluation: Eval) -> dict[str, Any]:
    eval_args: dict[str, Any] = without_secrets({**(spec.args or {}), **request.extra_eval_params})
    fields = getattr(evaluation, "row_fields", None)  # a plug-in's constructor may leave ours out
    if fields is not None and fields.prompt_name is not None:
        eval_args |= {"prompt": fields.prompt_name, "prompts": {fields.prompt_name: fields.template}}
    return eval_args


def _sent_as(spec: EvalSpec, evaluation: Eval, facts: Preflight) -> str | None:
    """What our rules change of the prompts; None for entries of openai/evals form, which keep the rules of theirs."""
    fns = evaluation.completion_fns
    return None if spec.is_openai_evals_form or not fns else change_of_form(fns[0], facts.first_prompt)


def _images(request: RunRequest, evaluation: Eval) -> dict[str, Any]:
    """How images are seen, as far as that is neither the default nor the eval's own way."""
    images = request.settings.images
    own = evaluation.image_condition
    return {**({} if own in (None, images.seen_as) else {"condition": images.seen_as}), **images.changed()}


def identity_of(fn: Any) -> dict[str, Any]:
    """What tells one completion function made in Python from another: its code, and its state or what it says.

    A change that matters must not go unseen, so one that does not may count too. Values that a function takes
    from around it are not seen, unless it is a method or has them as defaults.
    """
    fn = unwrapped(fn)
    holder = fn if inspect.isroutine(fn) else type(fn)
    said = cache_identity(fn)
    state = said if said is not None else _state_of(getattr(fn, "__self__", fn))
    path = public_path(f"{holder.__module__}:{holder.__qualname__}")
    return {"class": path, "source": _source_of(holder), "state": digest(state)}


def _state_of(value: Any) -> dict[str, Any]:
    """Attributes that say how it answers; private ones do not count, as they hold caches and counters too."""
    plain = (str, int, float, bool, type(None), list, tuple, dict)
    held = getattr(value, "__dict__", {})
    return {name: value for name, value in held.items() if isinstance(value, plain) and not name.startswith("_")}


def _source_of(holder: Any) -> str | None:
    try:
        return digest(inspect.getsource(holder))
    except (OSError, TypeError):
        code = getattr(holder, "__code__", None)
        return None if code is None else digest([code.co_code.hex(), repr(code.co_consts)])


def _public(arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {name: without_secrets(value) for name, value in arguments.items() if not _is_private(name)}


def _is_private(name: str) -> bool:
    return name in _IRRELEVANT or is_secret_name(name)


def digest(value: Any) -> str:
    """A short hash of anything JSON-able, for fingerprints."""
    text = json.dumps(value, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
