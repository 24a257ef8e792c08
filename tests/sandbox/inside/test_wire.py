"""Messages are JSON, and nothing else is."""

from __future__ import annotations

import json

import pytest

from evals.sandbox.inside.wire import dumps, loads


@pytest.mark.parametrize("value", [None, True, 3, -2.5, "\ud800é\n", [], [1, [2, "x"]], {"a": {"b": [None]}}])
def test_messages_are_json_and_come_back(value):
    assert dumps(value) == json.dumps(value, separators=(",", ":"))
    assert loads(dumps(value)) == value


@pytest.mark.parametrize("text", ["", " ", "[1", "[1] ", "[1]x", "{'a': 1}", "nonsense"])
def test_what_is_no_json_is_an_error(text):
    with pytest.raises(ValueError, match=r"."):
        loads(text)
