"""Judgements, votes and pairs with values of any kind end a command with a message, never as a bug of ours."""

from __future__ import annotations

import io
import json
import random
import sys
from pathlib import Path
from typing import Any

import pytest

from evals.cli.main import main

STYLE = {"characters": 1, "lists": 0, "headings": 0, "bold": 0}
SAID = [{"role": "assistant", "content": [{"type": "text", "text": "b"}]}]
SHA = {"sha256_a": "a" * 64, "sha256_b": "b" * 64}
ROWS: dict[str, dict[str, Any]] = {
    "vote": {
        "vote": 1, "question_id": "q", "model_a": "x", "model_b": "y", "winner": "tie", "rater": "r", "seconds": 1.5,
        "shown_first": "model_a", "created_at": "now", "repeat": 0, "style_a": STYLE, "style_b": STYLE, **SHA,
    },
    "battle": {
        "question_id": "q", "model_a": "x", "model_b": "y", "winner": "tie", "judge": "j", "turn": 1, "outcome": 0.7,
        "conversation_a": SAID, "conversation_b": SAID, "style_a": STYLE, "style_b": STYLE, "cluster": "s",
        "verdicts": [{"shown_first": "model_a", "outcome": 1.0}], "category": "c", "evaluation_session_id": "s",
    },
    "one of three": {
        "model_a": "x", "model_b": "y", "winner_model_a": 1, "winner_model_b": 0, "winner_tie": 0, "response_a": '["x"]',
        "response_b": "[null]",
    },
    "annotation": {"preference": 1.5, "generator_1": "a", "generator_2": "b", "output_1": "o", "output_2": "p"},
    "pair": {"id": "p", "input": "q", "output_a": "x", "output_b": "y", "model_a": "m", "model_b": "n", "category": "c"},
}  # fmt: skip
VALUES = [
    None, True, 0, 1, -1, 3.5, 1e308, float("nan"), "", "x", "\x1b[2J", "\ud800", [], [1], ["a"], {}, {"a": 1}, [[]],
    '["a"', '[{"role": 1}]', 10**30, "tie", "model_a",
]  # fmt: skip


def changed(row: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    """The row with up to three values replaced, left out or added, also inside of lists and objects."""
    row = json.loads(json.dumps(row))
    for _ in range(rng.randint(1, 3)):
        key = rng.choice([*row, "new"])
        place = row.get(key)
        inner = place[0] if isinstance(place, list) and place and isinstance(place[0], dict) else place
        if isinstance(inner, dict) and inner and rng.random() < 0.6:
            inner[rng.choice(list(inner))] = rng.choice(VALUES)
        elif key in row and rng.random() < 0.2:
            del row[key]
        else:
            row[key] = rng.choice(VALUES)
    return row


@pytest.mark.slow
@pytest.mark.parametrize("kind", ROWS)
def test_any_row_ends_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any, kind: str) -> None:
    monkeypatch.chdir(tmp_path)
    rng, codes = random.Random(kind), set()
    for number in range(36):
        rows = [changed(ROWS[kind], rng) for _ in range(2)]
        Path("f.jsonl").write_text("".join(json.dumps(row) + "\n" for row in [ROWS[kind], *rows][number % 2 :]))
        monkeypatch.setattr(sys, "stdin", io.StringIO("1\nt\nq\n"))
        argv = ["preferences", "f.jsonl", "--draws", "5", "--by", "category", "--ridge", "0.1", "--predict"]
        argv = ["vote", "f.jsonl", "--votes", f"v{number}.jsonl"] if kind == "pair" else argv
        codes.add(main([*argv, "--json"] if number % 3 == 0 else argv))
        shown = capsys.readouterr()
        assert "bug of ours" not in shown.err
        assert "\x1b" not in shown.out + shown.err
    assert codes <= {0, 2}
    assert len(codes) == 2
