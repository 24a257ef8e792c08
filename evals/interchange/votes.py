"""Files of votes: which of two answers a person preferred, one line of JSON a vote, only ever appended to."""

from __future__ import annotations

import datetime
import json
import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal, get_args

from evals.datasets.json_rows import decode_row
from evals.errors import BadSample, DataError, RecordError, listed
from evals.interchange.shared_lines import alone_in, write_whole
from evals.json_text import dumps, encode
from evals.record.special_files import refuse_special
from evals.texts.answer_style import AnswerStyle

Side = Literal["model_a", "model_b"]
Choice = Literal["model_a", "model_b", "tie", "both_bad", "skip", "undo"]

SIDES: tuple[Side, ...] = get_args(Side)
CHOICES: tuple[Choice, ...] = get_args(Choice)
NO_PREFERENCE = ("skip", "undo")
"Choices that prefer nothing: a question that was passed over, and a vote that was taken back."
VOTE_FORMAT = 1
MAX_LINE_BYTES = 1 << 20
"A longer line is no vote."

_HEAD = b'{"vote": '
"How each line begins."


@dataclass(frozen=True)
class Vote:
    """One person's choice between two answers to one prompt. In JSON it is a battle of an arena, with more keys."""

    question_id: str
    "The id of the sample."
    model_a: str
    model_b: str
    winner: Choice
    rater: str
    shown_first: Side
    "The model whose answer stood first, or on the left."
    seconds: float
    "From the moment when the answers were shown to the choice."
    sha256_a: str
    "Of the file that holds the answers of `model_a`; 64 hexadecimal digits."
    sha256_b: str
    created_at: str
    "UTC, ISO 8601."
    repeat: int = 0
    eval_name: str | None = None
    category: str | None = None
    style_a: AnswerStyle | None = None
    style_b: AnswerStyle | None = None

    @property
    def key(self) -> tuple[str, str, int, str, str]:
        """What one rater votes on once: (rater, question, repeat, files in the order of their checksums)."""
        one, other = sorted((f"{self.sha256_a} {self.model_a}", f"{self.sha256_b} {self.model_b}"))
        return self.rater, self.question_id, self.repeat, one, other


def now_text() -> str:
    """The time in UTC, for `created_at`."""
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")


def append_vote(path: str | Path, vote: Vote) -> None:
    """Append `vote` to the file in one write, and wait until it is on the disk. A new file is private.

    A torn last line, which a crash left behind, is removed first. Several processes may append to one file.

    Raises:
        RecordError: the file cannot be written. DataError: it ends in something that is no vote.
    """
    line = encode(dumps({"vote": VOTE_FORMAT, **{k: v for k, v in asdict(vote).items() if v is not None}}) + "\n")
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        with alone_in(path) as fd:
            tail = _last_line(fd)
            if tail and _is_whole(tail, path):
                line = b"\n" + line
            elif tail:
                os.ftruncate(fd, os.fstat(fd).st_size - len(tail))
            write_whole(fd, line)
    except OSError as error:
        why = error.strerror or str(error)
        raise RecordError(f"the vote cannot be written: {why}", where=str(path), fix="name another file") from None


def _last_line(fd: int) -> bytes:
    """What stands behind the last line end of the file, up to MAX_LINE_BYTES."""
    size = os.fstat(fd).st_size
    start = max(0, size - MAX_LINE_BYTES)
    os.lseek(fd, start, os.SEEK_SET)
    tail = os.read(fd, size - start)
    return tail[tail.rfind(b"\n") + 1 :]


def _is_whole(tail: bytes, path: str | Path) -> bool:
    """Whether a last line without its line end is a whole vote, or was torn.

    Raises:
        DataError: it is the beginning of something else.
    """
    if tail.startswith(_HEAD) or _HEAD.startswith(tail):
        return tail.endswith(b"}") and _parses(tail)
    fix = "name a file that `evals vote` wrote, or a new one"
    raise DataError("the file ends in something that is no vote", where=str(path), fix=fix)


def _parses(raw: bytes) -> bool:
    try:
        return is_vote(json.loads(raw))
    except ValueError:
        return False


def read_votes(path: str | Path) -> list[Vote]:
    """All lines of a file of votes, in its order: also skipped questions, and votes that were taken back later.

    A torn last line, without its line end, is left out.

    Raises:
        DataError: the file cannot be read, or a line is no vote; names file and line.
    """
    try:
        refuse_special(path)
        lines = Path(path).read_bytes().split(b"\n")
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", where=str(path), fix="check the path") from None
    if lines[-1] and not _is_whole(lines[-1], path):
        lines.pop()
    found = []
    for number, raw in enumerate(lines, start=1):
        if raw.strip():
            where = f"{path}:{number}"
            if len(raw) > MAX_LINE_BYTES:
                raise DataError(f"a line of {len(raw):,} bytes is no vote", where=where, fix="remove the line")
            found.append(vote_of(decode_row(raw, str(path), number), where))
    return found


def standing_votes(votes: Iterable[Vote]) -> list[Vote]:
    """The last vote of each rater on each question, without those that were taken back; skipped ones are in it."""
    last: dict[tuple[str, str, int, str, str], Vote] = {}
    for vote in votes:
        last.pop(vote.key, None)
        if vote.winner != "undo":
            last[vote.key] = vote
    return list(last.values())


def is_vote(row: object) -> bool:
    """Whether a line of JSON says that it is a vote."""
    return isinstance(row, Mapping) and "vote" in row and "rater" in row


def vote_of(row: object, where: str) -> Vote:
    """The vote in a line of JSON. where: `file:line`, for messages. Further keys are left out.

    Raises:
        DataError: it is no vote: a key is missing, or has a value that cannot be.
    """
    if not isinstance(row, Mapping) or row.get("vote") != VOTE_FORMAT:
        fix = "give a file that `evals vote` wrote"
        raise BadSample("this line is no vote", row, where=where, fix=fix)
    given: dict[str, Any] = {field.name: row[field.name] for field in fields(Vote) if row.get(field.name) is not None}
    for name in ("question_id", "model_a", "model_b", "rater", "sha256_a", "sha256_b", "created_at"):
        if not isinstance(given.get(name), str) or not given[name]:
            raise BadSample(f"{name!r} is {_short(row.get(name))}, not a text", row, where=where)
    for name, known in (("winner", CHOICES), ("shown_first", SIDES)):
        if given.get(name) not in known:
            what = f"{name!r} is {_short(row.get(name))}"
            raise BadSample(what, row, where=where, fix=f"use {listed(known, len(known))}")
    for name in ("eval_name", "category"):
        given[name] = str(given[name]) if name in given else None
    for name in ("style_a", "style_b"):
        given[name] = _style(given.get(name), name, row, where)
    if given["model_a"] == given["model_b"]:
        raise BadSample(f"{_short(given['model_a'])} is compared with itself", row, where=where)
    seconds = _amount(row, "seconds", where)
    return Vote(**{**given, "seconds": seconds, "repeat": int(_amount(row, "repeat", where, missing=0))})


def _amount(row: Mapping[str, Any], name: str, where: str, missing: float | None = None) -> float:
    value = row.get(name, missing)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        raise BadSample(f"{name!r} is {_short(value)}, not a number from 0", row, where=where)
    return value


def _style(value: object, name: str, row: Mapping[str, Any], where: str) -> AnswerStyle | None:
    if value is None:
        return None
    names = [field.name for field in fields(AnswerStyle)]
    if not isinstance(value, Mapping) or any(key not in value for key in names):
        raise BadSample(f"{name!r} needs the counts {listed(names)}", row, where=where)
    return AnswerStyle(*(int(_amount(value, key, where)) for key in names))


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
