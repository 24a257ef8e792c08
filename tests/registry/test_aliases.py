"""Aliases: followed to their spec, and refused where they lead nowhere."""

from __future__ import annotations

import pytest
from registry_parts import MATCH, Write, message

from evals.errors import RegistryError
from evals.registry import Registry


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


def test_an_overridden_alias_is_followed_to_the_later_target(write: Write) -> None:
    one = write("a: a.dev.v0\na.dev.v0:\n  class: m:C\n", root="one")
    two = write("a: a.dev.v1\na.dev.v1:\n  class: m:D\n", root="two")
    assert Registry([one, two]).find_eval("a").cls == "m:D"
