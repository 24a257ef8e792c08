"""What errors suggest."""

from __future__ import annotations

import pytest

from evals.errors import near_misses


@pytest.mark.parametrize(
    ("name", "known", "near"),
    [
        ("gms8k", ["gsm8k", "arithmetic"], ["gsm8k"]),
        ("gsm8k.tst.v1", ["gsm8k.test.v1", "translate.test.v1"], ["gsm8k.test.v1"]),
        ("gsm8k/tset.jsonl", ["gsm8k/test.jsonl", "humaneval/test.jsonl"], ["gsm8k/test.jsonl"]),
        ("dangle.dev.v0", ["blank.dev.v0", "badrole.dev.v0"], []),
        ("nope.jsonl", ["mgsm/te.jsonl", "mgsm/es.jsonl"], []),
        ("ARITHMETIC", ["arithmetic"], ["arithmetic"]),
    ],
)
def test_names_are_near_when_more_than_their_endings_are_alike(name: str, known: list[str], near: list[str]) -> None:
    assert near_misses(name, known) == near
