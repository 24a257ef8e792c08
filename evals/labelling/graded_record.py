"""Reads a graded record: of each sample what a person is shown, and what the graders said."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from evals.errors import DataError, EvalsError, UsageError
from evals.json_text import dumps
from evals.record.reader import Record, read_record
from evals.record.sample_record import SampleRecord
from evals.record.scores import score_of
from evals.registry.lookup import Registry
from evals.suite.graded.grading import get_choice_strings, score_table

HIDDEN_CHOICES = "__"
"Choices that begin like this are no choices: they say why there is none."
RIGHT_WRONG = {"right": 1.0, "wrong": 0.0}
WINNERS = {"model_a": 1.0, "tie": 0.5, "model_b": 0.0}
"The choices of records that compare two answers."
_NOT_SHOWN = ("input", "choice", "label", "metascore", "id", "sample")
"Fields of a row that are shown elsewhere, or would give a verdict away."
GROUPS = ("category", "subject", "group", "section", "language")


@dataclass(frozen=True)
class GradedSample:
    """One sample: what a person sees of it, and what came of it."""

    id: str
    question: Any
    "The prompt of the evaluated model."
    answer: str
    "Its completion; several are joined."
    known: Mapping[str, Any]
    "Other fields of the row, such as the known answer."
    choice: str
    "The verdict; empty where there is none."
    score: float | None
    by_grader: Mapping[str, str] = field(default_factory=dict)
    "Of each grader its choice."
    orders: tuple[tuple[str, ...], ...] = ()
    "Of graders that saw both orders: the choices in them."
    guide: Any = None
    "What the grader was asked."
    group: str | None = None
    length: int = 0
    "Letters of the answer; of two answers how many more the first one has."

    @property
    def digest(self) -> str:
        """16 hexadecimal digits of what is labelled: a label of another question or answer is found by it."""
        text = dumps([self.question, self.answer, dict(self.known)])
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


@dataclass(frozen=True)
class GradedRecord:
    """A record with graded samples, in the order of their ids."""

    path: Path
    eval_name: str
    run_id: str
    samples: Sequence[GradedSample]
    scores: Mapping[str, float | None]
    "The choices with their scores; None for a rubric without scores."
    models: Sequence[str]
    graders: Sequence[Mapping[str, Any]] = ()
    "`name` and `model` of each."

    @property
    def compares_answers(self) -> bool:
        """Whether each sample has two answers, of which one is preferred."""
        return list(self.scores) == list(WINNERS)

    @property
    def choices(self) -> list[str]:
        """The labels that a person may give."""
        return list(self.scores)

    def with_scores(self, scores: Mapping[str, float | None]) -> GradedRecord:
        """The record with other scores of these choices."""
        samples = [replace(one, score=scores[one.choice]) if one.choice in scores else one for one in self.samples]
        return replace(self, samples=samples, scores={**self.scores, **scores})

    @cached_property
    def by_id(self) -> dict[str, GradedSample]:
        """The samples by their ids."""
        return {sample.id: sample for sample in self.samples}


def read_graded(path: str, registry: Registry, choices: Sequence[str] = ()) -> GradedRecord:
    """The graded samples of a record; failed samples and repeats are left out.

    registry: has the rubric of the eval, by name, where the eval is installed. choices: in place of those of the
    record, the better ones first.

    Raises:
        DataError: it is no record, or holds no sample with a completion.
    """
    record = read_record(path)
    samples = [_sample(one) for one in record.samples() if one.error is None and not one.repeat]
    samples = sorted((sample for sample in samples if sample.answer), key=lambda sample: _order(sample.id))
    if not samples:
        raise DataError(
            "this record has no completion that could be labelled",
            where=path,
            fix="label the record of a run with a model; samples that failed are left out",
        )
    config = record.spec.get("run_config") or {}
    return GradedRecord(
        path=Path(path),
        eval_name=str(record.spec.get("eval_name") or "?"),
        run_id=record.run_id or "",
        samples=samples,
        scores=_choices(record, samples, registry, choices),
        models=[str(name) for name in record.spec.get("completion_fns") or ()],
        graders=[one for one in config.get("graders") or () if isinstance(one, dict)],
    )


def named_choices(text: str | None) -> list[str]:
    """The choices that `--choices A,B` names, in its order; empty where the option is not given.

    Raises:
        UsageError: it names none, or one of them twice.
    """
    names = [part.strip() for part in (text or "").split(",") if part.strip()]
    if text is not None and (not names or len(set(names)) < len(names)):
        wrong = "names one choice twice" if names else "names no choice"
        raise UsageError(f"--choices {wrong}: {text[:40]!r}", fix="write --choices A,B")
    return names


def _order(sample_id: str) -> tuple[str, int, str]:
    base, _, number = sample_id.rpartition(".")
    return (base, int(number), "") if number.isdecimal() else (sample_id, 0, "")


def _sample(sample: SampleRecord) -> GradedSample:
    calls = [call for call in sample.data("sampling") if isinstance(call, dict)]
    own = [call for call in calls if "grader" not in call]
    row = sample.raw_sample
    verdicts = [one for one in sample.data("verdict") if isinstance(one, dict)]
    choice, score = _outcome(sample)
    return GradedSample(
        id=sample.sample_id,
        question=own[0].get("prompt") if own else row.get("input", ""),
        answer="\n\n".join(_texts(own)) or _stored_answer(row),
        known=_known(sample),
        choice=choice,
        score=score,
        by_grader={str(one.get("grader")): str(one.get("choice")) for one in verdicts},
        orders=tuple(tuple(map(str, one["orders"])) for one in verdicts if isinstance(one.get("orders"), list)),
        guide=next((call.get("prompt") for call in calls if "grader" in call), None),
        group=_group(sample),
        length=_length(sample, "\n\n".join(_texts(own)) or _stored_answer(row)),
    )


def _known(sample: SampleRecord) -> dict[str, Any]:
    """What a person may know beside question and answer: fields of the row, and the expected answer."""
    found = {key: value for key, value in sample.raw_sample.items() if key not in _NOT_SHOWN}
    expected = [
        match["expected"] for match in sample.data("match") if isinstance(match, dict) and match.get("expected")
    ]
    return found | ({"expected": expected[-1]} if expected and "ideal" not in found else {})


def _texts(calls: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for call in calls:
        said = call.get("answers") or call.get("sampled")
        for text in said if isinstance(said, list) else [said]:
            if text is not None:
                yield str(text)


def _stored_answer(row: Mapping[str, Any]) -> str:
    """A finished completion of a row that was graded without a call."""
    sample = row.get("sample")
    if isinstance(sample, dict):
        return str(sample.get("output_text") or "")
    return next((str(row[key]) for key in ("completion", "answer", "output") if row.get(key)), "")


def _outcome(sample: SampleRecord) -> tuple[str, float | None]:
    for battle in sample.data("battle"):
        if isinstance(battle, dict) and battle.get("winner") in WINNERS:
            return battle["winner"], score_of(sample.events)
    for metrics in sample.data("metrics"):
        if isinstance(metrics, dict) and isinstance(metrics.get("choice"), str):
            score = metrics.get("score")
            return metrics["choice"], float(score) if isinstance(score, int | float) else None
    matches = [match for match in sample.data("match") if isinstance(match, dict) and "correct" in match]
    if matches:
        return ("right" if matches[-1]["correct"] else "wrong"), float(bool(matches[-1]["correct"]))
    score = score_of(sample.events)
    return ("" if score is None else f"{score:g}"), score


def _length(sample: SampleRecord, answer: str) -> int:
    for metrics in sample.data("metrics"):
        if isinstance(metrics, dict) and isinstance(metrics.get("length_difference"), int | float):
            return int(metrics["length_difference"])
    return len(answer)


def _group(sample: SampleRecord) -> str | None:
    for labels in (sample.labels, sample.raw_sample):
        for key in GROUPS:
            if isinstance(labels.get(key), str):
                return str(labels[key])
    return None


def _choices(
    record: Record, samples: Sequence[GradedSample], registry: Registry, given: Sequence[str]
) -> dict[str, float | None]:
    """The choices with their scores: those of the rubric, else those that were made."""
    seen: dict[str, float | None] = {}
    for sample in samples:
        if sample.choice and not sample.choice.startswith(HIDDEN_CHOICES):
            seen.setdefault(sample.choice, sample.score)
    if seen and set(seen) <= set(WINNERS):
        return dict(WINNERS)
    known = _rubric_choices(str(record.spec.get("eval_name") or ""), registry)
    if not known and set(seen) <= set(RIGHT_WRONG):
        known = dict(RIGHT_WRONG)
    found = {**known, **{choice: seen[choice] for choice in better_first(seen) if choice not in known}}
    if not given:
        return found
    return {choice: found.get(choice) for choice in given}


def better_first(scores: Mapping[str, float | None]) -> list[str]:
    """Choices by their scores, the highest first; equal ones by name."""
    return sorted(scores, key=lambda choice: (-(scores[choice] or 0.0), choice))


def _rubric_choices(eval_name: str, registry: Registry) -> dict[str, float | None]:
    """The choices of the rubric that the eval names, as it is installed here; empty where there is none."""
    try:
        rubric = (registry.find_eval(eval_name).args or {}).get("modelgraded_spec")
        spec = registry.get_modelgraded_spec(rubric) if isinstance(rubric, str) else None
        choices = get_choice_strings(spec.choice_strings, punctuation=True) if spec is not None else []
        scores = score_table(choices, spec.choice_scores) if spec is not None else None
    except EvalsError:
        return {}
    return {choice: None if scores is None else scores.get(choice) for choice in choices}
