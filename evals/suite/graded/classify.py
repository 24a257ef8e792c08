"""Grading by a rubric in synchronous code, for plug-ins that loop over samples themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evals.completion import CompletionFn, Prompt
from evals.datasets.templates import fill_prompt
from evals.specs import ModelGradedSpec
from evals.suite.graded.grading import INVALID_STR, MatchFn, get_choice, get_choice_score
from evals.suite.graded.rubric import call_kwargs, concat_n_completions, make_rubric


def classify(
    mg: ModelGradedSpec,
    completion_fn: CompletionFn,
    completion_kwargs: Mapping[str, Any] | None = None,
    format_kwargs: Mapping[str, Any] | None = None,
    eval_type: str | None = None,
    n: int | None = None,
    match_fn: str | MatchFn | None = None,
) -> tuple[str, dict[str, Any]]:
    """The choice that the grader `completion_fn` makes by the rubric `mg`, and the details of the grading.

    format_kwargs: values for the rubric's placeholders. completion_kwargs: options of the call, as for `call_kwargs`.
    eval_type, n, match_fn: as for `make_rubric`. The second value holds `score`, a number or None; `sampled`, a list
    with the grader's answer; `prompt`, the grader's prompt; and `invalid_choice`, whether no choice was found.

    Raises:
        RegistryError: the rubric cannot grade.
        BadSample: a placeholder has no value.
        UsageError: `completion_kwargs` has an unknown key.
    """
    rubric = make_rubric(mg, eval_type=eval_type, n=n, match_fn=match_fn)
    prompt = rubric.grader_prompt({**(format_kwargs or {}), "n": n})
    answer = completion_fn(prompt=prompt, **call_kwargs(completion_kwargs)).get_completions()[0]
    choice = get_choice(answer, rubric.read_as, rubric.match_fn, rubric.choices)
    return choice, {
        "score": get_choice_score(choice, rubric.choices, rubric.scores),
        "sampled": [answer],
        "prompt": prompt,
        "invalid_choice": choice == INVALID_STR,
    }


def sample_and_concat_n_completions(
    completion_fns: Sequence[CompletionFn],
    prompt: Prompt,
    n: int,
    template_i: str,
    sample_kwargs: Mapping[str, Any],
) -> str:
    """`n` completions of `prompt` in one text, each put into `template_i` (see `concat_n_completions`).

    With one completion function all `n` are drawn from it; else each function gives one. `prompt` is a template
    without placeholders, so a brace that is text must be doubled.

    Raises:
        ValueError: `template_i` is empty, or the number of functions is neither 1 nor `n`.
    """
    if not template_i:
        raise ValueError("several completions need an output template")
    if len(completion_fns) not in (1, n):
        raise ValueError(f"{len(completion_fns)} completion functions cannot give {n} completions")
    models = completion_fns if len(completion_fns) > 1 else list(completion_fns) * n
    text, options = fill_prompt(prompt, {}), call_kwargs(sample_kwargs)  # type: ignore[arg-type]
    return concat_n_completions([model(prompt=text, **options).get_completions()[0] for model in models], template_i)
