"""The effort of reasoning of a call: where it is named, whether the model takes it, and what follows."""

from __future__ import annotations

from typing import Any

import pytest

from evals.completion_fns.effort import check_effort, effort_in_words, effort_of, reasons
from evals.errors import UsageError
from evals.registry.lookup import Registry
from evals.specs import ModelInfo

REGISTRY = Registry()


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, None),
        ({"reasoning_effort": "high"}, "high"),
        ({"reasoning": {"effort": "low", "summary": "auto"}}, "low"),
        ({"output_config": {"effort": "max"}}, "max"),
        ({"thinking_config": {"thinking_level": "minimal"}}, "minimal"),
    ],
)
def test_the_effort_is_read_in_the_words_of_each_provider(options: dict[str, Any], expected: str | None):
    assert effort_of(options) == expected


@pytest.mark.parametrize(
    ("model", "options", "expected"),
    [
        ("gpt-6-luna", {}, True),
        ("gpt-6-luna", {"reasoning_effort": "none"}, False),
        ("gpt-5.1", {}, False),
        ("gpt-5.1", {"reasoning_effort": "low"}, True),
        ("gpt-4o", {}, False),
        ("claude-opus-5-5", {}, True),
        ("claude-opus-5", {"thinking": {"type": "disabled"}}, False),
        ("claude-opus-4-8", {"output_config": {"effort": "low"}}, False),
        ("claude-opus-4-8", {"thinking": {"type": "adaptive"}}, True),
        ("gemini-2.5-flash", {"thinking_config": {"thinking_budget": 0}}, False),
        ("gemini-3.8-flash", {}, True),
        ("some-model", {}, False),
        ("some-model", {"reasoning_effort": "high"}, True),
    ],
)
def test_whether_a_model_reasons_follows_from_its_default_and_from_the_call(model, options, expected):
    assert reasons(REGISTRY.model_info(model), options) is expected


@pytest.mark.parametrize(
    ("model", "effort"),
    [("gpt-6.1-sol", "none"), ("gpt-4o", "high"), ("claude-haiku-4-5", "low"), ("some-model", "hihg")],
)
def test_an_effort_that_the_model_does_not_take_is_an_error_before_the_first_call(model, effort):
    with pytest.raises(UsageError) as caught:
        check_effort(REGISTRY.model_info(model), effort)
    assert effort in str(caught.value) or "takes no effort" in str(caught.value)


@pytest.mark.parametrize(("model", "effort"), [("gpt-6.1-sol", "max"), ("gpt-5.5-pro", "high"), ("some-model", "low")])
def test_an_effort_that_the_model_takes_or_may_take_passes(model, effort):
    check_effort(REGISTRY.model_info(model), effort)
    check_effort(REGISTRY.model_info(model), None)


def test_the_words_say_whether_the_effort_was_asked_for():
    info = ModelInfo("m", default_effort="medium")
    assert effort_in_words(info, {"reasoning_effort": "low"}) == "low"
    assert effort_in_words(info, {}) == "medium (default)"
    assert effort_in_words(ModelInfo("m"), {}) is None
