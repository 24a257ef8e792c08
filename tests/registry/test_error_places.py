"""The place of an error about an entry: the line of its argument, the entry, or none where a command says it."""

from __future__ import annotations

from pathlib import Path

import pytest

from evals.errors import BadSample, EvalsError, MissingExtra, RegistryError, UsageError
from evals.registry.error_places import argument_of, placed_in

ENTRY = "toy.dev.v0:\n  class: a:B\n  args:\n    style: letter\n    few_shot_jsonl: shots.jsonl\n    graders: [x]\n"
ARGS = {"style": "letter", "few_shot_jsonl": "shots.jsonl", "graders": ["x"]}


@pytest.fixture
def where(tmp_path: Path) -> str:
    path = tmp_path / "toy.yaml"
    path.write_text(ENTRY)
    return f"{path}:1"


def placed(error: EvalsError, where: str, given: tuple[str, ...] = ()) -> EvalsError:
    with pytest.raises(type(error)) as caught, placed_in(where, ARGS, given=given):
        raise error
    return caught.value


@pytest.mark.parametrize(
    ("what", "inside", "line"),
    [
        ("style is 'x'", None, 4),
        ("no data is called 'shots.jsonl'", None, 5),
        ("the file of few_shot_jsonl is empty", None, 5),
        ("something else is wrong", None, 1),
        ("this is no grader", "graders[0].input", 6),
    ],
)
def test_an_error_without_a_place_gets_the_line_of_the_argument_that_it_is_about(where, what, inside, line):
    found = placed(UsageError(what, where=inside), where)
    assert found.where == where.replace(":1", f":{line}") + (f": {inside}" if inside else "")


def test_what_a_command_says_is_not_looked_for_in_the_file(where):
    assert placed(UsageError("style is 'x'"), where, given=("style",)).where is None


def test_a_place_in_another_file_stays_and_the_entry_is_named_beside_it(where):
    found = placed(RegistryError("the rubric has no prompt", where="rubric.yaml:3"), where)
    assert found.where == "rubric.yaml:3"
    assert found.notes == [f"named at {where}"]
    quoted = placed(RegistryError("there is no style 'letter'", where="rubric.yaml:3"), where)
    assert quoted.where == where.replace(":1", ":4")


def test_rows_and_missing_packages_keep_what_they_say(where):
    assert placed(BadSample("no 'letter'", where="data.jsonl:7"), where).where == "data.jsonl:7"
    assert placed(MissingExtra("this", "math"), where).where is None


def test_the_argument_of_a_message_is_its_first_word_or_what_it_quotes():
    assert argument_of("'style' is empty", ARGS) == "style"
    assert argument_of("nothing of the kind", ARGS) is None
