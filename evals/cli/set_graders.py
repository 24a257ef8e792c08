"""`--grader` in `oaievalset`: it goes to those evals of a set that ask one, so that a set may hold both kinds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evals.registry.lookup import Registry

FLAG = "--grader"


def flags_for(key: str, passed_on: Sequence[str], registry: Registry) -> list[str]:
    """The flags of one eval: those that are passed on, without the grader where the eval asks none.

    Raises:
        RegistryError: a grader is named, and the eval's class cannot be imported.
    """
    if not any(word.partition("=")[0] == FLAG for word in passed_on):
        return list(passed_on)
    from evals.runner.graders import takes_grader

    if takes_grader(registry.find_eval(key), registry):
        return list(passed_on)
    kept, words = [], iter(passed_on)
    for word in words:
        if word == FLAG:
            next(words, None)
        elif not word.startswith(f"{FLAG}="):
            kept.append(word)
    return kept
