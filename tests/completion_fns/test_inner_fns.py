"""Completion functions inside others: from a name or an object."""

from __future__ import annotations

from pathlib import Path

import pytest

from evals.completion_fns.dummy import DummyCompletionFn
from evals.completion_fns.inner_fns import make_inner_fn, registry_or_new
from evals.errors import RegistryError
from evals.registry import Registry
from evals.testing.doubles import TestCompletionFn

ENTRY = "mine: {class: 'evals.testing.doubles:TestCompletionFn', args: {completion: hello}}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "completion_fns").mkdir()
    (tmp_path / "completion_fns" / "mine.yaml").write_text(ENTRY)
    return tmp_path


def test_an_object_comes_back_as_it_is():
    fn = TestCompletionFn("x")
    assert make_inner_fn(fn) is fn


def test_a_name_is_made_by_the_registry_at_hand_or_a_new_one(folder: Path):
    assert make_inner_fn("mine", Registry([folder]))("p").get_completions() == ["hello"]
    assert isinstance(make_inner_fn("dummy"), DummyCompletionFn)


def test_an_unknown_name_is_an_error_with_near_misses(folder: Path):
    with pytest.raises(RegistryError, match="pocket/389k"):
        make_inner_fn("pocket/389", Registry())


def test_a_further_folder_is_added_to_the_registry_that_is_given(folder: Path):
    registry = Registry([])
    assert registry_or_new(registry, str(folder)) is registry
    assert registry.registry_paths == [folder]
    assert isinstance(registry_or_new(), Registry)
