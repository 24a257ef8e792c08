"""What makes two runs the same run: eval, data, model, arguments, scorer version."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from evals.secrets import is_secret_name

if TYPE_CHECKING:
    from evals.eval import Eval
    from evals.registry import Registry
    from evals.runner.run import RunRequest
    from evals.specs import EvalSpec

_IRRELEVANT = {"api_key", "organization", "project"}


def fingerprint_of(
    request: RunRequest, spec: EvalSpec, evaluation: Eval, data_sha256: str | None, registry: Registry
) -> dict[str, Any]:
    """The facts that must be equal for a record to be gone on with. No secrets among them."""
    models = {}
    for name in request.completion_fns:
        fn_spec = registry.resolve_completion_fn(name)
        models[name] = {"class": fn_spec.cls, "args": _public(fn_spec.args or {})}
    facts = {
        "eval": spec.key,
        "class": spec.cls,
        "eval_args": {**(spec.args or {}), **request.extra_eval_params},
        "scorer": evaluation.fingerprint(),
        "data_sha256": data_sha256,
        "completion_fns": models,
        "completion_args": _public(request.completion_args),
        "overrides": dict(request.settings.overrides),
        "seed": request.seed,
        "max_samples": request.max_samples,
        "repeats": request.repeats,
    }
    plain: dict[str, Any] = json.loads(json.dumps(facts, sort_keys=True, default=str))
    return plain


def _public(arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in arguments.items() if name not in _IRRELEVANT and not is_secret_name(name)}


def digest(value: Any) -> str:
    """A short hash of anything JSON-able, for fingerprints."""
    text = json.dumps(value, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def first_difference(theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> str | None:
    """`what: there X, here Y` for the first fact that differs; None when the runs are the same."""
    for key in sorted({*theirs, *ours}):
        there, here = theirs.get(key), ours.get(key)
        if there != here:
            return f"{key} differs: there {_short(there)}, here {_short(here)}"
    return None


def _short(value: Any) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= 60 else text[:57] + "..."
