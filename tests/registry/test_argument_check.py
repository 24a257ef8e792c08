"""Arguments against signatures: a wrong type names the argument's line, and a command line's texts become the types."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import pytest

from evals.errors import RegistryError, UsageError
from evals.registry.argument_types import fits, problem_of, read_text, words_for
from evals.registry.error_places import line_of_argument
from evals.registry.lookup import Registry

FITS = [
    (3, int), (3, float), (3.5, float), ("x", str), (True, bool), (None, None), (None, int | None), ([1], Sequence[int]),
    (["a"], list[str]), ({}, Mapping[str, Any]), ({"a": 1}, dict[str, int]), ("a", str | list[str]), ("b", Literal["b"]),
    ([], Any), (object, Callable[..., Any]), ("x", object),
]  # fmt: skip
FITS_NOT = [
    ("3", int), (3.0, int), (True, int), (True, float), (3, str), (1, bool), (None, int), ("ab", Sequence[str]), ([1], str),
    ([1], Sequence[str]), ({1: 2}, dict[str, int]), ("a", Literal["b"]), ("x", Callable[..., Any]), ("x", Path), ({}, str),
]  # fmt: skip


@pytest.mark.parametrize(("value", "annotation"), FITS)
def test_a_value_of_the_type_fits(value, annotation):
    assert fits(value, annotation)


@pytest.mark.parametrize(("value", "annotation"), FITS_NOT)
def test_a_value_of_another_type_does_not_fit(value, annotation):
    assert not fits(value, annotation)


@pytest.mark.parametrize(
    ("value", "annotation", "read"),
    [
        ("true", bool, True),
        ("False", bool, False),
        (0, bool, False),
        (2024, str, "2024"),
        ('["a", "b"]', Sequence[str], ["a", "b"]),
        ("null", int | None, None),
        ("three", int, "three"),
        ("true", str, "true"),
        (3, int, 3),
        (2, bool, 2),
    ],
)
def test_a_text_of_a_command_line_is_read_as_the_parameter_asks(value, annotation, read):
    found = read_text(value, annotation)
    assert found == read
    assert type(found) is type(read)


def test_types_are_said_in_words():
    assert words_for(int | Sequence[int]) == "a whole number or a list of whole numbers"
    assert words_for(str | None) == "a text"
    assert words_for(dict[str, Any]) == "a mapping"


@pytest.mark.parametrize(
    ("name", "value", "annotation", "said"),
    [
        ("max_tokens", -5, int, "max_tokens is -5, and must be 1 or more"),
        ("tolerance", float("nan"), float, "tolerance is nan, not a finite number"),
        ("num_few_shot", "three", int, "num_few_shot is 'three', not a whole number"),
        ("sample_kwargs", {"max_tokens": "x"}, dict, "in sample_kwargs, max_tokens is 'x', not a whole number"),
        ("floor", -3, float, None),
    ],
)
def test_what_is_wrong_is_said_with_the_name_and_the_value(name, value, annotation, said):
    assert problem_of(name, value, annotation) == said


def entry(folder: Path, args: str, cls: str = "evals.suite:Match") -> Registry:
    (folder / "evals").mkdir(exist_ok=True)
    text = f"toy:\n  id: toy.dev.v0\ntoy.dev.v0:\n  class: {cls}\n  args:\n    samples_jsonl: toy.jsonl\n    {args}\n"
    (folder / "evals" / "toy.yaml").write_text(text, encoding="utf-8")
    return Registry([folder])


def make(registry: Registry, **given: Any) -> Any:
    return registry.make_eval(registry.find_eval("toy"), [lambda prompt, **_: None], **given)


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ("num_few_shot: three", ["num_few_shot is 'three', not a whole number", "toy.yaml:7"]),
        ("max_tokens: -5", ["max_tokens is -5", "toy.yaml:7"]),
        ("max_tokens: {a: 1}", ["max_tokens is {'a': 1}, not a whole number"]),
        ("few_shot_jsonl: [a]", ["few_shot_jsonl is ['a'], not a text"]),
        ("num_few_shoot: 3", ["num_few_shoot", "did you mean: num_few_shot"]),
        ("'': 1", ["no argument ''"]),
    ],
)
def test_a_wrong_argument_of_an_entry_names_its_line(tmp_path, args, words):
    with pytest.raises(RegistryError) as caught:
        make(entry(tmp_path, args))
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize("value", ["[a]", "1", "{a: b}", "true", "2.5"])
def test_samples_jsonl_must_be_a_text(tmp_path, value):
    registry = entry(tmp_path, "max_tokens: 5")
    path = tmp_path / "evals" / "toy.yaml"
    path.write_text(path.read_text().replace("samples_jsonl: toy.jsonl", f"samples_jsonl: {value}"))
    with pytest.raises(RegistryError, match=r"samples_jsonl is .*, not a text") as caught:
        make(registry)
    assert str(caught.value.where).endswith("toy.yaml:6")


def test_null_means_not_given(tmp_path):
    assert make(entry(tmp_path, "max_tokens: null")).max_tokens == 500


def test_arguments_of_the_command_line_become_the_types_of_the_class(tmp_path):
    registry = entry(tmp_path, "ignore_case: false", "evals.suite:Includes")
    assert make(registry, ignore_case="true").ignore_case is True
    assert make(registry, ignore_case="False").ignore_case is False
    assert make(registry, ignore_case=1).ignore_case is True
    with pytest.raises(RegistryError, match="ignore_case is 'perhaps', not true or false"):
        make(registry, ignore_case="perhaps")


@pytest.mark.parametrize(
    ("cls", "said"),
    [
        ("evals.suite.match.text_matching:normalize", "makes a|takes no argument|cannot be made"),
        ("evals.errors:MAX_LINES", "which is no class but 8"),
        ("evals.suite", "which is a module"),
        ("evals.eval:Eval", "which is an abstract class"),
        ("evals.completion_fns.dummy:DummyCompletionFn", "which is a class without eval_sample and run"),
        ("json:loads", "makes a|cannot be made|needs"),
    ],
)
def test_a_class_path_to_something_that_is_no_eval_is_an_error_of_the_entry(tmp_path, cls, said):
    with pytest.raises((RegistryError, UsageError), match=said):
        make(entry(tmp_path, "max_tokens: 5", cls))


def test_a_plug_in_decides_about_the_arguments_that_it_declares_itself(tmp_path, monkeypatch):
    text = (
        "from evals.suite.match.match import Match\n\n\nclass Mine(Match):\n"
        "    def __init__(self, *args, max_tokens='many', **kwargs):\n"
        "        super().__init__(*args, **kwargs)\n        self.said = max_tokens\n"
    )
    (tmp_path / "plug_that_declares.py").write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    registry = entry(tmp_path, "max_tokens: few", "plug_that_declares:Mine")
    assert make(registry).said == "few"
    with pytest.raises(RegistryError, match="num_few_shot is 'x'"):
        make(entry(tmp_path, "num_few_shot: x", "plug_that_declares:Mine"))


def test_a_line_is_looked_for_in_its_own_entry_only(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("a:\n  args: {n: 1}\nb:\n  args:\n    m: 1\nc:\n  args:\n    k: 2\n")
    assert line_of_argument(f"{path}:1", "n") == f"{path}:2"
    assert line_of_argument(f"{path}:3", "m") == f"{path}:5"
    assert line_of_argument(f"{path}:3", "k") == f"{path}:3"
    assert line_of_argument(None, "k") is None
