"""The graders `score_model` and `label_model`: a model reads the answer, and gives a number or one of some labels."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evals.errors import UsageError
from evals.json_text import dumps
from evals.suite.graded.grading import INVALID_STR
from evals.suite.graded.verdict_fields import objects_in
from evals.suite.graded.verdicts import stated_choice
from evals.suite.graders.definitions import Definition
from evals.suite.graders.grade import Grade, Helpers, NotGraded, passes
from evals.suite.graders.messages import MessageTemplate, read_messages
from evals.suite.graders.stated_number import stated_number
from evals.suite.graders.templates import Variable
from evals.suite.match.json_schemas import response_format_of

SAMPLING = {
    "seed": "seed",
    "top_p": "top_p",
    "temperature": "temperature",
    "max_completions_tokens": "max_tokens",
    "max_completion_tokens": "max_tokens",
    "reasoning_effort": "reasoning_effort",
}
"Keys of `sampling_params`, as hosted Evals spell them, and the options of a request that they become."

NUMBER: dict[str, Any] = {"type": "number"}


def answer_format(result: Mapping[str, Any]) -> dict[str, Any]:
    """The `response_format` that graders ask for: `steps` of reasoning, then the `result`.

    The form is that of hosted Evals (OpenAI's guide "Graders", 2026); steps come first, so that the result follows from
    them. result: the schema of the result.
    """
    step = _strict({"description": {"type": "string"}, "conclusion": {"type": "string"}})
    return response_format_of(_strict({"steps": {"type": "array", "items": step}, "result": dict(result)}), "grade")


def _strict(properties: dict[str, Any]) -> dict[str, Any]:
    required = list(properties)
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def asked_in_words(
    messages: Sequence[Mapping[str, Any]], options: Mapping[str, Any]
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The messages and options of a grader's call with the form of its answer in a last message, for servers that
    refuse a `response_format`. options: with the format that `answer_format` makes."""
    rest = dict(options)
    schema = rest.pop("response_format")["json_schema"]["schema"]["properties"]["result"]
    what = "a number" if "enum" not in schema else "one of " + ", ".join(dumps(label) for label in schema["enum"])
    form = f'Reply with a JSON object of your steps and the result, {what}: {{"steps": ["..."], "result": ...}}'
    return [*map(dict, messages), {"role": "user", "content": form}], rest


def result_of(answer: str) -> Any:
    """The `result` in a grader's answer: of the last JSON object that has one, words and code fences around it aside.

    Raises:
        KeyError: no object has one.
    """
    found = [value for value in objects_in(answer) if isinstance(value, dict) and "result" in value]
    if not found:
        raise KeyError("result")
    return found[-1]["result"]


def score_in(result: Any, low: float, high: float) -> tuple[float, bool]:
    """The score that a `result` stands for, clipped to the range, and whether it is valid.

    What is no number gives 0 and is not valid, as in hosted Evals.
    """
    if isinstance(result, str):
        try:
            result = float(result)
        except ValueError:
            return 0.0, False
    if isinstance(result, bool) or not isinstance(result, int | float) or math.isnan(result):
        return 0.0, False
    return float(min(max(result, low), high)), True


@dataclass(frozen=True)
class ModelCall:
    """The call of a grader model: its name in the definition, messages with variables, options."""

    model: str
    messages: tuple[MessageTemplate, ...]
    options: Mapping[str, Any]

    @classmethod
    def read(cls, given: Definition, result: Mapping[str, Any]) -> ModelCall:
        """The call of a definition. result: the schema of the result that is asked for."""
        model = given.need("model")
        if not isinstance(model, str) or not model:
            raise given.wrong("model", "the name of a model")
        messages = read_messages(given.need("input"), f"{given.where}.input")
        options = sampling_options(given.get("sampling_params"), SAMPLING, f"{given.where}.sampling_params")
        return cls(model, tuple(messages), {**options, "response_format": answer_format(result)})

    @property
    def variables(self) -> list[Variable]:
        return [variable for message in self.messages for variable in message.variables]

    async def answer(self, values: Mapping[str, Any], helpers: Helpers) -> str:
        """The model's answer."""
        return await helpers.ask(self.model, [message.filled(values) for message in self.messages], self.options)


def sampling_options(given: Any, known: Mapping[str, str], where: str) -> dict[str, Any]:
    """`sampling_params` as options of a request; values of null are left out.

    known: the keys that may be there, and the options that they become.

    Raises:
        UsageError: it is no object, or has another key.
    """
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise UsageError("sampling_params is no object", where=where, fix="write {temperature: 0}")
    options = {}
    for key, value in given.items():
        if key not in known:
            raise UsageError(
                f"{key!r} is not supported", where=where, fix=f"leave it out; there are {', '.join(known)}"
            )
        if value is not None:
            options[known[key]] = value
    return options


@dataclass(frozen=True)
class ScoreModelGrader:
    """Scores what the model says, clipped to `range`; a score from `pass_threshold` on passes."""

    name: str
    call: ModelCall
    range: tuple[float, float]
    pass_threshold: float | None
    type: str = "score_model"

    @classmethod
    def read(cls, given: Definition) -> ScoreModelGrader:
        """The grader of a definition. Raises UsageError if a key is missing, unknown or wrong."""
        given.only("model", "input", "range", "pass_threshold", "sampling_params")
        bounds = given.get("range") if given.get("range") is not None else [0, 1]
        if not _is_range(bounds):
            raise given.wrong("range", "two numbers, the lower one first")
        low, high = bounds
        return cls(given.name, ModelCall.read(given, NUMBER), (float(low), float(high)), given.number("pass_threshold"))

    @property
    def variables(self) -> list[Variable]:
        return self.call.variables

    async def grade(self, values: Mapping[str, Any], helpers: Helpers) -> Grade:
        """The score; details: `model`, `result` as the model gave it, or the number that it states in words, and
        `clipped` for a result outside of the range.

        Raises:
            NotGraded: there is no `result`, and no number in the range is stated.
        """
        result = self._result(await self.call.answer(values, helpers))
        score, valid = score_in(result, *self.range)
        passed = passes(score, self.pass_threshold) if valid or self.pass_threshold is None else False
        clipped = {"clipped": True} if valid and score != float(result) else {}
        return Grade(score, passed, not valid, {"model": self.call.model, "result": result, **clipped})

    def _result(self, answer: str) -> Any:
        try:
            return result_of(answer)
        except KeyError:
            pass
        low, high = self.range
        number = stated_number(answer, high)
        if number is None or not low <= number <= high:
            raise NotGraded(
                f"grader {self.name!r}: the model gave no number from {low:g} to {high:g}: {answer[:120]!r}",
                fix="take a grader model with structured outputs, or name the range in the prompt",
            )
        return number


def _is_range(given: Any) -> bool:
    numbers = isinstance(given, Sequence) and len(given) == 2 and all(type(end) in (int, float) for end in given)
    return numbers and math.isfinite(given[0]) and math.isfinite(given[1]) and given[0] < given[1]


@dataclass(frozen=True)
class LabelModelGrader:
    """Scores 1 and passes if the label that the model gives is a passing one, else 0."""

    name: str
    call: ModelCall
    labels: tuple[str, ...]
    passing_labels: tuple[str, ...]
    type: str = "label_model"

    @classmethod
    def read(cls, given: Definition) -> LabelModelGrader:
        """The grader of a definition. Raises UsageError if a key is missing, unknown or wrong."""
        given.only("model", "input", "labels", "passing_labels", "sampling_params")
        labels, passing = given.texts("labels"), given.texts("passing_labels")
        if strange := [label for label in passing if label not in labels]:
            raise UsageError(
                f"passing_labels has {strange[0]!r}, which is not among the labels", where=given.where,
                notes=[f"labels: {', '.join(labels)}"], fix="add it to labels, or correct it",
            )  # fmt: skip
        call = ModelCall.read(given, {"type": "string", "enum": labels})
        return cls(given.name, call, tuple(labels), tuple(passing))

    @property
    def variables(self) -> list[Variable]:
        return self.call.variables

    async def grade(self, values: Mapping[str, Any], helpers: Helpers) -> Grade:
        """1 or 0; details: `model` and `label`.

        Raises:
            NotGraded: the model gave no label, or none of `labels`.
        """
        label = self._label(await self.call.answer(values, helpers))
        passed = label in self.passing_labels
        return Grade(float(passed), passed, details={"model": self.call.model, "label": label})

    def _label(self, answer: str) -> str:
        try:
            result = result_of(answer)
        except KeyError:
            given = answer
        else:
            given = result if isinstance(result, str) else dumps(result)
        label = given if given in self.labels else stated_choice(given, "cot_classify", self.labels)
        if label == INVALID_STR:
            raise NotGraded(
                f"grader {self.name!r}: the model gave {given[:60]!r}, which is none of {', '.join(self.labels)}",
                fix="take a grader model with structured outputs, or name the labels in the prompt",
            )
        return label
