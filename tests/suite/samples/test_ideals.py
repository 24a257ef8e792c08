"""What a sample must hold."""

from __future__ import annotations

from typing import Any

import pytest

from evals.errors import BadSample
from evals.sample import Sample
from evals.suite.samples.ideals import accepted, require


@pytest.mark.parametrize(("ideal", "answers"), [("a", ["a"]), (["a", "b"], ["a", "b"]), ("", [""])])
def test_ideals_come_as_a_list(ideal: Any, answers: list[str]) -> None:
    assert accepted({"ideal": ideal}) == answers


def test_a_missing_field_says_where_what_was_found_and_the_fix() -> None:
    with pytest.raises(BadSample) as caught:
        require(Sample({"input": "?", "answer": "4"}, path="rows.jsonl", line=17), "input", "ideal")
    assert str(caught.value).splitlines() == [
        "rows.jsonl:17: no 'ideal'",
        "  keys found: input, answer",
        "  fix: add the accepted answer as 'ideal', or a list of them, or name its column: ideal_key: answer",
    ]


@pytest.mark.parametrize(
    ("ideal", "fix"),
    [
        (True, 'put it in quotes: "Yes" (YAML reads a bare Yes as a boolean)'),
        (["No", False], 'put it in quotes: "No" (YAML reads a bare No as a boolean)'),
        (18, 'put it in quotes: "18"'),
        ([1.5], 'put it in quotes: "1.5"'),
        (None, "write the accepted answer as a text, or a list of texts"),
    ],
)
def test_ideals_that_are_no_texts_name_the_quotes_to_add(ideal: Any, fix: str) -> None:
    with pytest.raises(BadSample) as caught:
        accepted({"ideal": ideal})
    assert caught.value.fix == fix


def test_an_empty_list_is_refused_unless_it_may_be() -> None:
    with pytest.raises(BadSample, match="empty list"):
        accepted({"ideal": []})
    assert accepted({"ideal": []}, may_be_none=True) == []


@pytest.mark.parametrize("sample", [None, "text", ["input"], 3])
def test_a_sample_is_an_object(sample: Any) -> None:
    with pytest.raises(BadSample, match="must be an object"):
        require(sample, "input")


@pytest.mark.parametrize(
    "prompt",
    [
        "What?",
        "",
        [{"role": "user", "content": "What?"}],
        [{"role": "assistant", "tool_calls": [{"id": "1"}]}],
        [{"role": "user", "content": [{"type": "text", "text": "What?"}]}],
        [101, 7],
    ],
)
def test_texts_messages_and_tokens_are_inputs(prompt: Any) -> None:
    require({"input": prompt}, "input")


@pytest.mark.parametrize(
    ("prompt", "what"),
    [
        (5, "'input' is 5, neither a text nor a list of messages"),
        (None, "'input' is null, neither a text nor a list of messages"),
        ({"role": "user"}, """'input' is {"role": "user"}, neither a text nor a list of messages"""),
        ([{"role": "user", "content": "?"}, {"role": "user"}], "message 2 of 'input' has no 'content'"),
        ([{"content": "?"}], "message 1 of 'input' has no 'role'"),
    ],
)
def test_an_input_that_no_server_takes_is_found_before_the_first_call(prompt: Any, what: str) -> None:
    with pytest.raises(BadSample) as caught:
        require({"input": prompt}, "input")
    assert caught.value.what == what
