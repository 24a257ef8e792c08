"""Prepares a rubric for an eval: checks it, and builds its choices, its scores and the grader's prompt."""

from __future__ import annotations

import hashlib
import json
import logging
import string
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from evals.chat import is_chat_prompt
from evals.completion import ChatPrompt
from evals.datasets.templates import fill, fill_prompt, placeholders
from evals.errors import EvalsError, RegistryError, UsageError, did_you_mean, listed
from evals.specs import ModelGradedSpec
from evals.suite.graded.answer_prompts import append_answer_prompt, check_eval_type
from evals.suite.graded.grading import MatchFn, find_match_fn, get_choice_strings, misread_choices, score_table
from evals.suite.samples.doubts import Doubt
from evals.suite.samples.messages import problem_of_messages

logger = logging.getLogger(__name__)

OUTPUT_PLACEHOLDERS = ("i", "i_abc", "i_ABC", "output", "n")
"The placeholders of an `output_template`: number or letter of a completion, its text, how many there are."

_CALL_OPTIONS = ("max_tokens", "temperature", "n_samples", "completion_kwargs")


@dataclass(frozen=True)
class Rubric:
    """What a grader is asked, and how its answer is read."""

    prompt: ChatPrompt
    "The template, with the instruction of the eval's `eval_type` at its end."
    choices: list[str]
    scores: dict[str, float] | None
    "The score of each choice; None if the rubric has no scores."
    read_as: str
    "The `eval_type` by which the answer is read: the rubric's own, else the eval's."
    match_fn: MatchFn
    reads_stated: bool
    "Whether the stated verdict is read (`verdicts.stated_choice`): no `match_fn` was named."
    placeholders: list[str]
    "The names in `prompt` that every sample must fill."

    def grader_prompt(self, fields: Mapping[str, Any]) -> ChatPrompt:
        """The grader's prompt for one sample. fields: a value for each placeholder.

        Raises:
            BadSample: a placeholder has no value.
        """
        filled: ChatPrompt = fill_prompt(self.prompt, fields)
        return filled


def make_rubric(
    spec: ModelGradedSpec,
    *,
    eval_type: str | None = None,
    n: int | None = None,
    match_fn: str | MatchFn | None = None,
    punctuation: bool = False,
) -> Rubric:
    """The rubric of `spec`, ready for an eval with this `eval_type`, `n` completions a sample and `match_fn`.

    punctuation: whether choices may have some, which a `match_fn` never finds. A choice that a named `match_fn` would
    read as another one is a warning in the log.

    Raises:
        RegistryError: the rubric cannot grade; the message has its file:line if that is known.
    """
    try:
        return _make_rubric(spec, eval_type, n, match_fn, punctuation)
    except EvalsError as error:
        error.where = error.where or spec.where or (f"rubric {spec.key!r}" if spec.key else None)
        raise


def _make_rubric(
    spec: ModelGradedSpec, eval_type: str | None, n: int | None, match_fn: str | MatchFn | None, punctuation: bool
) -> Rubric:
    read_as = _effective_eval_type(spec, eval_type)
    _check_input_outputs(spec.input_outputs)
    choices = get_choice_strings(spec.choice_strings, n, punctuation=punctuation and match_fn is None)
    _check_output_template(spec.output_template)
    prompt = as_chat(spec.prompt)
    if eval_type:
        check_eval_type(eval_type)
        prompt = append_answer_prompt(prompt, eval_type, choice_strings=choices)
    if match_fn is not None:
        warn_of_misread(spec.key, choices, match_fn)
    return Rubric(
        prompt=prompt,
        choices=choices,
        scores=_complete_scores(choices, spec.choice_scores),
        read_as=read_as,
        match_fn=find_match_fn(match_fn),
        reads_stated=match_fn is None,
        placeholders=placeholders(prompt),
    )


def rubric_doubts(spec: ModelGradedSpec, rubric: Rubric) -> Iterator[Doubt]:
    """Doubts about a rubric: the grader does not see what it judges, or a score belongs to no choice."""
    outputs = list(spec.input_outputs.values())
    if outputs and not set(outputs) & set(rubric.placeholders):
        yield Doubt(
            f"the prompt of rubric {spec.key!r} does not show the grader what it judges",
            f"put {{{outputs[0]}}} into the prompt",
            spec.where,
        )
    without = [choice for choice in spec.choice_scores or () if choice not in rubric.choices]
    if isinstance(spec.choice_scores, Mapping) and without:
        yield Doubt(
            f"choice_scores of rubric {spec.key!r} scores {listed(without)}, which the grader cannot choose",
            "add it to choice_strings, or leave it out",
            spec.where,
        )


def warn_of_misread(key: str | None, choices: list[str], match_fn: str | MatchFn | None) -> None:
    """Log a warning for each choice that the match function reads as another one."""
    for choice, other in misread_choices(choices, match_fn):
        logger.warning(
            "rubric %s: the answer %r is read as %r; change the order of the choices or use match_fn: exact",
            key, choice, other,
        )  # fmt: skip


def _effective_eval_type(spec: ModelGradedSpec, eval_type: str | None) -> str:
    read_as = spec.eval_type or eval_type
    if not read_as:
        raise RegistryError(
            "neither the rubric nor the eval has an eval_type, so the grader's answer cannot be read",
            fix="add an eval_type to the eval's args, for example eval_type: cot_classify",
        )
    if not isinstance(read_as, str) or not read_as.startswith(("classify", "cot_classify")):
        check_eval_type(read_as)
    return read_as


def _check_input_outputs(input_outputs: object) -> None:
    if not isinstance(input_outputs, Mapping) or not all(
        isinstance(text, str) for pair in input_outputs.items() for text in pair
    ):
        raise RegistryError(
            f"input_outputs is {input_outputs!r}", fix="map each prompt's key to a name, as in input: completion"
        )


def _complete_scores(choices: list[str], choice_scores: Mapping[str, float] | str | None) -> dict[str, float] | None:
    scores = score_table(choices, choice_scores)
    without = [choice for choice in choices if scores is not None and choice not in scores]
    if without:
        raise RegistryError(f"choice_scores gives no score to {listed(without)}", fix="give each choice a number")
    return scores


def _check_output_template(template: object) -> None:
    if template is None:
        return
    if not isinstance(template, str):
        raise RegistryError(f"output_template is {template!r}, not a text", fix="write a text, or leave it out")
    for name in placeholders(template):
        if name not in OUTPUT_PLACEHOLDERS:
            raise RegistryError(
                f"output_template has the unknown placeholder {{{name}}}",
                notes=[did_you_mean(name, OUTPUT_PLACEHOLDERS)],
                fix=f"use {', '.join(OUTPUT_PLACEHOLDERS)}",
            )


def rubric_digest(spec: ModelGradedSpec) -> str:
    """16 hexadecimal digits that change with what a rubric says, wherever it stands: its text, choices and scores."""
    said = {name: value for name, value in asdict(spec).items() if name not in ("key", "group", "where")}
    text = json.dumps(said, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def as_chat(prompt: Any) -> ChatPrompt:
    """A rubric's prompt as a list of messages; a text becomes one user message.

    Raises:
        RegistryError: it is neither a text nor a list of messages with text contents.
    """
    if isinstance(prompt, str):
        return [{"role": "user", "content": prompt}]
    if not prompt or not is_chat_prompt(prompt) or not all(isinstance(m.get("content"), str) for m in prompt):
        raise RegistryError(
            "the prompt is neither a text nor a list of messages", fix="write each message as {role: ..., content: ...}"
        )
    problem = problem_of_messages(prompt, "prompt")
    if problem is not None:
        raise RegistryError(problem, fix="write each message as {role: user, content: ...}")
    chat: ChatPrompt = prompt
    return chat


def call_kwargs(options: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The options of one request, from `sample_kwargs` or `eval_kwargs` of an eval.

    options: `max_tokens` (default 1024), `temperature` (default 0), `n_samples` (default 1), and `completion_kwargs`
    for options of other names, which win over all others.

    Raises:
        UsageError: `options` has an unknown key.
    """
    given = dict(options or {})
    for name in given:
        if name not in _CALL_OPTIONS:
            raise UsageError(
                f"sample_kwargs and eval_kwargs take no {name!r}",
                notes=[did_you_mean(name, _CALL_OPTIONS)],
                fix=f"use {', '.join(_CALL_OPTIONS)}; request options of other names go under completion_kwargs",
            )
    n_samples = given.get("n_samples")
    return {
        "max_tokens": given.get("max_tokens", 1024),
        "temperature": given.get("temperature", 0),
        "top_p": 1,
        "frequency_penalty": 0,
        "presence_penalty": 0,
        "n": 1 if n_samples is None else n_samples,
        **(given.get("completion_kwargs") or {}),
    }


def concat_n_completions(completions: Iterable[str], template_i: str) -> str:
    """The completions in one text: each is put into `template_i`; the results are joined and stripped.

    template_i: a text with some of OUTPUT_PLACEHOLDERS; numbers count from 1, letters start again after 26.
    """
    texts = list(completions)
    pieces = (
        fill(
            template_i,
            {
                "i": i + 1,
                "i_abc": string.ascii_lowercase[i % 26],
                "i_ABC": string.ascii_uppercase[i % 26],
                "output": text,
                "n": len(texts),
            },
        )
        for i, text in enumerate(texts)
    )
    return "".join(pieces).strip()


def completions_per_sample(multicomp_n: int | str, n_models: int) -> int:
    """How many completions each sample gets from `n_models` evaluated models.

    multicomp_n: a number from 1, or `from_models` for one completion of each model.

    Raises:
        UsageError: `multicomp_n` does not fit the models named on the command line.
    """
    if multicomp_n == "from_models":
        if n_models < 2:
            raise UsageError(
                "this eval compares several models (multicomp_n: from_models) and got one",
                fix="name two or more, and the grader last: oaieval MODEL_A,MODEL_B,GRADER EVAL",
            )
        return n_models
    if isinstance(multicomp_n, bool) or not isinstance(multicomp_n, int) or multicomp_n < 1:
        raise UsageError(f"multicomp_n is {multicomp_n!r}", fix="give a number from 1, or from_models")
    if n_models not in (1, multicomp_n):
        raise UsageError(
            f"{n_models} models and a grader were named, but the eval takes {multicomp_n} completions a sample",
            notes=["the last completion function is the grader; those before it are evaluated"],
            fix=f"name one model or {multicomp_n} before the grader"
            if multicomp_n > 1
            else "name one model and the grader: oaieval MODEL,GRADER EVAL",
        )
    return multicomp_n
