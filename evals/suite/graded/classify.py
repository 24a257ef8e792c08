"""Grading by a rubric in plain synchronous code, for plug-ins that bring their own loop over samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evals.completion import CompletionFn, Prompt
from evals.specs import ModelGradedSpec
from evals.suite.graded.grading import INVALID_STR, MatchFn, get_choice, get_choice_score
from evals.suite.graded.rubric import call_kwargs, concat_n_completions, make_rubric
from evals.suite.samples.templates import fill_prompt


def classify(
    mg: ModelGradedSpec,
    completion_fn: CompletionFn,
    completion_kwargs: Mapping[str, Any] | None = None,
    format_kwargs: Mapping[str, Any] | None = None,
    eval_type: str | None = None,
    n: int | None = None,
    match_fn: str | MatchFn | None = None,
) -> tuple[str, dict[str, Any]]:
    """The choice of the grader `completion_fn` by rubric `mg`, and how it came about.

    format_kwargs: values for the rubric's placeholders. completion_kwargs: `max_tokens`, `temperature`,
    `n_samples`, `completion_kwargs` of the call. The second value holds `score`, `sampled` (the answer in a
    list), `prompt` and `invalid_choice`.
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
    """`n` completions of `prompt`, one of each function or all of the only one, joined by `template_i`.

    The prompt is a template without placeholders: braces that are text stand in it twice.
    """
    if not template_i:
        raise ValueError("several completions need an output template")
    if len(completion_fns) not in (1, n):
        raise ValueError(f"{len(completion_fns)} completion functions cannot give {n} completions")
    models = completion_fns if len(completion_fns) > 1 else list(completion_fns) * n
    text, options = fill_prompt(prompt, {}), call_kwargs(sample_kwargs)  # type: ignore[arg-type]
    return concat_n_completions([model(prompt=text, **options).get_completions()[0] for model in models], template_i)
