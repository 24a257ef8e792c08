"""Placeholders in templates: found, filled, and doubled braces."""

from __future__ import annotations

import copy

import pytest

from evals.datasets.templates import double_braces, fill, fill_prompt, placeholders
from evals.errors import BadSample, RegistryError


def test_placeholders_are_named_once_in_order():
    assert placeholders("{b} {a!s} {{no}} {b:>3}") == ["b", "a"]


def test_braces_in_values_are_left_alone():
    assert fill("Judge: {completion}", {"completion": "{x} {{y}} {"}) == "Judge: {x} {{y}} {"


def test_a_placeholder_without_a_value_is_named_with_what_is_near():
    with pytest.raises(BadSample) as caught:
        fill("{criteria}", {"criterion": "short", "input": "x"})
    assert "{criteria}" in str(caught.value)
    assert "did you mean: criterion" in str(caught.value)


@pytest.mark.parametrize("template", ["{", "a } b", "{} and {}", "{0}"])
def test_a_template_that_cannot_be_filled_says_how_to_mend_it(template):
    with pytest.raises(RegistryError, match="template"):
        placeholders(template)


def test_a_chat_becomes_text_inside_a_template():
    chat = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]
    assert fill("<{input}>", {"input": chat}) == "<Be brief.\nUser: Hi\n>"
    assert fill("<{input}>", {"input": chat[1:]}) == "<Hi>"


def test_an_image_in_a_chat_is_named_in_its_text():
    parts = [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": "data:x"}}]
    assert fill("{input}", {"input": [{"role": "user", "content": parts}]}) == "What is this?\n[image_url]"


def test_doubling_braces_is_undone_by_filling_and_changes_no_argument():
    chat = [{"role": "user", "content": "f() { return {}; }"}]
    before = copy.deepcopy(chat)
    assert fill_prompt(double_braces(chat), {}) == before == chat
