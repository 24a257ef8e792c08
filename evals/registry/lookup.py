"""Finds specs and makes objects by name: evals, completion functions, solvers, rubrics and eval sets."""

from __future__ import annotations

import functools
import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from evals.errors import RegistryError, listed
from evals.registry.aliases import first_entry, follow
from evals.registry.argument_check import (
    EVAL_METHODS,
    refuse_other_than_a_class,
    refuse_other_than_a_completion_fn,
    refuse_other_than_an_eval,
)
from evals.registry.classes import accepts, build, load_object
from evals.registry.entries import (
    alias_of,
    as_base_eval_spec,
    as_completion_fn_spec,
    as_eval_set_spec,
    as_eval_spec,
    check_entry,
    members_of,
)
from evals.registry.files import RegistryFiles
from evals.registry.index import Index, RawEntry
from evals.registry.models import (
    Pattern,
    as_model_info,
    fits_stars,
    model_argument,
    model_facts,
    only_informs,
    patterns_of,
    refuse_reserved,
    routed,
    without_prefix,
)
from evals.registry.roots import bundled_root
from evals.registry.rubrics import as_modelgraded_spec
from evals.specs import BaseEvalSpec, CompletionFnSpec, EvalSetSpec, EvalSpec, ModelGradedSpec, ModelInfo

logger = logging.getLogger("evals")


DEFAULT_COMPLETION_FN = "default"
"The entry for all model names that no other entry takes."


class Registry(RegistryFiles):
    """Specs and objects by the names in the YAML files of `registry_paths`. A later path wins over an earlier one.

    Without paths: the built-in registry and `~/.evals`. A file is read when a name is asked for, and not before.
    Completion functions are also looked up in the built-in registry, so that model names work with any paths.

    For an unknown name `find_eval` and `find_eval_set` raise a RegistryError with near misses, while `get_eval`,
    `get_eval_set`, `get_completion_fn` and `get_solver` return None with a warning, as in openai/evals.
    """

    def find_eval(self, name: str) -> EvalSpec:
        """The spec of the eval `name`, which may be an alias.

        Raises:
            RegistryError: no eval has the name, its alias leads nowhere, or its entry cannot be used.
        """
        entry = self._chain("evals", name)[-1]
        if "." not in entry.name:
            raise RegistryError(
                f"eval {entry.name!r} has no split in its name",
                where=entry.where,
                notes=["a spec is called <base>.<split>.<version>; a name without a dot is an alias with an 'id'"],
                fix=f"call it {entry.name}.dev.v0, and add the alias '{entry.name}' with 'id: {entry.name}.dev.v0'",
            )
        return as_eval_spec(entry)

    def has_eval(self, name: str) -> bool:
        """Whether an eval, or an alias of one, has the name. Nothing is parsed or imported for it."""
        return name in self._index("evals")

    def eval_facts(self, name: str) -> dict[str, Any]:
        """The keys of an eval's entries other than `id`, `class` and `args`: description, metrics, reference, tags ...

        They come from its aliases and its spec; the spec wins. For the name of a spec, the alias of its base counts
        too.

        Raises:
            RegistryError: as for `find_eval`.
        """
        chain = self._chain("evals", name)
        base = self._index("evals").get(name.split(".", maxsplit=1)[0])
        if base is not None and alias_of(base) == chain[-1].name:
            chain = [base, *chain]
        bodies = [entry.body for entry in chain if isinstance(entry.body, dict)]
        merged = {key: value for body in bodies for key, value in body.items()}
        return {key: value for key, value in merged.items() if key not in ("id", "class", "args")}

    def get_eval(self, name: str) -> EvalSpec | None:
        """The spec of the eval `name`; None with a warning if no entry has that name."""
        chain = self._known_chain(["evals"], name)
        return as_eval_spec(chain[-1]) if chain else None

    def get_evals(self, patterns: Sequence[str]) -> Iterator[EvalSpec | None]:
        """The spec of each eval whose name fits one of `patterns` (`*` is any text), in load order.

        An alias and its target both fit `*`, and give the same spec twice. As in openai/evals, the caller drops one.
        """
        index = self._index("evals")
        for name in index.names():
            if any(fits_stars(pattern, name) for pattern in patterns) and index.get(name) is not None:
                yield self.get_eval(name)

    def get_base_eval(self, name: str) -> BaseEvalSpec | None:
        """The alias `name` itself, not followed; None without one."""
        entry = self._index("evals").get(name)
        if entry is None:
            return None
        check_entry(entry, "evals")
        return as_base_eval_spec(entry)

    def get_base_evals(self) -> list[BaseEvalSpec | None]:
        """The aliases of all evals: the entries without a dot in their names."""
        return [self.get_base_eval(name) for name in self._evals if "." not in name]

    def get_eval_set(self, name: str) -> EvalSetSpec | None:
        """The eval set `name`; None with a warning if no entry has that name."""
        chain = self._known_chain(["eval_sets"], name)
        return as_eval_set_spec(chain[-1]) if chain else None

    def find_eval_set(self, name: str) -> EvalSetSpec:
        """The eval set `name`.

        Raises:
            RegistryError: no eval set has the name, or its entry cannot be used.
        """
        return as_eval_set_spec(self._chain("eval_sets", name)[-1])

    def get_class(self, spec: EvalSpec) -> functools.partial[Any]:
        """The class of `spec` with its `args` bound.

        Raises:
            RegistryError: the class does not exist, cannot be imported, or is no eval.
        """
        named_by = f"eval {spec.key!r}"
        cls = load_object(spec.cls, named_by=named_by, where=spec.where)
        refuse_other_than_a_class(cls, spec.cls, named_by=named_by, where=spec.where)
        return functools.partial(cls, **(spec.args or {}))

    def make_eval(self, spec: EvalSpec, completion_fns: Sequence[Any], **given: Any) -> Any:
        """The eval of `spec` with these completion functions. given: arguments that win over those of the entry.

        Raises:
            RegistryError: the class cannot be imported, or an argument is unknown or missing.
            UsageError: the class refuses the arguments.
        """
        arguments = {
            "completion_fns": list(completion_fns),
            "name": spec.key,
            "eval_registry_path": spec.registry_path,
            "registry": self,
            **given,
        }
        cls, named_by = self.get_class(spec), f"eval {spec.key!r}"
        refuse_other_than_a_class(cls.func, spec.cls, named_by=named_by, where=spec.where, needs=EVAL_METHODS)
        made = build(cls, arguments, named_by=named_by, where=spec.where, given=given.keys())
        refuse_other_than_an_eval(made, spec.cls, named_by=named_by, where=spec.where)
        made.openai_evals_rules = spec.is_openai_evals_form
        # A constructor may leave out super().__init__, as some evals of openai/evals do that only run other evals.
        for key, value in arguments.items():
            if not hasattr(made, key):
                setattr(made, key, value)
        return made

    def get_modelgraded_spec(self, name: str, **overrides: Any) -> ModelGradedSpec:
        """The rubric `name`. overrides: replace keys of its entry.

        Raises:
            RegistryError: no rubric has the name, or its entry cannot be used.
        """
        return as_modelgraded_spec(self._chain("modelgraded", name)[-1], overrides)

    def get_completion_fn(self, name: str) -> CompletionFnSpec | None:
        """The completion function or solver with exactly this name; None with a warning without one.

        Patterns and the default entry are not used: see `resolve_completion_fn`.
        """
        chain = self._known_chain(["solvers", "completion_fns"], name)
        return as_completion_fn_spec(chain[-1]) if chain else None

    def get_solver(self, name: str) -> CompletionFnSpec | None:
        """The solver `name`; None with a warning if no entry has that name."""
        chain = self._known_chain(["solvers"], name)
        return as_completion_fn_spec(chain[-1], "solvers") if chain else None

    def resolve_completion_fn(self, name: str) -> CompletionFnSpec:
        """The completion function for `name`: its own entry, else a pattern that fits, else the entry `default`.

        For a pattern or `default`, the name without `strip_prefix` is passed as the argument `model`. The network is
        never asked.

        Raises:
            RegistryError: the name has a reserved prefix and no entry, or it is a list of completion functions.
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
        """The completion functions in the list `name`, in order; `[name]` if it is not a list."""
        chain = self._completion_fn_chain(name)
        return (members_of(chain[-1]) if chain else []) or [name]

    def is_known_model(self, name: str) -> bool:
        """Whether an entry other than `default` has the name, or a pattern that fits it.

        A name that is not known may still be the name of a model.
        """
        return bool(self._completion_fn_chain(name)) or any(p.matches(name) for p in self._patterns())

    def model_info(self, name: str) -> ModelInfo:
        """Context length and prices of a model or completion function, as far as the YAML files state them."""
        return as_model_info(name, self._facts(name))

    def known_models(self) -> list[str]:
        """The names of the entries that state facts about one model, in load order."""
        entries = self._fn_indexes()["completion_fns"].entries()
        return [entry.name for entry in entries if only_informs(entry.body) and not entry.name.endswith("-family")]

    def is_chat(self, name: str) -> bool:
        """Whether `name` is a model with a chat endpoint: `chat: true` in the entry that takes the name."""
        chain = self._completion_fn_chain(name)
        if chain and not only_informs(chain[-1].body):
            return bool(chain[-1].body.get("chat", False))
        name = chain[-1].name if chain else name
        pattern = routed(name, self._patterns())
        return bool((pattern.entry if pattern else self._default_entry()).body.get("chat", False))

    def make_completion_fn(self, name: str, **kwargs: Any) -> Any:
        """The completion function `name`, made by its class with the `args` of its entry and `kwargs`, which win.

        `registry` and the model's `n_ctx` are added if the class takes them.

        Raises:
            RegistryError: the name, the class or an argument cannot be used, or the object cannot be called.
            UsageError: the class refuses the arguments, or the code of a plug-in failed.
            MissingExtra: a package that the class needs is not installed.
        """
        spec = self.resolve_completion_fn(name)
        named_by = f"completion function {name!r}"
        factory = load_object(spec.cls, named_by=named_by, where=spec.where)
        refuse_other_than_a_class(factory, spec.cls, named_by=named_by, where=spec.where)
        args = {**(spec.args or {}), **kwargs}
        if accepts(factory, "registry"):
            args["registry"] = self
        context_length = self.model_info(name).context_length if accepts(factory, "n_ctx", by_name=True) else None
        if context_length is not None:
            args.setdefault("n_ctx", context_length)
        made = build(factory, args, named_by=named_by, where=spec.where, given=kwargs.keys())
        refuse_other_than_a_completion_fn(made, named_by=named_by, where=spec.where)
        return made

    @functools.cached_property
    def api_model_ids(self) -> list[str]:
        """The ids of the models of the OpenAI account; [] with a warning if they cannot be listed.

        This asks the server. It is there for scripts of openai/evals, and nothing of ours uses it.
        """
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

    @functools.cached_property
    def _known_patterns(self) -> dict[tuple[Index, ...], list[Pattern]]:
        """The patterns by the indexes that hold them; a path that is added makes other indexes."""
        return {}

    def _patterns(self) -> list[Pattern]:
        indexes = tuple(self._fn_indexes().values())
        if indexes not in self._known_patterns:
            found = patterns_of([entry for index in indexes for entry in index.with_patterns])
            self._known_patterns[indexes] = found
        return self._known_patterns[indexes]

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
"The registry with the default paths. Its files are read when a name is asked for."


def is_chat_model(model_name: str) -> bool:
    """Whether `model_name` takes chat messages, by the built-in registry and `~/.evals`."""
    return registry.is_chat(model_name)


def n_ctx_from_model_name(model_name: str) -> int | None:
    """The context length of a model in tokens, None if it is not known; for openai/evals' models, its numbers."""
    for body in registry._facts(model_name):
        n_ctx: int | None = body.get("n_ctx", body.get("context_length"))
        if n_ctx is not None:
            return n_ctx
    return None
