"""Makes samples.jsonl from problems.txt: `python data/evalcode/make.py`."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def rows() -> list[dict[str, Any]]:
    """A row a problem, in HumanEval's fields with `difficulty` and `category`."""
    blocks = re.split(r"^=== ", (HERE / "problems.txt").read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return [_row(number, block) for number, block in enumerate(blocks)]


def _row(number: int, block: str) -> dict[str, Any]:
    """`name difficulty category`, the function, `>>>` tests written by hand, and `...` inputs for the reference."""
    head, _, rest = block.partition("\n")
    name, difficulty, category = head.split()
    lines = rest.rstrip("\n").split("\n")
    source = "\n".join(line for line in lines if not line.startswith((">>> ", "... "))) + "\n"
    function = ast.parse(source).body[0]
    assert isinstance(function, ast.FunctionDef), name
    assert function.name == name, name
    end = function.body[0].end_lineno
    kept = source.split("\n")
    space: dict[str, Any] = {}
    exec(source, space)
    checks = [line[4:].replace(f"{name}(", "candidate(", 1) for line in lines if line.startswith(">>> ")]
    for line in lines:
        if line.startswith("... "):
            for text in re.split(r";\s+(?=\()", line[4:]):
                expected = space[name](*eval(text))
                checks.append(f"candidate({text[1:-1].rstrip(',')}) == {expected!r}")
    test = "def check(candidate):\n" + "".join(f"    assert {check}\n" for check in checks)
    return {
        "task_id": f"evalcode/{number}",
        "prompt": "\n".join(kept[:end]) + "\n",
        "entry_point": name,
        "canonical_solution": "\n".join(kept[end:]),
        "test": test,
        "difficulty": difficulty,
        "category": category,
    }


if __name__ == "__main__":
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows())
    (HERE / "samples.jsonl").write_text(text, encoding="utf-8")
