"""The lines that the terminal shows before a run: eval, model, size, estimated cost, warnings."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from evals.engine.prompt_form import form_in_words
from evals.engine.traits import traits_of
from evals.report.words import counted, money, wrapped

if TYPE_CHECKING:
    from evals.completion_fns.graders import NamedGrader
    from evals.runner.prepare import PreparedRun


def opening_lines(prepared: PreparedRun) -> str:
    """The text for a prepared run. Tokens and cost are estimates."""
    facts, fns, names = prepared.preflight, prepared.eval.completion_fns, prepared.request.completion_fn_names
    size = f"{counted(facts.n_selected, 'sample')}  " if facts.n_samples is not None else ""
    repeats = f"x {prepared.request.repeats}  " if prepared.request.repeats > 1 else ""
    models = [
        _with_host(name, fn) + (f", effort {prepared.efforts[name]}" if name in prepared.efforts else "")
        for name, fn in itertools.zip_longest(names, fns[: len(names)])
    ]
    models += [f"grader {_with_host(one.name, one.fn)}" for one in _graders(prepared, names)]
    lines = ["dry run: the model is called, and no record is written"] if prepared.request.dry_run else []
    lines += [f"{prepared.eval_spec.key}  {size}{repeats}model {', '.join(models)}"]
    if facts.prompt_tokens and not all(traits_of(fn).is_local for fn in fns):
        tokens = facts.prompt_tokens * prepared.request.repeats
        estimate = f"about {tokens:,} prompt tokens (estimate: bytes/4)"
        price = prepared.registry.model_info(names[0]).input_usd_per_million
        if price is not None:
            estimate += f", {money(tokens * price / 1e6)} for the prompts"
        lines.append(estimate)
    if prepared.earlier is not None:
        lines.append(f"going on with {prepared.earlier.path}")
    lines.extend(_prompt_lines(prepared))
    lines.extend(f"warning: {warning}" for warning in facts.warnings)
    return "\n".join(lines)


def _graders(prepared: PreparedRun, names: Sequence[str]) -> list[NamedGrader]:
    """The graders that are not named among the models already."""
    return [one for one in getattr(prepared.eval, "named_graders", ()) if one.name not in names]


def _prompt_lines(prepared: PreparedRun) -> list[str]:
    """How text prompts are sent, where the evaluated model takes messages."""
    evaluation = prepared.eval
    if not evaluation.completion_fns:
        return []
    theirs = prepared.eval_spec.is_openai_evals_form
    said = form_in_words(evaluation.completion_fns[0], prepared.preflight.first_prompt, openai_evals_rules=theirs)
    return [] if said is None else wrapped(said, rest="  ")


def _with_host(name: str, fn: Any) -> str:
    """`gpt-6-luna via api.openai.com`: people should see a wrong server before they pay for it."""
    host = traits_of(fn).host if fn is not None else None
    return f"{name} via {host}" if isinstance(host, str) and host else name
