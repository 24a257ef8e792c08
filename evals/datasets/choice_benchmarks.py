"""Converts multiple-choice benchmarks into rows of `question`, `choices` and `answer`, the index of the right one."""

from __future__ import annotations

import csv
import functools
import io
import json
import re
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from evals.datasets.json_rows import decode_row
from evals.datasets.original_rows import field, original_rows
from evals.datasets.plain_rows import NumberedRow
from evals.errors import BadSample, DataError
from evals.registry.roots import bundled_data_root


def mmlu_test(original: Path) -> Iterator[NumberedRow]:
    """MMLU's test split (Hendrycks et al. 2021, arXiv:2009.03300): the 57 files of `data.tar` by name, or Parquet."""
    return _mmlu(original, "test")


def mmlu_dev(original: Path) -> Iterator[NumberedRow]:
    """MMLU's dev split: five solved questions for each subject."""
    return _mmlu(original, "dev")


def _mmlu(original: Path, split: str) -> Iterator[NumberedRow]:
    categories = _categories()
    for number, (subject, question, choices, answer) in enumerate(_mmlu_cells(original, split), start=1):
        row = {"question": question, "choices": choices, "answer": answer, "subject": subject.replace("_", " ")}
        if subject in categories:
            row["category"] = categories[subject]
        yield NumberedRow(number, row)


def _mmlu_cells(original: Path, split: str) -> Iterator[tuple[str, str, list[str], int]]:
    if original.suffix != ".tar":
        for number, row in original_rows(original):
            subject, question, choices, answer = (
                field(row, key, original, number) for key in ("subject", "question", "choices", "answer")
            )
            yield subject, question, list(choices), int(answer)
        return
    with tarfile.open(original) as archive:
        names = sorted(name for name in archive.getnames() if re.search(rf"(^|/){split}/[^/.]+_{split}\.csv$", name))
        if not names:
            raise DataError(f"no {split} files in this archive", where=str(original))
        for name in names:
            file = archive.extractfile(name)
            assert file is not None
            subject = name.rpartition("/")[2].removesuffix(f"_{split}.csv")
            text = file.read().decode("utf-8")
            for line, cells in enumerate(csv.reader(io.StringIO(text, newline="")), start=1):
                if len(cells) != 6 or cells[5].strip() not in ("A", "B", "C", "D"):
                    raise BadSample("not a question, four options and a letter", where=f"{original}:{name}:{line}")
                yield subject, cells[0], cells[1:5], "ABCD".index(cells[5].strip())


@functools.lru_cache(maxsize=1)
def _categories() -> dict[str, str]:
    text = (bundled_data_root() / "mmlu" / "subjects.csv").read_text(encoding="utf-8")
    return {row["subject"]: row["category"] for row in csv.DictReader(text.splitlines())}


def hellaswag(original: Path) -> Iterator[NumberedRow]:
    """HellaSwag (Zellers et al. 2019, arXiv:1905.07830), cleaned as in lm-evaluation-harness.

    The question is the activity and the two halves of the context.
    """
    for number, row in original_rows(original):
        label, first, second, endings, answer = (
            field(row, key, original, number) for key in ("activity_label", "ctx_a", "ctx_b", "endings", "label")
        )
        yield NumberedRow(
            number,
            {
                "question": _without_marks(f"{label}: {first} {str(second).capitalize()}"),
                "choices": [_without_marks(ending) for ending in endings],
                "answer": int(answer),
                "category": label,
            },
        )


def _without_marks(text: str) -> str:
    """The text with WikiHow's `[title]` as a full stop, and without other marks in brackets."""
    text = text.strip().replace(" [title]", ". ")
    return re.sub(r"\[.*?\]", "", text).replace("  ", " ")


def arc_challenge_test(original: Path) -> Iterator[NumberedRow]:
    """The test split of ARC-Challenge (Clark et al. 2018, arXiv:1803.05457): the archive, or a published file."""
    return _arc(original, "ARC-Challenge-Test.jsonl")


def arc_challenge_train(original: Path) -> Iterator[NumberedRow]:
    """The training split of ARC-Challenge."""
    return _arc(original, "ARC-Challenge-Train.jsonl")


def arc_easy_test(original: Path) -> Iterator[NumberedRow]:
    """The test split of ARC-Easy."""
    return _arc(original, "ARC-Easy-Test.jsonl")


def arc_easy_train(original: Path) -> Iterator[NumberedRow]:
    """The training split of ARC-Easy."""
    return _arc(original, "ARC-Easy-Train.jsonl")


def _arc(original: Path, member: str) -> Iterator[NumberedRow]:
    """Rows of ARC in either form: `question.stem` and a list of choices (JSON lines), or columns (Parquet)."""
    for number, row in _rows_in_zip(original, member) if original.suffix == ".zip" else original_rows(original):
        question, key = (field(row, name, original, number) for name in ("question", "answerKey"))
        if isinstance(question, dict):
            choices = [(one["label"], one["text"]) for one in question["choices"]]
            question = question["stem"]
        else:
            columns = field(row, "choices", original, number)
            choices = list(zip(columns["label"], columns["text"], strict=True))
        labels = [label for label, _ in choices]
        answer = _place(labels, key, original, number)
        yield NumberedRow(number, {"question": question, "choices": [text for _, text in choices], "answer": answer})


def _rows_in_zip(original: Path, member: str) -> Iterator[NumberedRow]:
    with zipfile.ZipFile(original) as archive:
        names = [name for name in archive.namelist() if name.rpartition("/")[2] == member]
        if not names:
            raise DataError(f"no {member} in this archive", where=str(original))
        for line, raw in enumerate(archive.read(names[0]).splitlines(), start=1):
            yield NumberedRow(line, decode_row(raw, f"{original}:{member}", line))


def winogrande(original: Path) -> Iterator[NumberedRow]:
    """WinoGrande (Sakaguchi et al. 2019, arXiv:1907.10641): the sentence with its blank `_`, and two nouns."""
    for number, row in original_rows(original):
        sentence, first, second, answer = (
            field(row, key, original, number) for key in ("sentence", "option1", "option2", "answer")
        )
        place = _place(["1", "2"], str(answer), original, number)
        yield NumberedRow(number, {"question": sentence, "choices": [first, second], "answer": place})


def truthfulqa_mc1(original: Path) -> Iterator[NumberedRow]:
    """TruthfulQA MC1 (Lin et al. 2021, arXiv:2109.07958): one true option among false ones.

    The true option comes first in the file, so ask in a shuffled order. The table on GitHub has a category too.
    """
    for number, fields, options in _truthfulqa(original, "mc1_targets"):
        labels = [label for _, label in options]
        choices = [text for text, _ in options]
        yield NumberedRow(number, {**fields, "choices": choices, "answer": _place(labels, 1, original, number)})


def truthfulqa_mc2(original: Path) -> Iterator[NumberedRow]:
    """TruthfulQA MC2: several true options, which `labels` marks with 1."""
    for number, fields, options in _truthfulqa(original, "mc2_targets"):
        yield NumberedRow(
            number, {**fields, "choices": [text for text, _ in options], "labels": [int(x) for _, x in options]}
        )


def _truthfulqa(original: Path, key: str) -> Iterator[tuple[int, dict[str, str], list[tuple[str, int]]]]:
    for number, row in original_rows(original):
        if "Best Answer" in row:
            fields = {"question": row["Question"].strip(), "category": row.get("Category")}
            named = {name: text for name, text in fields.items() if text}
            yield number, named, _options_of_csv(row, key, original, number)
            continue
        targets = field(row, key, original, number)
        pairs = list(targets.items()) if "labels" not in targets else list(
            zip(targets["choices"], targets["labels"], strict=True)
        )  # fmt: skip
        yield number, {"question": field(row, "question", original, number)}, pairs


def _options_of_csv(row: Any, key: str, original: Path, number: int) -> list[tuple[str, int]]:
    """The options in a row of TruthfulQA.csv, whose lists are texts with semicolons, each closed with a full stop."""
    true, false = (field(row, name, original, number) for name in ("Correct Answers", "Incorrect Answers"))
    right = [row["Best Answer"]] if key == "mc1_targets" else true.split(";")
    options = [(text.strip(), 1) for text in right] + [(text.strip(), 0) for text in false.split(";")]
    return [(f"{text.removesuffix('.')}.", label) for text, label in options if text]


def mmlu_pro(original: Path) -> Iterator[NumberedRow]:
    """MMLU-Pro (Wang et al. 2024, arXiv:2406.01574): up to ten options, without the `N/A` that fill some rows."""
    for number, row in original_rows(original):
        question, options, index, category = (
            field(row, key, original, number) for key in ("question", "options", "answer_index", "category")
        )
        kept = [place for place, text in enumerate(options) if text != "N/A"]
        choices = [options[place] for place in kept]
        answer = _place(kept, int(index), original, number)
        yield NumberedRow(number, {"question": question, "choices": choices, "answer": answer, "category": category})


def gpqa(original: Path) -> Iterator[NumberedRow]:
    """GPQA (Rein et al. 2023, arXiv:2311.12022), without its canary string.

    The right answer comes first, then the three wrong ones, so ask in a shuffled order.
    """
    keys = ("Question", "Correct Answer", "Incorrect Answer 1", "Incorrect Answer 2", "Incorrect Answer 3")
    for number, row in original_rows(original):
        question, *choices = (field(row, key, original, number).strip() for key in keys)
        category = str(row.get("High-level domain") or "")
        yield NumberedRow(number, {"question": question, "choices": choices, "answer": 0, "category": category})


def _place(labels: list[Any], wanted: Any, original: Path, number: int) -> int:
    if wanted not in labels:
        where = f"{original}:{number}"
        raise BadSample(f"the answer {json.dumps(wanted)} is none of {json.dumps(labels)}", where=where)
    return labels.index(wanted)
