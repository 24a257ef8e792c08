"""Pairs of answers to the same prompts, for people or a grader to judge: from two records or one file of pairs."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evals.comparison.content_hash import row_hash
from evals.datasets.samples import open_samples
from evals.datasets.templates import text_of
from evals.engine.cut_off import CUT_OFF_REASONS
from evals.errors import BadSample, DataError, listed
from evals.record.reader import Record, read_record
from evals.record.rows import completion_of
from evals.record.sample_record import SampleRecord
from evals.record.special_files import refuse_special

CATEGORIES = ("category", "group", "subject", "section", "language")
"Keys of a row, or labels in a record, that say what a pair is about; the first one that is there."
PROMPTS = ("input", "prompt", "instruction", "question")
ANSWERS = ("output_{}", "answer_{}", "response_{}", "completion_{}")
"Keys of a row of pairs that hold the answer of a side, `a` or `b`."


@dataclass(frozen=True)
class AnswerPair:
    """Two answers to one prompt."""

    id: str
    prompt: Any
    "A text, or a list of messages."
    answer_a: str
    answer_b: str
    repeat: int = 0
    category: str | None = None
    truncated_a: bool = False
    "The answer ended at the limit on tokens."
    truncated_b: bool = False

    @property
    def prompt_text(self) -> str:
        """The prompt as one text."""
        return str(text_of(self.prompt))


@dataclass(frozen=True)
class AnswerPairs:
    """The pairs of two models."""

    model_a: str
    model_b: str
    sha256_a: str
    "Of the file that the answers of `model_a` come from."
    sha256_b: str
    pairs: list[AnswerPair]
    eval_name: str | None = None
    left_out: Counter[str] = field(default_factory=Counter)
    "Why samples are in no pair, and how many."


@dataclass(frozen=True)
class _Answered:
    sample: SampleRecord
    text: str
    truncated: bool
    prompt: Any
    asked: int


def pairs_of_records(path_a: str | Path, path_b: str | Path) -> AnswerPairs:
    """The pairs of the completions of two records: the same sample and repeat, or else the same question.

    Samples that failed, that hold no completion, that ask another question, and that only one record has are left out
    and counted.

    Raises:
        DataError: a file is no record, both are the same, or they have no question in common.
    """
    a, b = read_record(path_a), read_record(path_b)
    sums = file_sha256(path_a), file_sha256(path_b)
    if sums[0] == sums[1]:
        what = f"{path_a} and {path_b} are the same record"
        raise DataError(what, fix="give the records of two models, or of two prompts")
    left_out: Counter[str] = Counter()
    of_a, of_b = _answers(a, "A", left_out), _answers(b, "B", left_out)
    pairs = list(_paired(of_a, of_b, left_out))
    if not pairs:
        raise _nothing_in_common(a, b, left_out)
    names = model_names(a, b)
    return AnswerPairs(*names, *sums, pairs, _text_or_none(a.spec.get("eval_name")), left_out)


def pairs_of_file(path: str | Path) -> AnswerPairs:
    """The pairs in a file whose rows hold a prompt and both answers (`input`, `output_a`, `output_b`).

    `model_a` and `model_b` are those of the first row, else `A` and `B`; `id` and `category` are taken where they are.

    Raises:
        DataError: the file cannot be read or has no rows. BadSample: a row of another form, or of other models.
    """
    names: tuple[str, str] | None = None
    pairs = []
    for number, row in enumerate(open_samples(path)):
        prompt = _first(row, PROMPTS)
        answers = [_first(row, [key.format(side) for key in ANSWERS]) for side in "ab"]
        if prompt is None or not all(isinstance(answer, str) for answer in answers):
            fix = 'rows need {"input": ..., "output_a": ..., "output_b": ...}'
            raise BadSample("no pair of answers in this row", row, fix=fix)
        found = str(row.get("model_a") or "A"), str(row.get("model_b") or "B")
        names = names or found
        if found != names:
            raise BadSample(f"the models are {' and '.join(found)}, and {' and '.join(names)} before", row)
        name = str(next((row[key] for key in ("id", "question_id") if row.get(key) not in (None, "")), number))
        pairs.append(AnswerPair(name, prompt, answers[0], answers[1], category=_category(row)))
    if names is None:
        raise DataError("no pairs in this file", where=str(path))
    repeated = [name for name, n in Counter(pair.id for pair in pairs).items() if n > 1]
    if repeated:
        raise DataError(f"the id {repeated[0]!r} appears twice", where=str(path), fix="give each pair an id of its own")
    if names[0] == names[1]:
        raise DataError(f"both models are called {names[0]!r}", where=str(path), fix="give them two names")
    checksum = file_sha256(path)
    return AnswerPairs(*names, checksum, checksum, pairs)


def file_sha256(path: str | Path) -> str:
    """The SHA-256 of a file, as 64 hexadecimal digits.

    Raises:
        DataError: the file cannot be read.
    """
    refuse_special(path)
    digest = hashlib.sha256()
    try:
        with Path(path).open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", where=str(path), fix="check the path") from None
    return digest.hexdigest()


def model_names(a: Record, b: Record) -> tuple[str, str]:
    """The first completion functions of two records; with the names of the files where these are the same."""
    names = [str(next(iter(record.spec.get("completion_fns") or ()), "?")) for record in (a, b)]
    if names[0] == names[1]:
        names = [f"{name} ({record.path.name})" for name, record in zip(names, (a, b), strict=True)]
    if names[0] == names[1]:
        names = [f"{name} ({record.path})" for name, record in zip(names, (a, b), strict=True)]
    return names[0], names[1]


def _answers(record: Record, side: str, left_out: Counter[str]) -> dict[tuple[str, int], _Answered]:
    found = {}
    for sample in record.samples():
        if sample.error is not None:
            left_out[f"failed in {side}"] += 1
            continue
        answered = _answered(sample)
        if answered is None:
            left_out[f"without a completion in {side}"] += 1
        else:
            found[sample.sample_id, sample.repeat or 0] = answered
    return found


def _answered(sample: SampleRecord) -> _Answered | None:
    calls = [call for call in sample.data("sampling") if isinstance(call, dict)]
    text = _first_text(calls[0].get("answers")) if calls else None
    if text is None:
        matches = [match for match in sample.data("match") if isinstance(match, dict)]
        text = _first_text(completion_of(matches[-1] if matches else {}, calls))
    raw = sample.raw_sample
    prompt = raw.get("input") if raw.get("input") else (calls[0].get("prompt") if calls else None)
    if text is None or prompt is None:
        return None
    reasons = (calls[0].get("finish_reasons") or []) if calls else []
    truncated = isinstance(reasons, list) and not CUT_OFF_REASONS.isdisjoint(map(str, reasons))
    return _Answered(sample, text, truncated, prompt, row_hash(raw or prompt))


def _first_text(value: Any) -> str | None:
    value = value[0] if isinstance(value, list) and value else value
    return value if isinstance(value, str) else None


def _paired(
    a: Mapping[tuple[str, int], _Answered], b: Mapping[tuple[str, int], _Answered], left_out: Counter[str]
) -> Iterator[AnswerPair]:
    """Pairs by id where the question is the same, else by a question that one sample of each alone has."""
    by_question: dict[tuple[int, int], list[tuple[str, int]]] = {}
    for key, answered in b.items():
        by_question.setdefault((answered.asked, key[1]), []).append(key)
    n_of_a = Counter((answered.asked, key[1]) for key, answered in a.items())
    taken = set()
    for key, one in a.items():
        partner = key if key in b and b[key].asked == one.asked else None
        question = (one.asked, key[1])
        if partner is None and n_of_a[question] == len(by_question.get(question, ())) == 1:
            (partner,) = by_question[question]
        if partner is None:
            left_out["another question in B" if key in b else "only in A"] += 1
            continue
        taken.add(partner)
        yield _pair(one, b[partner])
    left_out["only in B"] += sum(key not in taken and key not in a for key in b)
    left_out += Counter()


def _pair(one: _Answered, other: _Answered) -> AnswerPair:
    return AnswerPair(
        id=one.sample.sample_id,
        prompt=one.prompt,
        answer_a=one.text,
        answer_b=other.text,
        repeat=one.sample.repeat or 0,
        category=_category({**one.sample.raw_sample, **one.sample.labels}),
        truncated_a=one.truncated,
        truncated_b=other.truncated,
    )


def _nothing_in_common(a: Record, b: Record, left_out: Counter[str]) -> DataError:
    names = [str(record.spec.get("eval_name") or "?") for record in (a, b)]
    reasons = listed([f"{n:,} {why}" for why, n in left_out.items() if n], 8)
    return DataError(
        "the two records have no question in common that both answered",
        notes=[f"{a.path} is of {names[0]}, {b.path} of {names[1]}", f"samples: {reasons}" if reasons else ""],
        fix="give records of the same eval over the same data",
    )


def _first(row: Mapping[str, Any], keys: Any) -> Any:
    return next((row[key] for key in keys if row.get(key) is not None), None)


def _category(row: Mapping[str, Any]) -> str | None:
    return _text_or_none(_first(row, CATEGORIES))


def _text_or_none(value: Any) -> str | None:
    return None if value is None or isinstance(value, list | dict) else str(value)
