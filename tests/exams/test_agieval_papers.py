"""Papers of a real size: three LSAT sections and the SAT's reading and mathematics, recomputed by a script of their own.

The keys and passages are AGIEval's where EVALS_AGIEVAL names its folder (ids, keys and numbers alone are read), and a
stand-in of the same shape everywhere. The answers are drawn.
"""

from __future__ import annotations

import csv
import json
import os
import random
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import numpy as np
import pytest

from evals.exams.intervals import score_intervals
from evals.exams.marking import Mark
from evals.exams.paper import Paper
from evals.exams.read_paper import load_paper
from evals.exams.score import score_paper
from evals.registry.roots import bundled_data_root
from evals.suite.exam.replies import mark_reply

AGIEVAL = os.environ.get("EVALS_AGIEVAL")
TABLES = bundled_data_root() / "exam-catalogue" / "tables"
REAL = pytest.param(
    "agieval", marks=pytest.mark.skipif(not AGIEVAL, reason="EVALS_AGIEVAL names no folder of AGIEval's JSON lines")
)
SOURCES = ["stand-in", REAL]
SHAPES = {"lsat-ar": (230, 6), "lsat-lr": (510, 1), "lsat-rc": (269, 7), "sat-en": (206, 5), "sat-math": (220, 1)}
"Questions, and questions a passage."

LSAT = """id: lsat
version: 1
source: keys of published papers
sections:
  - {id: lsat-ar, items: {file: items.jsonl, where: {section: lsat-ar}}}
  - {id: lsat-lr, items: {file: items.jsonl, where: {section: lsat-lr}}}
  - {id: lsat-rc, items: {file: items.jsonl, where: {section: lsat-rc}}}
score:
  - {set: ar, op: raw, section: lsat-ar}
  - {set: lr, op: raw, section: lsat-lr}
  - {set: rc, op: raw, section: lsat-rc}
  - {set: all, op: sum, values: [ar, lr, rc]}
  - {set: part, op: linear, value: all, mul: MUL}
  - {set: raw, op: round, value: part, to: 1}
  - {set: final, op: lookup, value: raw, table: tables/lsat_raw_to_scaled.csv, from: raw, to: scaled}
percentile:
  - {on: final, table: tables/lsat_percent_below.csv, columns: {score: scaled, low: takers_2016_2019}, population: takers}
"""
SAT = """id: sat
version: 1
source: keys of published papers
sections:
  - {id: sat-en, items: {file: items.jsonl, where: {section: sat-en}}}
  - {id: sat-math, items: {file: items.jsonl, where: {section: sat-math}}}
score:
  - {set: en, op: raw, section: sat-en, of: fraction}
  - {set: en_part, op: linear, value: en, mul: 52}
  - {set: en_raw, op: round, value: en_part, to: 1}
  - {set: reading, op: lookup, value: en_raw, table: tables/sat_raw_to_scaled.csv, from: raw, to: reading}
  - {set: m, op: raw, section: sat-math, of: fraction}
  - {set: m_part, op: linear, value: m, mul: 58}
  - {set: m_raw, op: round, value: m_part, to: 1}
  - {set: math, op: lookup, value: m_raw, table: tables/sat_raw_to_scaled.csv, from: raw, to: math}
  - {set: verbal, op: linear, value: reading, mul: 20}
  - {set: final, op: sum, values: [verbal, math]}
percentile:
  - {on: math, table: tables/sat_math_2015.csv, columns: {score: score, count: n_takers}, population: takers of 2015}
"""


@dataclass(frozen=True)
class Key:
    """One question: its right letter, its letters, and the number of its passage."""

    section: str
    number: int
    right: str
    letters: str
    passage: int


def keys_of(section: str, source: str) -> list[Key]:
    n, per_passage = SHAPES[section]
    letters = "ABCDE" if section.startswith("lsat") else "ABCD"
    if source == "stand-in":
        rng = random.Random(section)
        return [Key(section, k, rng.choice(letters), letters, k // per_passage) for k in range(n)]
    found, passages = [], list[str]()
    for number, line in enumerate((Path(AGIEVAL or "") / f"{section}.jsonl").read_text(encoding="utf-8").splitlines()):
        row = json.loads(line)
        passage = row["passage"] or f"alone {number}"
        if passage not in passages:
            passages.append(passage)
        found.append(Key(section, number, row["label"], "ABCDE"[: len(row["options"])], passages.index(passage)))
    return found


def write(folder: Path, yaml: str, keys: Sequence[Key]) -> Paper:
    rows = [
        {
            "id": f"{key.section}-{key.number}",
            "section": key.section,
            "kind": "mcq",
            "stem": f"question {key.number}",
            "options": {letter: f"option {letter}" for letter in key.letters},
            "answer": key.right,
            "cluster": f"{key.section} passage {key.passage}",
        }
        for key in keys
    ]
    (folder / "items.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (folder / "exam.yaml").write_text(yaml.replace("MUL", repr(99 / len(keys))))
    shutil.copytree(TABLES, folder / "tables")
    return load_paper(folder)


def replies_of(keys: Sequence[Key], seed: int) -> dict[str, str]:
    """Drawn answers: right with a chance by passage, else another letter; some blank, some unreadable."""
    rng = random.Random(seed)
    chance: dict[int, float] = {}
    replies = {}
    for key in keys:
        p = chance.setdefault(key.passage, rng.uniform(0.35, 0.95))
        wrong = rng.choice([letter for letter in key.letters if letter != key.right])
        letter = key.right if rng.random() < p else wrong
        odd = rng.random()
        replies[f"{key.section}-{key.number}"] = (
            "[blank]" if odd < 0.02 else "I cannot tell." if odd < 0.04 else f"So it is.\nThe answer is [{letter}]"
        )
    return replies


# From here to `lsat_by_hand`: a second way to the figures, with nothing of the package.


def cells(file: str, key: str, value: str) -> dict[int, float]:
    lines = [line for line in (TABLES / file).read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return {int(row[key]): float(row[value]) for row in csv.DictReader(lines) if row[value]}


def half_up(value: float) -> int:
    return int(Decimal(repr(round(value, 9))).quantize(Decimal(1), ROUND_HALF_UP))


def right_share(keys: Sequence[Key], replies: dict[str, str], section: str, left_out: set[str]) -> float:
    asked = [k for k in keys if k.section == section and f"{section}-{k.number}" not in left_out]
    return sum(replies[f"{section}-{k.number}"].endswith(f"[{k.right}]") for k in asked) / len(asked)


def lsat_by_hand(keys: Sequence[Key], replies: dict[str, str], left_out: set[str]) -> tuple[float, float, float]:
    sections = sorted({key.section for key in keys})
    sizes = [sum(key.section == name for key in keys) for name in sections]
    shares = [right_share(keys, replies, name, left_out) for name in sections]
    total = sum(size * share for size, share in zip(sizes, shares, strict=True))
    scaled = cells("lsat_raw_to_scaled.csv", "raw", "scaled")[half_up(total * 99 / len(keys))]
    below = cells("lsat_percent_below.csv", "scaled", "takers_2016_2019")
    return scaled, below[int(scaled)], below.get(int(scaled) + 1, 100.0)


def sat_by_hand(keys: Sequence[Key], replies: dict[str, str], left_out: set[str]) -> tuple[float, float, float]:
    reading, math = (
        cells("sat_raw_to_scaled.csv", "raw", column)[half_up(size * right_share(keys, replies, section, left_out))]
        for column, section, size in (("reading", "sat-en", 52), ("math", "sat-math", 58))
    )
    counts = cells("sat_math_2015.csv", "score", "n_takers")
    low, high = (sum(n for score, n in counts.items() if score < math + more) for more in (0, 1))
    return 20 * reading + math, 100 * low / sum(counts.values()), 100 * high / sum(counts.values())


CASES = {
    "lsat": (LSAT, ["lsat-ar", "lsat-lr", "lsat-rc"], lsat_by_hand),
    "sat": (SAT, ["sat-en", "sat-math"], sat_by_hand),
}


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_scores_and_percentiles_are_those_of_a_second_script(name: str, source: str, seed: int, tmp_path: Path) -> None:
    yaml, sections, by_hand = CASES[name]
    keys = [key for section in sections for key in keys_of(section, source)]
    assert len(keys) == sum(SHAPES[section][0] for section in sections)
    paper = write(tmp_path, yaml, keys)
    replies = replies_of(keys, seed)
    marks: dict[str, list[Mark | None]] = {item.id: [mark_reply(item, replies[item.id])] for item in paper.items}
    found_in_training = {f"{key.section}-{key.number}" for key in keys if (key.passage + seed) % 4 == 0}
    score = score_paper(paper, marks, found_in_training)
    assert score.clean is not None
    for outcome, left_out in ((score.full, set[str]()), (score.clean, found_in_training)):
        (one,) = outcome.percentiles
        assert (outcome.final, one.low, one.high) == pytest.approx(by_hand(keys, replies, left_out))
    assert score.status == "republished"
    assert score.reported.final == min(score.full.final, score.clean.final)


@pytest.mark.parametrize("source", SOURCES)
def test_the_interval_is_that_of_a_plain_loop_over_passages(source: str, tmp_path: Path) -> None:
    yaml, sections, _ = CASES["lsat"]
    keys = [key for section in sections for key in keys_of(section, source)]
    paper, replies = write(tmp_path, yaml, keys), replies_of(keys, 1)
    marks: dict[str, list[Mark | None]] = {item.id: [mark_reply(item, replies[item.id])] for item in paper.items}
    found = score_intervals(paper, marks, rng=np.random.default_rng(1))
    passages: dict[str, dict[int, list[bool]]] = {section: {} for section in sections}
    for key in keys:
        right = replies[f"{key.section}-{key.number}"].endswith(f"[{key.right}]")
        passages[key.section].setdefault(key.passage, []).append(right)
    rng, totals = random.Random(1), []
    for _ in range(1000):
        total = 0.0
        for section, groups in passages.items():
            drawn = [one for group in rng.choices(list(groups.values()), k=len(groups)) for one in group]
            total += sum(drawn) / len(drawn) * SHAPES[section][0]
        totals.append(total)
    low, high = np.quantile(totals, [0.024, 0.976])
    whole = found.values["all"]
    assert (whole.low, whole.high) == pytest.approx((low, high), abs=0.12 * (high - low))
    scaled = cells("lsat_raw_to_scaled.csv", "raw", "scaled")
    ends = [scaled[half_up(end * 99 / len(keys))] for end in (whole.low, whole.high)]
    assert [found.final.low, found.final.high] == pytest.approx(ends, abs=1)
    assert found.n_items == len(keys)
