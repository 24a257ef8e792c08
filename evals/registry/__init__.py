"""Names to objects, from the YAML files of all registries; the path of openai/evals too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evals.lazy import lazy_names

if TYPE_CHECKING:
    from evals.registry.lookup import Registry as Registry
    from evals.registry.lookup import is_chat_model as is_chat_model
    from evals.registry.lookup import logger as logger
    from evals.registry.lookup import n_ctx_from_model_name as n_ctx_from_model_name
    from evals.registry.lookup import registry as registry
    from evals.registry.roots import bundled_data_root as bundled_data_root
    from evals.registry.roots import bundled_root as bundled_root
    from evals.registry.roots import default_registry_paths as default_registry_paths
    from evals.specs import BaseEvalSpec as BaseEvalSpec
    from evals.specs import CompletionFnSpec as CompletionFnSpec
    from evals.specs import EvalSetSpec as EvalSetSpec
    from evals.specs import EvalSpec as EvalSpec
    from evals.specs import ModelGradedSpec as ModelGradedSpec

_HOMES = {
    "BaseEvalSpec": "evals.specs",
    "CompletionFnSpec": "evals.specs",
    "EvalSetSpec": "evals.specs",
    "EvalSpec": "evals.specs",
    "ModelGradedSpec": "evals.specs",
    "Registry": "evals.registry.lookup",
    "bundled_data_root": "evals.registry.roots",
    "bundled_root": "evals.registry.roots",
    "default_registry_paths": "evals.registry.roots",
    "is_chat_model": "evals.registry.lookup",
    "logger": "evals.registry.lookup",
    "n_ctx_from_model_name": "evals.registry.lookup",
    "registry": "evals.registry.lookup",
}

__all__ = list(_HOMES)
__getattr__, __dir__ = lazy_names(globals(), _HOMES)
