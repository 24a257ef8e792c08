"""Mathematical expressions as answers, read and compared by math-verify."""

from __future__ import annotations

import importlib.util
import logging
from typing import Any

from evals.errors import MissingExtra

MAX_CHARS = 20_000
"Only this much of the end of a completion is searched."


class MathRule:
    """The last expression of the completion, boxed ones first, equal to the ideal as mathematics: `1/2` is `0.5`.

    The ideal is LaTeX or a plain expression. Needs the extra [math]. Comparing takes as long as the algebra does:
    there is no time limit on one expression.
    """

    def __init__(self) -> None:
        if importlib.util.find_spec("math_verify") is None:
            raise MissingExtra("extract: math", "math")
        logging.getLogger("math_verify").setLevel(logging.ERROR)  # it warns at each call that its time limit is off

    def extract(self, completion: str) -> str | None:
        parsed = _parse(completion[-MAX_CHARS:])
        return str(parsed[-1]) if parsed else None

    def same(self, answer: str, ideal: str) -> bool:
        from math_verify import verify

        return bool(verify(_parse(_as_latex(ideal)), _parse(_as_latex(answer)), timeout_seconds=None))

    def usable(self, ideal: str) -> bool:
        return bool(_parse(_as_latex(ideal)))

    def completion_for(self, ideal: str) -> str | None:
        return rf"\boxed{{{ideal.strip().strip('$')}}}"


def _parse(text: str) -> list[Any]:
    """math-verify's reading: [expression, its text], or nothing. Its own time limit needs the main thread."""
    from math_verify import parse

    return list(parse(text, parsing_timeout=None))


def _as_latex(text: str) -> str:
    return text if "$" in text or "\\boxed" in text else f"${text}$"
