"""Templates of hosted Evals, such as `{{ item.x }}`: read, checked and filled by pure functions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evals.errors import BadSample, UsageError, did_you_mean
from evals.json_text import dumps
from evals.texts.unquoted import quotes_fix

NAMESPACES = ("item", "sample")
SAMPLE_VARIABLES = ("output_text", "output_json", "output_tools", "choices")

_EXPRESSION = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_STEP = re.compile(r"""\.([^.\[\]\s'"|]+)|\[\s*(\d+)\s*\]|\[\s*'([^']*)'\s*\]|\[\s*"([^"]*)"\s*\]""")


class Absent(Exception):
    """The model's answer has no such part: no call of a tool, no JSON. The message says which."""


@dataclass(frozen=True)
class Variable:
    """One `{{ ... }}`. steps: names and positions that lead into the namespace."""

    namespace: str
    steps: tuple[str | int, ...]
    text: str
    "As it is written, for messages."


@dataclass(frozen=True)
class Template:
    """A text with variables, in order."""

    parts: tuple[str | Variable, ...]

    @property
    def variables(self) -> list[Variable]:
        """The variables, each as often as it stands there."""
        return [part for part in self.parts if isinstance(part, Variable)]

    def filled(self, values: Mapping[str, Any]) -> str:
        """The text with the variables' values (`text_of`). values: the namespaces `item` and `sample`.

        Raises:
            BadSample: the item has no such value. Absent: the model's answer has none.
        """
        return "".join(part if isinstance(part, str) else text_of(lookup(part, values)) for part in self.parts)


def read_template(text: Any, where: str) -> Template:
    """The template in `text`. where: the place of the definition, for messages.

    Raises:
        UsageError: it is no text, or a variable in it does not exist or cannot be read.
    """
    if not isinstance(text, str):
        raise UsageError(f"{dumps(text)[:60]} is not a text", where=where, fix=quotes_fix(text) or "write a text")
    parts: list[str | Variable] = []
    end = 0
    for found in _EXPRESSION.finditer(text):
        parts += [text[end : found.start()], _variable(found[1].strip(), where)]
        end = found.end()
    parts.append(text[end:])
    if "{{" in text[end:]:
        raise UsageError("a variable is opened and not closed", where=where, fix="write {{ item.NAME }}")
    return Template(tuple(part for part in parts if part != ""))


def _variable(expression: str, where: str) -> Variable:
    namespace = re.match(r"\w*", expression)[0]  # type: ignore[index]
    if namespace not in NAMESPACES:
        raise UsageError(
            f"{{{{ {expression} }}}} is no variable: it must begin with 'item.' or 'sample.'",
            where=where,
            notes=[did_you_mean(namespace, NAMESPACES)],
            fix="write {{ item.NAME }} for a key of the row, {{ sample.output_text }} for the answer",
        )
    steps: list[str | int] = []
    rest = expression[len(namespace) :]
    while rest:
        step = _STEP.match(rest)
        if step is None:
            raise UsageError(
                f"{{{{ {expression} }}}} cannot be read from {rest!r} on",
                where=where,
                fix="name a value as in item.answer, item.names[0] or item['two words']; filters are not supported",
            )
        name, index, *quoted = step.groups()
        steps.append(int(index) if index is not None else next(part for part in (name, *quoted) if part is not None))
        rest = rest[step.end() :]
    if namespace == "sample":
        _check_sample_variable(steps, expression, where)
    return Variable(namespace, tuple(steps), expression)


def _check_sample_variable(steps: list[str | int], expression: str, where: str) -> None:
    if not steps or steps[0] not in SAMPLE_VARIABLES:
        known = ", ".join(f"sample.{name}" for name in SAMPLE_VARIABLES)
        raise UsageError(
            f"{{{{ {expression} }}}} is no variable of an answer",
            where=where,
            notes=[did_you_mean(str(steps[0]) if steps else "", SAMPLE_VARIABLES)],
            fix=f"use one of {known}",
        )


def lookup(variable: Variable, values: Mapping[str, Any]) -> Any:
    """The value of a variable.

    Raises:
        BadSample: the item has no such value. Absent: the model's answer has none.
    """
    value = values[variable.namespace]
    for step in variable.steps:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            raise _missing(variable, step, value, values) from None
    return value


def _missing(variable: Variable, step: str | int, holder: Any, values: Mapping[str, Any]) -> Exception:
    if variable.namespace == "sample":
        return Absent(f"the answer has no {variable.text}")
    near = did_you_mean(str(step), holder) if isinstance(holder, Mapping) else ""
    return BadSample(
        f"no value for {{{{ {variable.text} }}}}: there is no {step!r}",
        values["item"],
        notes=[near],
        fix=f"add {step!r} to the row, or correct the template",
    )


def text_of(value: Any) -> str:
    """A text as it is; any other value as JSON."""
    return value if isinstance(value, str) else dumps(value)
