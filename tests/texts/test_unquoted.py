"""Words that YAML reads as something else than a text, and the quotes that they need."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from evals.texts.unquoted import as_texts, quotes_fix


@pytest.mark.parametrize(
    ("word", "said"),
    [
        *[(word, 'such as "Yes": without them YAML reads yes, on and true as true') for word in ("Yes", "on", "True")],
        *[(word, 'such as "No": without them YAML reads no, off and false as false') for word in ("No", "off", "no")],
        ("1.0", 'as "1.0": without them YAML reads a number'),
        ("7", 'as "7": without them YAML reads a number'),
        ("2024-01-01", 'as "2024-01-01": without them YAML reads a date'),
        ("~", 'such as "null": without them YAML reads null, ~ and an empty place as nothing'),
        ("null", "as nothing"),
    ],
)
def test_each_word_that_yaml_takes_for_something_else_gets_its_quotes(word: str, said: str) -> None:
    alone, within = yaml.safe_load(word), yaml.safe_load(f"[text, [{word}]]")
    assert said in str(quotes_fix(alone))
    assert said in str(quotes_fix(within))
    assert said in str(quotes_fix(yaml.safe_load(f"{{{word}: text}}")))


@pytest.mark.parametrize("value", ["Yes", [], {}, ["a", {"b": ["c"]}], object()])
def test_texts_need_none(value: Any) -> None:
    assert quotes_fix(value) is None


def test_quotes_around_everything() -> None:
    assert as_texts({True: [1.0, None, "a"]}) == {"True": ["1.0", "None", "a"]}
