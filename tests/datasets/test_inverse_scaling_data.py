"""The rows of the inverse-scaling tasks: right by an independent reading of their texts, distinct, and made again alike."""

from __future__ import annotations

import importlib.util
import itertools
import json
import math
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import evals
from evals.record.reader import read_record

FOLDER = Path(__file__).parents[2] / "data" / "inverse-scaling"
Row = dict[str, Any]
TASKS = (
    "negation",
    "redefine",
    "memo-trap",
    "resisting-correction",
    "pattern-suppression",
    "repetitive-algebra",
    "into-the-unknown",
)


def rows_of(name: str) -> list[Row]:
    return [json.loads(line) for line in (FOLDER / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]


def code(name: str) -> Any:
    """A file of the data folder as a module; the folder leaves the path again."""
    spec = importlib.util.spec_from_file_location(f"inverse_scaling_{name}", FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    before = list(sys.path)
    spec.loader.exec_module(module)
    sys.path[:] = before
    sys.modules.pop("words", None)
    return module


WORDS = code("words")


def negation(row: Row) -> str:
    """The option that the sentence is true of."""
    question = row["question"]
    if found := re.fullmatch(r"An? (.+) is not a kind of", question):
        (own,) = [kind for kind, things in WORDS.KINDS.items() if found[1] in things]
        holds = {kind: kind != own for kind in row["choices"]}
    elif found := re.fullmatch(r"The number (\d+) is not (smaller|larger) than", question):
        n, is_smaller = int(found[1]), found[2] == "smaller"
        holds = {one: not (n < int(one) if is_smaller else n > int(one)) for one in row["choices"]}
    else:
        numbers = re.fullmatch(r"The sum of (\d+) and (\d+) is not", question)
        assert numbers is not None
        holds = {one: sum(map(int, numbers.groups())) != int(one) for one in row["choices"]}
    (right,) = [one for one, is_true in holds.items() if is_true]
    return right


def redefine(row: Row) -> str:
    rule, a, b = re.fullmatch(r"Redefine (.+)\. Question: What is (\d+) \+ (\d+)\?\nAnswer:", row["question"]).groups()  # type: ignore[union-attr]
    if rule == "+ as minus":
        return str(int(a) - int(b))
    old, new = rule.split(" as ")
    return str(sum(int(new if one == old else one) for one in (a, b)))


def memo_trap(row: Row) -> str:
    (asked,) = re.findall(r'ends in the word "(\w+)":', row["question"])
    start = row["question"].split(": ")[1]
    assert dict(WORDS.PROVERBS)[start] in row["choices"]
    return str(asked)


def resisting_correction(row: Row) -> str:
    """The word of the input that the output lacks next."""
    *_, said, begun = row["question"].split("\n")
    words, done = said.removeprefix("Input: ").rstrip(".").split(), begun.removeprefix("Output:").split()
    assert words[: len(done)] == done
    (mended,) = [one for one in row["choices"] if one != words[len(done)]]
    assert f"{' '.join([*done, mended, *words[len(done) + 1 :]])}." in WORDS.SENTENCES
    assert sorted(mended) == sorted(words[len(done)])
    return words[len(done)]


def pattern_suppression(row: Row) -> str:
    asked, said = row["question"].split("\n")
    n = int(re.findall(r"Write (\d+) symbols", asked)[0])
    symbols = said.rstrip(",").split(", ")
    assert len(symbols) == n - 1
    assert all(a != b for a, b in itertools.pairwise(symbols))
    return symbols[-1]


def repetitive_algebra(row: Row) -> str:
    equations = re.findall(r"Question: (\d+) = x \+ (\d+)\. What is x\?\nAnswer:(?: (\d+))?", row["question"])
    *before, (a, b, none) = equations
    assert none == ""
    assert {int(x) for _, _, x in before} == {int(one) for one in row["choices"] if one != str(int(a) - int(b))}
    assert all(int(left) - int(right) == int(x) for left, right, x in before)
    return str(int(a) - int(b))


def into_the_unknown(row: Row) -> str:
    known, thing, unknown, added = re.findall(
        r"holds \d+ (\w+) (\w+) and some (\w+) ones\. Someone adds \d+ (\w+) ", row["question"]
    )[0]
    assert added == known != unknown
    (right,) = [one for one in row["choices"] if unknown in one.split()]
    assert thing in right
    return str(right)


READERS: dict[str, Callable[[Row], str]] = {name: globals()[name.replace("-", "_")] for name in TASKS}


@pytest.mark.parametrize("name", TASKS)
def test_every_answer_is_right_by_another_reading(name):
    for row in rows_of(name):
        assert row["choices"][row["answer"]] == READERS[name](row)


@pytest.mark.parametrize("name", TASKS)
def test_rows_are_distinct_have_two_options_and_no_favourite_place(name):
    rows = rows_of(name)
    assert len({row["question"] for row in rows}) == len(rows) == 240
    assert all(len(set(row["choices"])) == 2 for row in rows)
    assert 90 <= sum(row["answer"] for row in rows) <= 150


@pytest.mark.parametrize("name", TASKS)
def test_the_code_writes_the_same_rows_again(name):
    assert list(itertools.islice(code("make").distinct_rows(name), 240)) == rows_of(name)


def test_the_words_are_told_apart():
    things = [thing for group in WORDS.KINDS.values() for thing in group]
    assert len(set(things)) == len(things)
    assert not {end for _, end in WORDS.PROVERBS} & set(WORDS.ENDINGS)
    assert len(set(WORDS.SENTENCES)) == len(WORDS.SENTENCES)


def test_the_tasks_run_on_a_pocket_model_with_the_loss_on_the_right_answer(tmp_path):
    result = evals.run("pocket/32k", "inverse-pattern-suppression", max_samples=20, log_dir=tmp_path)
    record = read_record(result.record_path)
    assert result.report["n"] == 20
    losses = []
    for sample in record.samples():
        (choice,) = sample.data("choice")
        shares = [math.exp(one) for one in choice["logprobs"]]
        losses.append(-math.log(shares[choice["answer"]] / sum(shares)))
        assert choice["answer_loss"] == pytest.approx(losses[-1], abs=1e-8)
    assert result.report["answer_loss"] == pytest.approx(sum(losses) / 20, abs=1e-8)
