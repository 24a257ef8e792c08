"""Templates and PromptFn."""

from __future__ import annotations

import pytest

from evals.completion import Completions
from evals.errors import BadSample
from evals.suite.samples.prompting import (
    PromptFn,
    format_necessary,
    format_prompt,
    scrub_formatting_from_prompt,
)

CHAT = [{"role": "system", "content": "Be {style}."}, {"role": "user", "content": "{question}"}]


class Echo:
    """A completion function that keeps how it was called."""

    def __call__(self, prompt: object, **kwargs: object) -> Completions:
        self.prompt, self.kwargs = prompt, kwargs
        return Completions(["first", "second"])


def test_only_the_named_values_are_used_and_braces_in_them_stay():
    assert format_necessary("{a} of {b}", a="{x}", b=2, unused="y") == "{x} of 2"


def test_a_placeholder_without_a_value_is_named():
    with pytest.raises(BadSample, match=r"placeholder \{b\}"):
        format_necessary("{a} of {b}", a=1)


def test_with_allow_missing_the_rest_of_the_template_stays_a_template():
    assert format_necessary("{a} of {b}", allow_missing=True, a=1) == "1 of {b}"


def test_with_allow_missing_at_least_one_value_must_be_used():
    with pytest.raises(BadSample, match="none of"):
        format_necessary("{a} of {b}", allow_missing=True, c=1)


def test_a_chat_is_formatted_message_by_message_and_left_alone():
    made = format_prompt(CHAT, style="brief", question=[{"role": "user", "content": "Why?"}])
    assert [message["content"] for message in made] == ["Be brief.", "Why?"]
    assert CHAT[1]["content"] == "{question}"


def test_scrubbed_text_survives_formatting_and_the_original_is_not_edited():
    chat = [{"role": "user", "content": "a {set}"}]
    assert format_prompt(scrub_formatting_from_prompt(chat)) == chat
    assert format_prompt(scrub_formatting_from_prompt("{}")) == "{}"
    assert chat[0]["content"] == "a {set}"


def test_a_prompt_fn_returns_the_first_completion_and_the_prompt_sent():
    echo = Echo()
    ask = PromptFn("Say {word}", echo, max_tokens=7, completion_kwargs={"stop": ["x"]})
    assert ask(word="hi") == ("first", "Say hi")
    assert echo.prompt == "Say hi"
    assert echo.kwargs == {
        "max_tokens": 7, "temperature": 0, "top_p": 1, "frequency_penalty": 0, "presence_penalty": 0, "n": 1, "stop": ["x"],
    }  # fmt: skip
