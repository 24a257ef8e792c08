"""A registry with one small eval, and a server that answers it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from commands import Workplace


@pytest.fixture
def workplace(tmp_path: Path) -> Workplace:
    return Workplace(tmp_path)


@pytest.fixture
def sums() -> Callable[[int], list[dict[str, Any]]]:
    """`sums(n)`: rows that ask for sums; every third has an answer that the server never gives."""

    def make(n: int) -> list[dict[str, Any]]:
        return [
            {
                "input": [{"role": "user", "content": f"What is {i} + {i}?"}],
                "ideal": "no such answer" if i % 3 == 0 else str(2 * i),
            }
            for i in range(n)
        ]

    return make


@pytest.fixture
def answers(tmp_path: Path) -> Callable[[list[dict[str, Any]]], str]:
    """`answers(rows)`: a file that lets the loopback server answer each sum rightly."""

    def write(rows: list[dict[str, Any]]) -> str:
        path = tmp_path / "answers.jsonl"
        with path.open("w") as file:
            for i, row in enumerate(rows):
                file.write(json.dumps({"prompt": row["input"], "completion": str(2 * i)}) + "\n")
        return str(path)

    return write
