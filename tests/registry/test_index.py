"""YAML files as people write them: any form, broken ones, and names that are scanned and not parsed."""

from __future__ import annotations

from pathlib import Path

import pytest
from registry_parts import Write, message

from evals.errors import RegistryError
from evals.registry import Registry
from evals.registry.index import scan_names


def test_a_rubric_with_a_key_twice_keeps_the_last(write: Write) -> None:
    root = write(
        "r:\n  prompt: p\n  choice_strings: AB\n  input_outputs:\n    a: one\n    a: two\n", kind="modelgraded"
    )
    assert Registry([root]).get_modelgraded_spec("r").input_outputs == {"a": "two"}


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


def test_scanning_gives_up_on_what_only_a_parser_can_tell() -> None:
    assert scan_names(b"a:\n  b: 1\n# c\n'd e': x\nf/g.h-1: |\n  text\n") == ["a", "d e", "f/g.h-1"]
    assert scan_names(b"---\na: 1\n") is None
    assert scan_names(b"a: 1\n- b\n") is None
    assert scan_names(b"<<: *x\n") is None


def test_a_tab_in_yaml_is_called_a_tab(tmp_path):
    (tmp_path / "evals").mkdir()
    (tmp_path / "evals" / "mine.yaml").write_text("mine:\n\tid: mine.dev.v0\n")
    with pytest.raises(RegistryError, match=r"mine.yaml:2:1: not valid YAML: a line begins with a tab\n  fix: indent"):
        Registry([tmp_path]).find_eval("mine")
