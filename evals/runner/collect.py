"""Collects evals of a YAML file, and sample ids of an eval, for tests. No model is called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from evals.completion_fns.dummy import DummyCompletionFn
from evals.engine.sample_order import sample_order
from evals.errors import RegistryError, UsageError
from evals.eval import Eval
from evals.registry.index import YamlFile
from evals.registry.lookup import Registry
from evals.registry.whose_code import plugins_answer_for
from evals.sample import sample_id


def registry_folder_of(path: Path) -> Path:
    """The registry that a YAML file of evals belongs to: the folder that contains its `evals/`."""
    return path.resolve().parent.parent


def collect_eval_names(path: Path) -> list[str]:
    """The names of the evals that a YAML file binds to a class, in the file's order, without aliases.

    Raises:
        RegistryError: there is no such file, it is broken, or holds no eval.
    """
    if not path.is_file():
        raise RegistryError("there is no such file", where=str(path), fix="name a YAML file in a registry's evals/")
    entries = YamlFile(path, registry_folder_of(path)).entries().values()
    names = [entry.name for entry in entries if isinstance(entry.body, dict) and "class" in entry.body]
    if not names:
        raise RegistryError("no evals here", where=str(path), fix="name a YAML file in a registry's evals/")
    return names


def collect_sample_ids(
    eval_name: str,
    *,
    registry_paths: Sequence[str | Path] = (),
    data_paths: Sequence[str | Path] = (),
    eval_args: Mapping[str, Any] | None = None,
    max_samples: int | None = None,
) -> list[str]:
    """The ids of the samples that a run of the eval evaluates, in its order.

    Raises:
        EvalsError: the eval or its data cannot be used, or the eval makes its samples while it runs.
    """
    registry = Registry()
    registry.add_registry_paths(list(registry_paths))
    registry.data_paths.extend(map(str, data_paths))
    evaluation = _built(eval_name, registry, eval_args or {})
    with plugins_answer_for(evaluation, named_by=f"eval {eval_name!r}"):
        n_samples = len(evaluation.stream_samples())
    return [sample_id(evaluation.name, index) for index in sample_order(n_samples, max_samples)]


def _built(eval_name: str, registry: Registry, eval_args: Mapping[str, Any]) -> Eval:
    spec = registry.find_eval(eval_name)
    made: Eval = registry.make_eval(spec, [DummyCompletionFn()], **eval_args)
    if getattr(made, "samples_jsonl", None) is None and type(made).get_samples is Eval.get_samples:
        raise UsageError(
            f"eval {spec.key!r} makes its samples while it runs, so their ids are not known before",
            where=spec.where,
            fix="test the eval as a whole, not sample by sample",
        )
    return made
