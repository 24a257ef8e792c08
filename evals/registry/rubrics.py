"""Turns the YAML entry of a rubric into a typed spec: what is missing or has a wrong type is an error with its line."""

from __future__ import annotations

import copy
import sys
from typing import Any

from evals.errors import RegistryError, did_you_mean
from evals.registry.entries import kind_of
from evals.registry.error_places import line_of_argument
from evals.registry.index import RawEntry
from evals.specs import ModelGradedSpec
from evals.texts.unquoted import quotes_fix

RUBRIC_KEYS = {
    "prompt": 'prompt: "{input} {completion} ..."',
    "choice_strings": 'choice_strings: ["Yes", "No"]',
    "input_outputs": "input_outputs: {input: completion}",
}
"The keys that every rubric needs, with an example each."


def as_modelgraded_spec(entry: RawEntry, overrides: dict[str, Any]) -> ModelGradedSpec:
    """The rubric of `entry`. overrides: replace keys of its body.

    Raises:
        RegistryError: a required key is missing, or choices or scores have the wrong type.
    """
    body = copy.deepcopy({**entry.body, **overrides})
    missing = [key for key in RUBRIC_KEYS if body.get(key) is None]
    if missing:
        raise RegistryError(
            f"modelgraded spec {entry.name!r} has no {missing[0]!r}",
            where=entry.where,
            notes=[did_you_mean(missing[0], list(entry.body))],
            fix=f"add {RUBRIC_KEYS[missing[0]]}",
        )
    _check_texts(entry, body)
    _check_choices(entry, body["choice_strings"])
    return ModelGradedSpec(
        prompt=body["prompt"],
        choice_strings=body["choice_strings"],
        input_outputs=body["input_outputs"],
        eval_type=body.get("eval_type"),
        choice_scores=_choice_scores(entry, body.get("choice_scores")),
        output_template=body.get("output_template"),
        key=entry.name,
        group=entry.group,
        where=entry.where,
    )


def _check_texts(entry: RawEntry, body: dict[str, Any]) -> None:
    for key in ("eval_type", "output_template"):
        if body.get(key) is not None and not isinstance(body[key], str):
            raise RegistryError(
                f"the {key!r} of {entry.name!r} is {body[key]!r:.60}, not a text",
                where=line_of_argument(entry.where, key),
                fix=quotes_fix(body[key])
                or (f"write one name: {key}: cot_classify" if key == "eval_type" else "write a text, or leave it out"),
            )


def _check_choices(entry: RawEntry, choices: Any) -> None:
    if isinstance(choices, str):
        return
    if not isinstance(choices, list):
        raise RegistryError(
            f"the 'choice_strings' of {entry.name!r} are {kind_of(choices)}",
            where=line_of_argument(entry.where, "choice_strings"),
            fix=f"write {RUBRIC_KEYS['choice_strings']}",
        )
    for choice in choices:
        if not isinstance(choice, str):
            raise _unquoted(entry, "choice_strings", choice)


def _choice_scores(entry: RawEntry, scores: Any) -> dict[str, float] | str | None:
    if scores is None or isinstance(scores, str):
        return scores
    if not isinstance(scores, dict):
        raise RegistryError(
            f"the 'choice_scores' of {entry.name!r} are {kind_of(scores)}",
            where=line_of_argument(entry.where, "choice_scores"),
            fix='write choice_scores: {"Yes": 1, "No": 0}',
        )
    for choice, score in scores.items():
        if not isinstance(choice, str):
            raise _unquoted(entry, "choice_scores", choice)
        if not is_finite_number(score):
            raise RegistryError(
                f"the score of choice {choice!r} in {entry.name!r} is {score!r:.40}, not a number",
                where=line_of_argument(entry.where, "choice_scores"),
                fix='give each choice a number: {"Yes": 1, "No": 0}',
            )
    return {choice: float(score) for choice, score in scores.items()}


def _unquoted(entry: RawEntry, key: str, value: Any) -> RegistryError:
    return RegistryError(
        f"{key!r} of modelgraded spec {entry.name!r} holds {kind_of(value)}, not a text",
        where=line_of_argument(entry.where, key),
        fix=quotes_fix(value) or f"write {RUBRIC_KEYS[key]}",
    )


def is_finite_number(value: object) -> bool:
    """Whether a value of YAML is a number that can be added up; NaN and numbers beyond floats are none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) <= sys.float_info.max
