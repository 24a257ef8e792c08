"""A sample in the terminal: what is shown, how wide, and that it cannot steer the terminal."""

from __future__ import annotations

import unicodedata

import pytest

from evals.record import Event, SampleRecord
from evals.report.terminal.sample import sample_text, verdict_of
from evals.report.words import printable


def sample(*events: tuple[str, object], **kwargs: object) -> SampleRecord:
    made = [Event("R", number, "a.b.0", type, data, "", "") for number, (type, data) in enumerate(events)]
    return SampleRecord("a.b.0", events=made, **kwargs)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain é 数学 👩‍🚀\nnext", "plain é 数学 👩‍🚀\nnext"),
        ("\x1b]0;owned\x07", "\\x1b]0;owned\\x07"),
        ("\x9b31m", "\\x9b31m"),
        ("a\u202eb", "a\\u202eb"),
        ("a\rb\r\nc", "a\\x0db\nc"),
        ("\u2028\u2029\x00", "\\u2028\\u2029\\x00"),
        ("\ud800", "\\ud800"),
        ("a\tb", "a   b"),
    ],
)
def test_characters_that_steer_a_terminal_are_escaped(text, shown):
    assert printable(text) == shown


@pytest.mark.parametrize("char", ["x", "数", "x ", "word and ", "e\u0301", "\x1b"])
def test_no_line_is_wider_than_eighty_columns(char):
    text = sample_text(sample(("sampling", {"prompt": char * 500, "sampled": [char * 500]})), max_lines=None)
    for line in text.splitlines():
        assert (
            sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line if not unicodedata.combining(c)) <= 80
        )


def test_nothing_of_a_text_is_lost_when_it_is_shown_whole():
    words = " ".join(f"word{number}" for number in range(300))
    shown = sample_text(sample(("sampling", {"prompt": "p", "sampled": [words]})), max_lines=None)
    assert [word for word in shown.split() if word.startswith("word")] == words.split()


def test_long_texts_are_cut_and_say_how_long_they_are():
    shown = sample_text(sample(("sampling", {"prompt": "p", "sampled": ["x" * 10_000_000]})), max_lines=3)
    assert "(10,000,000 characters in all)" in shown
    assert len(shown) < 1000


def test_a_sample_reads_from_the_prompt_to_what_became_of_it():
    shown = sample_text(
        sample(
            ("raw_sample", {"input": "not shown twice", "ideal": "18"}),
            ("sampling", {"prompt": [{"role": "system", "content": "Solve."}, {"role": "user", "name": "example_user", "content": [{"type": "text", "text": "9+9="}, {"type": "image_url", "image_url": "data:..."}]}], "sampled": ["It is 18."], "usage": {"prompt_tokens": 1080, "completion_tokens": 30}, "latency_s": 0.512, "cost_usd": 0.0001, "finish_reasons": ["length"]}),
            ("match", {"correct": True, "expected": "18", "picked": "18", "sampled": "It is 18."}),
            ("metrics", {"f1_score": 0.5}),
            labels={"subject": "sums"},
        )
    )  # fmt: skip
    assert shown.splitlines() == [
        "a.b.0  right  (subject sums)",
        "  system      Solve.",
        "  example_user",
        "              9+9=",
        "              [image_url]",
        "  completion  It is 18.",
        "  finish      length",
        "  expected    18",
        "  picked      18",
        "  metrics     f1_score 0.5",
        "  usage       1,110 tokens (1,080 prompt, 30 completion), 0.51 s, $0.0001",
    ]


def test_an_error_says_its_kind_message_and_the_rest():
    error = {"type": "timed out", "message": "no reply", "n_attempts": 4}
    shown = sample_text(sample(("error", error), error=error, repeat=2))
    assert shown.splitlines() == [
        "a.b.0, repeat 2  error",
        "  error       timed out: no reply",
        "              n_attempts 4",
    ]


def test_without_a_call_the_row_is_shown():
    shown = sample_text(sample(("raw_sample", {"input": "1+1=", "hint": "small", "ideal": "2"})))
    assert shown.splitlines() == ["a.b.0", "  prompt      1+1=", "  hint        small", "  expected    2"]


def test_all_calls_are_shown_only_when_the_sample_is_shown_whole():
    calls = sample(*[("sampling", {"prompt": f"p{n}", "sampled": [f"s{n}"]}) for n in range(3)])
    assert "p2" not in sample_text(calls)
    assert "3; the first is shown" in sample_text(calls)
    assert "s2" in sample_text(calls, max_lines=None)


@pytest.mark.parametrize(
    ("record", "verdict"),
    [
        (sample(("match", {"correct": True})), "right"),
        (sample(("match", {"correct": False})), "wrong"),
        (sample(("metrics", {"score": 1})), ""),
        (sample(("match", {"correct": True}), error={}), "error"),
        (sample(("exam", {"status": "wrong"})), "wrong"),
        (sample(("exam", {"status": "wrong", "dropped": True})), ""),
    ],
)
def test_the_verdict_is_one_word(record, verdict):
    assert verdict_of(record) == verdict


def test_a_question_that_its_paper_does_not_score_is_said_to_be_so():
    assert "(not scored)" in sample_text(sample(("exam", {"status": "blank", "dropped": True})))


def test_colour_is_used_only_when_asked_for():
    record = sample(("match", {"correct": False}))
    assert "\x1b[31mwrong\x1b[0m" in sample_text(record, colour=True)
    assert "\x1b" not in sample_text(record)


def test_what_was_scored_is_shown_where_no_call_was_recorded():
    """Completion functions of third parties, and `dummy`, record no sampling; a match tells what came back."""
    shown = sample_text(sample(("match", {"correct": False, "expected": "4", "picked": "five", "sampled": "five"})))
    assert [line.split() for line in shown.splitlines()[1:]] == [["completion", "five"], ["expected", "4"]]


def test_reasoning_stands_before_its_completion():
    call = {"prompt": "2+2?", "sampled": ["4"], "reasoning": ["Two and two."]}
    text = sample_text(sample(("sampling", call), ("match", {"correct": True, "expected": "4", "picked": "4"})))
    assert text.index("Two and two.") < text.index("completion")


def test_calls_of_functions_are_shown_in_prompts_and_completions_with_what_is_wrong():
    asked = {"id": "a", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Paris"}'}}
    prompt = [{"role": "user", "content": "?"}, {"role": "assistant", "content": None, "tool_calls": [asked]}]
    called = {"id": "b", "name": "weather", "arguments": {"city": "Oslo"}}
    match = {"correct": False, "expected": "x", "picked": "y", "why": "city is 'Oslo'"}
    text = sample_text(
        sample(("sampling", {"prompt": prompt, "sampled": [""], "tool_calls": [[called]]}), ("match", match))
    )
    lines = [line.split(None, 1) for line in text.splitlines()]
    assert [line for line in lines if line[0] in ("calls", "assistant", "why")] == [
        ["calls", 'weather {"city": "Paris"}'], ["calls", 'weather {"city": "Oslo"}'], ["why", "city is 'Oslo'"],
    ]  # fmt: skip


def test_what_a_schema_does_not_allow_is_shown():
    match = {"correct": False, "expected": None, "picked": {"born": "1815"}, "problem": "born: '1815' is no integer"}
    text = sample_text(sample(("sampling", {"prompt": "?", "sampled": ['{"born": "1815"}']}), ("match", match)))
    assert ["why", "born: '1815' is no integer"] in [line.split(None, 1) for line in text.splitlines()]


def test_what_each_grader_says_is_shown():
    grades = [
        {"name": "exact", "score": 0.0, "passed": False, "problem": "the answer has no JSON"},
        {"name": "near", "score": 0.5, "passed": None},
    ]
    text = sample_text(sample(*(("grade", grade) for grade in grades)))
    assert "exact 0, failed: the answer has no JSON" in text
    assert text.splitlines()[-1].split() == ["grade", "near", "0.5"]


SHOTS = [{"role": role, "content": f"{role} {n}"} for n in range(8) for role in ("user", "assistant")]
CHAT = [{"role": "system", "content": "Answer."}, *SHOTS, {"role": "user", "content": "What is asked?"}]
TEXT = "".join(f"Question: {n}+1?\nAnswer: {n + 1}\n\n" for n in range(8)) + "Question: What is asked?\nAnswer:"


@pytest.mark.parametrize(("prompt", "hidden"), [(CHAT, "assistant 3"), (TEXT, "3+1?")])
@pytest.mark.parametrize("max_lines", [None, 20])
def test_few_shot_examples_are_folded_and_the_question_is_shown(prompt, hidden, max_lines):
    shown = sample_text(sample(("sampling", {"prompt": prompt, "sampled": ["x"]})), max_lines=max_lines)
    assert "(8 few-shot examples: --full shows them)" in shown
    assert "What is asked?" in shown
    assert hidden not in shown


@pytest.mark.parametrize(("prompt", "part"), [(CHAT, "assistant 3"), (TEXT, "3+1?")])
def test_few_shot_examples_are_shown_where_they_are_asked_for(prompt, part):
    calls = sample(("sampling", {"prompt": prompt, "sampled": ["x"]}))
    assert part in sample_text(calls, max_lines=None, with_examples=True)


@pytest.mark.parametrize("long", ["word " * 3000, "line\n" * 3000])
def test_of_a_long_prompt_the_end_is_kept(long):
    shown = sample_text(sample(("sampling", {"prompt": f"Begin. {long}What is asked?", "sampled": ["x"]})))
    assert "Begin." in shown
    assert "What is asked?" in shown
    assert "characters in all)" in shown
    assert len(shown.splitlines()) < 26


def test_the_call_that_failed_stands_behind_those_that_did_not():
    error = {"type": "timed out", "message": "no reply", "prompt": "and then?"}
    shown = sample_text(sample(("sampling", {"prompt": "first?", "sampled": ["yes"]}), ("error", error), error=error))
    assert shown.splitlines()[1:] == [
        "  prompt      first?",
        "  completion  yes",
        "  call        the one that failed",
        "  prompt      and then?",
        "  error       timed out: no reply",
    ]
