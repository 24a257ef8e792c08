"""`evals list`: one line an eval, by words, tags and kinds."""

from __future__ import annotations

import argparse
import json

import pytest

from evals.cli import list_

REGISTRY = """
sums:
  id: sums.dev.v0
  description: Adds two
    unusual numbers.
  tags: [sums-tag, easy-tag]
sums.dev.v0:
  class: my.module:Match
sums.dev.v1:
  class: my.module:Extract
  tags: [sums-tag]
short: sums.dev.v1
"""


@pytest.fixture
def evals_list(tmp_path, capsys):
    (tmp_path / "evals").mkdir()
    (tmp_path / "evals" / "sums.yaml").write_text(REGISTRY)
    (tmp_path / "eval_sets").mkdir()
    (tmp_path / "eval_sets" / "all.yaml").write_text("whole-lot:\n  evals: ['*']\n")
    parser = argparse.ArgumentParser()
    list_.add_parser(parser.add_subparsers())

    def call(*words):
        args = parser.parse_args(["list", *words, "--registry_path", str(tmp_path)])
        assert args.func(args) == 0
        return capsys.readouterr()

    return call


def test_an_alias_and_its_spec_share_a_line(evals_list):
    lines = evals_list("my.module").out.splitlines()
    assert [line.split()[0] for line in lines] == ["sums", "short"]
    assert lines[0].endswith("Adds two unusual numbers.  [sums-tag, easy-tag]")


def test_every_word_must_be_found_somewhere(evals_list):
    assert evals_list("UNUSUAL", "match").out.startswith("sums ")
    nothing = evals_list("unusual", "extract")
    assert nothing.out.strip() == ""
    assert "no eval fits: unusual extract" in nothing.err


def test_tags_are_whole_words_and_all_of_them_count(evals_list):
    rows = json.loads(evals_list("--tag", "sums-tag", "--tag", "easy-tag", "--json").out)["entries"]
    assert [row["name"] for row in rows] == ["sums"]
    assert json.loads(evals_list("--tag", "sums", "--json").out)["entries"] == []


def test_json_has_the_target_the_class_and_the_place(evals_list, tmp_path):
    rows = {row["name"]: row for row in json.loads(evals_list("my.module", "--json").out)["entries"]}
    assert rows["short"]["target"] == "sums.dev.v1"
    assert rows["short"]["class"] == "my.module:Extract"
    assert rows["sums"]["where"] == f"{tmp_path}/evals/sums.yaml:2"


@pytest.mark.parametrize("kind", list_.KINDS)
def test_every_kind_can_be_listed(evals_list, kind):
    done = evals_list("--kind", kind)
    assert "evals show NAME" in done.err
    assert ("whole-lot" in done.out) == (kind == "eval_sets")


def test_the_kinds_are_those_of_the_registry():
    from evals.registry.roots import KINDS

    assert sorted(list_.KINDS) == sorted(KINDS)


def test_a_misspelt_word_gets_a_near_miss(evals_list):
    said = evals_list("arithmetc")
    assert said.out == ""
    assert "did you mean: arithmetic" in said.err
