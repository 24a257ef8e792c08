"""Refuses a completion that its limit on tokens ended before the part that is scored could be complete."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from evals.completion import CompletionResult, Completions, Prompt
from evals.engine.calls import first_completion
from evals.engine.cut_off import CUT_OFF_REASONS, reached_limit
from evals.engine.failures import CallFailed, Kind
from evals.engine.traits import TEXT, traits_of
from evals.eval import Eval
from evals.suite.answers.answer_places import after_phrases, has_marked_number, last_boxed

SHORT_REPLY = 3
"Words of a reply that is hardly longer than an answer."


async def complete_whole(evaluation: Eval, prompt: Prompt, is_whole: Callable[[str], bool], **options: Any) -> str:
    """The first completion, as `Eval.complete`, where the part of it that is scored could be complete.

    is_whole: whether that part could be complete in a completion that ended at its limit on tokens. Not asked for
    entries of openai/evals form, which score what is there.

    Raises:
        CallFailed: as `Eval.complete`; of the kind `cut off`, where the part is missing or breaks off.
    """
    fn = evaluation.completion_fn
    result = await evaluation.complete_with(fn, prompt, **options)
    text = first_completion(result, fn)
    if not evaluation.openai_evals_rules and 0 in places_cut(result) and not is_whole(text):
        raise unfinished(traits_of(fn).host)
    return text


def places_cut(result: CompletionResult) -> list[int]:
    """The places of the completions that ended at their limit on tokens."""
    if not isinstance(result, Completions) or not reached_limit(result):
        return []
    return [place for place, reason in enumerate(result.finish_reasons) if str(reason) in CUT_OFF_REASONS]


def unfinished(host: str | None, what: str = "the answer") -> CallFailed:
    """The failure of a call whose completion is not whole. It is not tried again: the same limit would end it."""
    failure = CallFailed(
        Kind.CUT_OFF,
        f"{what} was cut off at the limit on tokens before it could be complete: allow more tokens (max_tokens)",
        host=host,
    )
    failure.is_final = True
    return failure


def ends_by_itself(fn: Any) -> bool:
    """Whether a model stops when it has answered. One that continues texts often does not, and local ones likewise.

    Its limit is the usual end of a completion, so what it says up to there is its answer.
    """
    traits = traits_of(fn)
    return traits.prompt_form != TEXT and not traits.is_local


def states_answer(text: str, phrases: Sequence[str]) -> bool:
    """Whether a text that breaks off has stated an answer: behind a phrase, in a box, after `####`, or nothing else.

    What a rule finds in reasoning that breaks off, such as its last number, is no answer.
    """
    if len(text.split()) <= SHORT_REPLY or last_boxed(text) is not None or has_marked_number(text):
        return True
    return any(True for _ in after_phrases(text, phrases))
