"""Doubts of an eval about its rows: an error before the first call, or a counted warning for openai/evals' entries."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from evals.errors import BadSample
from evals.suite.samples.doubts import Doubt

if TYPE_CHECKING:
    from evals.eval import Eval


class CountedDoubts:
    """How many rows have each doubt that is no error, where the first of them stands, and whether it is kept."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._first: dict[str, str | None] = {}
        self._kept: dict[str, bool] = {}

    def add(self, what: str, n: int, first: str | None, *, kept: bool) -> None:
        """Count a doubt about `n` more rows. kept: it would be an error in an entry of our own form."""
        self._counts[what] = self._counts.get(what, 0) + n
        self._first.setdefault(what, first)
        self._kept.setdefault(what, kept)

    def take(self, later: CountedDoubts) -> None:
        """Add those about rows that come after these. A doubt about the setup, which has no rows, stays one."""
        for what, n in later._counts.items():
            self.add(what, n, later._first[what], kept=later._kept[what])

    def warnings(self) -> list[str]:
        """One line for each doubt, with the number of its rows and the first of them."""
        return [self._line(what) for what in self._counts]

    def _line(self, what: str) -> str:
        n, where = self._counts[what], self._first[what]
        rows = f" (1 row, {where})" if n == 1 else f" ({n} rows, first {where})"
        kept = "; kept, as openai/evals has it" if self._kept[what] else ""
        return f"{what}{rows if n else f' ({where})'}{kept}"


class Doubts:
    """Takes in rows, raises for a doubt that is an error, and counts the others.

    as_openai_evals: the entry is of openai/evals form, so that its doubts are warnings.
    """

    def __init__(self, evaluation: Eval, *, as_openai_evals: bool) -> None:
        self._of_sample = _hook(evaluation, "doubtful_sample")
        self._as_openai_evals = as_openai_evals
        self.counted = CountedDoubts()
        for doubt in _hook(evaluation, "doubtful_setup")():
            self._take(doubt, None)

    def look_at(self, sample: Any) -> None:
        """Raise BadSample for a doubt about a row that is an error; count any other."""
        if getattr(sample, "repeated", None) is not None:
            self._take(Doubt(*sample.repeated), sample)
        for doubt in self._of_sample(sample):
            self._take(doubt, sample)

    def _take(self, doubt: Doubt, sample: Any) -> None:
        if not self._as_openai_evals and not doubt.is_legal:
            raise BadSample(doubt.what, sample, where=doubt.where, fix=doubt.fix)
        where = doubt.where or getattr(sample, "where", None)
        self.counted.add(doubt.what, int(sample is not None), where, kept=not doubt.is_legal)

    def warnings(self) -> list[str]:
        """One line for each doubt that is no error, with the number of its rows and the first of them."""
        return self.counted.warnings()


def _hook(evaluation: Eval, name: str) -> Callable[..., Iterable[Doubt]]:
    """The method of the class; nothing for a plug-in that replaced `eval_sample` and may read rows otherwise."""
    for cls in type(evaluation).__mro__:
        if name in vars(cls):
            found: Callable[..., Iterable[Doubt]] = getattr(evaluation, name)
            return found
        if "eval_sample" in vars(cls):
            break
    return lambda *_: ()
