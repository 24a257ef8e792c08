"""Graders by name: reads what the argument `grader` says, one or a panel, and makes their completion functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from evals.completion import CompletionResult
from evals.completion_fns.effort import check_effort
from evals.completion_fns.replay import ReplayCompletionFn
from evals.engine import calls
from evals.engine.traits import traits_of
from evals.errors import UsageError, did_you_mean, listed
from evals.registry.classes import accepts, load_object, public_path
from evals.secrets import register_secrets_in, without_secrets
from evals.specs import CompletionFnSpec

if TYPE_CHECKING:
    from evals.registry.lookup import Registry

GraderArgument = str | Mapping[str, Any] | Sequence[Any]
"A name, several with commas between, a mapping with `model`, or a list of these: a panel."

Aggregate = Literal["majority", "mean", "unanimous"]
AGGREGATES: tuple[Aggregate, ...] = ("majority", "mean", "unanimous")

KEYS = ("model", "args", "name")
REQUEST_OPTIONS = {
    "effort": "reasoning_effort",
    "reasoning_effort": "reasoning_effort",
    "temperature": "temperature",
    "max_tokens": "max_tokens",
    "top_p": "top_p",
    "seed": "seed",
}
"Keys of `args` that are options of each request, and how requests call them; all others are of the constructor."

_FIX = "write a name, or a mapping such as {model: gpt-6-sol, args: {effort: low}}, or a list of these"


@dataclass(frozen=True)
class GraderSpec:
    """One grader as an eval or the command line names it."""

    name: str
    "What records and reports call it."
    model: str
    "The name of its completion function."
    args: Mapping[str, Any] = field(default_factory=dict)
    "Arguments of the completion function, such as `base_url`."
    options: Mapping[str, Any] = field(default_factory=dict)
    "Options of each of its requests; they win over those of the eval."

    def facts(self) -> dict[str, Any]:
        """What a record says of it: `name`, `model`, `args` without secrets, `options`."""
        args = without_secrets(self.args)
        found = {"name": self.name, "model": self.model, "args": args, "options": dict(self.options)}
        return {key: value for key, value in found.items() if value != {}}


@dataclass(frozen=True)
class NamedGrader:
    """A grader that can be asked."""

    name: str
    fn: Any
    spec: GraderSpec | None = None
    "None for a grader that is a completion function of the command line."
    identity: Mapping[str, Any] = field(default_factory=dict)
    "What tells it from other graders, for the fingerprint of a run."

    async def ask(self, prompt: Any, **options: Any) -> CompletionResult:
        """Its answer. options: of the request; those of its own win.

        Raises:
            CallFailed: no attempt succeeded.
        """
        own = self.spec.options if self.spec is not None else {}
        return await calls.complete(self.fn, prompt, grading=True, grader=self.name, **{**options, **own})

    def facts(self) -> dict[str, Any]:
        """What a record says of it."""
        model = traits_of(self.fn).model
        return self.spec.facts() if self.spec is not None else {"name": self.name, "model": model or self.name}


def last_of_command_line(fn: Any, names: Sequence[str]) -> NamedGrader:
    """The grader that is the last completion function. names: those of the command line; without them its own."""
    return NamedGrader(names[-1] if names else calls.grader_name(fn), fn)


def read_graders(given: GraderArgument) -> list[GraderSpec]:
    """The graders that the argument `grader` names, in order.

    Raises:
        UsageError: there is none, one cannot be read, or two have the same name.
    """
    parts: list[Any] = list(given) if isinstance(given, Sequence) and not isinstance(given, str) else [given]
    specs = [spec for part in parts for spec in _specs_of(part)]
    if not specs:
        raise UsageError("no grader is named", fix=_FIX)
    names = [spec.name for spec in specs]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UsageError(
            f"two graders of the panel are called {twice!r}",
            fix=f"give each a name of its own: {{name: first, model: {twice}}}",
        )
    return specs


def _specs_of(given: Any) -> list[GraderSpec]:
    if isinstance(given, str):
        return [GraderSpec(name, name) for name in (part.strip() for part in given.split(",")) if name]
    if not isinstance(given, Mapping):
        raise UsageError(f"grader is {str(given)[:60]!r}, a {type(given).__name__}", fix=_FIX)
    for key in given:
        if key not in KEYS:
            near = did_you_mean(str(key), KEYS)
            fix = f"use {listed(KEYS)}; base_url, effort and temperature go under args"
            raise UsageError(f"a grader has no key {str(key)!r}", notes=[near], fix=fix)
    model, args = given.get("model"), given.get("args") or {}
    if not isinstance(model, str) or not model or not isinstance(args, Mapping):
        shown = str(without_secrets(given))[:80]
        raise UsageError(f"this grader has no usable model and args: {shown}", fix=_FIX)
    name = given.get("name", model)
    if not isinstance(name, str) or not name:
        raise UsageError(f"the name of grader {model!r} is {name!r}, not a text", fix=_FIX)
    options = {REQUEST_OPTIONS[key]: value for key, value in args.items() if key in REQUEST_OPTIONS}
    made_with = {key: value for key, value in args.items() if key not in REQUEST_OPTIONS}
    return [GraderSpec(name, model, made_with, options)]


def make_graders(given: GraderArgument, registry: Registry, evaluated: Any = None) -> list[NamedGrader]:
    """The graders that the argument `grader` names, each with a completion function of its own.

    evaluated: the first completion function of the run. One that plays back a record stands for all graders, unless it
    asks them anew.

    Raises:
        UsageError: as for `read_graders`, or a grader takes no effort of reasoning, or not this one.
        RegistryError: a name or an argument cannot be used.
    """
    specs = read_graders(given)
    if isinstance(evaluated, ReplayCompletionFn) and not evaluated.asks_graders:
        return [NamedGrader(spec.name, evaluated, spec, spec.facts()) for spec in specs]
    return [_grader(spec, registry) for spec in specs]


def _grader(spec: GraderSpec, registry: Registry) -> NamedGrader:
    register_secrets_in(dict(spec.args))
    known = registry.resolve_completion_fn(spec.model)
    fn = registry.make_completion_fn(spec.model, **_with_api_base(spec, known))
    _check_effort(spec, fn, registry)
    url = getattr(fn, "shown_url", None)
    identity = {**spec.facts(), "class": public_path(known.cls), "entry": without_secrets(known.args or {})}
    return NamedGrader(spec.name, fn, spec, {**identity, "server": url} if isinstance(url, str) else identity)


def _with_api_base(spec: GraderSpec, known: CompletionFnSpec) -> dict[str, Any]:
    """The arguments of the completion function, with `base_url` under the name that its class has for it."""
    args = dict(spec.args)
    cls = load_object(known.cls, named_by=f"grader {spec.name!r}", where=known.where)
    if "base_url" in args and "api_base" not in args and accepts(cls, "api_base", by_name=True):
        args["api_base"] = args.pop("base_url")
    return args


def _check_effort(spec: GraderSpec, fn: Any, registry: Registry) -> None:
    effort = spec.options.get("reasoning_effort")
    if effort is None:
        return
    if traits_of(fn).is_local:
        raise UsageError(f"grader {spec.name} takes no effort of reasoning", fix="leave effort out of its args")
    check_effort(registry.model_info(spec.model), str(effort))


def checked_aggregate(given: str) -> Aggregate:
    """How the verdicts of a panel become one.

    Raises:
        UsageError: it is none of AGGREGATES.
    """
    for known in AGGREGATES:
        if given == known:
            return known
    raise UsageError(
        f"aggregate is {given!r}", notes=[did_you_mean(str(given), AGGREGATES)], fix=f"use {', '.join(AGGREGATES)}"
    )
