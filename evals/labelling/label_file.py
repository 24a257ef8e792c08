"""Files of people's labels: our own, which grow by a line a label and know their record, and tables of id and label."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evals.datasets.samples import open_samples
from evals.errors import BadSample, DataError, UsageError, listed
from evals.interchange.shared_lines import alone_in, write_whole
from evals.json_text import dumps, encode
from evals.labelling.graded_record import GradedRecord
from evals.record.special_files import refuse_special

FORMAT = "labels_of"
"The key of the first line of our own files."
RANDOM, STRATIFIED = "random", "stratified by verdict"


@dataclass(frozen=True)
class Label:
    """What one person says of one sample."""

    id: str
    label: str
    rater: str = ""
    note: str = ""
    where: str = ""


@dataclass(frozen=True)
class LabelFile:
    """All labels of a file that count: of each person the last one of each sample."""

    labels: Sequence[Label]
    design: str = RANDOM
    "How the labelled samples were chosen."
    skipped: frozenset[tuple[str, str]] = frozenset()
    "(sample id, rater) of samples that were passed over."


def default_path(record: Path) -> Path:
    """The file beside a record: `run.jsonl` has `run.labels.jsonl`."""
    name = record.name.removesuffix(".gz").removesuffix(".zst").removesuffix(".jsonl")
    return record.with_name(f"{name}.labels.jsonl")


class LabelWriter:
    """Appends lines to a file of labels; each is on disk before the next sample is shown.

    Raises:
        UsageError: the file exists and is no file of labels, or of samples that were chosen in another way.
        DataError: it has labels of other samples than those of the record.
    """

    def __init__(self, path: Path, record: GradedRecord, design: str) -> None:
        self.path = path
        self._record = record
        if path.exists() and path.stat().st_size:
            found = read_labels(path, record)
            if found.labels and found.design != design:
                raise UsageError(
                    f"the samples of this file are {found.design}, and those asked for {design}",
                    where=str(path),
                    fix="leave --stratify as it was, or name another file: --out FILE",
                )
        else:
            about = {"eval": record.eval_name, "run_id": record.run_id, "design": design, "choices": record.choices}
            self._append({FORMAT: about})

    def _append(self, line: Mapping[str, Any]) -> None:
        """Append a line, after the end of one that a crash cut off."""
        try:
            with alone_in(self.path) as fd:
                is_cut = os.fstat(fd).st_size > 0 and os.lseek(fd, -1, os.SEEK_END) >= 0 and os.read(fd, 1) != b"\n"
                write_whole(fd, (b"\n" if is_cut else b"") + encode(dumps(line) + "\n"))
        except OSError as error:
            fix = "name another file: --out FILE"
            raise DataError(f"the label cannot be written: {error.strerror}", where=str(self.path), fix=fix) from None

    def write(self, sample_id: str, rater: str, **said: Any) -> None:
        """Append `label`, `skipped` or `undone` of a sample, with the digest of what was shown."""
        digest = self._record.by_id[sample_id].digest
        self._append({"id": sample_id, "rater": rater, **said, "sha256": digest})


def read_labels(path: str | Path, record: GradedRecord) -> LabelFile:
    """The labels of a file: of `evals label`, or any table with the columns `id` and `label` (and `rater`).

    Raises:
        DataError: the file cannot be read, is empty, or a label is of no sample of the record, of another answer, or of
            no known class; with file:line.
    """
    rows = list(_rows(Path(path)))
    design = RANDOM
    last: dict[tuple[str, str], tuple[Mapping[str, Any], str]] = {}
    samples = record.by_id
    for row, where in rows:
        if FORMAT in row:
            about = row[FORMAT] if isinstance(row[FORMAT], dict) else {}
            design = str(about.get("design") or RANDOM)
            continue
        name, rater = str(row.get("id", row.get("sample_id", ""))), str(row.get("rater") or "")
        if name not in samples:
            raise _of_another_record(name, where, record)
        if row.get("sha256") not in (None, samples[name].digest):
            raise DataError(
                f"this label is of another question or answer than sample {name} of the record",
                where=where,
                notes=[f"record: {record.path}"],
                fix="name the record that was labelled, or label this one in a file of its own: --out FILE",
            )
        last[name, rater] = (row, where)
    labels = [
        _label(name, rater, row, where, record)
        for (name, rater), (row, where) in last.items()
        if not row.get("undone") and not row.get("skipped")
    ]
    return LabelFile(labels, design, frozenset(key for key, (row, _) in last.items() if row.get("skipped")))


def _of_another_record(name: str, where: str, record: GradedRecord) -> DataError:
    return DataError(
        f"sample {name!r} is not in the record" if name else "this row has no 'id'",
        where=where,
        notes=[f"record: {record.path}", f"its samples: {listed([sample.id for sample in record.samples], 3)}"],
        fix="name the record that was labelled; rows need `id` (of a sample) and `label`",
    )


def _label(name: str, rater: str, row: Mapping[str, Any], where: str, record: GradedRecord) -> Label:
    value = row.get("label")
    if value is None or value == "":
        raise DataError(f"sample {name} has no label", where=where, fix="add `label`, or leave the row out")
    label = f"{value:g}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value).strip()
    known = next((choice for choice in record.choices if choice.casefold() == label.casefold()), None)
    if known is None and not _is_score(label, record):
        raise DataError(
            f"label {label[:40]!r} of sample {name} is no class of this eval",
            where=where,
            notes=[f"classes: {listed(record.choices, 12)}"],
            fix="correct the label, or name the classes: --choices A,B",
        )
    return Label(name, known or label, rater, str(row.get("note") or ""), where)


def _is_score(label: str, record: GradedRecord) -> bool:
    """Whether a label is a number, for an eval whose graders give numbers and no named choices."""
    try:
        float(label)
        return all(_as_number(choice) is not None for choice in record.choices)
    except ValueError:
        return False


def _as_number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _rows(path: Path) -> Iterator[tuple[Mapping[str, Any], str]]:
    """(row, file:line) of each row. A last line of JSON that was cut off counts for nothing."""
    refuse_special(path)
    if not path.is_file():
        raise DataError("there is no such file of labels", where=str(path), fix="make one: evals label RECORD")
    if path.suffix == ".jsonl":
        yield from _json_lines(path)
        return
    try:
        for number, row in enumerate(open_samples(path), 2):
            yield row, f"{path}:{number}"
    except BadSample as error:
        raise DataError(error.what, where=str(path), fix="rows need `id` and `label`") from None


def _json_lines(path: Path) -> Iterator[tuple[Mapping[str, Any], str]]:
    lines = path.read_bytes().split(b"\n")
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            if number == len(lines) or not b"".join(lines[number:]).strip():
                continue
            raise DataError("this line is no JSON", where=f"{path}:{number}", fix="remove the line") from None
        if not isinstance(row, dict):
            raise DataError("this line is no object", where=f"{path}:{number}", fix='write {"id": ..., "label": ...}')
        yield row, f"{path}:{number}"


def check_not_empty(found: LabelFile, path: str | Path) -> None:
    """Raise DataError for a file without a label."""
    if not found.labels:
        raise DataError("this file holds no label", where=str(path), fix="label some samples: evals label RECORD")
