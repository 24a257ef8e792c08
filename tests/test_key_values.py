"""`k=v` arguments: how they are split, and what is a number."""

from __future__ import annotations

import pytest

from evals.errors import UsageError
from evals.key_values import number_or_text, split_pairs, typed


@pytest.mark.parametrize(
    ("texts", "pairs"),
    [
        (["a=1,b=2"], {"a": "1", "b": "2"}),
        (["a=1", "b=2", "a=3"], {"a": "3", "b": "2"}),
        (['stop=["a","b"],n=2'], {"stop": '["a","b"]', "n": "2"}),
        (['stop=["a, x=1","]"],n=2'], {"stop": '["a, x=1","]"]', "n": "2"}),
        (['opts={"a": {"b": [1,2]}},n=2'], {"opts": '{"a": {"b": [1,2]}}', "n": "2"}),
        (["path=/tmp/a,b.jsonl,n=2"], {"path": "/tmp/a,b.jsonl", "n": "2"}),
        (["url=http://x/?a=b"], {"url": "http://x/?a=b"}),
        (["text=it's, fine"], {"text": "it's, fine"}),
        ([""], {}),
        (["a="], {"a": ""}),
    ],
)
def test_pairs(texts, pairs):
    assert split_pairs(texts, "--x") == pairs


def test_what_is_no_pair_is_refused_with_the_right_form():
    with pytest.raises(UsageError, match="key=value"):
        split_pairs(["temperature"], "--completion_args")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("7", 7),
        ("007", "007"),
        ("-3", -3),
        ("0.7", 0.7),
        ("0.70", 0.7),
        ("1e-3", 0.001),
        ("1_000", "1_000"),
        ("+1", "+1"),
    ]
    + [
        ("true", True),
        ("null", None),
        ("yes", "yes"),
        ("True", "True"),
        ('["a","b"]', ["a", "b"]),
        ("[a", "[a"),
        ("", ""),
    ]
    + [("nan", "nan"), ("inf", "inf"), ("gpt-4", "gpt-4"), ("1.2.3", "1.2.3"), (".5", ".5"), ("-0", "-0")],
)
def test_values_are_typed_only_where_they_read_back(text, value):
    assert typed(text) == value
    assert type(typed(text)) is type(value)


@pytest.mark.parametrize(("text", "value"), [("3", 3), ("007", 7), ("0.5", 0.5), ("a", "a"), ("true", "true")])
def test_eval_parameters_follow_the_rule_of_openai_evals(text, value):
    assert number_or_text(text) == value


@pytest.mark.parametrize("text", ['["a","b"', '{"a": 1', '["a",]'])
def test_json_that_is_cut_short_is_no_text(text):
    with pytest.raises(UsageError, match="begins like JSON and is not valid JSON"):
        typed(text)
