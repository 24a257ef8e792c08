"""Rows of any file as samples: which columns hold question, answer and id, and a prompt made of any of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evals.completion import ChatPrompt
from evals.datasets.samples import SampleSequence
from evals.datasets.templates import fill_prompt, placeholders
from evals.errors import BadSample, RegistryError, UsageError, did_you_mean, listed
from evals.sample import Sample

Template = str | ChatPrompt


@dataclass(frozen=True)
class RowFields:
    """How the columns of a row become the fields that an eval reads. Without any of it a row stays as it is."""

    input_field: str = "input"
    "The field in which the eval finds what is asked."
    columns: Mapping[str, str] = field(default_factory=dict)
    "The column that holds a field, by the name of the field."
    template: Template | None = None
    "A text or chat with `{column}` placeholders; what comes of it is the input."
    prompt_name: str | None = None
    "What the template is called, where the eval has several."

    def applied_to(self, rows: SampleSequence) -> SampleSequence:
        """The same rows as samples, each made when it is asked for."""
        return rows.fitted_by(self.fitted) if self.columns or self.template is not None else rows

    def fitted(self, row: Sample) -> Sample:
        """The sample that the row stands for; the row's own fields stay beside the new ones.

        Numbers among the answers (`ideal`) become texts, as they would be in a CSV file.

        Raises:
            BadSample: a column that a key or a placeholder names is not in the row.
        """
        found = dict(row)
        for name, column in self.columns.items():
            found[name] = _as_texts(_column(row, column)) if name == "ideal" else _column(row, column)
        if self.template is not None:
            found[self.input_field] = self._filled(row, found)
        return Sample(found, path=row.path, line=row.line, index=row.index, repeated=row.repeated)

    def _filled(self, row: Sample, fields: Mapping[str, Any]) -> Any:
        try:
            return fill_prompt(self.template or "", fields)
        except BadSample as error:
            raise BadSample(
                error.what, where=row.where, notes=_columns_of(row), fix=_near(error.what, row) or error.fix
            ) from None


def row_fields(
    input_field: str,
    columns: Mapping[str, str | None],
    prompt: Template | None,
    prompts: Mapping[str, Template] | None,
) -> RowFields:
    """The arguments of an eval as RowFields. With `prompts`, `prompt` names one of them; by default the first.

    columns: the column of each field; None where the field has its own name.

    Raises:
        UsageError: no prompt of that name, or a template of the wrong kind.
        RegistryError: a template cannot be read.
    """
    named = {name: column for name, column in columns.items() if column is not None}
    if prompts is None:
        if prompt is not None:
            _check_template(prompt)
        return RowFields(input_field, named, prompt)
    name = _chosen(prompts, prompt)
    for template in prompts.values():
        _check_template(template)
    return RowFields(input_field, named, prompts[name], name)


def _chosen(prompts: Any, name: Any) -> str:
    if not isinstance(prompts, Mapping) or not prompts:
        raise UsageError("prompts must be an object of named templates", fix='prompts: {short: "{question}", ...}')
    first = next(iter(prompts))
    wanted = first if name is None else name
    if wanted not in prompts:
        known = [str(one) for one in prompts]
        note = did_you_mean(str(wanted), known) or f"there are: {listed(known)}"
        raise UsageError(f"no prompt is called {str(wanted)[:40]!r}", notes=[note], fix=f"--prompt {known[0]}")
    found: str = wanted
    return found


def _check_template(template: Any) -> None:
    is_chat = isinstance(template, list) and all(isinstance(message, dict) for message in template)
    if not isinstance(template, str) and not (is_chat and template):
        raise UsageError(
            f"a prompt must be a text or a list of messages, got {type(template).__name__}",
            fix='prompt: "{question}", or a list of {role: user, content: "{question}"}',
        )
    if not placeholders(template):
        raise RegistryError(
            "the prompt has no {column} in it, so every sample would ask the same",
            fix='name a column of the data in braces, as in "Answer in one word: {question}"',
        )


def _column(row: Sample, name: str) -> Any:
    if name not in row:
        fix = did_you_mean(name, row) or "set input_key, ideal_key and id_key to columns of the data"
        raise BadSample(f"no column {name!r}", where=row.where, notes=_columns_of(row), fix=fix)
    return row[name]


def _columns_of(row: Mapping[str, Any]) -> list[str]:
    return [f"columns: {listed(list(row), 12)}"]


def _near(what: str, row: Mapping[str, Any]) -> str | None:
    name = what.partition("{")[2].partition("}")[0]
    return did_you_mean(name, row) or None


def _as_texts(ideal: Any) -> Any:
    if isinstance(ideal, Sequence) and not isinstance(ideal, str):
        return [_as_texts(one) for one in ideal]
    is_number = isinstance(ideal, int | float) and not isinstance(ideal, bool)
    return format(ideal, "g" if float(ideal) == int(ideal) and abs(ideal) < 1e15 else "") if is_number else ideal
