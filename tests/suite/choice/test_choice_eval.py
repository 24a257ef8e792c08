"""Runs of multiple choice: orders of options, examples that fit, blanks, mc2, and the checks before a run."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from toy_models import ChatModel, ScoringModel, hashed, run_choice, write_rows

from evals.errors import DataError, UsageError
from evals.record.reader import read_record
from evals.runner.checks import check_evals
from evals.suite.choice.eval import Choice

COLOURS = ["red", "green", "blue", "grey"]
ROWS = [{"question": f"Question {i}?", "choices": COLOURS, "answer": i % 4} for i in range(40)]


def finds_blue(prompt: str) -> Mapping[str, float]:
    """A model that knows the right colour and not the letter by heart."""
    line = next(line for line in prompt.splitlines()[::-1] if line.endswith(". blue"))
    return {f" {letter}": 0.7 if letter == line[0] else 0.1 for letter in "ABCD"}


def says_a(prompt: str) -> Mapping[str, float]:
    return {" A": 0.7, " B": 0.1, " C": 0.1, " D": 0.1}


def blue_is_right() -> list[dict[str, Any]]:
    return [{**row, "answer": 2} for row in ROWS]


@pytest.mark.parametrize("order", ["file", "shuffled", "rotations"])
def test_a_model_that_knows_is_right_in_every_order(tmp_path: Path, order: str) -> None:
    report, events = run_choice(ScoringModel(finds_blue), blue_is_right(), tmp_path, order=order)
    assert (report["accuracy"], report["n"]) == (1.0, 40)
    assert all(event["order"][event["picked"]] == 2 == event["order"][event["answer"]] for event in events)


def test_shuffled_orders_differ_between_samples_and_not_between_runs(tmp_path: Path) -> None:
    first, again = (run_choice(ScoringModel(), ROWS, tmp_path, order="shuffled")[1] for _ in range(2))
    orders = [tuple(event["order"]) for event in first]
    assert orders == [tuple(event["order"]) for event in again]
    assert len(set(orders)) > 10


def test_rotations_ask_a_question_once_in_each_and_average_within_it(tmp_path: Path) -> None:
    report, events = run_choice(ScoringModel(says_a), ROWS, tmp_path, order="rotations")
    assert len(events) == 4 * len(ROWS)
    assert report["n"] == len(ROWS)
    assert report["accuracy"] == 0.25
    assert report["same_in_all"] == 0.0
    low, high = report["accuracy_ci95"]
    assert low < 0.25 < high, "no spread between questions is no certainty"


def test_rotations_of_a_model_that_knows_agree(tmp_path: Path) -> None:
    report, _ = run_choice(ScoringModel(finds_blue), blue_is_right(), tmp_path, order="rotations")
    assert (report["same_in_all"], report["position_bias"]) == (1.0, 0.0)


def test_a_model_that_prefers_a_place_is_shown_to(tmp_path: Path) -> None:
    report, _ = run_choice(ScoringModel(says_a), ROWS, tmp_path)
    first = report["positions"]["A"]
    assert (first["right"], first["picked"], first["accuracy"], first["n"]) == (0.25, 1.0, 1.0, 10)
    assert report["position_bias"] == pytest.approx(math.sqrt(0.25 * 0.75))
    assert report["position_bias"] > 3 * report["bias_by_chance"]


SHOTS = [{"question": f"Example {i} {'x' * 90}?", "choices": COLOURS, "answer": i % 4} for i in range(5)]


def n_examples(prompt: Any) -> int:
    return str(prompt).count("Example")


def test_the_last_examples_are_left_out_until_the_prompt_fits(tmp_path: Path) -> None:
    model = ScoringModel()
    report, events = run_choice(model, ROWS[:3], tmp_path, num_few_shot=5, shots=SHOTS, context_length=100)
    assert {event["n_shots"] for event in events} == {2}, "100 tokens are about 400 bytes, an example 143"
    prompt, _ = model.prompts[0]
    assert n_examples(prompt) == 2
    assert prompt.startswith("Example 0")
    assert report["how"][1] == "2 examples before each question"


def test_the_backends_own_count_goes_before_the_estimate(tmp_path: Path) -> None:
    model = ScoringModel()
    model.count_tokens = len  # type: ignore[attr-defined]
    _, events = run_choice(model, ROWS[:3], tmp_path, num_few_shot=5, shots=SHOTS, context_length=400)
    assert {event["n_shots"] for event in events} == {2}


def test_a_server_that_finds_the_prompt_too_long_gets_one_example_less(tmp_path: Path) -> None:
    class Short(ScoringModel):
        async def score(self, prompt: Any, continuations: Any) -> Any:
            self.n_ctx = 600
            try:
                return await super().score(prompt, continuations)
            finally:
                self.n_ctx = None

    rows = [*ROWS[:3], {**ROWS[3], "question": "y" * 500 + "?"}]
    report, events = run_choice(Short(), rows, tmp_path, num_few_shot=5, shots=SHOTS)
    assert [event["n_shots"] for event in events] == [3, 3, 3, 0]
    assert report["how"][1] == "3 examples before each question; fewer before 1 (at least 0), for lack of room"


def test_turns_are_sent_as_a_chat(tmp_path: Path) -> None:
    model = ChatModel()
    run_choice(model, ROWS[:2], tmp_path, num_few_shot=2, shots=SHOTS, few_shot_as="turns", header="Colours.\n\n")
    roles = [message["role"] for message in model.calls[-1][0]]
    assert roles == ["system", "user", "assistant", "user", "assistant", "user"]


def test_letters_may_be_digits(tmp_path: Path) -> None:
    model = ScoringModel(lambda prompt: {" 1": 0.1, " 2": 0.2, " 3": 0.6, " 4": 0.1})
    report, events = run_choice(model, blue_is_right(), tmp_path, letters="1234", option="({letter}) {choice}")
    assert report["accuracy"] == 1.0
    assert "(3) blue" in model.prompts[0][0]
    assert events[0]["letters"] == list("1234")


def test_questions_may_have_different_numbers_of_options(tmp_path: Path) -> None:
    rows = [{"question": "?", "choices": [f"option {k}" for k in range(n)], "answer": n - 1} for n in (2, 3, 4, 5)]
    table = lambda prompt: hashed(prompt, [f" {letter}" for letter in "ABCDE"])  # noqa: E731
    _, events = run_choice(ScoringModel(table), rows, tmp_path)
    assert [len(event["logprobs"]) for event in events] == [2, 3, 4, 5]


def test_what_follows_the_blank_is_scored_after_each_option(tmp_path: Path) -> None:
    rows = [{"question": "The _ fits, as it is small.", "choices": ["cup", "ball"], "answer": 1}]
    tables = {"The cup": {" fits, as it is small.": 0.1}, "The ball": {" fits, as it is small.": 0.4}}
    model = ScoringModel(lambda prompt: tables[prompt])
    report, events = run_choice(model, rows, tmp_path, style="completion", template="{question}", blank="_")
    assert report["accuracy"] == 1.0
    assert [prompt for prompt, _ in model.prompts] == ["The cup", "The ball"]
    assert events[0]["logprobs"] == pytest.approx([math.log(0.1), math.log(0.4)], abs=1e-8)


def test_an_example_with_a_blank_is_the_whole_sentence(tmp_path: Path) -> None:
    row = {"question": "The _ fits, as it is small.", "choices": ["cup", "ball"], "answer": 1}
    asked = {"question": "The _ breaks.", "choices": ["cup", "ball"], "answer": 0}
    evaluation = Choice(
        [ScoringModel()],
        write_rows(tmp_path / "rows.jsonl", [row]),
        name="x.dev.v0",
        few_shot_jsonl=write_rows(tmp_path / "dev.jsonl", [row]),
        num_few_shot=1,
        style="completion",
        template="{question}",
        blank="_",
    )
    assert evaluation.first_prompt(asked) == "The ball fits, as it is small.\n\nThe cup"


def test_mc2_is_the_probability_of_the_true_answers_among_all(tmp_path: Path) -> None:
    rows = [{"question": "Is it so?", "choices": ["yes", "no", "maybe"], "labels": [0, 1, 1]}]
    model = ScoringModel(lambda prompt: {" yes": 0.2, " no": 0.04, " maybe": 0.01})
    report, events = run_choice(model, rows, tmp_path, style="completion", measure="mc2")
    assert report["mc2"] == pytest.approx(0.05 / 0.25)
    assert events[0]["answer"] == 1
    scored = next(iter(read_record(tmp_path / "record.jsonl").events("metrics")))
    assert scored.data == {"score": pytest.approx(0.2)}


def test_unconditional_scores_take_off_what_an_option_is_worth_without_the_question(tmp_path: Path) -> None:
    tables = {
        "Question: Sky?\nAnswer:": {" blue": 0.3, " the": 0.4},
        "Answer:": {" blue": 0.01, " the": 0.5},
    }
    rows = [{"question": "Sky?", "choices": ["the", "blue"], "answer": 1}]
    model = ScoringModel(lambda prompt: tables[prompt])
    plain, _ = run_choice(model, rows, tmp_path, style="completion")
    fair, events = run_choice(model, rows, tmp_path, style="completion", normalisation="unconditional")
    assert (plain["accuracy"], fair["accuracy"]) == (0.0, 1.0)
    assert events[0]["scores"] == pytest.approx([math.log(0.4 / 0.5), math.log(0.3 / 0.01)], abs=1e-8)


def test_equal_scores_are_counted(tmp_path: Path) -> None:
    model = ScoringModel(lambda prompt: {f" {letter}": 0.25 for letter in "ABCD"})
    report, events = run_choice(model, ROWS, tmp_path)
    assert {event["picked"] for event in events} == {0}
    assert report["warnings"] == ["40 questions had a tie: the first of the options with the highest score was used"]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ({"style": "letters"}, "did you mean: letter"),
        ({"normalisation": "per_byte"}, "belong to style completion"),
        ({"style": "completion", "measure": "mc2", "normalisation": "per_char"}, "mc2 compares whole probabilities"),
        ({"style": "completion", "order": "rotations"}, "the order of options that are not shown changes nothing"),
        ({"style": "completion", "blank": "_", "normalisation": "unconditional"}, "what is scored is the same"),
        ({"num_few_shot": 3}, "num_few_shot is 3 and no file is named"),
        ({"few_shot_pick": "last"}, "few_shot_pick is 'last'"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(tmp_path: Path, args: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        Choice([ScoringModel()], write_rows(tmp_path / "rows.jsonl", ROWS), name="x.dev.v0", **args)
    assert message in str(caught.value)


def checked(folder: Path, rows: list[dict[str, Any]], **args: Any) -> list[tuple[str, str]]:
    """What `evals check` says of an eval over these rows: (level, text)."""
    (folder / "evals").mkdir()
    (folder / "data").mkdir()
    write_rows(folder / "data" / "rows.jsonl", rows)
    body = {"class": "evals.suite:Choice", "args": {"samples_jsonl": "rows.jsonl", **args}}
    (folder / "evals" / "x.yaml").write_text(json.dumps({"x": {"id": "x.dev.v0"}, "x.dev.v0": body}))
    (found,) = check_evals(["x"], [str(folder)], [])
    return [(finding.level, finding.text) for finding in found.findings]


def test_check_proves_rows_and_scorer(tmp_path: Path) -> None:
    found = checked(tmp_path, ROWS)
    assert {level for level, _ in found} == {"ok"}
    assert ("ok", "every ideal answer passes its own scorer") in found


def test_check_shows_rows_that_are_no_questions(tmp_path: Path) -> None:
    found = checked(tmp_path, [*ROWS, {"question": "?", "choices": COLOURS, "answer": 9}])
    assert [text.splitlines()[0] for level, text in found if level == "failed"] == [
        f"{tmp_path}/data/rows.jsonl:41: 'answer' is 9, which is none of the 4 options"
    ]


def test_a_few_shot_file_that_cannot_be_read_is_tried_once(tmp_path: Path) -> None:
    shots = tmp_path / "dev.jsonl"
    evaluation = Choice(
        [ScoringModel()],
        write_rows(tmp_path / "rows.jsonl", ROWS),
        name="x.dev.v0",
        few_shot_jsonl=str(shots),
        num_few_shot=1,
    )
    with pytest.raises(DataError) as first:
        evaluation.check_sample(ROWS[0])
    write_rows(shots, SHOTS)
    with pytest.raises(DataError) as second:
        evaluation.check_sample(ROWS[1])
    assert second.value is first.value
