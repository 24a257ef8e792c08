"""Names to specs: evals, completion functions, solvers, rubrics and sets, from the YAML files of all registry paths."""

from __future__ import annotations

import functools
import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from evals.errors import RegistryError, did_you_mean, listed, near_misses
from evals.registry.classes import accepts, build, load_object
from evals.registry.entries import (
    KNOWN_KEYS,
    THING,
    alias_of,
    as_base_eval_spec,
    as_completion_fn_spec,
    as_eval_set_spec,
    as_eval_spec,
    as_modelgraded_spec,
    check_entry,
    members_of,
)
from evals.registry.index import Index, RawEntry, shown_path
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
from evals.specs import BaseEvalSpec, CompletionFnSpec, EvalSetSpec, EvalSpec, ModelGradedSpec, ModelInfo

logger = logging.getLogger("evals")

KINDS = tuple(KNOWN_KEYS)
"The kinds of entries, each a subfolder of a registry."

DEFAULT_COMPLETION_FN = "default"
"The entry that takes every model name which no other entry takes."

PACKAGE = Path(__file__).resolve().parents[1]


def bundled_root() -> Path:
    """The registry that comes with the package: inside an installed wheel, else beside it in the checkout."""
    inside = PACKAGE / "_bundled" / "registry"
    return inside if inside.is_dir() else PACKAGE.parent / "registry"


def bundled_data_root() -> Path:
    """The data that comes with the package: the folder `data` beside the bundled registry."""
    return bundled_root().parent / "data"


def default_registry_paths() -> list[Path]:
    """The built-in registry, then `~/.evals`."""
    try:
        return [bundled_root(), Path.home() / ".evals"]
    except RuntimeError:
        return [bundled_root()]


class Registry:
    """What the YAML files of `registry_paths` name; a later path wins over an earlier one.

    Without paths: the built-in registry and `~/.evals`. Nothing is read before it is asked for.
    Backends are always found in the built-in registry too, so that model names work with any list of paths.
    """

    def __init__(self, registry_paths: Sequence[str | Path] | None = None) -> None:
        self._given_paths = None if registry_paths is None else [Path(path) for path in registry_paths]
        self._indexes: dict[tuple[str, tuple[Path, ...]], Index] = {}
        self.data_paths: list[str] = []
        "Folders with copies of public benchmarks, looked into before anything is fetched."

    @functools.cached_property
    def _registry_paths(self) -> list[Path]:
        return default_registry_paths() if self._given_paths is None else self._given_paths

    @property
    def registry_paths(self) -> list[Path]:
        """The registries in the order in which they are read."""
        return list(self._registry_paths)

    def add_registry_paths(self, paths: Sequence[str | Path]) -> None:
        """Put `paths` behind the others; their entries win. One that holds no registry is warned about, no more."""
        for path in map(Path, paths):
            problem = _no_registry(path)
            if problem:
                logger.warning("registry %s: %s; nothing is read from it", shown_path(path), problem)
            self._registry_paths.append(path)

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

    def entry(self, kind: str, name: str) -> RawEntry | None:
        """The entry of `kind` called exactly `name`, as its file has it; None where there is none."""
        return self._index(kind).get(name)

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

    # -- tables, as openai/evals keeps them -----------------------------------------------------------------------

    @property
    def _evals(self) -> dict[str, Any]:
        return self._table("evals")

    @property
    def _completion_fns(self) -> dict[str, Any]:
        return self._table("completion_fns")

    @property
    def _solvers(self) -> dict[str, Any]:
        return self._table("solvers")

    @property
    def _modelgraded_specs(self) -> dict[str, Any]:
        return self._table("modelgraded")

    @property
    def _eval_sets(self) -> dict[str, Any]:
        return self._table("eval_sets")

    def _table(self, kind: str) -> dict[str, Any]:
        return self._load_registry(self._registry_paths, kind)

    def _load_registry(self, registry_paths: Sequence[Path], resource_type: str) -> dict[str, Any]:
        """name -> body with `key`, `group`, `registry_path` and `cls` filled in. Unusable entries are left out."""
        table = {}
        for entry in self._index(resource_type, registry_paths).entries():
            try:
                check_entry(entry, resource_type)
            except RegistryError as error:
                logger.warning("left out: %s", error)
                continue
            table[entry.name] = _filled_in(entry)
        return table

    def entries(self, kind: str) -> list[RawEntry]:
        """All entries of a kind as their files have them, in load order; broken files are skipped with a warning."""
        return list(self._index(kind).entries())

    def broken_files(self, kind: str) -> list[tuple[Path, RegistryError]]:
        """Files of a kind that no entry could be read from, and why; known once `entries` has been asked."""
        return [(file.path, file.error) for file in self._index(kind).files if file.error is not None]

    # -- looking up -----------------------------------------------------------------------------------------------

    def _index(self, kind: str, paths: Sequence[Path] | None = None) -> Index:
        roots = tuple(Path(path) for path in (self._registry_paths if paths is None else paths))
        if (kind, roots) not in self._indexes:
            self._indexes[kind, roots] = Index(roots, kind)
        return self._indexes[kind, roots]

    def _chain(self, kind: str, name: str) -> list[RawEntry]:
        index = self._index(kind)
        entry = index.get(name)
        if entry is None:
            raise self._unknown(kind, name)
        return _follow(entry, {kind: index})

    def _known_chain(self, kinds: Sequence[str], name: str) -> list[RawEntry]:
        indexes = {kind: self._index(kind) for kind in kinds}
        entry = _first(indexes, name)
        if entry is None:
            known = [known for index in indexes.values() for known in index.names()]
            logger.warning("%s %r not found. Closest matches: %s", THING[kinds[-1]], name, near_misses(name, known))
            return []
        return _follow(entry, indexes)

    def _unknown(self, kind: str, name: str) -> RegistryError:
        names = self._index(kind).names()
        longer = [known for known in names if known.startswith(f"{name}.")][:3]
        near = list(dict.fromkeys([*longer, *near_misses(name, names)]))[:5]
        see_all = "evals list" if kind == "evals" else f"evals list --kind {kind}"
        notes = [f"did you mean: {', '.join(near)}" if near else ""]
        notes += [f"see all: {see_all}        add a registry: --registry_path DIR"]
        notes += [f"not a folder: {shown_path(path)}" for path in self._missing_paths()]
        notes += [f"not read: {str(error).splitlines()[0]}" for error in self._index(kind).broken()[:2]]
        notes += [f"not read: {shown_path(file)}: call it {file.stem}.yaml" for file in self._misnamed(kind, name)]
        if "," in name:
            notes.append("a run takes one eval; several make an eval set: oaievalset")
        return RegistryError(f"no {THING[kind]} is called {name!r}", notes=notes)

    def _misnamed(self, kind: str, name: str) -> list[Path]:
        """Files `*.yml` that may hold `name`: as in openai/evals, only `*.yaml` is read."""
        stem = name.split(".", maxsplit=1)[0]
        return [file for path in self._registry_paths for file in (path / kind).glob("*.yml") if file.stem == stem]

    def _missing_paths(self) -> list[Path]:
        return [path for path in self._registry_paths if path not in default_registry_paths() and not path.exists()]

    def _fn_indexes(self) -> dict[str, Index]:
        paths = self._registry_paths
        if bundled_root() not in paths:
            paths = [bundled_root(), *paths]
        return {kind: self._index(kind, paths) for kind in ("solvers", "completion_fns")}

    def _completion_fn_chain(self, name: str) -> list[RawEntry]:
        entry = _first(self._fn_indexes(), name)
        return _follow(entry, self._fn_indexes()) if entry else []

    def _completion_fn_names(self) -> list[str]:
        return [name for index in self._fn_indexes().values() for name in index.names()]

    def _patterns(self) -> list[Pattern]:
        indexes = self._fn_indexes()
        return patterns_of([entry for index in indexes.values() for entry in index.with_patterns])

    def _default_entry(self) -> RawEntry:
        entry = _first(self._fn_indexes(), DEFAULT_COMPLETION_FN)
        if entry is None or not isinstance(entry.body, dict):
            raise RegistryError("no completion function is called 'default'", fix="reinstall: pip install oaieval")
        return entry

    def _facts(self, name: str) -> list[Mapping[str, Any]]:
        facts = list(model_facts(name, self._completion_fn_chain(name), self._patterns()))
        model = (self.resolve_completion_fn(name).args or {}).get("model")
        if isinstance(model, str) and model != name:
            entry = _first(self._fn_indexes(), model)
            facts += model_facts(model, [entry] if entry else [], self._patterns())
        return facts


def _no_registry(path: Path) -> str:
    """What is wrong with a path that should be a registry folder; an empty text where nothing is."""
    if path.is_file():
        return "this is a file; name the folder that has `evals` in it"
    if not path.is_dir():
        return "there is no such folder"
    if any((path / kind).exists() for kind in (*KINDS, "data")):
        return ""
    if path.name in KINDS:
        return f"this is the folder of one kind; name the one above it, {shown_path(path.parent)}"
    return f"it has none of the folders {', '.join(KINDS)}"


def _follow(entry: RawEntry, indexes: Mapping[str, Index]) -> list[RawEntry]:
    """`entry` and what it points at, to the spec. Raises RegistryError for a loop or a name that is not there."""
    kind = list(indexes)[-1]
    chain = [entry]
    check_entry(entry, kind)
    while (target := alias_of(chain[-1])) is not None:
        found = _first(indexes, target)
        if found is None:
            known = [name for index in indexes.values() for name in index.names()]
            raise RegistryError(
                f"{THING[kind]} {chain[-1].name!r} points at {target!r}, which does not exist",
                where=chain[-1].where,
                notes=[did_you_mean(target, known)],
            )
        if found in chain:
            names = " -> ".join([*(link.name for link in chain), found.name])
            raise RegistryError(f"{THING[kind]} {entry.name!r} leads back to itself", where=entry.where, notes=[names])
        check_entry(found, kind)
        chain.append(found)
    return chain


def _first(indexes: Mapping[str, Index], name: str) -> RawEntry | None:
    return next((entry for index in indexes.values() if (entry := index.get(name)) is not None), None)


def _filled_in(entry: RawEntry) -> Any:
    if not isinstance(entry.body, dict):
        return entry.body
    body = {**entry.body, "key": entry.name, "group": entry.group, "registry_path": entry.registry_path}
    if "class" in body:
        body["cls"] = body.pop("class")
    return body


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
