"""Templates of hosted Evals: variables, paths, and messages for what does not exist."""

from __future__ import annotations

from typing import Any

import pytest

from evals.errors import BadSample, UsageError
from evals.suite.graders.templates import Absent, read_template

VALUES = {
    "item": {
        "name": "Ada",
        "n": 3,
        "x": 1.5,
        "yes": True,
        "none": None,
        "list": ["a", {"b": "c"}],
        "two words": "w",
        "a-b": "h",
    },
    "sample": {
        "output_text": "said {{ item.name }}",
        "output_json": {"city": "Paris"},
        "output_tools": [{"function": {"name": "f", "arguments": '{"a": 1}'}}],
    },
}


def filled(text: str) -> str:
    return read_template(text, "here").filled(VALUES)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain { text }", "plain { text }"),
        ("", ""),
        ("{{ item.name }}", "Ada"),
        ("{{item.name}}/{{ item.n }}", "Ada/3"),
        ("{{ item.x }} {{ item.yes }} {{ item.none }}", "1.5 true null"),
        ("{{ item.list[0] }}{{ item.list[1].b }}", "ac"),
        ("{{ item['two words'] }}{{ item[\"a-b\"] }}{{ item.a-b }}", "whh"),
        ("{{ item.list }}", '["a", {"b": "c"}]'),
        ("{{ sample.output_json.city }}", "Paris"),
        ("{{ sample.output_tools[0].function.arguments }}", '{"a": 1}'),
        ('{"smiles": "{{item.name}}"}', '{"smiles": "Ada"}'),
    ],
)
def test_variables_are_filled_from_item_and_sample(text: str, expected: str) -> None:
    assert filled(text) == expected


def test_what_the_model_wrote_is_never_read_as_a_template() -> None:
    assert filled("{{ sample.output_text }}") == "said {{ item.name }}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{ name }}", "must begin with 'item.' or 'sample.'"),
        ("{{ items.name }}", "did you mean: item"),
        ("{{ sample.output }}", "use one of sample.output_text"),
        ("{{ sample.output_txt }}", "did you mean: output_text"),
        ("{{ sample.output_audio.data }}", "no variable of an answer"),
        ("{{ item.name | upper }}", "cannot be read from ' | upper' on"),
        ("{{ item.list[-1] }}", "cannot be read"),
        ("{{ }}", "must begin with"),
        (5, "is not a text"),
    ],
)
def test_a_variable_that_does_not_exist_is_an_error_with_its_place(text: Any, said: str) -> None:
    with pytest.raises(UsageError) as error:
        read_template(text, "testing_criteria[0].input")
    assert said in str(error.value)
    assert str(error.value).startswith("testing_criteria[0].input: ")
    assert "fix: " in str(error.value)


@pytest.mark.parametrize("text", ["{{ item.nam }}", "{{ item.list[7] }}", "{{ item.name.first }}"])
def test_a_row_without_the_value_is_a_bad_sample(text: str) -> None:
    with pytest.raises(BadSample, match="no value for"):
        filled(text)


@pytest.mark.parametrize(
    "text", ["{{ sample.output_tools[1].function.name }}", "{{ sample.output_json.town }}", "{{ sample.choices }}"]
)
def test_a_part_that_the_answer_does_not_have_is_told_apart(text: str) -> None:
    with pytest.raises(Absent, match="the answer has no"):
        filled(text)
