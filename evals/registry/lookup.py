"""Names to specs and objects: evals, completion functions, solvers, rubrics and sets."""

from __future__ import annotations

import functools
import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from evals.errors import RegistryError, listed
from evals.registry.aliases import first_entry, follow
from evals.registry.classes import accepts, build, load_object
from evals.registry.entries import (
    alias_of,
    as_base_eval_spec,
    as_completion_fn_spec,
    as_eval_set_spec,
    as_eval_spec,
    as_modelgraded_spec,
    check_entry,
    members_of,
)
from evals.registry.files import RegistryFiles
from evals.registry.index import Index, RawEntry
from evals.registry.models import (
    Pattern,
    as_model_info,
    model_argument,
    model_facts,
    only_informs,
    patterns_of,
    refuse_reserved,
    routed,
    star_pattern,
    without_prefix,
)
from evals.registry.roots import bundled_root
from evals.specs import BaseEvalSpec, CompletionFnSpec, EvalSetSpec, EvalSpec, ModelGradedSpec, ModelInfo

logger = logging.getLogger("evals")


DEFAULT_COMPLETION_FN = "default"
"The entry that takes every model name which no other entry takes."


class Registry(RegistryFiles):
    """What the YAML files of `registry_paths` name; a later path wins over an earlier one.

    Without paths: the built-in registry and `~/.evals`. Nothing is read before it is asked for.
    Backends are always found in the built-in registry too, so that model names work with any list of paths.
    """

    # -- evals ----------------------------------------------------------------------------------------------------

    def find_eval(self, name: str) -> EvalSpec:
        """The spec that `name` or its alias leads to. Raises RegistryError with near misses where there is none."""
        entry = self._chain("evals", name)[-1]
        if "." not in entry.name:
            raise RegistryError(
                f"eval {entry.name!r} has no split in its name",
                where=entry.where,
                notes=["a spec is called <base>.<split>.<version>; a name without a dot is an alias with an 'id'"],
                fix=f"call it {entry.name}.dev.v0, and add the alias '{entry.name}' with 'id: {entry.name}.dev.v0'",
            )
        return as_eval_spec(entry)

    def eval_facts(self, name: str) -> dict[str, Any]:
        """What the YAML files say of an eval beside class and arguments: description, metrics, reference, tags ...

        From its aliases and its spec, the spec's word first; for a spec's name, also from the alias of its base.
        """
        chain = self._chain("evals", name)
        base = self._index("evals").get(name.split(".", maxsplit=1)[0])
        if base is not None and alias_of(base) == chain[-1].name:
            chain = [base, *chain]
        bodies = [entry.body for entry in chain if isinstance(entry.body, dict)]
        merged = {key: value for body in bodies for key, value in body.items()}
        return {key: value for key, value in merged.items() if key not in ("id", "class", "args")}

    def get_eval(self, name: str) -> EvalSpec | None:
        """The spec of `name`, or None with a warning where no entry has that name."""
        chain = self._known_chain(["evals"], name)
        return as_eval_spec(chain[-1]) if chain else None

    def get_evals(self, patterns: Sequence[str]) -> Iterator[EvalSpec | None]:
        """The spec of each name that fits one of `patterns` (only `*` is special), in load order.

        An alias and its target both fit `*` and give the same spec twice: as in openai/evals, the caller drops one.
        """
        compiled = [star_pattern(pattern) for pattern in patterns]
        index = self._index("evals")
        for name in index.names():
            if any(pattern.match(name) for pattern in compiled) and index.get(name) is not None:
                yield self.get_eval(name)

    def get_base_eval(self, name: str) -> BaseEvalSpec | None:
        """The alias of that name, unresolved, or None."""
        entry = self._index("evals").get(name)
        if entry is None:
            return None
        check_entry(entry, "evals")
        return as_base_eval_spec(entry)

    def get_base_evals(self) -> list[BaseEvalSpec | None]:
        """All entries whose name has no dot."""
        return [self.get_base_eval(name) for name in self._evals if "." not in name]

    def get_eval_set(self, name: str) -> EvalSetSpec | None:
        """The set of that name, or None with a warning."""
        chain = self._known_chain(["eval_sets"], name)
        return as_eval_set_spec(chain[-1]) if chain else None

    def find_eval_set(self, name: str) -> EvalSetSpec:
        """The set of that name. Raises RegistryError with near misses where there is none."""
        return as_eval_set_spec(self._chain("eval_sets", name)[-1])

    def get_class(self, spec: EvalSpec) -> functools.partial[Any]:
        """The class of `spec` with its `args` bound."""
        cls = load_object(spec.cls, named_by=f"eval {spec.key!r}", where=spec.where)
        return functools.partial(cls, **(spec.args or {}))

    def make_eval(self, spec: EvalSpec, completion_fns: Sequence[Any], **given: Any) -> Any:
        """The eval of `spec` over `completion_fns`. given: arguments laid over those of its entry.

        Raises:
            RegistryError: its class cannot be imported, takes no such argument, or misses one.
            UsageError: its class refuses the arguments.
        """
        arguments = {
            "completion_fns": list(completion_fns),
            "name": spec.key,
            "eval_registry_path": spec.registry_path,
            "registry": self,
            **given,
        }
        return build(self.get_class(spec), arguments, named_by=f"eval {spec.key!r}", where=spec.where)

    def get_modelgraded_spec(self, name: str, **overrides: Any) -> ModelGradedSpec:
        """The rubric `name`, with `overrides` in place of its own keys. Raises RegistryError for an unknown name."""
        return as_modelgraded_spec(self._chain("modelgraded", name)[-1], overrides)

    # -- completion functions -------------------------------------------------------------------------------------

    def get_completion_fn(self, name: str) -> CompletionFnSpec | None:
        """The completion function or solver entered under exactly that name, or None with a warning."""
        chain = self._known_chain(["solvers", "completion_fns"], name)
        return as_completion_fn_spec(chain[-1]) if chain else None

    def get_solver(self, name: str) -> CompletionFnSpec | None:
        """The solver of that name, or None with a warning."""
        chain = self._known_chain(["solvers"], name)
        return as_completion_fn_spec(chain[-1], "solvers") if chain else None

    def resolve_completion_fn(self, name: str) -> CompletionFnSpec:
        """What `name` leads to: its own entry, else a pattern's, else the entry `default`; never a network call.

        Under a pattern or `default` the name itself, less `strip_prefix`, goes into the arguments as `model`.
        Raises RegistryError for a name under a reserved prefix that leads nowhere, and for a list of names.
        """
        chain = self._completion_fn_chain(name)
        if chain and (members := members_of(chain[-1])):
            raise RegistryError(
                f"{name!r} is a list of {len(members)} completion functions",
                where=chain[-1].where,
                notes=[f"it holds: {listed(members, 6)}"],
                fix=f"name one of them, or run them all: oaievalset {name} EVAL",
            )
        if chain and not only_informs(chain[-1].body):
            return as_completion_fn_spec(chain[-1])
        name = chain[-1].name if chain else name
        pattern = routed(name, self._patterns())
        if pattern is None:
            refuse_reserved(name, self._patterns(), self._completion_fn_names())
        entry = pattern.entry if pattern else self._default_entry()
        check_entry(entry, "completion_fns")
        spec = as_completion_fn_spec(entry)
        spec.args = {**(spec.args or {}), model_argument(entry): without_prefix(name, entry)}
        return spec

    def completion_fn_members(self, name: str) -> list[str]:
        """The completion functions that `name` lists, in their order; `name` alone where it is no list."""
        chain = self._completion_fn_chain(name)
        return (members_of(chain[-1]) if chain else []) or [name]

    def is_known_model(self, name: str) -> bool:
        """Whether any entry but `default` says something of `name`; any name may still be a model's."""
        return bool(self._completion_fn_chain(name)) or any(p.matches(name) for p in self._patterns())

    def model_info(self, name: str) -> ModelInfo:
        """Context length and prices of a model or a completion function, as far as the YAML files tell them."""
        return as_model_info(name, self._facts(name))

    def is_chat(self, name: str) -> bool:
        """Whether `name` is a model behind a chat endpoint (`chat: true` where its name leads)."""
        chain = self._completion_fn_chain(name)
        if chain and not only_informs(chain[-1].body):
            return bool(chain[-1].body.get("chat", False))
        name = chain[-1].name if chain else name
        pattern = routed(name, self._patterns())
        return bool((pattern.entry if pattern else self._default_entry()).body.get("chat", False))

    def make_completion_fn(self, name: str, **kwargs: Any) -> Any:
        """The completion function `name`: its class called with its `args`, then `kwargs`, then this registry."""
        spec = self.resolve_completion_fn(name)
        named_by = f"completion function {name!r}"
        factory = load_object(spec.cls, named_by=named_by, where=spec.where)
        args = {**(spec.args or {}), **kwargs}
        if accepts(factory, "registry"):
            args["registry"] = self
        context_length = self.model_info(name).context_length if accepts(factory, "n_ctx", by_name=True) else None
        if context_length is not None:
            args.setdefault("n_ctx", context_length)
        made = build(factory, args, named_by=named_by, where=spec.where)
        if not callable(made) and not callable(getattr(made, "complete", None)):
            raise RegistryError(
                f"{named_by}: a {type(made).__name__} is no completion function",
                where=spec.where,
                fix="give its class '__call__(prompt, **kwargs)', or 'async complete(prompt, **kwargs)'",
            )
        return made

    @functools.cached_property
    def api_model_ids(self) -> list[str]:
        """The model ids of the OpenAI account; asks the server, so nothing of ours uses it. [] where that fails."""
        import openai

        try:
            return [model.id for model in openai.OpenAI(max_retries=0, timeout=20).models.list()]
        except openai.OpenAIError as error:
            logger.warning("the models of the OpenAI account could not be listed: %s", error)
            return []

    def _fn_indexes(self) -> dict[str, Index]:
        paths = self._registry_paths
        if bundled_root() not in paths:
            paths = [bundled_root(), *paths]
        return {kind: self._index(kind, paths) for kind in ("solvers", "completion_fns")}

    def _completion_fn_chain(self, name: str) -> list[RawEntry]:
        entry = first_entry(self._fn_indexes(), name)
        return follow(entry, self._fn_indexes()) if entry else []

    def _completion_fn_names(self) -> list[str]:
        return [name for index in self._fn_indexes().values() for name in index.names()]

    def _patterns(self) -> list[Pattern]:
        indexes = self._fn_indexes()
        return patterns_of([entry for index in indexes.values() for entry in index.with_patterns])

    def _default_entry(self) -> RawEntry:
        entry = first_entry(self._fn_indexes(), DEFAULT_COMPLETION_FN)
        if entry is None or not isinstance(entry.body, dict):
            raise RegistryError("no completion function is called 'default'", fix="reinstall: pip install oaieval")
        return entry

    def _facts(self, name: str) -> list[Mapping[str, Any]]:
        facts = list(model_facts(name, self._completion_fn_chain(name), self._patterns()))
        model = (self.resolve_completion_fn(name).args or {}).get("model")
        if isinstance(model, str) and model != name:
            entry = first_entry(self._fn_indexes(), model)
            facts += model_facts(model, [entry] if entry else [], self._patterns())
        return facts


registry = Registry()
"The registry of `import evals.registry.lookup`: built-in and `~/.evals`; read when first asked."


def is_chat_model(model_name: str) -> bool:
    """Whether `model_name` takes chat messages, by the built-in registry and `~/.evals`."""
    return registry.is_chat(model_name)


def n_ctx_from_model_name(model_name: str) -> int | None:
    """The context length of a model in tokens, or None; for the models that openai/evals lists, its numbers."""
    for body in registry._facts(model_name):
        n_ctx: int | None = body.get("n_ctx", body.get("context_length"))
        if n_ctx is not None:
            return n_ctx
    return None
