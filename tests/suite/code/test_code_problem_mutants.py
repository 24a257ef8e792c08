"""Our own code problems: references pass, empty bodies fail, and the tests kill every mutant that is not equivalent."""

from __future__ import annotations

import collections
import json
import runpy
import sys
from pathlib import Path
from typing import Any

import pytest
from code_mutants import judged, mutants

from evals.suite.code.problems import code_problem

DATA = Path(__file__).resolve().parents[3] / "data" / "evalcode"
ROWS: list[dict[str, Any]] = [json.loads(line) for line in (DATA / "samples.jsonl").read_text("utf-8").splitlines()]

EQUIVALENT: dict[str, dict[str, str]] = {
    "fare": {
        "6:7 comparison: stops > 3 -> stops >= 3": "at three stops the surcharge is 20 times 0 either way",
        "6:15 constant: 3 -> 2": "at three stops the surcharge is 20 times 0 either way",
    },
    "most_common_length": {
        "5:55 constant: 1 -> 2": "all counts grow alike: only their order matters",
        "5:50 constant: 0 -> 1": "all counts grow alike: only their order matters",
        "5:50 constant: 0 -> -1": "all counts grow alike: only their order matters",
    },
    "longest_plateau": {
        "5:23 constant: 1 -> 0": "place 0 equals itself and closes no run",
    },
    "busiest_hour": {
        "6:20 constant: 24 -> 25": "an hour that nobody visits is never the first of the busiest",
        "6:15 constant: 0 -> 1": "all hours are counted alike: only their order matters",
        "6:15 constant: 0 -> -1": "all hours are counted alike: only their order matters",
        "9:29 constant: 1 -> 2": "all hours are counted alike: only their order matters",
    },
    "roman_value": {
        "5:56 constant: ' ' -> ' ~'": "zip ends with the shorter text",
        "6:50 constant: 0 -> 1": "no letter is worth less than 1",
        "6:50 constant: 0 -> -1": "no letter is worth less than 1",
    },
    "caesar_words": {
        "5:28 constant: 'z' -> 'z~'": "single letters compare the same",
        "7:30 constant: 'Z' -> 'Z~'": "single letters compare the same",
        "8:28 operator: ord(letter) - 65 -> ord(letter) + 65": "130 is five times 26",
    },
    "grade_curve": {
        "3:31 constant: 0 -> 1": "with no points there is nothing to scale",
        "3:31 constant: 0 -> -1": "with no points there is nothing to scale",
    },
    "mix_base": {
        "3:13 constant: '0123456789abcdef' -> '0123456789abcdef~'": "no digit beyond f is ever looked up",
    },
    "spiral_walk": {
        "5:24 constant: 0 -> -1": "all rows of a rectangle are equally long",
    },
    "life_step": {
        "3:57 constant: 0 -> 1": "without rows the width is never used",
        "3:57 constant: 0 -> -1": "without rows the width is never used",
        "3:40 constant: 0 -> -1": "all rows of a rectangle are equally long",
    },
    "shortest_ride": {
        "13:4 removed: return None -> pass": "a function without return gives None",
    },
    "ways_up": {
        "4:35 constant: 1 -> 2": "one more height than asked changes none below it",
    },
    "knapsack_value": {
        "3:26 constant: 1 -> 2": "more room than the limit is never looked at",
    },
    "queue_wait": {
        "3:12 constant: 0 -> -1": "nobody arrives before minute 0",
    },
    "turtle_area": {
        "3:25 constant: 0 -> 1": "another first direction turns and stretches the whole path",
        "3:25 constant: 0 -> -1": "another first direction turns and stretches the whole path",
        "3:28 constant: 1 -> 2": "another first direction turns and stretches the whole path",
        "7:19 operator: x + dx -> x - dx": "the mirrored path has as many cells",
        "7:27 operator: y + dy -> y - dy": "the mirrored path has as many cells",
    },
    "template_fill": {
        "12:38 comparison: end > 0 -> end >= 0": "a closing brace at place 0 has no opening one before it",
        "8:24 constant: 0 -> 1": "both characters of the pair are the same",
        "8:24 constant: 0 -> -1": "both characters of the pair are the same",
        "12:44 constant: 0 -> -1": "a closing brace at place 0 has no opening one before it",
    },
    "rank_scores": {
        "7:18 constant: 0 -> 1": "the first score always sets the place",
        "7:18 constant: 0 -> -1": "the first score always sets the place",
    },
    "natural_sort": {
        "9:17 constant: 0 -> -1": "numbers still come before text",
        "9:31 constant: '' -> '~'": "the same in all parts of one kind",
        "9:59 constant: 1 -> 2": "numbers still come before text",
        "9:62 constant: 0 -> 1": "the same in all parts of one kind",
        "9:62 constant: 0 -> -1": "the same in all parts of one kind",
    },
    "interleave_turns": {
        "4:60 constant: 0 -> 1": "without queues there is nothing to take",
        "4:60 constant: 0 -> -1": "without queues there is nothing to take",
    },
}
"By problem: mutants that behave as the reference does, each with the reason."


def job(row: dict[str, Any], source: str) -> dict[str, Any]:
    return {"source": source, "test": row["test"], "name": row["entry_point"]}


def test_the_samples_are_those_that_make_py_makes():
    assert runpy.run_path(str(DATA / "make.py"))["rows"]() == ROWS


def test_there_are_sixty_problems_of_three_difficulties():
    graded = collections.Counter(row["difficulty"] for row in ROWS)
    assert len(ROWS) >= 60
    assert set(graded) == {"easy", "medium", "hard"}
    assert min(graded.values()) >= 20
    assert len({row["entry_point"] for row in ROWS}) == len(ROWS)


@pytest.mark.skipif(sys.platform == "win32", reason="the runner needs setitimer")
def test_every_reference_passes_and_no_empty_body_does():
    references = [job(row, str(code_problem(row).reference)) for row in ROWS]
    empty = [job(row, row["prompt"] + "    pass\n") for row in ROWS]
    assert [row["task_id"] for row, passed in zip(ROWS, judged(references), strict=True) if not passed] == []
    assert [row["task_id"] for row, passed in zip(ROWS, judged(empty), strict=True) if passed] == []


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="the runner needs setitimer")
@pytest.mark.parametrize("row", ROWS, ids=[row["entry_point"] for row in ROWS])
def test_the_tests_kill_every_mutant_that_is_not_equivalent(row):
    made = list(mutants(row["prompt"] + row["canonical_solution"]))
    verdicts = judged([job(row, source) for _, source in made])
    alive = [name for (name, _), passed in zip(made, verdicts, strict=True) if passed]
    assert made
    assert sorted(alive) == sorted(EQUIVALENT.get(row["entry_point"], {}))
