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


def recorded_fingerprint(spec: Mapping[str, Any]) -> dict[str, Any] | None:
    """The fingerprint in a record's first line, our classes under their public paths; None without one."""
    config = spec.get("run_config")
    fingerprint = config.get("fingerprint") if isinstance(config, Mapping) else None
    if not isinstance(fingerprint, Mapping):
        return None
    models = fingerprint.get("completion_fns")
    known = models if isinstance(models, Mapping) else {}
    renamed = {name: without_secrets(_with_public_class(model)) for name, model in known.items()}
    facts = {**_with_public_class(fingerprint)}
    facts |= {name: without_secrets(facts[name]) for name in ("completion_args", "eval_args") if name in facts}
    return {**facts, "completion_fns": renamed} if known else dict(facts)


def _with_public_class(facts: Any) -> Any:
    path = facts.get("class") if isinstance(facts, Mapping) else None
    return {**facts, "class": public_path(path)} if isinstance(path, str) else facts


def first_difference(theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> str | None:
    """`what: there X, here Y` for the first fact that differs; None when the runs are the same.

    What an older record does not say is taken to be the same: nothing can be told of it.
    """
    for key in sorted({*theirs, *ours}):
        there, here = theirs.get(key), ours.get(key)
        if key in _BY_CONTENT:
            difference = _other_content(there, here)
            if difference is not None:
                return difference
        elif there != here:
            return f"other {_WORDS.get(key, key)}: there {_short(there)}, here {_short(here)}"
    return None


_BY_CONTENT = ("contents", "scorer")
"Facts with a digest or a version for each thing; records of earlier versions have fewer of them, or none."


def _other_content(there: Any, here: Any) -> str | None:
    if not isinstance(there, Mapping) or not isinstance(here, Mapping):
        return None
    for name in sorted(there.keys() & here.keys()):
        if there[name] != here[name]:
            word = _CONTENT_WORDS.get(name, name)
            return f"other {word}: there {_short(there[name])}, here {_short(here[name])}"
    return None


_CONTENT_WORDS = {
    "version": "version of the scorer",
    "rubric": "text or scores of the rubric",
    "few_shot": "few-shot rows",
    "pictures": "pictures",
}


_WORDS = {
    "completion_fns": "model",
    "completion_args": "--completion_args",
    "data_sha256": "data",
    "eval_args": "eval arguments",
    "overrides": "sampling options",
    "prompts_sent_as": "form of the prompts",
}
"Facts under the names by which people know them; the others go by their own."


def _short(value: Any) -> str:
    """A fact in few words: of models the names, of options `name=value`."""
    if isinstance(value, dict):
        pairs = (
            name if isinstance(of, dict) else f"{name}={json.dumps(of, default=str)}" for name, of in value.items()
        )
        text = ", ".join(pairs) or "none"
    else:
        text = json.dumps(value, default=str)
    return text if len(text) <= 60 else text[:57] + "..."
