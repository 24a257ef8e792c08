"""Calls read from the bytes of a line say the same as calls that are parsed."""

from __future__ import annotations

import json

import pytest

from evals.comparison.calls import call_as_written, call_of
from evals.record.event import Event

CHAT = [
    {"role": "system", "content": 'Say "hi", then: {"a": 1}, [2]'},
    {"role": "user", "content": 'x, "model": "y" \\'},
]
AS_WRITTEN = [
    {"prompt": CHAT, "sampled": ["a"], "model": "m"},
    {"prompt": 'a text with "quotes", {"and": "braces"}', "sampled": ["a"], "usage": None, "model": "m"},
    {
        "prompt": [{"role": "user", "content": ""}],
        "sampled": [],
        "answers": [True],
        "model": "m",
        "request": {"model": "n"},
    },
]
OTHERS = [
    {"prompt": CHAT, "sampled": ["a"]},
    {"prompt": CHAT, "sampled": ["a"], "model": None},
    {"prompt": CHAT, "sampled": ["a"], "request": {"model": "n"}, "model": "m"},
    {"prompt": CHAT, "sampled": ["a"], "model": 'the "best"'},
    {"prompt": CHAT, "sampled": ["a"], "model": "m", "cached": True, "cached_at_temperature": 0.7},
    {"prompt": [{"role": "user", "content": [{"type": "text", "text": "x"}]}], "sampled": ["a"], "model": "m"},
    {"prompt": [{"role": "user", "content": "x", "sampled": 1}], "sampled": ["a"], "model": "m"},
    {"prompt": [{"role": "user", "content": "x", "call": {"sampled": 1}}], "sampled": ["a"], "model": "m"},
    {"prompt": [], "sampled": ["a"], "model": "m"},
    {"prompt": {"b": 1, "a": 2}, "sampled": ["a"], "model": "m"},
    {"prompt": None, "sampled": ["a"], "model": "m"},
    {"sampled": ["a"], "prompt": CHAT, "model": "m"},
]  # fmt: skip


def event(data: object) -> Event:
    return Event("r", 0, "s", "sampling", data, "", "")


def written(data: object) -> bytes:
    return json.dumps(data, ensure_ascii=False).encode() + b', "created_by": "", "created_at": "2026"}\n'


@pytest.mark.parametrize("data", AS_WRITTEN)
def test_a_call_of_the_engine_is_read_without_parsing(data):
    assert call_as_written(written(data)) == call_of(event(data))


@pytest.mark.parametrize("data", OTHERS)
def test_a_call_of_another_form_is_left_to_the_parser(data):
    assert call_as_written(written(data)) is None
    assert call_of(event(data)) is not None


def test_the_last_message_is_what_it_says():
    call = call_as_written(written(AS_WRITTEN[0]))
    assert call is not None
    assert (json.loads(call.prompt or b""), json.loads(call.last or b""), call.model) == (CHAT, CHAT[-1], "m")
    assert json.loads((call_of(event({"prompt": {"b": 1, "a": 2}})) or call).prompt or b"") == {"a": 2, "b": 1}


def test_a_whole_picture_and_its_digest_are_the_same_prompt():
    from evals.chat import with_pictures_by_digest

    whole = [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 2000}}]}]  # fmt: skip
    one, other = call_of(event({"prompt": whole})), call_of(event({"prompt": with_pictures_by_digest(whole)}))
    assert one == other
    assert one is not None
    assert len(one.prompt or b"") < 500


def test_an_event_without_an_object_is_no_call():
    assert call_of(event(None)) is None
    assert call_of(event(["x"])) is None
