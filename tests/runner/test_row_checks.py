"""Checks of rows that are made in parts find what the checks of all rows in turn find."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from evals.errors import BadSample
from evals.images.conditions import ImageOptions
from evals.runner.preflight import samples_of
from evals.runner.row_checks import RowChecks, RowsFound, check_part, check_rows
from evals.suite.match.match import Match

N = 11
"Rows, in as many parts as there are below: none is a whole number of rows."


class Others:
    """The answers of others, as they were given; a part without one was not checked."""

    def __init__(self, found: list[RowsFound | None]) -> None:
        self._found = found
        self.n_others = len(found)

    def found(self) -> Iterator[RowsFound | None]:
        yield from self._found


def line(i: int, **more: object) -> str:
    return json.dumps({"input": f"{i}?", "ideal": str(i), **more})


def eval_over(tmp_path: Path, lines: list[str]) -> Match:
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(lines) + "\n")
    return Match([lambda prompt: ""], str(path), name="sums.dev.v0")


def checks_of(evaluation: Match) -> RowChecks:
    return RowChecks(evaluation, ImageOptions(), as_openai_evals=True)


def in_turn(evaluation: Match) -> RowChecks:
    checks = checks_of(evaluation)
    check_rows(samples_of(evaluation), range(N), checks)
    return checks


def in_parts(evaluation: Match, n_parts: int, *, but: int | None = None) -> RowChecks:
    samples = samples_of(evaluation)
    found: list[RowsFound | None] = []
    for part in range(1, n_parts):
        try:
            answer = check_part(evaluation, samples, range(N), part, n_parts, checks_of(evaluation))
        except BadSample:
            answer = None
        found.append(None if part == but else answer)
    checks = checks_of(evaluation)
    check_rows(samples, range(N), checks, Others(found))
    return checks


def said(checks: RowChecks) -> tuple[object, ...]:
    return (
        checks.doubts.warnings(),
        checks.own_ids.warnings(),
        list(checks.own_ids.hashes),
        checks.own_ids.are_unique,
        checks.pictures.value(),
    )


@pytest.mark.parametrize("n_parts", [2, 3, 5, N, N + 3])
@pytest.mark.parametrize("but", [None, 1])
def test_parts_say_what_all_rows_in_turn_say(tmp_path, n_parts, but):
    (tmp_path / "a.png").write_bytes(b"picture")
    lines = [line(i, id=str(i % 7), picture=str(tmp_path / "a.png") if i % 4 == 3 else "") for i in range(N)]
    for i in (2, 8, 9):  # a key twice is a doubt
        lines[i] = lines[i][:-1] + f', "ideal": "{i}"}}'
    evaluation = eval_over(tmp_path, lines)
    alone = in_turn(evaluation)
    assert "(3 rows, first " in alone.doubts.warnings()[0]
    assert "names two rows" in alone.own_ids.warnings()[0]
    assert alone.pictures.value() is not None
    assert said(in_parts(evaluation, n_parts, but=but)) == said(alone)


@pytest.mark.parametrize("bad", [[0], [10], [4, 7, 10], [1, 2, 9]])
@pytest.mark.parametrize("n_parts", [2, 4])
def test_a_bad_row_is_said_as_if_all_were_checked_in_turn(tmp_path, bad, n_parts):
    evaluation = eval_over(tmp_path, ['{"input": "no answer"}' if i in bad else line(i) for i in range(N)])
    with pytest.raises(BadSample) as alone:
        in_turn(evaluation)
    with pytest.raises(BadSample) as together:
        in_parts(evaluation, n_parts)
    assert str(together.value) == str(alone.value)
    assert str(alone.value.where).endswith(f":{bad[0] + 1}")


def test_what_was_found_in_other_data_is_not_believed(tmp_path):
    evaluation = eval_over(tmp_path, [line(i) for i in range(N - 1)] + ['{"input": "no answer"}'])
    samples = samples_of(evaluation)
    answer = check_part(evaluation, samples, range(N - 1), 0, 1, checks_of(evaluation))
    for other in (answer, replace(answer, n_rows=N, data_sha256="0" * 64)):
        with pytest.raises(BadSample):
            check_rows(samples, range(N), checks_of(evaluation), Others([other]))
