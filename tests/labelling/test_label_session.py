"""What each key of `evals label` does, and which samples it shows."""

from __future__ import annotations

from collections import Counter

import pytest

from evals.labelling.graded_record import GradedSample
from evals.labelling.session import Command, Labelling, chosen, command_of
from evals.labelling.shown import shared_lines


def sample(number: int, choice: str = "Yes", guide: str = "") -> GradedSample:
    return GradedSample(f"s.dev.{number}", "?", "a", {}, choice, 1.0, guide=guide or None)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("1", Command("label", "Yes")), ("2\n", Command("label", "No")), ("yes", Command("label", "Yes")),
        ("3", Command("unknown", "3")), ("n", Command("note")), ("n too long ", Command("note", "too long")),
        ("u", Command("undo")), ("s", Command("skip")), ("q", Command("quit")), ("", Command("nothing")),
        ("q now", Command("unknown", "q now")),
    ],
)  # fmt: skip
def test_a_line_is_a_number_a_choice_or_a_command(said, expected):
    assert command_of(said, ["Yes", "No"]) == expected


def test_a_choice_in_its_own_spelling_wins_over_a_command_of_that_letter():
    assert command_of("s", ["s", "t"]) == Command("label", "s")
    assert command_of("N", ["R", "N"]) == Command("label", "N")
    assert command_of("n", ["R", "N"]) == Command("note")


def test_more_samples_of_the_same_seed_hold_the_fewer():
    samples = [sample(number) for number in range(50)]
    few, more = chosen(samples, 10, 3), chosen(samples, 20, 3)
    assert more[:10] == few
    assert few != samples[:10]
    assert chosen(samples, 10, 4) != few


def test_stratified_samples_come_in_turns_of_the_verdicts():
    samples = [sample(number, "No" if number % 10 == 0 else "Yes") for number in range(100)]
    assert Counter(one.choice for one in chosen(samples, 12, 0, stratify=True)) == {"Yes": 6, "No": 6}


def test_labels_are_taken_back_one_by_one():
    work = Labelling([sample(0), sample(1)])
    work.give("Yes")
    work.give(None)
    assert (work.current, work.n_done) == (None, 2)
    assert (work.undo(), work.undo(), work.undo()) == ("s.dev.1", "s.dev.0", None)
    assert work.current.id == "s.dev.0"
    with pytest.raises(ValueError, match="all samples"):
        Labelling([]).give("Yes")


def test_what_all_prompts_share_is_shown_once():
    guides = [f"Judge.\n<reply>\n{text}\n</reply>\nYes or No?" for text in ("short", "two\nlines")]
    shared = shared_lines([sample(number, guide=guide) for number, guide in enumerate(guides)])
    assert shared.instructions == "Judge.\n<reply>\n...\n</reply>\nYes or No?"
    assert shared.own_part(guides[1]) == "<reply>\ntwo\nlines\n</reply>"


def test_prompts_that_are_all_the_same_keep_a_line_for_each_sample():
    shared = shared_lines([sample(0, guide="a\nb"), sample(1, guide="a\nb")])
    assert shared.own_part("a\nb") == "b"
