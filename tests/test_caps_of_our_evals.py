"""Evals of ours that let a model write freely have a cap on tokens, so that every model finishes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

REGISTRY = Path(__file__).parents[1] / "registry" / "evals"
WRITES_FREELY = ("ExtractAnswer", "DropF1")


def entries() -> list[tuple[str, dict[str, Any]]]:
    found = []
    for path in sorted(REGISTRY.glob("*.yaml")):
        body = yaml.safe_load(path.read_text(encoding="utf-8"))
        found += [(name, entry) for name, entry in body.items() if isinstance(entry, dict) and "class" in entry]
    return found


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        name
        for name, entry in entries()
        if entry["class"].partition(":")[2] in WRITES_FREELY or entry.get("args", {}).get("way") == "parsed"
    ],
)
def test_a_generation_eval_has_a_cap(name: str) -> None:
    args = dict(entries())[name]["args"]
    assert 16 <= args["max_tokens"] <= 4096


@pytest.mark.parametrize("name", ["gsm8k.test.v1", "math.500.v1", "mgsm-te.test.v1", "bbh-navigate.cot.v1"])
def test_a_chat_that_thinks_before_its_answer_has_no_stop_text_that_could_cut_it(name: str) -> None:
    assert "stop" not in dict(entries())[name]["args"]


@pytest.mark.parametrize(
    "paper", sorted(path.parent.name for path in (REGISTRY.parents[1] / "data").glob("exam-*/exam.yaml"))
)
def test_an_exam_paper_has_a_cap(paper: str) -> None:
    body = yaml.safe_load((REGISTRY.parents[1] / "data" / paper / "exam.yaml").read_text(encoding="utf-8"))
    assert 16 <= body["sampling"]["reason"]["max_tokens"] <= 4096
