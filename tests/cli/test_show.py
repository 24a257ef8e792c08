"""`evals show`: from a name to its file, its class, its data and its first prompt."""

from __future__ import annotations

import argparse
import hashlib
import json

import pytest

from evals.cli import show
from evals.errors import RegistryError

PLUGIN = """
from evals.eval import Eval

class Echo(Eval):
    def __init__(self, completion_fns, samples_jsonl, shout=False, **kwargs):
        super().__init__(completion_fns, samples_jsonl=samples_jsonl, **kwargs)

    def first_prompt(self, sample):
        return [{"role": "system", "content": "Say it again."}, {"role": "user", "content": sample["input"]}]

    def eval_sample(self, sample, rng): ...

    def run(self, recorder): ...
"""

REGISTRY = """
echo:
  id: echo.dev.v0
  description: Says it again.
  reference:
    - {model: GPT-4, value: 0.92, protocol: 5-shot}
echo.dev.v0:
  class: show_plugin:Echo
  args: {samples_jsonl: echo.jsonl, shout: true}
wrong.dev.v0:
  class: show_plugin:Echo
  args: {samples_jsonl: echo.jsonl, shuot: true}
no-data.dev.v0:
  class: show_plugin:Echo
  args: {samples_jsonl: nowhere.jsonl}
no-class.dev.v0:
  class: show_plugin:Ecko
"""

ROWS = '{"input": "one\\ntwo", "ideal": ["one two", "1 2"]}\n{"input": "three", "ideal": "three"}\n'


@pytest.fixture
def registry(tmp_path, monkeypatch):
    for folder in ("evals", "data", "eval_sets"):
        (tmp_path / folder).mkdir()
    (tmp_path / "show_plugin.py").write_text(PLUGIN)
    (tmp_path / "evals" / "echo.yaml").write_text(REGISTRY)
    (tmp_path / "data" / "echo.jsonl").write_text(ROWS)
    (tmp_path / "eval_sets" / "s.yaml").write_text("echoes:\n  evals: ['echo*']\necho:\n  evals: [echo]\n")
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


@pytest.fixture
def evals_show(registry, capsys):
    parser = argparse.ArgumentParser()
    show.add_parser(parser.add_subparsers())

    def call(*words):
        args = parser.parse_args(["show", *words, "--registry_path", str(registry)])
        assert args.func(args) == 0
        return capsys.readouterr().out

    return call


def test_an_eval_is_shown_from_its_line_to_its_first_prompt(evals_show, registry):
    digest = hashlib.sha256(ROWS.encode()).hexdigest()
    assert [line.split() for line in evals_show("echo").splitlines() if line] == [
        ["echo", "->", "echo.dev.v0", f"{registry}/evals/echo.yaml:7"],
        ["class", "show_plugin:Echo"],
        ["args", "samples_jsonl:", "echo.jsonl"],
        ["shout:", "True"],
        ["description", "Says", "it", "again."],
        ["reference", "GPT-4", "0.92", "(5-shot)"],
        ["data", "echo.jsonl", "2", "samples,", "sha256", f"{digest[:6]}..{digest[-4:]}"],
        ["also", "evals", "show", "--kind", "eval_sets", "echo"],
        ["first", "prompt"],
        ["system", "Say", "it", "again."],
        ["user", "one"],
        ["two"],
        ["ideal", "one", "two", "|", "1", "2"],
    ]


def test_json_holds_the_same(evals_show):
    shown = json.loads(evals_show("echo.dev.v0", "--json"))
    assert shown["n_samples"] == 2
    assert shown["args"] == {"samples_jsonl": "echo.jsonl", "shout": True}
    assert shown["first_prompt"][1]["content"] == "one\ntwo"
    assert shown["ideal"] == ["one two", "1 2"]
    assert shown["description"] == "Says it again."


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("wrong.dev.v0", "takes no argument 'shuot'"),
        ("no-data.dev.v0", "no data is called 'nowhere.jsonl'"),
        ("no-class.dev.v0", "which has no such class"),
    ],
)
def test_what_cannot_be_used_is_shown_with_its_problem(evals_show, name, problem):
    shown = evals_show(name)
    assert shown.startswith(f"{name}   ")
    assert problem in shown.split("problem: ")[1]


def test_a_public_benchmark_is_not_fetched_to_be_shown(evals_show, tmp_path, monkeypatch):
    monkeypatch.setenv("EVALS_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("EVALS_DATA_DIR", raising=False)
    shown = evals_show("gsm8k")
    assert "gsm8k -> gsm8k.test.v1" in shown
    assert not (tmp_path / "cache").exists()


def test_a_model_is_shown_with_its_class_price_and_context(evals_show):
    shown = evals_show("gpt-4o-mini")
    assert "evals.completion_fns:OpenAIChatCompletionFn" in shown
    assert "128,000 tokens" in shown
    assert "as of" in shown


def test_a_name_that_nothing_knows_is_an_error_unless_it_is_said_to_be_a_model(evals_show):
    with pytest.raises(RegistryError) as error:
        evals_show("ehco")
    assert "did you mean: echo" in str(error.value)
    assert len(str(error.value).splitlines()) <= 8
    assert "evals.completion_fns:OpenAIChatCompletionFn" in evals_show("ehco", "--kind", "completion_fns")


def test_rubrics_and_sets_are_shown_as_they_are(evals_show):
    assert evals_show("echoes").split()[2:] == ["evals", "echo.dev.v0"]
    rubric = evals_show("closedqa")
    assert "choice_strings" in rubric
    assert "registry/modelgraded/closedqa.yaml" in rubric
