"""`evals show`: what one name leads to, from its YAML line to its first prompt."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from evals.cli.console import existing_folder, fitted, terminal_width
from evals.cli.list_ import KINDS
from evals.errors import DataError, EvalsError, RegistryError, near_misses
from evals.texts.number_text import counted
from evals.texts.safe_text import printable

if TYPE_CHECKING:
    from evals.registry.lookup import Registry
    from evals.specs import CompletionFnSpec, EvalSpec

MAX_PROMPT_LINES = 40

ABOUT = ("description", "disclaimer", "metrics", "tags", "source", "licence", "license", "protocol")
"What an entry says of itself, in the order in which it is shown."


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Register the sub-command."""
    parser = subparsers.add_parser(
        "show",
        help="what a name means",
        description="Show where a name is defined, what it means, and the first prompt. "
        "Nothing is called or downloaded.",
    )
    parser.add_argument("name", help="an eval, a model or completion function, a solver, a rubric or an eval set")
    parser.add_argument("--kind", choices=KINDS, help="where several kinds share the name")
    parser.add_argument("--registry_path", action="append", default=[], metavar="DIR", help="a further registry")
    parser.add_argument(
        "--data_path",
        action="append",
        default=[],
        type=existing_folder,
        metavar="DIR",
        help="copies of public benchmarks",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Print what the name leads to; an error where it leads nowhere."""
    from evals.json_text import dumps
    from evals.registry.lookup import Registry

    registry = Registry()
    registry.add_registry_paths(args.registry_path)
    kind = args.kind or kind_of(args.name, registry)
    if kind == "evals":
        shown = show_eval(args.name, registry, args.data_path)
    elif kind in ("completion_fns", "solvers"):
        shown = show_completion_fn(args.name, registry)
    else:
        shown = show_plain(args.name, kind, registry)
    if args.json:
        print(dumps(shown))
        return 0
    width = terminal_width(sys.stdout)
    for line in _lines(shown, args.name, kind, registry):
        print("\n".join(fitted(printable(line), width)))
    return 0


def kind_of(name: str, registry: Registry) -> str:
    """The first kind that has `name`; a model that a pattern or a price list knows is a completion function."""
    for kind in KINDS:
        if registry.entry(kind, name) is not None:
            return kind
    if registry.is_known_model(name):
        return "completion_fns"
    known = [entry.name for kind in KINDS for entry in registry.entries(kind)]
    near = near_misses(name, known)
    raise RegistryError(
        f"nothing is called {name!r}",
        notes=[
            f"did you mean: {', '.join(near)}" if near else "",
            "see all: evals list        add a registry: --registry_path DIR",
            f"as the name of a model: evals show --kind completion_fns {name}",
        ],
    )


def show_eval(name: str, registry: Registry, data_paths: list[str]) -> dict[str, Any]:
    """Everything about an eval that can be told without a call; `problem` where its class or data is not usable."""
    spec = registry.find_eval(name)
    facts = registry.eval_facts(name)
    shown: dict[str, Any] = {
        "name": spec.key,
        "where": spec.where,
        "class": spec.cls,
        "args": spec.args or {},
        **{key: facts[key] for key in (*ABOUT, "reference") if key in facts},
    }
    try:
        shown.update(_first_sample(spec, registry, data_paths))
    except EvalsError as error:
        shown["problem"] = str(error)
    return shown


def _first_sample(spec: EvalSpec, registry: Registry, data_paths: list[str]) -> dict[str, Any]:
    from evals.completion_fns.dummy import DummyCompletionFn
    from evals.eval import hook_of
    from evals.registry.whose_code import plugins_answer_for

    data = _data_on_disk(spec, data_paths)
    given = {} if data is None else {"samples_jsonl": str(data)}
    evaluation = registry.make_eval(spec, [DummyCompletionFn()], **given)
    with plugins_answer_for(evaluation, named_by=f"eval {spec.key!r}"):
        if evaluation.samples_jsonl is None:
            return {}
        samples = evaluation.stream_samples()
        shown: dict[str, Any] = {"n_samples": len(samples), "sha256": getattr(samples, "sha256", None)}
        if len(samples):
            shown["first_prompt"] = hook_of(evaluation, "first_prompt")(samples[0])
            shown["ideal"] = hook_of(evaluation, "ideal_completions")(samples[0])
        return shown


def _data_on_disk(spec: EvalSpec, data_paths: list[str]) -> Any:
    """Where the samples lie; DataError for a public benchmark that would have to be fetched first."""
    from evals.datasets.benchmarks import find_file
    from evals.datasets.locate import copy_folders, data_roots, locate_dataset, original_file

    value = (spec.args or {}).get("samples_jsonl")
    if not isinstance(value, str):
        return None
    declared = find_file(value, data_roots(spec.registry_path))
    if declared is not None:
        original_file(declared, copy_folders(data_paths), may_fetch=False)
    found = locate_dataset(value, spec.registry_path, data_paths)
    if isinstance(found, str):
        raise DataError(f"{found} is not on this machine, and `show` fetches nothing")
    return found


def show_completion_fn(name: str, registry: Registry) -> dict[str, Any]:
    """The class that a model's or a completion function's name leads to, with prices and context length; or a list."""
    members = registry.completion_fn_members(name)
    if members != [name]:
        entry = registry.entry("completion_fns", name)
        return {"name": name, "where": entry.where if entry else None, "members": members}
    spec: CompletionFnSpec = registry.resolve_completion_fn(name)
    info = registry.model_info(name)
    shown: dict[str, Any] = {"name": name, "entry": spec.key, "where": spec.where, "class": spec.cls}
    shown["args"] = spec.args or {}
    if info.context_length is not None:
        shown["context"] = f"{info.context_length:,} tokens"
    if info.efforts:
        named = [f"{one} (default)" if one == info.default_effort else one for one in info.efforts]
        shown["efforts"] = ", ".join(named)
    if info.retires is not None:
        shown["end"] = info.retires + (f", then {info.successor}" if info.successor else "")
    if info.input_usd_per_million is not None:
        cached = info.cached_input_usd_per_million
        shown["price"] = (
            f"${info.input_usd_per_million:g} a million tokens in, "
            + (f"${cached:g} cached, " if cached is not None else "")
            + f"${info.output_usd_per_million:g} out (as of {info.price_as_of}, {info.price_source})"
        )
    return shown


def show_plain(name: str, kind: str, registry: Registry) -> dict[str, Any]:
    """A rubric or an eval set, as its file has it."""
    from dataclasses import asdict

    if kind == "modelgraded":
        spec = asdict(registry.get_modelgraded_spec(name))
        return {"name": spec["key"], **{key: value for key, value in spec.items() if key not in ("key", "group")}}
    found = registry.find_eval_set(name)
    resolved = [spec.key for spec in registry.get_evals(found.evals) if spec is not None]
    return {"name": found.key, "where": found.where, "evals": list(dict.fromkeys(resolved))}


def _lines(shown: dict[str, Any], asked: str, kind: str, registry: Registry) -> Iterator[str]:
    name, where = shown.pop("name"), shown.pop("where", None) or ""
    prompt, ideal, problem = (shown.pop(key, None) for key in ("first_prompt", "ideal", "problem"))
    yield f"{asked if asked == name else f'{asked} -> {name}'}   {where}".rstrip()
    if "n_samples" in shown:
        shown["data"] = _data_line(shown["args"], shown.pop("n_samples"), shown.pop("sha256", None))
    also = [other for other in KINDS if other != kind and registry.entry(other, asked) is not None]
    if also:
        shown["also"] = [f"evals show --kind {other} {asked}" for other in also]
    width = max((len(key) for key in shown), default=0)
    for key, value in shown.items():
        for i, line in enumerate(_value_lines(key, value)):
            yield f"  {key if i == 0 else '':<{width}}  {line}".rstrip()
    if prompt is not None:
        yield from ["", "first prompt", *_prompt_lines(prompt)]
    if ideal:
        yield f"{'ideal':<11} {' | '.join(ideal)}"
    if problem:
        yield from ["", f"problem: {problem}"]


def _data_line(args: dict[str, Any], n_samples: int, sha256: str | None) -> str:
    digest = f", sha256 {sha256[:6]}..{sha256[-4:]}" if sha256 else ""
    return f"{args.get('samples_jsonl', '')}   {counted(n_samples, 'sample')}{digest}".strip()


def _value_lines(key: str, value: Any) -> list[str]:
    if value in (None, {}, []):
        return []
    if isinstance(value, dict):
        return [line for name, item in value.items() for line in f"{name}: {_text(item)}".splitlines()]
    if key == "prompt" and isinstance(value, list):
        return list(_prompt_lines(value))
    if key == "reference" and isinstance(value, list):
        return [_reference(item) for item in value]
    if key in ("evals", "also", "members"):
        return list(value)
    return _text(value).splitlines()


def _reference(item: Any) -> str:
    if not isinstance(item, dict):
        return str(item)
    about = ", ".join(str(item[key]) for key in ("protocol", "source") if item.get(key))
    return f"{item.get('model', '?')} {item.get('value', '?')}" + (f" ({about})" if about else "")


def _text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _prompt_lines(prompt: Any) -> Iterator[str]:
    messages = prompt if isinstance(prompt, list) else [{"role": "text", "content": prompt}]
    lines = []
    for message in messages:
        label = message.get("name") or message.get("role", "?")
        first, *rest = _text(message.get("content", "")).splitlines() or [""]
        lines += [f"  {label:<9} {first}", *(f"  {'':<9} {line}" for line in rest)]
    yield from lines[:MAX_PROMPT_LINES]
    if len(lines) > MAX_PROMPT_LINES:
        yield f"  ({len(lines) - MAX_PROMPT_LINES} more lines)"
