"""The prompt of a failed call in a record: whole up to a limit, then its end and a part of its start."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from evals.json_text import dumps
from evals.record.failed_prompt import MOST_CHARS, prompt_kept

SHORT_CHAT = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "2 + 2?"}]


@pytest.mark.parametrize("prompt", ["2 + 2?", "a" * MOST_CHARS, SHORT_CHAT, [1, 2], {"own": "form"}])
def test_a_prompt_up_to_the_limit_is_kept_as_it_was_sent(prompt: Any) -> None:
    assert prompt_kept(prompt) == {"prompt": prompt}


def test_without_a_prompt_there_is_no_key() -> None:
    assert prompt_kept(None) == {}


def test_of_a_long_text_the_end_and_a_part_of_the_start_are_kept() -> None:
    text = "START" + "x" * 1_000_000 + "END?"
    kept = prompt_kept(text)
    assert kept["prompt_chars"] == len(text)
    assert (kept["prompt"].startswith("START"), kept["prompt"].endswith("END?")) == (True, True)
    assert f"{len(text) - MOST_CHARS:,} characters are left out" in kept["prompt"]


@pytest.mark.parametrize(
    "prompt",
    [
        "é" * 10**6,
        [{"role": "user", "content": "y" * 10**6}],
        [{"role": "user", "content": "few-shot"}, {"role": "assistant", "content": "ok"}] * 50_000,
        [{"role": "user", "content": [{"type": "text", "text": "z" * 10**6}]}],
        {"own": "form" * 10**6},
    ],
)
def test_what_is_kept_is_bounded_whatever_the_prompt_is(prompt: Any) -> None:
    assert len(dumps(prompt_kept(prompt))) < 5 * MOST_CHARS


def test_of_a_long_chat_the_last_messages_are_kept() -> None:
    chat = [{"role": "system", "content": "rules " * 5_000}, *SHORT_CHAT]
    kept = prompt_kept(chat)["prompt"]
    assert kept[-2:] == SHORT_CHAT
    assert kept[0]["role"] == "system"
    assert kept[0]["content"].startswith("rules ")


def test_a_picture_is_kept_as_its_digest() -> None:
    url = "data:image/png;base64," + base64.b64encode(b"\x89PNG" + b"x" * 100_000).decode()
    kept = prompt_kept([{"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]}])
    assert "prompt_chars" not in kept
    assert "sha256" in kept["prompt"][0]["content"][0]["image_url"]["url"]
