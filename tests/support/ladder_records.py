"""Records of a ladder of made models on one multiple-choice eval, written line by line."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

P_RIGHT = 0.8
"Share of the right option where the model is right; the wrong one has it where it is wrong."


def write_record(
    path: Path,
    n_right: int,
    n: int,
    *,
    model: str,
    compute: float | None,
    family: str = "made",
    eval_name: str = "traps.test.v0",
    n_options: int = 2,
    data: str = "d",
) -> str:
    """A record whose first `n_right` samples are right; its path."""
    scale: dict[str, Any] = {"training_flops": compute, "family": family}
    config: dict[str, Any] = {"data_sha256": data, **({"models": {model: scale}} if compute else {})}
    spec = {"completion_fns": [model], "eval_name": eval_name, "run_config": config, "run_id": "r", "created_at": "2026-05-01 10:00:00.5"}  # fmt: skip
    lines: list[dict[str, Any]] = [{"spec": spec, "record_format": 1}]
    for i in range(n):
        is_right = i < n_right
        rest = (1 - P_RIGHT) / (n_options - 1)
        shares = [P_RIGHT if is_right else rest] + [rest] * (n_options - 1)
        if not is_right:
            shares[1] = P_RIGHT
        choice = {"logprobs": [math.log(one) for one in shares], "answer": 0, "picked": 0 if is_right else 1}
        choice["answer_loss"] = -math.log(shares[0] / sum(shares))
        both = (("match", {"correct": is_right}), ("choice", choice))
        for number, (kind, told) in enumerate(both):
            line = {
                "run_id": "r",
                "event_id": 2 * i + number,
                "sample_id": f"traps.test.{i}",
                "type": kind,
                "data": told,
            }
            lines.append({**line, **({"sample_done": True} if number else {})})
    lines.append({"final_report": {"accuracy": n_right / n, "n": n, "n_errors": 0}, "run_id": "r"})
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return str(path)


def write_ladder(folder: Path, accuracies: list[float], n: int = 200, **more: Any) -> list[str]:
    """A record for each accuracy, ten times the compute each."""
    folder.mkdir(parents=True, exist_ok=True)
    prefix = more.pop("prefix", "m")
    return [
        write_record(
            folder / f"{prefix}{i}.jsonl", round(n * one), n, model=f"{prefix}{i}", compute=10.0 ** (18 + i), **more
        )
        for i, one in enumerate(accuracies)
    ]
