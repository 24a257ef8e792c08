"""Checks an eval or a model without a call: class, all rows, ideal answers. `evals check` prints the findings."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from evals.engine.traits import preflight, traits_of
from evals.errors import DataError, EvalsError, RegistryError, UsageError, listed
from evals.eval import Eval, hook_of
from evals.images.conditions import ImageOptions
from evals.registry.error_places import line_of_argument, placed_in
from evals.registry.lookup import Registry
from evals.registry.retirement import retirement_warning
from evals.registry.roots import no_registry
from evals.registry.whose_code import plugins_answer_for
from evals.runner.few_shot_overlap import few_shot_warnings
from evals.runner.given_answer import GivenAnswer, made_over_given
from evals.runner.row_checks import RowChecks
from evals.runner.scorer_trial import try_scorer
from evals.specs import EvalSpec
from evals.suite.tools.tool_call import ToolCall
from evals.texts.number_text import counted, counted_with

MAX_SHOWN = 5
TEXT_FIELD = "text"


@dataclass(frozen=True)
class Finding:
    """One finding of a check. level: ok, warn or failed."""

    level: str
    text: str


@dataclass
class EvalCheck:
    """The findings about one eval."""

    name: str
    where: str | None
    n_samples: int | None = None
    findings: list[Finding] = field(default_factory=list)

    def add(self, level: str, text: str) -> None:
        self.findings.append(Finding(level, text))

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def check_evals(names: Iterable[str], registry_paths: Sequence[str], data_paths: Sequence[str]) -> Iterator[EvalCheck]:
    """Check evals and models. names: an eval, a YAML file of evals, a registry folder, or a model each.

    Raises:
        RegistryError: a file or folder holds no eval, or a registry path is no registry.
    """
    for given in map(Path, registry_paths):
        problem = no_registry(given)
        if problem:
            raise RegistryError(problem, where=str(given), fix="name the folder that contains `evals`")
    for name in names:
        registry = Registry()
        registry.add_registry_paths(list(registry_paths))
        registry.data_paths.extend(data_paths)
        path = Path(name)
        if path.exists():
            folder = path if path.is_dir() else path.resolve().parent.parent
            registry.add_registry_paths([folder])
            yield from _checks_in(path, registry)
        elif not registry.has_eval(name) and registry.is_known_model(name):
            yield check_model(name, registry)
        else:
            yield check_eval(name, registry)


def _checks_in(path: Path, registry: Registry) -> Iterator[EvalCheck]:
    """A check of each eval in a YAML file or a registry folder, and of each file that cannot be read."""
    root = path if path.is_dir() else path.resolve().parent.parent
    entries = [entry for entry in registry.entries("evals") if _is_in(entry.path, path, root)]
    broken = [(file, error) for file, error in registry.broken_files("evals") if _is_in(file, path, root)]
    if not entries and not broken:
        raise RegistryError("no evals here", where=str(path), fix="name a YAML file in evals/, or a registry folder")
    for file, error in broken:
        check = EvalCheck(file.name, None)
        check.add("failed", str(error))
        yield check
    for key in dict.fromkeys(_key_of(entry.name, registry) for entry in entries):
        yield check_eval(key, registry)


def _is_in(file: Path, path: Path, root: Path) -> bool:
    if path.is_dir():
        return file.resolve().parent.parent == root.resolve()
    return file.resolve() == path.resolve()


def _key_of(name: str, registry: Registry) -> str:
    """The name of the spec that `name` leads to; `name` itself if it leads nowhere, so that its check says why."""
    try:
        return str(registry.find_eval(name).key)
    except EvalsError:
        return name


def check_eval(name: str, registry: Registry) -> EvalCheck:
    """Run all checks of one eval: class, rows, ideal answers and the empty answer, duplicates."""
    try:
        spec = registry.find_eval(name)
    except EvalsError as error:
        check = EvalCheck(name, None)
        check.add("failed", str(error))
        return check
    check = EvalCheck(str(spec.key), spec.where)
    try:
        evaluation, answer = made_over_given(spec, registry)
    except (EvalsError, TypeError) as error:
        check.add("failed", f"the class cannot be made: {error}")
        return check
    check.add("ok", f"class {spec.cls} with its arguments")
    try:
        with plugins_answer_for(evaluation, named_by=f"eval {spec.key!r}"):
            _check_made(evaluation, spec, answer, check)
    except UsageError as error:
        check.add("failed", str(error))
    return check


def _check_made(evaluation: Eval, spec: EvalSpec, answer: GivenAnswer, check: EvalCheck) -> None:
    """The checks of an eval whose class could be made."""
    samples = _samples(evaluation, spec, check)
    if samples is None:
        return
    check.n_samples = len(samples)
    are_good = _check_rows(evaluation, samples, check, as_openai_evals=spec.is_openai_evals_form)
    if are_good and _is_ready(evaluation, check):
        weak_is_fine = evaluation.takes_weak_verdicts or "assurance" in (spec.args or {})
        _check_scorer(evaluation, samples, answer, check, weak_is_fine=weak_is_fine)
        _check_duplicates(evaluation, samples, check)
        for warning in few_shot_warnings(evaluation, samples, range(len(samples))):
            check.add("warn", warning)


def check_model(name: str, registry: Registry) -> EvalCheck:
    """The findings about a model or completion function. Nothing is called: a wrong key is not found out."""
    check = EvalCheck(name, None)
    try:
        spec = registry.resolve_completion_fn(name)
        check.where = spec.where
        warning = retirement_warning(registry.model_info(name), datetime.now(timezone.utc).date())
        if warning is not None:
            check.add("warn", warning)
        fn = registry.make_completion_fn(name)
        check.add("ok", f"class {spec.cls} with its arguments")
        preflight(fn)
    except EvalsError as error:
        check.add("failed", str(error))
        return check
    traits = traits_of(fn)
    where = "in this process" if traits.is_local else f"by {traits.host}" if traits.host else "by its own server"
    check.add("ok", f"it is answered {where}; nothing is missing that a call needs (a key is not tried)")
    return check


def _is_ready(evaluation: Eval, check: EvalCheck) -> bool:
    """Whether everything is installed that the eval needs. Otherwise every ideal answer would seem to fail."""
    try:
        evaluation.preflight()
    except EvalsError as error:
        check.add("failed", str(error))
        return False
    return True


def _samples(evaluation: Eval, spec: EvalSpec, check: EvalCheck) -> Sequence[Any] | None:
    if evaluation.samples_jsonl is None:
        check.add("warn", "this class makes its samples itself: rows were not checked")
        return None
    try:
        with placed_in(spec.where, spec.args):
            samples = evaluation.stream_samples()
    except EvalsError as error:
        check.add("failed", str(error))
        return None
    if not len(samples):
        empty = DataError(
            "the dataset has no samples", where=line_of_argument(spec.where, "samples_jsonl"), fix="add rows to it"
        )
        check.add("failed", str(empty))
        return None
    return samples


def _check_rows(evaluation: Eval, samples: Sequence[Any], check: EvalCheck, *, as_openai_evals: bool) -> bool:
    bad: list[EvalsError] = []
    try:
        checks = RowChecks(evaluation, ImageOptions(), as_openai_evals=as_openai_evals)
    except EvalsError as error:
        check.add("failed", str(error))
        return False
    for index in range(len(samples)):
        try:
            checks.look_at(samples[index])
        except (DataError, RegistryError, UsageError) as error:
            bad.append(error)
    if not bad:
        bad += checks.own_ids.problems(samples[index] for index in range(len(samples)))
    for warning in (*checks.doubts.warnings(), *checks.own_ids.warnings()):
        check.add("warn", warning)
    if not bad:
        check.add("ok", f"all rows have the fields that {type(evaluation).__name__} needs")
        return True
    for problem in bad[:MAX_SHOWN]:
        check.add("failed", str(problem))
    if len(bad) > MAX_SHOWN:
        check.add("failed", f"{len(bad) - MAX_SHOWN} more rows are bad")
    return False


def _check_scorer(
    evaluation: Eval, samples: Sequence[Any], answer: GivenAnswer, check: EvalCheck, *, weak_is_fine: bool
) -> None:
    """Check that ideal answers pass the scorer, and that an empty completion does not.

    weak_is_fine: the entry says which verdicts it takes, or this machine has no others: weak ones are a warning.
    """
    tried = try_scorer(evaluation, samples, range(len(samples)), answer)
    if tried.n == 0:
        check.add(*_why_none_was_tried(evaluation))
        return
    _report(check, tried.failing, "every ideal answer passes its own scorer", "an ideal answer fails its own scorer:")
    _report(
        check, tried.empty_passes, "an empty answer is always scored wrong", "an empty answer is scored right in sample"
    )
    if tried.weak:
        fix = "" if weak_is_fine else "\nfix: change these tests, or accept it in the entry's args: assurance: weak"
        check.add(
            "warn" if weak_is_fine else "failed",
            f"{counted(len(tried.weak), 'ideal answer')} passed only in a weak verdict, which a program could forge: "
            f"{listed(tried.weak, 3)}; --assurance strict refuses such samples{fix}",
        )


def _why_none_was_tried(evaluation: Eval) -> tuple[str, str]:
    """The level and the text of the finding where no ideal answer could be tried."""
    if evaluation.further_completion_fns:
        return "ok", "the grader decides what is right; it was not called"
    if isinstance(evaluation, ToolCall):
        return "ok", "an ideal answer is a call of a function: there is no text to try the scorer on"
    return "warn", "no ideal answers to try: the scorer was not exercised"


def _report(check: EvalCheck, bad: list[str], ok: str, failed: str) -> None:
    if not bad:
        check.add("ok", ok)
        return
    for line in bad[:MAX_SHOWN]:
        check.add("failed", f"{failed} {line}")
    if len(bad) > MAX_SHOWN:
        check.add("failed", f"{counted(len(bad) - MAX_SHOWN, 'more sample')} alike")


def _check_duplicates(evaluation: Eval, samples: Sequence[Any], check: EvalCheck) -> None:
    seen: dict[int, int] = {}
    pairs: list[str] = []
    key: Callable[[Any], str] = lambda prompt: json.dumps(prompt, sort_keys=True, default=str)  # noqa: E731
    for index in range(len(samples)):
        prompt = hook_of(evaluation, "first_prompt")(samples[index])
        if prompt is None:
            return
        if getattr(evaluation, "input_field", None) == TEXT_FIELD:
            # A text is scored after its prompt, which is often empty.
            prompt = [prompt, samples[index].get(TEXT_FIELD)]
        first = seen.setdefault(hash(key(prompt)), index)
        if first != index:
            pairs.append(f"{first + 1} and {index + 1}")
    if pairs:
        check.add(
            "warn",
            f"{counted_with(len(pairs), 'sample', 'has', 'have')} the same input as another, rows {listed(pairs, 3)}",
        )
    else:
        check.add("ok", "no two samples have the same input")
