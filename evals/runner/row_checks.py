"""The checks of rows before the first call. Parts of the rows may be checked by other processes, and put together."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from evals.chat import is_chat_prompt
from evals.datasets.samples import SampleSequence
from evals.errors import BadSample, DataError, listed
from evals.eval import Eval, hook_of
from evals.images.conditions import TRANSCRIBED, ImageOptions, has_images, in_condition
from evals.runner.contents import PictureDigest
from evals.runner.doubts import CountedDoubts, Doubts
from evals.runner.own_ids import OwnIds


@dataclass(frozen=True)
class RowsFound:
    """What checks found out about a part of the rows, each of which can be used.

    data_sha256: of the data that they are from. n_rows: of the whole run. ids: hashes of those that rows give
    themselves. pictures: a digest each.
    """

    data_sha256: str
    n_rows: int
    doubts: CountedDoubts
    ids: array[int]
    pictures: dict[str, str]


class CheckedElsewhere(Protocol):
    """Others who check rows: of as many equal parts as there are of them and this process, all but the first."""

    @property
    def n_others(self) -> int: ...

    def found(self) -> Iterator[RowsFound | None]:
        """What each of them found, in order; None where it has nothing to say, or a row cannot be used. Waits."""
        ...


class RowChecks:
    """Takes in rows one by one, and raises for one that cannot be used.

    images: how pictures are sent. as_openai_evals: doubts about rows are warnings.
    """

    def __init__(self, evaluation: Eval, images: ImageOptions, *, as_openai_evals: bool) -> None:
        self._evaluation, self._images = evaluation, images
        self._check_sample = hook_of(evaluation, "check_sample")
        self.doubts = Doubts(evaluation, as_openai_evals=as_openai_evals)
        self.own_ids = OwnIds(evaluation)
        self.pictures = PictureDigest()

    def look_at(self, sample: Any) -> None:
        """Check one row.

        Raises:
            BadSample: it cannot be used. RegistryError, UsageError: what its eval names cannot be.
        """
        self._check_sample(sample)
        self.doubts.look_at(sample)
        self.own_ids.look_at(sample)
        named = self.pictures.add(sample)
        may_hold = named or self._evaluation.prompts_hold_images or self._images.seen_as == TRANSCRIBED
        if may_hold or _has_images(sample, self._evaluation.input_field):
            _check_images(self._evaluation, sample, self._images)

    def found(self, samples: SampleSequence, n_rows: int) -> RowsFound:
        """What was found out about the rows so far, for who puts parts together."""
        return RowsFound(samples.sha256, n_rows, self.doubts.counted, self.own_ids.hashes, self.pictures.digests)

    def take(self, found: RowsFound) -> None:
        """Take in what was found out about the rows that come next."""
        self.doubts.counted.take(found.doubts)
        self.own_ids.hashes.extend(found.ids)
        self.pictures.digests.update(found.pictures)


def check_part(
    evaluation: Eval, samples: SampleSequence, rows: Sequence[int], part: int, n_parts: int, checks: RowChecks
) -> RowsFound:
    """Check one of several equal parts of the rows, which are counted in the order of the file.

    Raises:
        EvalsError: a row cannot be used.
    """
    for index in _part(rows, part, n_parts):
        checks.look_at(samples[index])
    return checks.found(samples, len(rows))


def check_rows(
    samples: SampleSequence, rows: Sequence[int], checks: RowChecks, elsewhere: CheckedElsewhere | None = None
) -> None:
    """Check all rows, whose numbers are in the order of the file; what others checked well is not checked again.

    Raises:
        DataError: the first bad row, with the numbers of others that are bad in the same way.
    """
    problems = _Problems()
    n_parts = 1 if elsewhere is None else 1 + elsewhere.n_others
    problems.look_for(samples, _part(rows, 0, n_parts), checks)
    for part, found in enumerate(() if elsewhere is None else elsewhere.found(), start=1):
        if found is not None and (found.data_sha256, found.n_rows) == (samples.sha256, len(rows)):
            checks.take(found)
        else:
            problems.look_for(samples, _part(rows, part, n_parts), checks)
    problems.raise_first()
    checks.own_ids.compare(samples[index] for index in rows)


def _part(rows: Sequence[int], part: int, n_parts: int) -> Sequence[int]:
    return rows[len(rows) * part // n_parts : len(rows) * (part + 1) // n_parts]


class _Problems:
    """The first bad row, and the numbers of rows that are bad in the same way."""

    def __init__(self) -> None:
        self._first: DataError | None = None
        self._same: list[int] = []

    def look_for(self, samples: SampleSequence, rows: Iterable[int], checks: RowChecks) -> None:
        for index in rows:
            try:
                checks.look_at(samples[index])
            except DataError as error:
                if self._first is None:
                    self._first = error
                elif error.what == self._first.what:
                    self._same.append(index + 1)

    def raise_first(self) -> None:
        first, same = self._first, self._same
        if first is None:
            return
        more = "1 more row has" if len(same) == 1 else f"{len(same)} more rows have"
        also = [f"({more} the same problem: {listed(same)})"] if same else []
        raise BadSample(first.what, where=first.where, notes=[*first.notes, *also, "nothing was called"], fix=first.fix)


def _has_images(sample: Any, field: str) -> bool:
    """Whether the row's question is a chat with a picture: of this machine, its name may end in anything."""
    asked = sample.get(field) if isinstance(sample, dict) else None
    return isinstance(asked, list) and is_chat_prompt(asked) and has_images(asked)


def _check_images(evaluation: Eval, sample: Any, images: ImageOptions) -> None:
    """Raise BadSample unless the images of a sample's prompt can be sent as the run wants them."""
    prompt = hook_of(evaluation, "first_prompt")(sample)
    if not has_images(prompt):
        return
    try:
        in_condition(prompt, images)
    except DataError as error:
        raise BadSample(error.what, sample, fix=error.fix) from None
