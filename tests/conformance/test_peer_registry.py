"""The registry that openai/evals 3.0.1 ships: every entry resolves, every eval of the light classes runs to its report.

`EVALS_PEER_REGISTRY` names that folder: the wheel `evals==3.0.1.post1`, unpacked, holds it as `evals/registry`.
"""

from __future__ import annotations

import json
import logging
import os
import re
import string
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from evals.errors import DataError
from evals.record import DummyRecorder
from evals.registry import Registry
from evals.runner.prepare import prepare
from evals.runner.request import RunRequest
from evals.runner.run import run_eval
from evals.testing.doubles import TestCompletionResult

PEER = os.environ.get("EVALS_PEER_REGISTRY", "")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not PEER, reason="EVALS_PEER_REGISTRY does not name the registry of the released openai/evals wheel"
    ),
]

LIGHT = (
    "basic.match:Match",
    "basic.includes:Includes",
    "basic.fuzzy_match:FuzzyMatch",
    "basic.json_match:JsonMatch",
    "basic.match_with_solvers:MatchWithSolvers",
    "translate:Translate",
    "modelgraded.classify:ModelBasedClassify",
    "test.match:TestMatch",
)
WITHOUT_DATA = {
    "stock-options-iron-butteryfly-spread.dev.v0",
    "stock-option-terms-inverse-iron-butteryfly-spread.dev.v0",
}
"Specs whose data file is not in the wheel either: its name is spelt otherwise there."


@pytest.fixture(scope="module")
def registry() -> Registry:
    registry = Registry()
    registry.add_registry_paths([PEER])
    return registry


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


def light_specs(registry: Registry) -> list[str]:
    names = Registry([PEER])._evals
    specs = {spec.key: spec.cls for spec in map(registry.find_eval, names)}
    classes = tuple(f"evals.elsuite.{name}" for name in LIGHT)
    return sorted(str(key) for key, cls in specs.items() if cls in classes)


def models_for(registry: Registry, name: str) -> list[str]:
    """One model; an eval that compares models needs two and a grader."""
    compares = (registry.find_eval(name).args or {}).get("multicomp_n") == "from_models"
    return ["dummy"] * (3 if compares else 1)


def test_all_entries_resolve(registry):
    names = list(Registry([PEER])._evals)
    specs = {registry.find_eval(name).key for name in names}
    assert len(names) == 1550
    assert len(specs) == 849
    assert specs <= set(names)
    assert all(str(registry.find_eval(name).registry_path) == PEER for name in names)


def test_all_other_entries_resolve(registry):
    alone = Registry([PEER])
    for name in alone._completion_fns:
        registry.resolve_completion_fn(name)
    for name in alone._solvers:
        assert registry.get_solver(name) is not None
    for name in alone._modelgraded_specs:
        assert registry.get_modelgraded_spec(name).prompt
    for name in alone._eval_sets:
        found = list(registry.get_evals(registry.find_eval_set(name).evals))
        assert all(found)
        assert found, name


def test_every_light_eval_runs_with_dummy_after_all_its_rows_were_checked(registry, tmp_path):
    names = light_specs(registry)
    assert len(names) == 578
    record = tmp_path / "r.jsonl"
    failed, n_rows = [], 0
    for name in sorted(set(names) - WITHOUT_DATA):
        models = models_for(registry, name)
        n_rows += prepare(RunRequest(models, name), registry).preflight.n_samples or 0
        result = run_eval(RunRequest(models, name, max_samples=4, record_path=str(record)), registry)
        report = json.loads(record.read_text(encoding="utf-8").splitlines()[-1]).get("final_report")
        if result.exit_code or not report or report["n_errors"] or not 1 <= result.n_total <= 4:
            failed.append((name, result.exit_code, report))
    assert not failed
    assert n_rows > 900_000


def test_evals_without_their_data_say_which_file_is_near(registry):
    for name in WITHOUT_DATA:
        with pytest.raises(DataError, match="butterfly"):
            prepare(RunRequest(["dummy"], name), registry)


# -- scores, against rules written down here again --------------------------------------------------------------------


def question(prompt: Any) -> str:
    """What a prompt asks: its last message, as few-shot examples stand before that."""
    return prompt if isinstance(prompt, str) else str(prompt[-1]["content"])


def rows_of(registry: Registry, name: str) -> list[dict[str, Any]]:
    spec = registry.find_eval(name)
    path = Path(PEER) / "data" / (spec.args or {})["samples_jsonl"]
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def ideals(row: dict[str, Any]) -> list[str]:
    return row["ideal"] if isinstance(row["ideal"], list) else [row["ideal"]]


def first_ideals(rows: list[dict[str, Any]]) -> Callable[[Any], str]:
    """A model that gives the first ideal, and something more, to two questions of three."""
    answers: dict[str, str] = {}
    for row in rows:
        answers.setdefault(question(row["input"]), ideals(row)[0])

    def answer(prompt: Any) -> str:
        asked = question(prompt)
        return f"{answers[asked]} so." if zlib.crc32(asked.encode()) % 3 else "¬ I pass"

    return answer


class Scripted:
    """A completion function over one of Python."""

    def __init__(self, model: Callable[[Any], str]) -> None:
        self.model = model

    def __call__(self, prompt: Any, **kwargs: Any) -> TestCompletionResult:
        return TestCompletionResult(self.model(prompt))


def report_of(registry: Registry, name: str, model: Callable[[Any], str]) -> dict[str, Any]:
    """The report of a run by hand, as a script of openai/evals makes one."""
    spec = registry.find_eval(name)
    evaluation = registry.get_class(spec)(
        completion_fns=[Scripted(model)], name=name, eval_registry_path=spec.registry_path, registry=registry
    )
    report: dict[str, Any] = evaluation.run(DummyRecorder(None))
    return report


def starts(said: str, row: dict[str, Any]) -> bool:
    return any(said[: len(ideal)] == ideal for ideal in ideals(row))


def includes(said: str, row: dict[str, Any]) -> bool:
    return any(said.find(ideal) >= 0 for ideal in ideals(row))


def bare(text: str) -> str:
    kept = "".join(character for character in text.lower() if character not in string.punctuation)
    return " ".join(word for word in re.sub(r"\b(a|an|the)\b", " ", kept).split())


def is_near(said: str, row: dict[str, Any]) -> bool:
    one, others = bare(said), [bare(ideal) for ideal in ideals(row)]
    return any((one in other or other in one) if one and other else one == other for other in others)


@pytest.mark.parametrize(
    ("name", "fits"),
    [
        ("french-lexicon.dev.v0", starts),
        ("positive-binary-operations.test.v1", starts),
        ("sarcasm.test.v1", starts),
        ("benjaminmoore_to_hex.dev.v0", includes),
        ("aime_evaluation.dev.v0", includes),
        ("belarusian-rhyme.dev.v0", is_near),
        ("dutch-rhymes.dev.v0", is_near),
    ],
)
def test_accuracy_is_that_of_the_rule_written_down_again(registry, name, fits):
    rows = rows_of(registry, name)
    model = first_ideals(rows)
    right = Counter(fits(model(row["input"]), row) for row in rows)
    report = report_of(registry, name, model)
    assert report["accuracy"] == pytest.approx(right[True] / len(rows), abs=1e-12)
    assert 0.5 < report["accuracy"] < 0.8, "two questions of three get the first ideal"
