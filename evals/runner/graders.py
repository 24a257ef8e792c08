"""The graders of a run before it begins: whether the eval asks any, which they are, and whether one grades itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evals.engine.traits import traits_of
from evals.errors import UsageError
from evals.registry.argument_types import parameters_of
from evals.registry.whose_code import is_ours

if TYPE_CHECKING:
    from evals.completion_fns.graders import NamedGrader
    from evals.eval import Eval
    from evals.registry.lookup import Registry
    from evals.specs import EvalSpec


def takes_grader(spec: EvalSpec, registry: Registry) -> bool:
    """Whether the class of an eval has the argument `grader`; of a plug-in nobody can tell, and it is True."""
    cls = registry.get_class(spec).func
    return not is_ours(cls) or "grader" in parameters_of(cls, is_ours)


def refuse_grader_of_none(spec: EvalSpec, registry: Registry) -> None:
    """Raise UsageError where a grader is named for one of our classes that asks none."""
    if not takes_grader(spec, registry):
        raise UsageError(
            f"eval {spec.key} asks no grader: its class {spec.cls} scores without a model",
            where=spec.where,
            fix="leave the grader out",
        )


def graders_of(evaluation: Eval) -> list[dict[str, Any]]:
    """What a record says of its graders: `name` and `model` of each, and `args` and `options` where there are some."""
    return [grader.facts() for grader in _graders(evaluation)]


def self_grading(evaluation: Eval) -> list[str]:
    """A warning for a grader that is the evaluated model.

    None where graders are what is evaluated (`metaeval`), and where a record is played back.
    """
    plays_back = any(getattr(fn, "plays_back_a_record", False) for fn in evaluation.completion_fns)
    if plays_back or getattr(evaluation, "metaeval", False):
        return []
    evaluated, called = {_identity(fn) for fn in evaluation.completion_fns}, evaluation.completion_fn_names
    graders = _graders(evaluation)
    names = [one.name for one in graders if _identity(one.fn) in evaluated or (one.spec and one.spec.model in called)]
    if not names:
        return []
    return [
        f"grader {names[0]} is the evaluated model itself, and models are kinder to their own answers: "
        "name another one with --grader"
    ]


def _graders(evaluation: Eval) -> list[NamedGrader]:
    return list(getattr(evaluation, "named_graders", ()))  # a plug-in may be no Eval of ours


def _identity(fn: Any) -> tuple[Any, ...]:
    """What makes two completion functions the same model: its name and server, else the object."""
    traits = traits_of(fn)
    return (traits.model, traits.host) if traits.model else (id(fn),)
