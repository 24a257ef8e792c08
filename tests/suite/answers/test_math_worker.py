"""The worker of mathematics as a process: one line of JSON in, one line out, until its input ends."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

pytest.importorskip("math_verify")

CODE = "from evals.suite.answers.math_worker import main; main(20.0)"


def replies(*requests: Any) -> list[Any]:
    """The lines that a worker writes for these requests; a text is sent as it is."""
    sent = "".join((request if isinstance(request, str) else json.dumps(request)) + "\n" for request in requests)
    done = subprocess.run(
        [sys.executable, "-c", CODE], input=sent, capture_output=True, text=True, timeout=300, check=True
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_each_request_has_a_reply_and_an_error_is_a_reply_too():
    ready, read, nothing, same, other, broken, after = replies(
        {"text": r"so $\frac{1}{2}$"}, {"text": "none"}, {"text": "$0.5$", "ideal": r"$\frac{1}{2}$"},
        {"text": "$2$", "ideal": "$3$"}, "no JSON", {"text": "$7$"},
    )  # fmt: skip
    assert ready == "ready"
    assert (read, nothing) == ({"value": r"\frac{1}{2}"}, {"value": None})
    assert (same, other) == ({"value": True}, {"value": False})
    assert list(broken) == ["error"]
    assert after == {"value": "7"}
