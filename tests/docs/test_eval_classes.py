"""The page about eval classes names every class and argument, and its example runs."""

from __future__ import annotations

import inspect
import json
import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from evals.completion import Completions
from evals.record import DummyRecorder
from evals.registry import Registry
from evals.suite.answers.answer_rules import RULES

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "eval-classes.md").read_text(encoding="utf-8")
OTHER_PAGES = {
    "evals.suite:Choice": "choice.md",
    "evals.suite:ClaimSupport": "factuality.md",
    "evals.suite:Factuality": "factuality.md",
    "evals.suite:HostedEval": "hosted-evals.md",
    "evals.suite:Preference": "preferences.md",
    "evals.suite:Safety": "safety.md",
    "evals.suite:Toxicity": "safety.md",
    "evals.suite:TruthDifference": "factuality.md",
    "evals.suite:Truthfulness": "factuality.md",
}
CLASSES = re.findall(r"^\| `(evals\.suite:\w+)`", PAGE, re.MULTILINE)
OF_EVERY_CLASS = {"self", "completion_fns", "args", "kwargs", "samples_jsonl"}


def load(name: str) -> Any:
    module, _, attribute = name.partition(":")
    return getattr(import_module(module), attribute)


@pytest.mark.parametrize("name", [name for name in CLASSES if not name.endswith("ModelBasedClassify")])
def test_every_argument_of_a_class_is_described(name: str) -> None:
    arguments = set(inspect.signature(load(name).__init__).parameters) - OF_EVERY_CLASS
    page = (DOCS / OTHER_PAGES[name]).read_text(encoding="utf-8") if name in OTHER_PAGES else PAGE
    assert [argument for argument in sorted(arguments) if not re.search(rf"`{argument}[`:]", page)] == []


def test_every_rule_is_described() -> None:
    assert [rule for rule in RULES if f"| `{rule}` |" not in PAGE] == []


def test_the_example_runs(tmp_path: Path) -> None:
    [entry] = re.findall(r"```yaml\n(sums:\n.*?)```", PAGE, re.DOTALL)
    (tmp_path / "evals").mkdir()
    (tmp_path / "evals" / "sums.yaml").write_text(entry, encoding="utf-8")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "sums.jsonl").write_text(json.dumps({"input": "Four and five?", "ideal": "9"}) + "\n")
    asked: list[Any] = []

    def model(prompt: Any, **kwargs: Any) -> Completions:
        asked.append(prompt)
        return Completions(["4 + 5 = 9\nThe answer is 9."])

    registry = Registry([tmp_path])
    spec = registry.find_eval("sums")
    evaluation = registry.get_class(spec)(
        completion_fns=[model], name=spec.key, eval_registry_path=spec.registry_path, registry=registry
    )
    assert evaluation.run(DummyRecorder(None))["accuracy"] == 1.0
    assert asked == [
        [
            {"role": "user", "content": "Question: Two apples and three apples?"},
            {"role": "assistant", "content": "2 + 3 = 5\nThe answer is 5."},
            {"role": "user", "content": "Question: Four and five?"},
        ]
    ]
