"""Verdicts of BFCL's own checker on calls made from its possible answers; run by an interpreter that finds `bfcl_eval`.

usage: python bfcl_checker.py FOLDER_OF_BFCL_EVAL N_ROWS. Prints JSON lines: category, tools, expected, calls, valid.
"""

from __future__ import annotations

import copy
import json
import random
import sys
import types
from collections import defaultdict
from pathlib import Path
from typing import Any

CATEGORIES = (
    "simple_python", "multiple", "parallel", "parallel_multiple", "live_simple", "live_multiple", "live_parallel",
    "live_parallel_multiple",
)  # fmt: skip


def checker(folder: Path) -> Any:
    """The function `ast_checker`. Its table of models loads every provider's SDK, and only one flag of it is used."""
    sys.path.insert(0, str(folder))
    table = types.ModuleType("bfcl_eval.constants.model_config")
    table.MODEL_CONFIG_MAPPING = defaultdict(lambda: types.SimpleNamespace(underscore_to_dot=True))  # type: ignore[attr-defined]
    sys.modules[table.__name__] = table
    from bfcl_eval.constants.enums import Language
    from bfcl_eval.eval_checker.ast_eval.ast_checker import ast_checker

    return lambda tools, calls, answer, category: ast_checker(tools, calls, answer, Language.PYTHON, category, "m")


def lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def made_value(value: Any, rng: random.Random) -> Any:
    """A value as a model would give it: BFCL's objects hold lists of accepted values for each key."""
    if isinstance(value, dict):
        return {
            k: made_value(rng.choice(v), rng) for k, v in value.items() if isinstance(v, list) and v and "" not in v
        }
    if isinstance(value, list):
        return [made_value(part, rng) if isinstance(part, dict) else part for part in value]
    return value


def right_calls(answer: list[Any], rng: random.Random) -> list[dict[str, Any]]:
    calls = []
    for one in answer:
        ((name, accepted),) = one.items()
        chosen = {key: rng.choice(values) for key, values in accepted.items() if values}
        left_out = {key for key, value in chosen.items() if value == "" and rng.random() < 0.8}
        calls.append({name.replace(".", "_"): {k: made_value(v, rng) for k, v in chosen.items() if k not in left_out}})
    return calls


def changed(calls: list[dict[str, Any]], rng: random.Random) -> list[dict[str, Any]]:
    """The calls with one change that may or may not matter."""
    calls = copy.deepcopy(calls)
    call = rng.choice(calls)
    ((name, arguments),) = call.items()
    if not arguments or rng.random() < 0.2:
        kind = rng.randrange(4)
        if kind == 0:
            calls.pop()
        elif kind == 1:
            calls.append(copy.deepcopy(calls[0]))
        elif kind == 2:
            calls[0] = {f"{name}_x": arguments}
        else:
            calls.reverse()
        return calls
    key = rng.choice(list(arguments))
    value = arguments[key]
    options: list[Any] = [None, True, 0, 1, "1", "x", [], {}, 1.5, [value], {"a": 1}, str(value)]
    if isinstance(value, bool):
        options += [not value, int(value), str(value).lower()]
    elif isinstance(value, int):
        options += [float(value), value + 1, value + 0.5, -value]
    elif isinstance(value, float):
        options += [int(value), value + 1]
    elif isinstance(value, str):
        options += [
            value.upper(),
            value.replace(" ", ""),
            f"{value}.",
            value.replace(",", "-"),
            value[:-1],
            f" {value} ",
        ]
    elif isinstance(value, list):
        options += [
            value[::-1],
            value[:-1],
            value + value,
            [str(part) for part in value],
            [part.upper() if isinstance(part, str) else part for part in value],
        ]
        options += [[float(part) if isinstance(part, int) else part for part in value]]
    elif isinstance(value, dict):
        options += [{**value, "zz": 1}, dict(list(value.items())[1:]), {k: str(v).upper() for k, v in value.items()}]
    if rng.random() < 0.25:
        del arguments[key]
    elif rng.random() < 0.1:
        arguments["unknown_parameter"] = 1
    else:
        arguments[key] = rng.choice(options)
    return calls


def main() -> None:
    folder, n_rows = Path(sys.argv[1]), int(sys.argv[2])
    check, data, rng = checker(folder), folder / "bfcl_eval" / "data", random.Random(11)
    for category in CATEGORIES:
        rows = lines(data / f"BFCL_v4_{category}.json")
        answers = {
            row["id"]: row["ground_truth"] for row in lines(data / "possible_answer" / f"BFCL_v4_{category}.json")
        }
        for row in rng.sample(rows, min(n_rows, len(rows))):
            expected = answers[row["id"]]
            right = right_calls(expected, rng)
            for calls in [right, *(changed(right, rng) for _ in range(6))]:
                tools = copy.deepcopy(row["function"])
                named = [tool["name"] for tool in tools]
                if category in ("multiple", "live_multiple"):
                    tools = [tools[named.index(next(iter(expected[0])))]]
                try:
                    valid = check(
                        copy.deepcopy(row["function"]), copy.deepcopy(calls), copy.deepcopy(expected), category
                    )["valid"]
                except (AttributeError, TypeError):  # it fails on values of unforeseen types
                    valid = None
                print(
                    json.dumps(
                        {
                            "id": row["id"],
                            "function": row["function"],
                            "expected": expected,
                            "calls": calls,
                            "valid": valid,
                        }
                    )
                )


if __name__ == "__main__":
    main()
