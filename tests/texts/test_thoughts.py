"""Thoughts of reasoning models, split from their answers."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.texts.thoughts import answers_where_cut, split_thoughts

MARKS = [
    ("<think>", "</think>"),
    ("<think>\n", "\n</think>\n\n"),
    ("<THINK>", "</THINK>\n"),
    ('<think time="3">', "</think> "),
    ("<thinking>", "</thinking>\n"),
    ("<thought>", "</thought>"),
    ("<reasoning>\n", "\n</reasoning>\n"),
    ("<reflection>", "</reflection>"),
    ("<analysis>", "</analysis>"),
    ("<scratchpad>", "</scratchpad>"),
    ("<seed:think>", "</seed:think>"),
    ("<mm:think>", "</mm:think>"),
    ("<longcat_think>", "</longcat_think>"),
    ("<thinking>", "</thinking>"),
    ("[THINK]", "[/THINK]"),
    ("[analysis]", "[/analysis]"),
    ("<|begin_of_thought|>", "<|end_of_thought|>\n"),
    ("<|START_THINKING|>", "<|END_THINKING|>"),
    ("\u25c1think\u25b7", "\u25c1/think\u25b7"),
    ("<|channel|>analysis<|message|>", "<|end|><|start|>assistant<|channel|>final<|message|>"),
    ("<|channel>thought\n", "<channel|>"),
    ("<unused94>thought\n", "<unused95>"),
    ("analysis", "assistantfinal"),
]
THOUGHT = "Is it \"B\"? No: \\boxed{13}.\n#### 13\n```python\nprint('Yes')\n"


@pytest.mark.parametrize(("opening", "closing"), MARKS)
@pytest.mark.parametrize("answer", ["Paris", '"Paris"', "B\nbecause", '{"a": [1]}', "```python\nx = 1\n```", ""])
def test_the_answer_is_what_follows(opening: str, closing: str, answer: str) -> None:
    assert split_thoughts(opening + THOUGHT + closing + answer).answer == answer


@pytest.mark.parametrize(("opening", "closing"), MARKS[:-1])
def test_thoughts_that_never_end_leave_no_answer(opening: str, closing: str) -> None:
    split = split_thoughts(opening + "maybe \\boxed{7}")
    heading = opening == "[analysis]"
    assert (split.answer, split.is_unclosed) == ((opening + "maybe \\boxed{7}", False) if heading else ("", True))


@pytest.mark.parametrize(("opening", "closing"), [marks for marks in MARKS if "channel" not in marks[0]][:-1])
def test_an_opening_mark_may_stand_in_the_prompt(opening: str, closing: str) -> None:
    assert split_thoughts(f"France...{closing}Paris").answer == "Paris"


@pytest.mark.parametrize(
    ("completion", "answer"),
    [
        ("<think>a</think>1\n<think>b</think>2", "1\n2"),
        ("Well. <think>a</think> 7", "Well. 7"),
        ("1<think>a</think>2", "1 2"),
        ("<think>use <think> tags</think>7", "7"),
        ("<think>a<think>b</think>c</think>7", "7"),
        ("<think>a</thinking>7", "7"),
        ("<think/>7", "7"),
        ('is it "Paris"</think>"Paris"', '"Paris"'),
        ("<think>a</think>7<think>let me", ""),
        ("<|begin_of_thought|>a<|end_of_thought|><|begin_of_solution|>7<|end_of_solution|>", "7"),
        ("<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>final<|message|>7<|return|>", "7"),
    ],
)
def test_thoughts_in_other_places(completion: str, answer: str) -> None:
    assert split_thoughts(completion).answer == answer


@pytest.mark.parametrize(
    ("completion", "answer"),
    [
        ("a</think>Close it with </think> at its end.", "Close it with </think> at its end."),
        ("<think>a</think>Write </think> after the thoughts.", "Write </think> after the thoughts."),
        ("<think>a</think>1 </think> 2 <think>b</think>3 </think> 4", "1 </think> 2 3 </think> 4"),
        ("[THINK]a[/THINK]The mark is [/THINK].", "The mark is [/THINK]."),
        ("<think>a</think>\n</think>\n\n7", "7"),
        ("a</think></think>7", "7"),
        ("1<think>a<think>b</think>c</think>7", "1 7"),
        ("<|channel|>final<|message|>6<|end|><|start|>assistant<|channel|>final<|message|>7", "7"),
    ],
)
def test_the_first_closing_mark_ends_the_thoughts_and_a_later_one_alone_is_text(completion: str, answer: str) -> None:
    assert split_thoughts(completion).answer == answer


@pytest.mark.parametrize(
    "text",
    [
        "Paris",
        "2 < 3 and 4 > 1 [see below]",
        "Close it with `</think>`, and open it with `<think>`.",
        're.sub(r"<think>.*?</think>", "", text)',
        'text.split("</think>")[-1]',
        "```html\n<think>\n```",
        "[Analysis]\nIt is B.",
        "analysis of variance",
        "<answer>B</answer>",
    ],
)
def test_text_about_marks_is_no_thought(text: str) -> None:
    assert split_thoughts(text).answer == text
    assert answers_where_cut(text) == {}


def test_code_keeps_its_indentation_and_loses_the_empty_lines_before_it() -> None:
    assert split_thoughts("<think>a</think>\n\n    return x\n").answer == "    return x\n"


def test_what_was_cut_is_kept() -> None:
    assert split_thoughts("<think>a</think>1<think>b</think>2").thoughts == ("a", "b")
    assert answers_where_cut(["<think>a</think>1", "2"]) == {"answers": ["1", "2"]}
    assert answers_where_cut(None) == answers_where_cut([{"text": "<think>"}]) == {}


PLAIN = st.text(st.characters(blacklist_characters="<>[]`\"'\\\u25c1\u25b7~\u201c\u2018", blacklist_categories=["Cs"]))


@given(st.sampled_from(MARKS), PLAIN, PLAIN.filter(lambda text: text == text.strip()))
def test_no_mark_changes_what_is_read(marks: tuple[str, str], thought: str, answer: str) -> None:
    opening, closing = marks
    if opening != "analysis":
        assert split_thoughts(f"{opening}{thought}{closing}{answer}").answer == answer


@pytest.mark.parametrize("text", ["[think]" * 200_000 + "[/", "`<think>`" * 100_000, "```\n" + "<think>x\n" * 100_000])
def test_long_loops_of_marks_are_read_in_seconds(text: str) -> None:
    began_s = time.process_time()
    split_thoughts(text)
    assert time.process_time() - began_s < 20


@pytest.mark.parametrize(
    ("completion", "answer"),
    [
        ("<|begin_of_box|>Paris<|end_of_box|>", "Paris"),
        ("<think>France.</think><|begin_of_box|>Paris<|end_of_box|>", "Paris"),
        ("The answer is <|begin_of_box|>42<|end_of_box|>.", "The answer is 42."),
        ("<|START_RESPONSE|>Paris<|END_RESPONSE|>", "Paris"),
        ("Write `<|begin_of_box|>` before it", "Write `<|begin_of_box|>` before it"),
        ("x = a <| b", "x = a <| b"),
    ],
)
def test_marks_around_an_answer_are_no_part_of_it(completion: str, answer: str) -> None:
    assert split_thoughts(completion).answer == answer


def test_marks_around_an_answer_are_no_thoughts() -> None:
    assert split_thoughts("<|begin_of_box|>Paris<|end_of_box|>").thoughts == ()
