"""Puts ideal answers through the eval's own scorer, and an empty completion too: both must come out as they should."""

from __future__ import annotations

import os
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from evals.engine.loop import run_sync
from evals.errors import EvalsError
from evals.eval import Eval, hook_of
from evals.record.recorders import DummyRecorder
from evals.record.scores import score_of
from evals.runner.given_answer import GivenAnswer
from evals.sample import sample_id


@dataclass
class ScorerTrial:
    """The samples whose ideal answer failed its scorer, those that an empty completion passed, and weak passes."""

    n: int = 0
    "Ideal answers that were tried."
    failing: list[str] = field(default_factory=list)
    empty_passes: list[str] = field(default_factory=list)
    weak: list[str] = field(default_factory=list)
    "Samples whose ideal answer passed in a verdict that the program could have forged."


def try_scorer(evaluation: Eval, samples: Sequence[Any], indices: Iterable[int], answer: GivenAnswer) -> ScorerTrial:
    """Score the ideal answers of some samples, and an empty completion, by the eval's own scorer.

    An answer passes if the score of its sample is above 0. answer: the eval's completion function. indices: rows.
    """
    trial = ScorerTrial()

    async def try_all() -> None:
        recorder = DummyRecorder(None)
        for index in indices:
            sample, name = samples[index], sample_id(evaluation.name, index)
            ideals = hook_of(evaluation, "ideal_completions")(sample)
            for ideal in ideals:
                trial.n += 1
                scored = await _scored(evaluation, recorder, sample, name, answer, ideal)
                if scored.weak:
                    trial.weak.append(name)
                if not scored.passed:
                    trial.failing.append(f"{name} ({ideal[:40]!r})   {where_of(sample, index)}{scored.why}")
                    break
            if ideals and (await _scored(evaluation, recorder, sample, name, answer, "")).passed:
                trial.empty_passes.append(f"{name}   {where_of(sample, index)}")

    run_sync(try_all())
    return trial


class _Scored(NamedTuple):
    passed: bool
    weak: bool
    why: str = ""
    "Why it could not be scored, in lines of their own."


async def _scored(
    evaluation: Eval, recorder: DummyRecorder, sample: Any, name: str, answer: GivenAnswer, text: str
) -> _Scored:
    answer.text = text
    with recorder.sample(name) as scope:
        try:
            await evaluation._call_eval_sample(sample, random.Random(name))
        except EvalsError as error:
            return _Scored(False, False, f"\n{error.what}" + (f"\nfix: {error.fix}" if error.fix else ""))
        except Exception:
            return _Scored(False, False)
        passed = (score_of(scope.events) or 0.0) > 0
        weak = any(isinstance(event.data, dict) and event.data.get("assurance") == "weak" for event in scope.events)
        return _Scored(passed, passed and weak)


def where_of(sample: Any, index: int) -> str:
    """`file:line` of a row, relative to the working folder if it lies in it; its number if it has no place."""
    where = getattr(sample, "where", None)
    return os.path.relpath(where) if where and not where.startswith("..") else where or f"row {index + 1}"
