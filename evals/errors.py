"""Errors for users: what is wrong, where, the fix, and the exit code of the command."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from evals.texts.safe_text import one_line, printable

MAX_LINES = 8


class EvalsError(Exception):
    """An error that a user can cause or correct. Commands print it without a traceback, in at most 8 lines.

    what: the first line, without a final full stop. where: `file:line`, an eval or a sample id; printed before `what`.
    notes: further lines (keys found, near misses); empty ones are left out. fix: what to do, in one line.
    """

    exit_code = 2
    "Of the command: 1 a check failed, 2 the user can correct it, 3 model, provider or disk, 4 budget, 130 interrupted."
    record_type = ""
    "What a sample's `error` event and the counts of a run call it; the name of the class where this is empty."
    partial_report: dict[str, object] | None = None
    "The report over the finished samples, if the run ended early."

    def __init__(
        self,
        what: str,
        *,
        where: str | None = None,
        notes: Iterable[str] = (),
        fix: str | None = None,
    ) -> None:
        self.what = what
        self.where = where
        self.notes = [note for note in notes if note]
        self.fix = fix
        super().__init__(what)

    def __str__(self) -> str:
        head = f"{one_line(self.where)}: {self.what}" if self.where else self.what
        tail = [f"fix: {self.fix}"] if self.fix else []
        notes = [line for note in self.notes for line in note.splitlines()]
        room = MAX_LINES - 1 - len(tail)
        if len(notes) > room:
            notes = [*notes[: room - 1], f"({len(notes) - room + 1} more lines)"]
        first, *rest = head.splitlines() or [""]
        lines = [first, *(f"  {line}" for line in [*rest, *notes, *tail])]
        return printable("\n".join(lines[:MAX_LINES]))

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.what, self.where, self.notes, self.fix))


def _rebuild(cls: type[EvalsError], what: str, where: str | None, notes: list[str], fix: str | None) -> EvalsError:
    error = cls.__new__(cls)
    EvalsError.__init__(error, what, where=where, notes=notes, fix=fix)
    return error


class UsageError(EvalsError):
    """A command or an argument does not exist, or does not fit."""


class RegistryError(EvalsError):
    """A name, a YAML file or a class of a registry cannot be used."""


class NoModelError(RegistryError, ValueError):
    """A name that no completion function has, and that no server is asked for. A ValueError too, as in openai/evals."""


class DataError(EvalsError):
    """A data file, or a row in it, cannot be used."""


class BadSample(DataError, AssertionError):
    """An eval cannot use a row. sample: the row; its place becomes `where`, and its keys become a note.

    This is also an AssertionError, because openai/evals asserts, and tests of plug-ins expect that.
    """

    def __init__(
        self,
        what: str,
        sample: object = None,
        *,
        where: str | None = None,
        notes: Iterable[str] = (),
        fix: str | None = None,
    ) -> None:
        found = f"keys found: {', '.join(map(str, sample))}" if isinstance(sample, dict) else ""
        super().__init__(
            what,
            where=where or getattr(sample, "where", None),
            notes=[found, *notes],
            fix=fix,
        )


class MissingExtra(EvalsError):
    """A feature needs optional packages. extra: the name in `pip install 'oaieval[extra]'`."""

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(
            f"{feature} needs packages that are not installed",
            fix=f"pip install 'oaieval[{extra}]'",
        )

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.what, self.where, self.notes, self.fix))


class GateFailed(EvalsError):
    """A threshold or a check that the user asked for does not hold."""

    exit_code = 1


class ProviderError(EvalsError):
    """The model or its provider failed in a way that ends the run."""

    exit_code = 3


class RecordError(EvalsError):
    """The record or the cache cannot be written: full disk, no permission, file deleted."""

    exit_code = 3


class BudgetReached(EvalsError):
    """A limit on cost, tokens or time was reached. The run can be resumed."""

    exit_code = 4


class SettledEarly(EvalsError):
    """A sequential comparison is decided, so the run ends normally with the samples that it has."""

    exit_code = 0


class Interrupted(EvalsError):
    """The user or the system asked the run to stop. It can be resumed. exit_code: 130 for SIGINT, 143 for SIGTERM."""

    exit_code = 130

    def __init__(self, what: str, *, exit_code: int = 130, **kwargs: object) -> None:
        super().__init__(what, **kwargs)  # type: ignore[arg-type]
        self.exit_code = exit_code


def near_misses(name: str, known: Iterable[str], n: int = 5) -> list[str]:
    """Up to `n` of the known names that look like `name`, the best first. Upper and lower case are the same."""
    import difflib

    names = list(dict.fromkeys(known))
    lowered = {candidate.lower(): candidate for candidate in reversed(names)}
    hits = difflib.get_close_matches(name.lower(), lowered, n=2 * n, cutoff=0.6)
    head = _head(name.lower())
    alike = [hit for hit in hits if difflib.SequenceMatcher(None, head, _head(hit)).ratio() >= 0.5]
    return [lowered[hit] for hit in alike[:n]]


def _head(name: str) -> str:
    """The part before the first dot or slash: a common `.dev.v0` or `.jsonl` must not make two names look alike."""
    return name.replace("/", ".").partition(".")[0]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The note `did you mean: a, b`; an empty text if no known name is near."""
    hits = near_misses(name, known)
    return f"did you mean: {', '.join(hits)}" if hits else ""


def listed(names: Sequence[object], n: int = 5) -> str:
    """The first `n` names as `a, b, c`, with the number of further ones: `a, b and 3 more`."""
    shown = ", ".join(str(name) for name in names[:n])
    return shown if len(names) <= n else f"{shown} and {len(names) - n} more"
