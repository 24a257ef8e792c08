"""Which evals have their ideal answers put through their own scorer before the first call."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from evals.engine.settings import EngineSettings
from evals.eval import StreamedEval
from evals.runner.prepare import prepare
from evals.runner.request import RunRequest
from evals.suite.match.match import Match

PLUGIN = """
from evals.suite.match.match import Match

made = []


class Derived(Match):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        made.append(self)


class Declared(Derived):
    scores_without_calls = True
"""


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    root = tmp_path / "registry"
    for folder in ("evals", "data"):
        (root / folder).mkdir(parents=True)
    (tmp_path / "own_scorers.py").write_text(PLUGIN, encoding="utf-8")
    row = {"input": "1 + 1?", "ideal": "2"}
    (root / "data" / "one.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    for name in ("Derived", "Declared"):
        body = {"class": f"own_scorers:{name}", "args": {"samples_jsonl": "one.jsonl"}}
        text = f"{name}: {{id: {name}.dev.v0}}\n{name}.dev.v0: {json.dumps(body)}\n"
        (root / "evals" / f"{name}.yaml").write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "own_scorers", raising=False)
    module = importlib.import_module("own_scorers")
    module.made.clear()
    return module


@pytest.mark.parametrize(("name", "n_made"), [("Derived", 1), ("Declared", 2)])
def test_a_second_object_is_made_only_of_a_class_that_declares_it(plugin, tmp_path, name, n_made):
    prepare(RunRequest(["dummy"], name, registry_paths=[tmp_path / "registry"], settings=EngineSettings()))
    assert len(plugin.made) == n_made


def test_the_declaration_is_not_inherited():
    class Derived(Match):
        pass

    class Again(Derived):
        scores_without_calls = True

    assert Match.scores_without_calls
    assert not Derived.scores_without_calls
    assert Again.scores_without_calls
    assert not StreamedEval.scores_without_calls
