"""Registries as people write them: aliases, broken files, several paths, models by pattern."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evals.errors import RegistryError
from evals.registry import (
    Registry,
    bundled_data_root,
    bundled_root,
    is_chat_model,
    n_ctx_from_model_name,
)
from evals.registry.classes import build, load_object
from evals.registry.index import scan_names

Write = Callable[..., Path]

MATCH = "class: evals.completion_fns:DummyCompletionFn"


class Stub:
    """A completion function with few arguments and no registry."""

    def __init__(self, model: str = "", temperature: float = 1.0) -> None:
        self.model = model
        self.temperature = temperature

    def __call__(self, prompt: Any, **kwargs: Any) -> None:
        return None


class TakesRegistry(Stub):
    """One that wants the registry, as openai/evals passes it."""

    def __init__(self, registry: Registry, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.registry = registry

    class Inner(Stub):
        """Reached by a nested path."""


class NotCallable:
    """Neither callable nor with `complete`."""


def factory(model: str, n_ctx: int | None = None) -> Stub:
    """A function may stand where a class does."""
    made = Stub(model=model)
    made.temperature = n_ctx or 0
    return made


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_file(text: str | bytes, kind: str = "evals", name: str = "x.yaml", root: str = "one") -> Path:
        path = tmp_path / root / kind / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return tmp_path / root

    return write_file


def message(error: pytest.ExceptionInfo[RegistryError]) -> str:
    assert len(str(error.value).splitlines()) <= 8
    return str(error.value)


# evals: aliases and specs


def test_an_alias_leads_to_its_spec_with_the_file_and_line_of_the_spec(write: Write) -> None:
    root = write(f"# about\n\nfoo:\n  id: foo.dev.v0\nfoo.dev.v0:\n  {MATCH}\n  args: {{samples_jsonl: foo/x.jsonl}}\n")
    spec = Registry([root]).find_eval("foo")
    assert (spec.key, spec.group, spec.registry_path) == ("foo.dev.v0", "x", root)
    assert spec.args == {"samples_jsonl": "foo/x.jsonl"}
    assert spec.where == f"{root}/evals/x.yaml:5"


def test_a_plain_text_is_an_alias_and_aliases_may_follow_each_other(write: Write) -> None:
    root = write(f"a: b\nb: {{id: c.dev.v0}}\nc.dev.v0:\n  {MATCH}\n")
    registry = Registry([root])
    assert registry.find_eval("a").key == "c.dev.v0"
    base = registry.get_base_eval("a")
    assert base is not None
    assert base.id == "b"


def test_an_alias_that_leads_back_to_itself_is_refused(write: Write) -> None:
    root = write("a: {id: b}\nb: {id: c}\nc: {id: a}\n")
    with pytest.raises(RegistryError) as error:
        Registry([root]).find_eval("a")
    assert "leads back to itself" in message(error)
    assert "a -> b -> c -> a" in message(error)


def test_a_dangling_alias_names_its_line_and_a_near_miss(write: Write) -> None:
    root = write(f"a:\n  id: a.dev.v1\na.dev.v0:\n  {MATCH}\n")
    with pytest.raises(
        RegistryError, match=r"x\.yaml:1: eval 'a' points at 'a\.dev\.v1', which does not exist"
    ) as error:
        Registry([root]).find_eval("a")
    assert "did you mean: a.dev.v0" in message(error)


def test_an_unknown_eval_is_none_with_a_warning_or_an_error_with_near_misses(
    write: Write, caplog: pytest.LogCaptureFixture
) -> None:
    root = write(f"gsm8k: gsm8k.test.v1\ngsm8k.test.v1:\n  {MATCH}\n")
    registry = Registry([root])
    assert registry.get_eval("gms8k") is None
    assert "gsm8k" in caplog.text
    with pytest.raises(RegistryError) as error:
        registry.find_eval("gms8k")
    assert message(error).splitlines()[:2] == ["no eval is called 'gms8k'", "  did you mean: gsm8k"]


def test_a_base_name_without_an_alias_is_told_its_specs(write: Write) -> None:
    root = write(f"some-long-name.dev.v0:\n  {MATCH}\n")
    with pytest.raises(RegistryError) as error:
        Registry([root]).find_eval("some-long-name")
    assert "did you mean: some-long-name.dev.v0" in message(error)


def test_a_spec_whose_name_has_no_dot_is_a_clear_error(write: Write) -> None:
    root = write(f"nodot:\n  {MATCH}\n")
    with pytest.raises(RegistryError, match="no split in its name") as error:
        Registry([root]).find_eval("nodot")
    assert "nodot.dev.v0" in message(error)


def test_an_entry_without_class_and_id_names_the_keys_that_it_has(write: Write) -> None:
    root = write("a.dev.v0:\n  clas: a:B\n  args: {}\n")
    with pytest.raises(RegistryError) as error:
        Registry([root]).find_eval("a.dev.v0")
    assert "has neither 'class' nor 'id'" in message(error)
    assert "keys found: clas, args" in message(error)


@pytest.mark.parametrize("body", ["[1, 2]", "7", ""])
def test_a_body_that_is_no_mapping_is_an_error_of_that_entry_alone(write: Write, body: str) -> None:
    root = write(f"bad.dev.v0: {body}\ngood.dev.v0:\n  {MATCH}\n")
    registry = Registry([root])
    assert registry.find_eval("good.dev.v0").key == "good.dev.v0"
    with pytest.raises(RegistryError, match="not a mapping"):
        registry.find_eval("bad.dev.v0")


@pytest.mark.parametrize("key", ["key", "group", "cls"])
def test_a_reserved_key_is_an_error_of_that_entry_alone(write: Write, key: str) -> None:
    root = write(f"bad.dev.v0:\n  {key}: x\n  {MATCH}\ngood.dev.v0:\n  {MATCH}\n")
    registry = Registry([root])
    assert list(registry._evals) == ["good.dev.v0"]
    with pytest.raises(RegistryError, match=f"reserved key '{key}'"):
        registry.find_eval("bad.dev.v0")


def test_args_that_are_no_mapping_are_an_error(write: Write) -> None:
    root = write(f"a.dev.v0:\n  {MATCH}\n  args: [x]\n")
    with pytest.raises(RegistryError, match=r"'args' of eval 'a\.dev\.v0' are a list"):
        Registry([root]).find_eval("a.dev.v0")


def test_an_unknown_key_is_warned_about_once_with_a_near_miss(write: Write, caplog: pytest.LogCaptureFixture) -> None:
    root = write(f"a:\n  id: a.dev.v0\n  metric: [accuracy]\n  x-mine: 1\na.dev.v0:\n  {MATCH}\n")
    registry = Registry([root])
    registry.find_eval("a")
    registry.find_eval("a")
    warnings = [record.getMessage() for record in caplog.records if record.name == "evals"]
    assert len(warnings) == 1
    assert warnings[0].endswith("x.yaml:1: eval 'a' has a key that nothing reads: 'metric' (did you mean: metrics)")


def test_what_an_entry_says_of_itself_is_kept_and_the_alias_speaks_for_its_spec(write: Write) -> None:
    root = write(
        f"a:\n  id: a.dev.v0\n  tags: [maths]\n  reference: from alias\na.dev.v0:\n  {MATCH}\n  reference: from spec\n"
    )
    registry = Registry([root])
    assert registry.find_eval("a").extras == {"reference": "from spec"}
    assert registry.eval_facts("a.dev.v0") == {"tags": ["maths"], "reference": "from spec"}


def test_args_handed_out_are_copies(write: Write) -> None:
    root = write(f"a.dev.v0:\n  {MATCH}\n  args: {{list: [1]}}\n")
    registry = Registry([root])
    first = registry.find_eval("a.dev.v0")
    assert first.args is not None
    first.args["list"].append(2)
    assert registry.find_eval("a.dev.v0").args == {"list": [1]}


# patterns and sets


def test_only_the_star_is_special_in_a_pattern_and_both_ends_are_anchored(write: Write) -> None:
    names = ["m.a.v1", "mxa.v1", "m.a.v10", "n.m.a.v1", "m+a.x"]
    root = write("".join(f"{name}:\n  {MATCH}\n" for name in names))
    registry = Registry([root])

    def keys(*patterns: str) -> list[str | None]:
        return [spec.key for spec in registry.get_evals(patterns) if spec is not None]

    assert keys("m.*.v1") == ["m.a.v1"]
    assert keys("m*v1") == ["m.a.v1", "mxa.v1"]
    assert keys("m+a.x", "m.a.v10") == ["m.a.v10", "m+a.x"]


def test_a_set_may_be_an_alias_and_must_be_a_list_of_names(write: Write) -> None:
    root = write("s:\n  evals: [a, b.*]\nt:\n  id: s\nbad:\n  evals: a\n", kind="eval_sets")
    registry = Registry([root])
    assert registry.find_eval_set("t").evals == ["a", "b.*"]
    with pytest.raises(RegistryError, match="not a list of names"):
        registry.find_eval_set("bad")
    with pytest.raises(RegistryError, match="no eval set is called 'z'"):
        registry.find_eval_set("z")
    assert registry.get_eval_set("z") is None


# rubrics


def test_a_rubric_takes_overrides_and_numbers_as_scores(write: Write) -> None:
    root = write(
        "r:\n  prompt: '{completion}'\n  choice_strings: [A, B]\n  choice_scores: {A: 1, B: 0}\n"
        "  input_outputs: {input: completion}\n",
        kind="modelgraded",
    )
    spec = Registry([root]).get_modelgraded_spec("r", eval_type="classify")
    assert (spec.eval_type, spec.choice_scores) == ("classify", {"A": 1.0, "B": 0.0})


def test_choices_that_yaml_reads_as_truth_values_name_the_quotes_to_add(write: Write) -> None:
    root = write("r:\n  prompt: p\n  choice_strings: [Yes, No]\n  input_outputs: {a: b}\n", kind="modelgraded")
    with pytest.raises(RegistryError, match='put quotes around it: "Yes"'):
        Registry([root]).get_modelgraded_spec("r")


def test_a_rubric_with_a_key_twice_keeps_the_last(write: Write) -> None:
    root = write(
        "r:\n  prompt: p\n  choice_strings: AB\n  input_outputs:\n    a: one\n    a: two\n", kind="modelgraded"
    )
    assert Registry([root]).get_modelgraded_spec("r").input_outputs == {"a": "two"}


# files as they come


def test_the_last_of_two_entries_with_one_name_in_a_file_wins(write: Write) -> None:
    root = write("a.dev.v0:\n  class: m:First\na.dev.v0:\n  class: m:Last\n")
    spec = Registry([root]).find_eval("a.dev.v0")
    assert (spec.cls, spec.where) == ("m:Last", f"{root}/evals/x.yaml:3")


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbfa.dev.v0:\n  class: m:C\n",
        b"a.dev.v0:\r\n  class: m:C\r\n",
        b"# only CR\ra.dev.v0:\r  class: m:C\r",
        b"'a.dev.v0':\n  class: m:C\n",
        b'"a.dev.v0" :\n  class: m:C\n',
        b"---\na.dev.v0:\n  class: m:C\n",
        b"{a.dev.v0: {class: 'm:C'}}\n",
        b"  a.dev.v0:\n    class: m:C\n",
        b"? a.dev.v0\n: class: m:C\n",
        b"base: &base\n  class: m:C\na.dev.v0: *base\n",
        b'"\\x61.dev.v0":\n  class: m:C\n',
        b"a.dev.v0: {class: 'm:C',\nargs: {}}\n",
    ],
    ids=[
        "bom",
        "crlf",
        "cr",
        "quoted",
        "double-quoted",
        "marker",
        "flow",
        "indented",
        "complex",
        "anchor",
        "escaped",
        "flow-lines",
    ],
)
def test_any_yaml_that_says_the_same_is_read_the_same(write: Write, data: bytes) -> None:
    assert Registry([write(data)]).find_eval("a.dev.v0").cls == "m:C"


def test_a_text_that_looks_like_a_key_does_not_hide_the_real_one(write: Write) -> None:
    write("a.dev.v0:\n  class: m:C\n", name="1.yaml")
    root = write('b.dev.v0:\n  class: m:D\n  args: {t: "first\na.dev.v0: second"}\n', name="2.yaml")
    assert Registry([root]).find_eval("a.dev.v0").cls == "m:C"


@pytest.mark.parametrize("text", ["", "# nothing\n", "- a\n- b\n", "just text\n", "42\n", "~\n"])
def test_a_file_without_a_mapping_holds_nothing(write: Write, text: str) -> None:
    write(text, name="1.yaml")
    root = write("a.dev.v0:\n  class: m:C\n", name="2.yaml")
    assert list(Registry([root])._evals) == ["a.dev.v0"]


def test_names_that_yaml_reads_as_other_things_are_texts(write: Write) -> None:
    root = write("2024: {id: x.dev.v0}\nyes: {id: x.dev.v0}\nx.dev.v0: {class: 'm:C'}\n")
    registry = Registry([root])
    assert registry.find_eval("2024").key == registry.find_eval("yes").key == "x.dev.v0"


@pytest.mark.parametrize(
    ("text", "place"),
    [("a.dev.v0:\n\tclass: m:C\n", ":2:1"), ("a.dev.v0:\n  class: [m\nb: c\n", ":3:2"), ("a.dev.v0: 'x\n", ":2:1")],
    ids=["tab", "open-list", "open-quote"],
)
def test_broken_yaml_is_an_error_with_line_and_column_for_its_names_only(write: Write, text: str, place: str) -> None:
    write("good.dev.v0:\n  class: m:C\n", name="good.yaml")
    root = write(text, name="bad.yaml")
    registry = Registry([root])
    assert registry.find_eval("good.dev.v0").cls == "m:C"
    with pytest.raises(RegistryError) as error:
        registry.find_eval("a.dev.v0")
    assert f"bad.yaml{place}: not valid YAML" in message(error)


def test_a_broken_file_that_hides_its_names_is_named_when_one_is_not_found(write: Write) -> None:
    root = write("{a.dev.v0: {class: [}\n", name="bad.yaml")
    with pytest.raises(RegistryError) as error:
        Registry([root]).find_eval("a.dev.v0")
    assert "not read: " in message(error)
    assert "bad.yaml:1" in message(error)


def test_listing_skips_a_broken_file_with_a_warning(write: Write, caplog: pytest.LogCaptureFixture) -> None:
    write("good.dev.v0:\n  class: m:C\n", name="good.yaml")
    root = write("bad.dev.v0:\n\tclass: m:C\n", name="bad.yaml")
    assert list(Registry([root])._evals) == ["good.dev.v0"]
    assert "bad.yaml:2:1" in caplog.text


def test_text_that_is_not_utf8_is_an_error_with_its_line(write: Write) -> None:
    root = write(b"a.dev.v0:\n  class: m:C\n  description: caf\xe9\n")
    with pytest.raises(RegistryError, match=r"x\.yaml:3: not UTF-8 text"):
        Registry([root]).find_eval("a.dev.v0")


def test_only_yaml_files_directly_in_the_folder_are_read(write: Write) -> None:
    for name in ("sub/b.yaml", "c.yml", ".d.yaml", "e.txt"):
        write(f"{Path(name).stem.strip('.')}.dev.v0:\n  class: m:C\n", name=name)
    root = write("a.dev.v0:\n  class: m:C\n", name="a.yaml")
    assert list(Registry([root])._evals) == ["a.dev.v0"]


def test_the_place_of_a_kind_may_be_one_file(tmp_path: Path) -> None:
    (tmp_path / "evals").write_text("a.dev.v0:\n  class: m:C\n")
    assert Registry([str(tmp_path)]).find_eval("a.dev.v0").group == "evals"


def test_a_missing_registry_is_passed_over_and_named_when_a_name_is_not_found(tmp_path: Path) -> None:
    registry = Registry([tmp_path / "nowhere"])
    assert registry.get_eval("a") is None
    with pytest.raises(RegistryError) as error:
        registry.find_eval("a")
    assert "not a folder" in message(error)


def test_scanning_gives_up_on_what_only_a_parser_can_tell() -> None:
    assert scan_names(b"a:\n  b: 1\n# c\n'd e': x\nf/g.h-1: |\n  text\n") == ["a", "d e", "f/g.h-1"]
    assert scan_names(b"---\na: 1\n") is None
    assert scan_names(b"a: 1\n- b\n") is None
    assert scan_names(b"<<: *x\n") is None


# several paths


def test_a_later_path_wins_and_only_another_body_is_warned_about(
    write: Write, caplog: pytest.LogCaptureFixture
) -> None:
    one = write("a.dev.v0:\n  class: m:Old\nsame.dev.v0:\n  class: m:C\n", root="one")
    two = write("a.dev.v0:\n  class: m:New\nsame.dev.v0:\n  class: m:C\n", root="two")
    registry = Registry([one])
    assert registry.find_eval("a.dev.v0").cls == "m:Old"
    registry.add_registry_paths([str(two)])
    spec = registry.find_eval("a.dev.v0")
    assert (spec.cls, spec.registry_path) == ("m:New", two)
    registry.find_eval("same.dev.v0")
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warnings) == 1
    assert f"{one}/evals/x.yaml:1" in warnings[0]


def test_an_overridden_alias_is_followed_to_the_later_target(write: Write) -> None:
    one = write("a: a.dev.v0\na.dev.v0:\n  class: m:C\n", root="one")
    two = write("a: a.dev.v1\na.dev.v1:\n  class: m:D\n", root="two")
    assert Registry([one, two]).find_eval("a").cls == "m:D"


def test_the_default_paths_are_the_built_in_registry_and_the_home_folder() -> None:
    registry = Registry()
    assert registry._registry_paths == [bundled_root(), Path.home() / ".evals"]
    assert (bundled_root() / "completion_fns").is_dir()
    assert bundled_data_root().name == "data"


# classes


def test_a_class_that_does_not_exist_is_told_with_a_near_miss(write: Write) -> None:
    root = write("# a\n\n\na.dev.v0:\n  class: evals.completion_fns.dummy:DummyCompletionFun\n")
    registry = Registry([root])
    with pytest.raises(RegistryError) as error:
        registry.get_class(registry.find_eval("a.dev.v0"))
    assert message(error).splitlines() == [
        f"{root}/evals/x.yaml:4: eval 'a.dev.v0' names class 'evals.completion_fns.dummy:DummyCompletionFun', "
        "which has no such class",
        "  did you mean: evals.completion_fns.dummy:DummyCompletionFn, evals.completion_fns.dummy:DummyCompletionResult",
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


def test_get_class_binds_the_args_and_nothing_else(write: Write) -> None:
    root = write("a.dev.v0:\n  class: builtins:dict\n  args: {samples_jsonl: x}\n")
    registry = Registry([root])
    made = registry.get_class(registry.find_eval("a.dev.v0"))
    assert made(seed=3) == {"samples_jsonl": "x", "seed": 3}


def test_a_wrong_argument_of_a_constructor_is_told_with_the_ones_that_it_takes() -> None:
    with pytest.raises(RegistryError) as error:
        build(Stub, {"temprature": 1}, named_by="completion function 's'", where="x.yaml:1")
    assert message(error).splitlines() == [
        "x.yaml:1: completion function 's': Stub takes no argument 'temprature'",
        "  did you mean: temperature",
        "  it takes: model, temperature",
    ]
    with pytest.raises(RegistryError, match="TakesRegistry takes no argument 'temprature'"):
        build(TakesRegistry, {"registry": None, "temprature": 1}, named_by="eval 'e'")
    with pytest.raises(RegistryError, match="factory needs 'model'"):
        build(factory, {}, named_by="eval 'e'")


# completion functions


@pytest.fixture
def with_fns(write: Write) -> Registry:
    here = __name__
    root = write(
        f"plain:\n  class: {here}:Stub\n  args: {{model: m, temperature: 0.5}}\n"
        f"wants:\n  class: {here}:TakesRegistry\n"
        f"not-callable:\n  class: {here}:NotCallable\n"
        f"mine:\n  class: {here}:factory\n  patterns: ['mine/*']\n  strip_prefix: mine/\n"
        f"mine-exact:\n  class: {here}:Stub\n  patterns: ['mine/special-*']\n"
        "closed:\n  reserved: true\n  patterns: ['closed/*']\n"
        f"closed/one:\n  class: {here}:Stub\n"
        "alias-to-model: {id: big}\n"
        "big:\n  patterns: ['big-20*']\n  context_length: 99\n"
        "  prices: {input: 2, output: 8, as_of: 2026-11-01, source: here}\n"
        "secret:\n  patterns: ['secret/*']\n  class: x:Y\n  strip_prefix: secret/\n  prices: null\n",
        kind="completion_fns",
    )
    write(f"plain:\n  class: {here}:TakesRegistry\n", kind="solvers")
    return Registry([root])


def test_arguments_come_from_the_entry_then_from_the_caller_and_the_registry_where_it_is_wanted(
    write: Write,
) -> None:
    root = write(f"f:\n  class: {__name__}:Stub\n  args: {{model: m, temperature: 0.5}}\n", kind="completion_fns")
    write(f"g:\n  class: {__name__}:TakesRegistry\n", kind="solvers")
    registry = Registry([root])
    made = registry.make_completion_fn("f", temperature=0.1)
    assert (made.model, made.temperature) == ("m", 0.1)
    assert registry.make_completion_fn("g").registry is registry


def test_a_solver_wins_over_a_completion_function_of_the_same_name(with_fns: Registry) -> None:
    assert isinstance(with_fns.make_completion_fn("plain"), TakesRegistry)


def test_what_is_made_must_be_callable(with_fns: Registry) -> None:
    with pytest.raises(RegistryError, match="a NotCallable is no completion function"):
        with_fns.make_completion_fn("not-callable")


def test_a_pattern_takes_the_name_less_its_prefix_and_the_longest_literal_wins(with_fns: Registry) -> None:
    assert with_fns.make_completion_fn("mine/llama-3").model == "llama-3"
    assert with_fns.make_completion_fn("mine/special-x").model == "mine/special-x"
    with pytest.raises(RegistryError, match="'mine/' names no model"):
        with_fns.make_completion_fn("mine/")


def test_a_reserved_name_that_leads_nowhere_is_an_error_and_not_a_model(with_fns: Registry) -> None:
    assert with_fns.resolve_completion_fn("closed/one").key == "closed/one"
    with pytest.raises(RegistryError) as error:
        with_fns.resolve_completion_fn("closed/onne")
    assert "did you mean: closed/one" in message(error)
    assert "chat/closed/onne" in message(error)


def test_an_entry_without_class_only_informs(with_fns: Registry) -> None:
    spec = with_fns.resolve_completion_fn("big-2026")
    assert (spec.key, spec.args) == ("default", {"model": "big-2026"})
    info = with_fns.model_info("big-2026")
    assert (info.context_length, info.input_usd_per_million, info.output_usd_per_million) == (99, 2.0, 8.0)
    assert (info.cached_input_usd_per_million, info.price_as_of, info.price_source) == (None, "2026-11-01", "here")
    assert with_fns.resolve_completion_fn("alias-to-model").args == {"model": "big"}


def test_facts_are_looked_up_under_the_model_too_unless_a_null_says_otherwise(with_fns: Registry) -> None:
    assert with_fns.model_info("mine/big").context_length == 99
    assert with_fns.make_completion_fn("mine/big").temperature == 99
    secret = with_fns.model_info("secret/big")
    assert (secret.input_usd_per_million, secret.context_length) == (None, 99)


def test_unknown_completion_functions_are_none_by_exact_name(with_fns: Registry) -> None:
    assert with_fns.get_completion_fn("nonsense") is None
    assert with_fns.get_solver("mine") is None
    assert with_fns.get_completion_fn("mine") is not None


def test_models_work_with_any_list_of_paths(tmp_path: Path) -> None:
    assert Registry([tmp_path]).resolve_completion_fn("any-model").key == "default"
    assert Registry([tmp_path]).make_completion_fn("dummy")("hi").get_completions() == ["This is a dummy response."]


@pytest.mark.parametrize(
    ("name", "cls", "model"),
    [
        ("gpt-4o", "OpenAIChatCompletionFn", "gpt-4o"),
        ("org/some-local-model", "OpenAIChatCompletionFn", "org/some-local-model"),
        ("chat/o3-pro", "OpenAIChatCompletionFn", "o3-pro"),
        ("gpt-3.5-turbo-instruct", "OpenAICompletionFn", "gpt-3.5-turbo-instruct"),
        ("davinci-002", "OpenAICompletionFn", "davinci-002"),
        ("ft:babbage-002:org::id", "OpenAICompletionFn", "ft:babbage-002:org::id"),
        ("completions/meta/llama", "OpenAICompletionFn", "meta/llama"),
        ("o3-pro", "OpenAIResponsesCompletionFn", "o3-pro"),
        ("gpt-5.1-codex-mini", "OpenAIResponsesCompletionFn", "gpt-5.1-codex-mini"),
        ("gpt-5-mini", "OpenAIChatCompletionFn", "gpt-5-mini"),
        ("responses/gpt-4o", "OpenAIResponsesCompletionFn", "gpt-4o"),
        ("azure/my-deployment", "AzureOpenAIChatCompletionFn", "my-deployment"),
        ("anthropic/claude-x", "AnthropicCompletionFn", "claude-x"),
        ("claude-opus-4-5", "AnthropicCompletionFn", "claude-opus-4-5"),
        ("gemini-2.5-flash", "GoogleCompletionFn", "gemini-2.5-flash"),
    ],
)
def test_a_model_goes_to_the_endpoint_that_serves_it(name: str, cls: str, model: str) -> None:
    spec = Registry().resolve_completion_fn(name)
    assert (spec.cls.split(":")[1], (spec.args or {})["model"]) == (cls, model)


@pytest.mark.parametrize("name", ["pocket/arithmetik", "generation/directt/gpt-4"])
def test_built_in_reserved_prefixes_never_become_a_call(name: str) -> None:
    with pytest.raises(RegistryError, match="reserved"):
        Registry().resolve_completion_fn(name)


def test_every_class_of_the_built_in_completion_functions_can_be_imported() -> None:
    registry = Registry()
    for kind in ("completion_fns", "solvers"):
        for entry in registry.entries(kind):
            if "class" in entry.body:
                assert callable(load_object(entry.body["class"], named_by=entry.name, where=entry.where))


def test_every_price_names_its_source_and_date() -> None:
    for entry in Registry().entries("completion_fns"):
        prices = entry.body.get("prices")
        if prices:
            assert str(prices["source"]).startswith("https://"), entry.where
            assert prices["as_of"], entry.where
            assert 0 < prices["input"] <= prices["output"], entry.where
            assert prices.get("cached_input", 0) < prices["input"], entry.where


@pytest.mark.parametrize(
    ("name", "n_ctx"),
    [
        ("gpt-3.5-turbo", 4096),
        ("gpt-3.5-turbo-0613", 4096),
        ("gpt-3.5-turbo-16k", 16384),
        ("gpt-3.5-turbo-16k-0613", 16384),
        ("gpt-4", 8192),
        ("gpt-4-0613", 8192),
        ("gpt-4-32k", 32768),
        ("gpt-4-32k-0613", 32768),
        ("gpt-4-1106-preview", 128_000),
        ("gpt-4-turbo-preview", 128_000),
        ("gpt-4-0125-preview", 128_000),
        ("gpt-4-base", 8192),
        ("davinci", 2048),
        ("text-curie-001", 2048),
        ("code-davinci-002", 8000),
        ("text-davinci-003", 4096),
        ("nobody-knows", None),
    ],
)
def test_context_lengths_are_those_that_openai_evals_gives(name: str, n_ctx: int | None) -> None:
    assert n_ctx_from_model_name(name) == n_ctx


def test_chat_models_are_told_from_text_models() -> None:
    chat = ["gpt-3.5-turbo", "gpt-3.5-turbo-16k-0613", "gpt-4", "gpt-4-32k-0613", "gpt-4o", "gpt-5-mini", "o3"]
    text = ["gpt-3.5-turbo-instruct-0914", "gpt-4-base", "gpt4-base", "text-davinci-003", "code-davinci-002"]
    assert [name for name in chat if not is_chat_model(name)] == []
    assert [name for name in [*text, "dummy"] if is_chat_model(name)] == []


# the released openai/evals registry

PEER = os.environ.get("EVALS_PEER_REGISTRY")


@pytest.mark.skipif(not PEER, reason="EVALS_PEER_REGISTRY names no copy of the openai/evals registry")
def test_every_entry_of_the_released_registry_resolves() -> None:
    registry = Registry()
    registry.add_registry_paths([str(PEER)])
    entries = [entry for entry in registry.entries("evals") if str(entry.registry_path) == PEER]
    aliases = [entry for entry in entries if "id" in entry.body]
    assert (len(entries), len(aliases)) == (1550, 701)
    assert all("." in str(registry.find_eval(entry.name).key) for entry in entries)
    for kind, n_entries in (("solvers", 169), ("completion_fns", 9), ("modelgraded", 21), ("eval_sets", 19)):
        assert len([e for e in registry.entries(kind) if str(e.registry_path) == PEER]) == n_entries
    for entry in registry.entries("modelgraded"):
        assert registry.get_modelgraded_spec(entry.name).prompt
    for entry in registry.entries("eval_sets"):
        assert any(registry.get_evals(registry.find_eval_set(entry.name).evals)), entry.where


@pytest.mark.parametrize(
    ("files", "given", "said"),
    [
        ({}, "nowhere", "there is no such folder"),
        ({"r/evals/a.yaml": "a: b\n"}, "r/evals", "name the one above it"),
        ({"r/evals/a.yaml": "a: b\n"}, "r/evals/a.yaml", "this is a file"),
        ({"r/x": ""}, "r", "none of the folders evals, "),
    ],
)
def test_a_path_that_holds_no_registry_is_warned_about(tmp_path, caplog, files, given, said):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    Registry().add_registry_paths([tmp_path / given])
    assert said in caplog.text


def test_a_file_whose_ending_is_not_read_is_named(tmp_path):
    (tmp_path / "evals").mkdir()
    (tmp_path / "evals" / "mine.yml").write_text("mine: mine.dev.v0\n")
    with pytest.raises(RegistryError, match=r"call it mine\.yaml"):
        Registry([tmp_path]).find_eval("mine")


def test_a_tab_in_yaml_is_called_a_tab(tmp_path):
    (tmp_path / "evals").mkdir()
    (tmp_path / "evals" / "mine.yaml").write_text("mine:\n\tid: mine.dev.v0\n")
    with pytest.raises(RegistryError, match=r"mine.yaml:2:1: not valid YAML: a line begins with a tab\n  fix: indent"):
        Registry([tmp_path]).find_eval("mine")


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
