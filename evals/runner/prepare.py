"""From a request to an eval that is ready to be run: names resolved, data checked, nothing called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timezone
from functools import cached_property
from typing import Any

from evals.completion_fns.effort import check_effort
from evals.engine.sample_order import sample_order
from evals.engine.traits import effort_in_words, preflight, traits_of
from evals.errors import EvalsError, UsageError
from evals.eval import Eval
from evals.key_values import typed
from evals.project import current_project
from evals.record.metric_ranges import KEY, checked_ranges
from evals.registry.classes import load_object
from evals.registry.error_places import placed_in
from evals.registry.lookup import Registry
from evals.registry.retirement import retirement_warning
from evals.registry.typed_arguments import takes_typed_arguments
from evals.registry.whose_code import plugins_answer_for
from evals.runner.budget_check import check_budget
from evals.runner.fingerprint import fingerprint_of, scoring_facts
from evals.runner.given_answer import GivenAnswer, ScoringAnswer
from evals.runner.graders import graders_of, refuse_grader_of_none, self_grading
from evals.runner.preflight import Preflight, check_before_run, source_facts
from evals.runner.request import RunRequest
from evals.runner.resume import Earlier
from evals.runner.row_checks import CheckedElsewhere
from evals.runner.scorer_trial import try_scorer
from evals.runner.unknown_models import told_of_unknown_models
from evals.secrets import register_secrets_in, without_secrets, without_secrets_in_command
from evals.specs import BaseEvalSpec, EvalSpec, RunSpec

SCORER_TRIALS = 50
"Samples whose ideal answers are put through their own scorer before the first call."


@dataclass(frozen=True)
class PreparedRun:
    """A request with its names resolved and its data checked; nothing has been called yet."""

    request: RunRequest
    registry: Registry
    eval_spec: EvalSpec
    base_spec: BaseEvalSpec | None
    "The alias that the eval was named by; None where it was named by its own name."
    eval: Eval
    preflight: Preflight
    fingerprint: dict[str, Any]
    earlier: Earlier | None = None
    "The unfinished record that is gone on with."

    @cached_property
    def efforts(self) -> dict[str, str]:
        """The effort of reasoning of each model by its name, as far as it was named or the model's default is known."""
        asked, names = self.request.settings.overrides, self.request.completion_fn_names
        found = {}
        for place, (name, fn) in enumerate(zip(names, self.eval.completion_fns, strict=False)):
            said = effort_in_words(fn, asked if _is_evaluated(self.eval, place) else {})
            if said is not None:
                found[name] = said
        return found

    @cached_property
    def scales(self) -> dict[str, dict[str, float | int | str]]:
        """Training compute, parameters and family of each model by its name, as far as a registry states them."""
        names = [name for name in self.request.completion_fns if isinstance(name, str)]
        found = {name: self.registry.model_info(name).scale() for name in names}
        return {name: scale for name, scale in found.items() if scale}

    @property
    def higher_is_better(self) -> bool:
        """As the eval's alias says, also where the run names the eval by its own name."""
        return self.registry.eval_facts(self.request.eval_name).get("higher_is_better", True) is not False

    def is_done_by(self, earlier: Earlier) -> bool:
        """Whether an earlier run left nothing to do. One that ended before its time may have a report all the same."""
        if self.request.shard is not None:
            return earlier.complete
        return earlier.complete and len(earlier.finished) >= self.preflight.n_selected * self.request.repeats

    def run_spec(self) -> RunSpec:
        """The first line of the record."""
        request, spec = self.request, self.eval_spec
        assert spec.key is not None
        base, split = spec.key.split(".")[0:2]
        visible = request.visible if request.visible is not None else request.max_samples is None
        ranges = checked_ranges(self.eval.metric_ranges, spec.key)
        return RunSpec(
            completion_fns=request.completion_fn_names,
            eval_name=spec.key,
            base_eval=base,
            split=split,
            run_config={
                "completion_fns": request.completion_fn_names,
                "eval_spec": {
                    "cls": spec.cls,
                    "registry_path": str(spec.registry_path),
                    "args": without_secrets({**(spec.args or {}), **request.extra_eval_params}),
                    "key": spec.key,
                    "group": spec.group,
                },
                "seed": request.seed,
                "max_samples": request.max_samples,
                "command": without_secrets_in_command(request.command),
                "initial_settings": {"visible": visible},
                "repeats": request.repeats,
                **({"extra_eval_params": without_secrets(given)} if (given := request.extra_eval_params) else {}),
                **({"estimand": request.estimand} if request.estimand != "like-these" else {}),
                **({"shrink_groups": True} if request.shrink_groups else {}),
                "higher_is_better": self.higher_is_better,
                **({KEY: {name: bounds and list(bounds) for name, bounds in ranges.items()}} if ranges else {}),
                "fingerprint": self.fingerprint,
                **({"shard": asdict(request.shard)} if request.shard is not None else {}),
                **({"efforts": self.efforts} if self.efforts else {}),
                **current_project().facts(),
                **({"graders": graders} if (graders := graders_of(self.eval)) else {}),
                **({"tags": list(request.tags)} if request.tags else {}),
                **({"models": self.scales} if self.scales else {}),
                **self.preflight.facts(),
                **source_facts(spec.registry_path),
            },
            created_by=request.user,
        )


def prepare(
    request: RunRequest,
    registry: Registry | None = None,
    *,
    to_call: bool = True,
    elsewhere: CheckedElsewhere | None = None,
) -> PreparedRun:
    """Resolve the names of a request, check its data, and try what the eval needs.

    to_call: False where no model will be called, so that no key is needed and no ideal answer is tried. elsewhere: who
    checks a part of the rows.

    Raises:
        EvalsError: something cannot be run like this; nothing was called.
    """
    registry = _registry_of(request, registry)
    _refuse_swapped(request, registry)
    spec = registry.find_eval(request.eval_name)
    evaluation = _evaluation_of(spec, request, registry)
    request = with_images(request, evaluation)
    with plugins_answer_for(evaluation, named_by=f"eval {spec.key!r}", where=spec.where):
        facts = _facts_of(evaluation, spec, request, elsewhere)
        _check_effort(evaluation, request, registry)
        warnings = [*facts.warnings, *_model_warnings(evaluation, request, registry), *self_grading(evaluation)]
        if to_call:
            evaluation.preflight()
            warnings += _scorer_warnings(evaluation, spec, request, registry)
            with told_of_unknown_models(_models_of(evaluation, request), registry):
                preflight(*evaluation.completion_fns, *evaluation.further_completion_fns)
            check_budget(evaluation, request, registry)
        fingerprint = fingerprint_of(request, spec, evaluation, facts, registry)
    return PreparedRun(
        request=request,
        registry=registry,
        eval_spec=spec,
        base_spec=registry.get_base_eval(request.eval_name),
        eval=evaluation,
        preflight=replace(facts, warnings=warnings),
        fingerprint=fingerprint,
    )


def prepare_report(request: RunRequest, registry: Registry | None = None) -> PreparedRun:
    """A run whose samples are all recorded: its eval with stand-ins for the models, which are not needed any more.

    The fingerprint holds `scoring_facts` alone.

    Raises:
        EvalsError: the eval or its data cannot be used.
    """
    registry = _registry_of(request, registry)
    spec = registry.find_eval(request.eval_name)
    register_secrets_in(spec.args)
    evaluation = _eval_over_stand_ins(spec, request, registry)
    facts = _facts_of(evaluation, spec, request)
    return PreparedRun(
        request=request,
        registry=registry,
        eval_spec=spec,
        base_spec=registry.get_base_eval(request.eval_name),
        eval=evaluation,
        preflight=facts,
        fingerprint=scoring_facts(request, spec, evaluation, facts),
    )


def fingerprint_now(request: RunRequest) -> dict[str, Any]:
    """The fingerprint that a run would have if it began now. Nothing is called, and nothing is tried.

    Raises:
        EvalsError: it could not begin.
    """
    registry = _registry_of(request, None)
    spec = registry.find_eval(request.eval_name)
    evaluation = _evaluation_of(spec, request, registry)
    request = with_images(request, evaluation)
    with plugins_answer_for(evaluation, named_by=f"eval {spec.key!r}", where=spec.where):
        facts = _facts_of(evaluation, spec, request)
        return fingerprint_of(request, spec, evaluation, facts, registry)


def eval_of(request: RunRequest) -> Eval:
    """The eval of a request, made again in another process. Its data was checked there, and nothing is called here."""
    registry = _registry_of(request, None)
    return _evaluation_of(registry.find_eval(request.eval_name), request, registry)


def with_images(request: RunRequest, evaluation: Eval) -> RunRequest:
    """The request in the eval's own condition of images, where the request names none."""
    settings, condition = request.settings, evaluation.image_condition
    if condition is None or settings.images.condition is not None:
        return request
    return replace(request, settings=replace(settings, images=replace(settings.images, condition=condition)))


def _facts_of(
    evaluation: Eval, spec: EvalSpec, request: RunRequest, elsewhere: CheckedElsewhere | None = None
) -> Preflight:
    images, is_theirs = request.settings.images, spec.is_openai_evals_form
    with placed_in(spec.where, {**(spec.args or {}), **request.extra_eval_params}, given=request.extra_eval_params):
        return check_before_run(evaluation, request.max_samples, images, as_openai_evals=is_theirs, elsewhere=elsewhere)


def _registry_of(request: RunRequest, registry: Registry | None) -> Registry:
    register_secrets_in(request.completion_args)
    register_secrets_in(request.extra_eval_params)
    registry = registry or Registry()
    if request.registry_paths:
        registry.add_registry_paths(list(request.registry_paths))
    registry.data_paths.extend(request.data_paths)
    return registry


def _refuse_swapped(request: RunRequest, registry: Registry) -> None:
    """Raise UsageError where the name of the eval is no eval, and that of the model is one."""
    first = request.completion_fns[0]
    if isinstance(first, str) and registry.has_eval(first) and not registry.has_eval(request.eval_name):
        raise UsageError(
            f"{first!r} is an eval, and {request.eval_name!r} is none",
            fix=f"name the model first: oaieval {request.eval_name} {first}",
        )


def _evaluation_of(spec: EvalSpec, request: RunRequest, registry: Registry) -> Eval:
    register_secrets_in(spec.args)
    fns = [_completion_fn(fn, request, registry) if isinstance(fn, str) else fn for fn in request.completion_fns]
    return _make_eval(spec, request, registry, fns)


def _make_eval(spec: EvalSpec, request: RunRequest, registry: Registry, fns: Sequence[Any]) -> Eval:
    if "grader" in request.extra_eval_params:
        refuse_grader_of_none(spec, registry)
    made: Eval = registry.make_eval(spec, fns, **{"seed": request.seed, **request.extra_eval_params})
    made.completion_fn_names = request.completion_fn_names
    return made


def _eval_over_stand_ins(spec: EvalSpec, request: RunRequest, registry: Registry) -> Eval:
    """The eval over models that give texts, or else over ones that have log probabilities of texts too."""
    try:
        return _make_eval(spec, request, registry, [GivenAnswer() for _ in request.completion_fns])
    except UsageError as error:
        try:
            return _make_eval(spec, request, registry, [ScoringAnswer() for _ in request.completion_fns])
        except EvalsError:
            raise error from None


def _completion_fn(name: str, request: RunRequest, registry: Registry) -> Any:
    """Arguments are typed for classes that ask for it: others expect the text that openai/evals gave them."""
    spec = registry.resolve_completion_fn(name)
    factory = load_object(spec.cls, named_by=f"completion function {name!r}", where=spec.where)
    given = request.completion_args
    if takes_typed_arguments(factory):
        given = {key: typed(value) if isinstance(value, str) else value for key, value in given.items()}
    register_secrets_in(spec.args)
    register_secrets_in(given)
    return registry.make_completion_fn(name, **given)


def _is_evaluated(evaluation: Eval, place: int) -> bool:
    """Whether the completion function at this place answers samples; one after the first may be a grader."""
    fn = evaluation.completion_fns[place]
    return place == 0 or all(fn is not grader for grader in evaluation.further_completion_fns)


def _check_effort(evaluation: Eval, request: RunRequest, registry: Registry) -> None:
    """Raise UsageError for an effort of the command line that an evaluated model is known not to take."""
    effort = request.settings.overrides.get("reasoning_effort")
    if effort is None:
        return
    shown = request.completion_fn_names
    for place, (name, fn) in enumerate(zip(request.completion_fns, evaluation.completion_fns, strict=False)):
        if not _is_evaluated(evaluation, place):
            continue
        if traits_of(fn).is_local:
            raise UsageError(f"{shown[place]} takes no effort of reasoning", fix="leave --effort out")
        if isinstance(name, str):
            check_effort(registry.model_info(name), str(effort))


def _model_warnings(evaluation: Eval, request: RunRequest, registry: Registry) -> list[str]:
    """What is known against the models of a run, its graders among them: that they are or will soon be shut down."""
    today = datetime.now(timezone.utc).date()
    behind = {
        name: traits_of(fn).model or name  # a completion function may have a name of its own
        for name, fn in zip(request.completion_fns, evaluation.completion_fns, strict=False)
        if isinstance(name, str) and not traits_of(fn).is_local
    }
    models = dict.fromkeys(behind.get(name, name) for name in _models_of(evaluation, request))
    warnings = [retirement_warning(registry.model_info(name), today) for name in models]
    return [warning for warning in warnings if warning is not None]


def _models_of(evaluation: Eval, request: RunRequest) -> list[str]:
    """The names of the models of a run, its graders among them, each once."""
    graders = [traits_of(fn).model for fn in evaluation.further_completion_fns]
    return list(dict.fromkeys(name for name in (*request.completion_fns, *graders) if isinstance(name, str)))


def _scorer_warnings(evaluation: Eval, spec: EvalSpec, request: RunRequest, registry: Registry) -> list[str]:
    """Ideal answers of the first samples that fail their own scorer, where it makes no calls."""
    if not evaluation.scores_without_calls:
        return []
    samples = evaluation.stream_samples() if evaluation.samples_jsonl is not None else []
    if not len(samples) or not evaluation.ideal_completions(samples[0]):
        return []
    answer = GivenAnswer()
    twin = _make_eval(spec, request, registry, [answer])
    tried = sample_order(len(samples), request.max_samples)[:SCORER_TRIALS]
    failing = try_scorer(twin, samples, tried, answer).failing
    if not failing:
        return []
    return [
        f"{len(failing)} of {len(tried)} samples tried have an ideal answer that their own scorer refuses, "
        f"first {failing[0].splitlines()[0]}"
    ]
