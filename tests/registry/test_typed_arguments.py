"""Which classes get numbers from a command line, and which the texts that openai/evals gave them."""

from __future__ import annotations

import importlib
import inspect
import json
import sys
from pathlib import Path
from typing import Any

import pytest

import evals
import evals.completion_fns as completion_fns_door
import evals.solvers as solvers_door
from evals.completion_fns.scripted import ScriptedCompletionFn
from evals.registry.typed_arguments import takes_typed_arguments, typed_arguments

PLUGIN = """
from evals.completion import Completions
from evals.registry.typed_arguments import typed_arguments

seen = []


class Old:
    def __init__(self, registry=None, **kwargs):
        seen.append(kwargs)

    def __call__(self, prompt, **kwargs):
        return Completions(["2"])


@typed_arguments
class New(Old):
    pass


class Derived(New):
    pass


@typed_arguments
def made(registry=None, **kwargs):
    return Old(**kwargs)
"""


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A module of completion functions, named in a registry, with an eval of one question."""
    root = tmp_path / "registry"
    for folder in ("evals", "completion_fns", "data"):
        (root / folder).mkdir(parents=True)
    (tmp_path / "text_or_number.py").write_text(PLUGIN, encoding="utf-8")
    (root / "data" / "one.jsonl").write_text(json.dumps({"input": "1 + 1?", "ideal": "2"}) + "\n", encoding="utf-8")
    body = {"class": "evals.suite:Match", "args": {"samples_jsonl": "one.jsonl"}}
    (root / "evals" / "one.yaml").write_text(f"one: {{id: one.dev.v0}}\none.dev.v0: {json.dumps(body)}\n")
    entries = [f"{name}: {{class: 'text_or_number:{name}'}}\n" for name in ("Old", "New", "Derived", "made")]
    (root / "completion_fns" / "plugins.yaml").write_text("".join(entries), encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("EVALS_LOG_DIR", str(tmp_path / "evallogs"))
    monkeypatch.delitem(sys.modules, "text_or_number", raising=False)
    module = importlib.import_module("text_or_number")
    module.seen.clear()
    return module


@pytest.mark.parametrize(
    ("name", "expected"), [("Old", ("0.5", "true")), ("Derived", ("0.5", "true")), ("New", (0.5, True))]
)
def test_only_a_class_with_the_mark_itself_gets_numbers(plugin, tmp_path, name, expected):
    arguments = {"temperature": "0.5", "quick": "true"}
    evals.run(name, "one", registry_paths=tmp_path / "registry", completion_args=arguments)
    assert plugin.seen == [dict(zip(arguments, expected, strict=True))]


def test_a_function_may_have_the_mark_too(plugin, tmp_path):
    evals.run("made", "one", registry_paths=tmp_path / "registry", completion_args={"n": "3", "word": "x"})
    assert plugin.seen == [{"n": 3, "word": "x"}]


def test_the_mark_leaves_a_class_as_it_is():
    @typed_arguments
    class Marked:
        """A class."""

    class Derived(Marked):
        """Another one."""

    assert (Marked.__name__, Marked.__doc__) == ("Marked", "A class.")
    assert takes_typed_arguments(Marked)
    assert not takes_typed_arguments(Derived)
    assert not takes_typed_arguments(len)
    assert takes_typed_arguments(ScriptedCompletionFn)


@pytest.mark.parametrize("door", [completion_fns_door, solvers_door])
def test_all_that_yaml_can_name_in_this_package_takes_numbers(door):
    made = {name: getattr(door, name) for name in door.__all__}
    unmarked = {name for name, factory in made.items() if not takes_typed_arguments(factory)}
    abstract = {name for name in unmarked if inspect.isabstract(made[name])}
    no_completion_fns = {"RemovePeriod", "RemoveQuotes", "SolverResult", "Strip"}
    assert unmarked - abstract - no_completion_fns == set()
