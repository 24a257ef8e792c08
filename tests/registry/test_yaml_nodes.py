"""YAML that says a thing twice, expands without end, or is no file at all."""

from __future__ import annotations

import logging
import os
import sys
import time

import pytest
from registry_parts import Write, message

from evals.errors import RegistryError
from evals.registry import Registry

OURS, THEIRS = "evals.suite:Match", "evals.elsuite.basic.match:Match"
SPEC = "a.dev.v0:\n  class: CLASS\n  args:\n    samples_jsonl: a.jsonl\n"

TWICE = {
    "a name": ("a.dev.v0: {class: x:Y}\n" + SPEC, "'a.dev.v0' appears twice, in lines 1 and 2"),
    "a key of the entry": (SPEC + "  args: {}\n", "'args' appears twice, in lines 3 and 5"),
    "an argument": (SPEC + "    max_tokens: 1\n    max_tokens: 2\n", "'max_tokens' appears twice, in lines 5 and 6"),
    "deep inside": (SPEC + "    x: [{k: 1, k: 2}]\n", "'k' appears twice, in lines 5 and 5"),
}


@pytest.mark.parametrize(("text", "said"), TWICE.values(), ids=TWICE)
def test_our_entries_refuse_what_stands_twice_and_name_both_lines(write: Write, text: str, said: str) -> None:
    with pytest.raises(RegistryError) as error:
        Registry([write(text.replace("CLASS", OURS))]).find_eval("a.dev.v0")
    assert said in message(error)
    assert "remove one" in message(error)


@pytest.mark.parametrize(("text", "said"), TWICE.values(), ids=TWICE)
def test_entries_of_openai_evals_take_the_last_with_one_warning(
    write: Write, caplog: pytest.LogCaptureFixture, text: str, said: str
) -> None:
    with caplog.at_level(logging.WARNING):
        registry = Registry([write(text.replace("CLASS", THEIRS))])
        for _ in range(2):
            assert registry.find_eval("a.dev.v0").cls == THEIRS
    assert [said in line for line in caplog.messages if "twice" in line] == [True]


def test_an_alias_that_stands_twice_is_refused_where_it_leads_to_an_entry_of_ours(write: Write) -> None:
    root = write("a: {id: b.dev.v0}\na: {id: a.dev.v0}\n" + SPEC.replace("CLASS", OURS))
    with pytest.raises(RegistryError, match="'a' appears twice, in lines 1 and 2"):
        Registry([root]).find_eval("a")
    assert Registry([root]).find_eval("a.dev.v0").cls == OURS


def test_merged_and_equal_keys_of_different_mappings_are_none(write: Write) -> None:
    text = "base: &b\n  class: x:Y\n  args: {samples_jsonl: a}\na.dev.v0:\n  <<: *b\n  class: evals.suite:Match\n"
    spec = Registry([write(text)]).find_eval("a.dev.v0")
    assert (spec.cls, spec.args) == (OURS, {"samples_jsonl": "a"})


LAUGHS = "a0: &a0 [x, x]\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 30))
MERGES = "m0: &m0 {k: 1, l: 2}\n" + "".join(
    f"m{i}: &m{i}\n  <<: [{', '.join([f'*m{i - 1}'] * 9)}]\n" for i in range(1, 30)
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (LAUGHS, "expand to more than 1,000,000 values"),
        (MERGES, "expand to more than 1,000,000 values"),
        ("loop: &l [*l]\n", "holds itself"),
        ("loop: &l {k: *l}\n", "holds itself"),
    ],
    ids=["lists", "merges", "list", "mapping"],
)
def test_anchors_that_expand_without_end_are_refused_at_once(write: Write, text: str, said: str) -> None:
    root = write(text + SPEC.replace("CLASS", OURS))
    began = time.monotonic()
    with pytest.raises(RegistryError) as error:
        Registry([root]).find_eval("a.dev.v0")
    assert said in message(error)
    assert "x.yaml:" in message(error)
    assert time.monotonic() - began < 5


def test_a_few_thousand_anchors_are_fine(write: Write) -> None:
    text = "base: &b {samples_jsonl: a}\n" + "".join(
        f"e{i}.dev.v0: {{class: 'evals.suite:Match', args: *b}}\n" for i in range(2000)
    )
    assert Registry([write(text)]).find_eval("e1999.dev.v0").args == {"samples_jsonl": "a"}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes in folders")
def test_a_pipe_in_a_registry_is_passed_over(write: Write) -> None:
    root = write(SPEC.replace("CLASS", OURS))
    os.mkfifo(root / "evals" / "pipe.yaml")
    registry = Registry([root])
    assert registry.find_eval("a.dev.v0").cls == OURS
    with pytest.raises(RegistryError, match="no eval is called"):
        registry.find_eval("pipe")
