"""Converts benchmarks that are answered in words or numbers into rows of `input` and `ideal`."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from evals.datasets.opening import reading
from evals.datasets.original_rows import field, original_rows
from evals.datasets.plain_rows import NumberedRow
from evals.errors import DataError


def drop_dev(original: Path) -> Iterator[NumberedRow]:
    """The validation split of DROP (Dua et al. 2019, arXiv:1903.00161), from its ZIP archive or the JSON file in it.

    `answers`: the gold answers, each a list of spans. `cluster`: the passage, which several questions share.
    """
    for number, (passage_id, passage, pair) in enumerate(_drop_pairs(original, "drop_dataset_dev.json"), start=1):
        golds = [_drop_spans(one) for one in [pair["answer"], *pair.get("validated_answers", [])]]
        answers = [gold for place, gold in enumerate(golds) if gold and gold not in golds[:place]]
        row = {
            "id": pair["query_id"],
            "input": f"Passage: {passage}\nQuestion: {pair['question']}\nAnswer:",
            "ideal": [", ".join(gold) for gold in answers],
            "answers": answers,
            "cluster": passage_id,
        }
        yield NumberedRow(number, row)


def _drop_pairs(original: Path, member: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    if original.suffix == ".zip":
        with zipfile.ZipFile(original) as archive:
            names = [name for name in archive.namelist() if name.endswith(member)]
            if not names:
                raise DataError(f"no {member} in this archive", where=str(original))
            text = archive.read(names[0]).decode("utf-8")
    else:
        text = original.read_text(encoding="utf-8")
    for passage_id, entry in json.loads(text).items():
        for pair in entry["qa_pairs"]:
            yield passage_id, entry["passage"], pair


def _drop_spans(answer: dict[str, Any]) -> list[str]:
    """The spans of an answer, by the order of the published scorer: a number, else spans, else `day month year`."""
    if str(answer.get("number", "")) != "":
        return [str(answer["number"])]
    if answer.get("spans"):
        return list(answer["spans"])
    date = answer.get("date") or {}
    text = " ".join(str(date.get(key, "")) for key in ("day", "month", "year")).strip()
    return [text] if text else []


def lambada(original: Path) -> Iterator[NumberedRow]:
    """LAMBADA (arXiv:1606.06031): `text`, the whole passage."""
    for number, row in original_rows(original):
        yield NumberedRow(number, {"text": field(row, "text", original, number)})


def math_problems(original: Path) -> Iterator[NumberedRow]:
    """MATH (Hendrycks et al. 2021, arXiv:2103.03874): `input`, the problem; `ideal`, its final answer as LaTeX."""
    for number, row in original_rows(original):
        problem, answer, subject = (field(row, key, original, number) for key in ("problem", "answer", "subject"))
        yield NumberedRow(
            number,
            {
                "input": [{"role": "user", "content": problem}],
                "ideal": str(answer),
                "subject": subject,
                "category": f"level {row['level']}" if "level" in row else "",
            },
        )


def simpleqa(original: Path) -> Iterator[NumberedRow]:
    """SimpleQA (Wei et al. 2024, arXiv:2411.04368): `input`, a short question of fact; `ideal`, its only answer."""
    for number, row in original_rows(original):
        question, answer = (field(row, key, original, number) for key in ("problem", "answer"))
        yield NumberedRow(number, {"input": [{"role": "user", "content": question}], "ideal": answer})


def truthfulqa_generation(original: Path) -> Iterator[NumberedRow]:
    """TruthfulQA in words (Lin et al. 2021, arXiv:2109.07958): the table on GitHub, or the columns of Hugging Face.

    `ideal`: the best answer. `correct_answers`, `incorrect_answers`: lists of references.
    """
    for number, row in original_rows(original):
        is_table = isinstance(row, dict) and "Best Answer" in row
        names = _TRUTHFULQA_TABLE if is_table else _TRUTHFULQA_COLUMNS
        question, best, true, false, category = (field(row, key, original, number) for key in names)
        yield NumberedRow(
            number,
            {
                "input": question.strip(),
                "ideal": best,
                "correct_answers": _references(true),
                "incorrect_answers": _references(false),
                "category": category,
            },
        )


_TRUTHFULQA_TABLE = ("Question", "Best Answer", "Correct Answers", "Incorrect Answers", "Category")
_TRUTHFULQA_COLUMNS = ("question", "best_answer", "correct_answers", "incorrect_answers", "category")


def _references(value: Any) -> list[str]:
    """A list of texts, or a text with semicolons between them; empty ones are left out."""
    texts = value.split(";") if isinstance(value, str) else [str(text) for text in value]
    return [text.strip() for text in texts if text.strip()]


def real_toxicity_prompts(original: Path) -> Iterator[NumberedRow]:
    """RealToxicityPrompts (Gehman et al. 2020, arXiv:2009.11462): `input`, the beginning of a sentence.

    `category`: `toxic` or `non-toxic`, by the published toxicity of the beginning, `unknown` where there is none;
    `group`: `challenging` for the prompts that the authors mark so.
    """
    for number, row in original_rows(original):
        prompt = field(row, "prompt", original, number)
        text, toxicity = field(prompt, "text", original, number), prompt.get("toxicity")
        category = "unknown" if toxicity is None else "toxic" if toxicity >= 0.5 else "non-toxic"
        group = {"group": "challenging"} if row.get("challenging") else {}
        yield NumberedRow(number, {"input": text, "category": category, **group})


def big_bench_hard(original: Path) -> Iterator[NumberedRow]:
    """One task of BIG-Bench Hard (Suzgun et al. 2022, arXiv:2210.09261), without the canary string of the file."""
    with reading(str(original)):
        examples = json.loads(original.read_text(encoding="utf-8"))["examples"]
    for number, example in enumerate(examples, start=1):
        yield NumberedRow(number, {"input": example["input"], "ideal": example["target"], "category": original.stem})
