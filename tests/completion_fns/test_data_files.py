"""Files that arguments name: in which folders they are looked for, and in which order."""

from __future__ import annotations

from pathlib import Path

import pytest

from evals.completion_fns.data_files import find_data_file
from evals.errors import DataError
from evals.registry import Registry


@pytest.fixture
def registries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Two registries with data folders, beside an empty working folder."""
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    roots = [tmp_path / "first", tmp_path / "second"]
    for root in roots:
        (root / "data" / "set").mkdir(parents=True)
    return roots


def test_the_working_folder_goes_before_the_registries_and_later_ones_before_earlier_ones(registries):
    registry = Registry(registries)
    for root in registries:
        (root / "data" / "set" / "a.jsonl").write_text("{}")
    assert find_data_file("set/a.jsonl", registry) == registries[1] / "data" / "set" / "a.jsonl"
    Path("set").mkdir()
    Path("set/a.jsonl").write_text("{}")
    assert find_data_file("set/a.jsonl", registry) == Path("set/a.jsonl")


def test_a_path_as_openai_evals_writes_it_is_found_in_the_data_folder(registries):
    (registries[0] / "data" / "set" / "a.jsonl").write_text("{}")
    found = find_data_file("evals/registry/data/set/a.jsonl", Registry(registries))
    assert found == registries[0] / "data" / "set" / "a.jsonl"


def test_data_of_the_package_is_found_without_a_registry(registries):
    assert find_data_file("pocket-arithmetic/test.jsonl").is_file()


def test_an_absolute_path_is_looked_for_nowhere_else(registries, tmp_path):
    (registries[0] / "data" / "set" / "a.jsonl").write_text("{}")
    with pytest.raises(DataError) as caught:
        find_data_file(tmp_path / "set" / "a.jsonl", Registry(registries))
    assert caught.value.notes == [f"looked for {tmp_path / 'set' / 'a.jsonl'}"]


def test_a_missing_file_says_where_it_was_looked_for(registries):
    with pytest.raises(DataError, match="there is no such file") as caught:
        find_data_file("set/b.jsonl", Registry(registries))
    assert [str(registries[k] / "data" / "set" / "b.jsonl") in str(caught.value) for k in (0, 1)] == [True, True]
