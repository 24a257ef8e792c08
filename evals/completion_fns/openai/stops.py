"""Stop texts on our side: completions end before the first of them, and thoughts that one has ended are noticed."""

from __future__ import annotations

from typing import Any

from evals.completion import Completions
from evals.texts.thoughts import split_thoughts


def cut_at(text: str, stop: Any) -> str:
    """`text` up to the first stop sequence. stop: a text, a list of texts, or None."""
    sequences = [stop] if isinstance(stop, str) else stop or []
    found = [text.find(sequence) for sequence in sequences if sequence and sequence in text]
    return text[: min(found)] if found else text


def cut_answer_at(text: str, stop: Any) -> str:
    """As `cut_at`, for a text that may begin with the thoughts of a model: stop texts within them do not end it."""
    split = split_thoughts(text)
    if not split.thoughts:
        return cut_at(text, stop)
    answer = cut_at(split.answer, stop)
    if split.is_unclosed or answer == split.answer:
        return text
    place = text.rfind(split.answer)
    return answer if place < 0 else text[: place + len(answer)]


def end_at_stop(result: Completions, stop: Any) -> None:
    """End each completion before the first stop text; its finish reason is then `stop`.

    Servers differ: transformers' leaves the stop text in, and what follows it in its token; some ignore `stop`.
    """
    cut = [cut_answer_at(text, stop) for text in result.texts]
    for place, (before, after) in enumerate(zip(result.texts, cut, strict=True)):
        if before != after and place < len(result.finish_reasons):
            result.finish_reasons[place] = "stop"
    result.texts = cut


def stopped_in_thoughts(result: Completions) -> bool:
    """Whether one of the completions of a request with stop texts has thoughts and no answer, though it has stopped.

    vLLM looks for stop texts in the thoughts too, and thoughts often repeat them: `Question:` (vllm-project/vllm, issue
    52393, open in August 2026). So nothing tells what the answer would have been.
    """
    for place, text in enumerate(result.texts):
        reason = result.finish_reasons[place] if place < len(result.finish_reasons) else None
        shown = result.reasoning[place] if result.reasoning else None
        if reason == "stop" and (split_thoughts(text).is_unclosed or (shown and not text.strip())):
            return True
    return False
