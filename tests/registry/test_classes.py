"""Classes named in YAML: imported and called, or told what is wrong with them."""

from __future__ import annotations

import functools
import json.decoder
from pathlib import Path

import pytest
from registry_parts import Stub, TakesRegistry, Write, factory, message

from evals.errors import RegistryError, UsageError
from evals.registry import Registry
from evals.registry.classes import (
    accepts,
    build,
    foreign_line,
    is_ours,
    load_object,
    parameter_names,
)


def test_a_class_that_does_not_exist_is_told_with_a_near_miss(write: Write) -> None:
    root = write("# a\n\n\na.dev.v0:\n  class: evals.completion_fns.dummy:DummyCompletionFun\n")
    registry = Registry([root])
    with pytest.raises(RegistryError) as error:
        registry.get_class(registry.find_eval("a.dev.v0"))
    assert message(error).splitlines() == [
        f"{root}/evals/x.yaml:5: eval 'a.dev.v0' names class 'evals.completion_fns.dummy:DummyCompletionFun', "
        "which has no such class",
        "  did you mean: evals.completion_fns.dummy:DummyCompletionFn, evals.completion_fns.dummy:DummyCompletionResult",
        "  fix: correct the name behind the colon: class: module:Class",
    ]


def test_a_module_that_does_not_exist_is_told_with_a_near_miss() -> None:
    with pytest.raises(RegistryError, match=r"there is no module 'evals\.completion_fn\.dummy'") as error:
        load_object("evals.completion_fn.dummy:DummyCompletionFn")
    assert "did you mean: evals.completion_fns" in message(error)


def test_a_module_that_fails_while_it_is_imported_names_the_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "plugin_a.py").write_text("x = 1\n1 / 0\n")
    (tmp_path / "plugin_b.py").write_text("import surely_not_installed\n")
    (tmp_path / "plugin_c.py").write_text("def broken(:\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(RegistryError, match=r"plugin_a\.py:2: ZeroDivisionError"):
        load_object("plugin_a:X")
    with pytest.raises(RegistryError, match=r"install the package that holds 'surely_not_installed'"):
        load_object("plugin_b:X")
    with pytest.raises(RegistryError, match=r"plugin_c\.py:1: SyntaxError"):
        load_object("plugin_c:X")


def test_nested_classes_and_whole_modules_can_be_named() -> None:
    import json

    assert load_object("json.decoder:JSONDecoder.decode") is json.JSONDecoder.decode
    assert load_object("json") is json


def test_a_wrong_argument_of_a_constructor_is_told_with_the_ones_that_it_takes() -> None:
    with pytest.raises(RegistryError) as error:
        build(Stub, {"temprature": 1}, named_by="completion function 's'", where="x.yaml:1")
    assert message(error).splitlines() == [
        "x.yaml:1: completion function 's': Stub takes no argument 'temprature'",
        "  did you mean: temperature",
        "  it takes: model, temperature",
        "  fix: correct the name, or leave the argument out",
    ]
    with pytest.raises(RegistryError, match="TakesRegistry takes no argument 'temprature'"):
        build(TakesRegistry, {"registry": None, "temprature": 1}, named_by="eval 'e'")
    with pytest.raises(RegistryError, match="factory needs 'model'"):
        build(factory, {}, named_by="eval 'e'")


def test_a_class_without_a_colon_is_told_where_it_goes(tmp_path):
    (tmp_path / "evals").mkdir()
    (tmp_path / "evals" / "mine.yaml").write_text("mine.dev.v0:\n  class: evals.suite.match.Match\n")
    registry = Registry([tmp_path])
    with pytest.raises(RegistryError, match=r"fix: write evals\.suite\.match:Match"):
        registry.get_class(registry.find_eval("mine.dev.v0"))


def test_our_class_named_by_an_inner_path_is_told_its_public_one() -> None:
    for path in ("evals.suite.match:Match", "evals.suite.extract:Match"):
        with pytest.raises(RegistryError) as error:
            load_object(path)
        assert "write evals.suite:Match" in message(error)


def test_our_code_is_told_from_a_plug_in_by_its_file() -> None:
    ours = load_object("evals.suite:Match")
    assert is_ours(ours)
    assert is_ours(functools.partial(ours, samples_jsonl="x"))
    assert is_ours(ours.check_sample)
    for theirs in (Stub, Stub(), factory, functools.partial(factory), dict, len):
        assert not is_ours(theirs)


def test_a_failure_of_a_plug_in_s_constructor_is_told_with_its_line(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "plugin_d.py").write_text("class Broken:\n    def __init__(self):\n        self.missing.x = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(UsageError) as told:
        build(load_object("plugin_d:Broken"), {}, named_by="completion function 'b'", where="x.yaml:1")
    assert str(told.value).startswith("x.yaml:1: completion function 'b' cannot be made: AttributeError: ")
    assert f"raised at {tmp_path / 'plugin_d.py'}:3" in str(told.value)


@pytest.mark.parametrize("error", [ValueError("a is below b"), AssertionError()])
def test_arguments_that_a_class_refuses_are_the_user_s_to_mend(error: Exception) -> None:
    def picky(a: int) -> None:
        raise error

    with pytest.raises(UsageError, match="eval 'e' cannot be made with these arguments"):
        build(picky, {"a": 1}, named_by="eval 'e'")


def test_an_error_with_a_fix_of_its_own_stays_as_it_is() -> None:
    def picky() -> None:
        raise RegistryError("no such rubric", fix="name another")

    with pytest.raises(RegistryError, match="no such rubric\n  fix: name another"):
        build(picky, {}, named_by="eval 'e'")


def test_the_innermost_line_of_the_user_s_own_code_is_found() -> None:
    """Not that of the library which this code called."""
    with pytest.raises(json.JSONDecodeError) as caught:
        load_object("evals.json_text:jsonloads")("{")
    told = foreign_line(caught.value)
    assert told is not None
    assert told.startswith(f"{__file__}:")
    assert foreign_line(ValueError("never raised")) is None


@pytest.mark.parametrize(
    ("callable_", "name", "by_keyword", "by_name"),
    [
        (Stub, "model", True, True),
        (Stub, "registry", False, False),
        (TakesRegistry, "registry", True, True),
        (TakesRegistry, "model", True, False),
        (len, "obj", False, False),
    ],
)
def test_whether_a_keyword_is_taken_counts_open_keywords_only_where_asked(callable_, name, by_keyword, by_name) -> None:
    assert (accepts(callable_, name), accepts(callable_, name, by_name=True)) == (by_keyword, by_name)


def test_keywords_of_parents_follow_a_class_s_own() -> None:
    assert parameter_names(TakesRegistry) == ["registry", "model", "temperature"]
    assert parameter_names(factory) == ["model", "n_ctx"]
