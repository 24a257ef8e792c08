"""ExtractAnswer over real files and scripted completions: prompts, events, reports."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from evals.completion import Completions
from evals.errors import BadSample, UsageError
from evals.record import DummyRecorder, Event, LocalRecorder
from evals.registry import Registry, bundled_root
from evals.sample import Sample
from evals.specs import RunSpec
from evals.suite.answers.extract import ExtractAnswer


class Model:
    """A completion function that gives its completions in turn and keeps what it was asked."""

    def __init__(self, *completions: str) -> None:
        self.completions = list(completions)
        self.calls: list[tuple[Any, dict[str, Any]]] = []

    def __call__(self, prompt: Any, **kwargs: Any) -> Completions:
        self.calls.append((prompt, kwargs))
        return Completions([self.completions[(len(self.calls) - 1) % len(self.completions)]])


def make(*completions: str, **args: Any) -> ExtractAnswer:
    return ExtractAnswer([Model(*completions)], args.pop("samples_jsonl", ""), eval_registry_path=Path("."), **args)


def events_of(evaluation: ExtractAnswer, sample: dict[str, Any]) -> Sequence[Event]:
    recorder = DummyRecorder(None)
    recorder.run_spec = run_spec()
    with recorder.as_default_recorder("x"):
        evaluation.eval_sample(sample, None)
    return recorder.get_events("match")


def run_spec() -> RunSpec:
    return RunSpec(["scripted"], "sums.dev.v0", "sums", "dev", {}, "")


def asked(evaluation: ExtractAnswer) -> Any:
    model: Any = evaluation.completion_fn
    return model.calls[-1]


@pytest.mark.parametrize(
    ("completion", "correct", "picked", "parsed"),
    [
        ("9 * 2 = 18.", True, "18", True),
        ("It is $18.00", True, "$18.00", True),
        ("It is 17", False, "17", True),
        ("I do not know.", False, None, False),
        ("", False, None, False),
    ],
)
def test_a_match_event_says_what_was_picked_and_whether_there_was_an_answer(
    completion: str, correct: bool, picked: str | None, parsed: bool
) -> None:
    [event] = events_of(make(completion), {"input": "What is 9 * 2?", "ideal": "18"})
    assert event.data == {"correct": correct, "expected": "18", "picked": picked, "parsed": parsed}


def test_any_of_several_ideals_will_do() -> None:
    evaluation = make("17", "(B)", extract="number")
    [event] = events_of(evaluation, {"input": "?", "ideal": ["17", "18"]})
    assert event.data["correct"] is True


def test_the_request_is_greedy_and_holds_only_what_was_given() -> None:
    plain, full = make("18"), make("18", temperature=0.7, max_tokens=50, stop=["\n\n"])
    for evaluation in (plain, full):
        events_of(evaluation, {"input": "9 * 2?", "ideal": "18"})
    assert asked(plain) == ("9 * 2?", {"temperature": 0.0})
    assert asked(full)[1] == {"temperature": 0.7, "max_tokens": 50, "stop": ["\n\n"]}


def test_an_instruction_follows_the_question() -> None:
    evaluation = make("18", instruction="Only a number.")
    assert evaluation.first_prompt(Sample({"input": "9 * 2?", "ideal": "18"})) == "9 * 2?\n\nOnly a number."
    chat = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "9 * 2?"}]
    assert evaluation.first_prompt(Sample({"input": chat, "ideal": "18"})) == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "9 * 2?\n\nOnly a number."},
    ]
    assert chat[-1]["content"] == "9 * 2?"


def test_an_instruction_is_a_part_of_its_own_beside_images() -> None:
    parts = [{"type": "image_url", "image_url": {"url": "chart.png"}}]
    prompt = make("18", instruction="Read it.").first_prompt(
        Sample({"input": [{"role": "user", "content": parts}], "ideal": "18"})
    )
    assert prompt == [{"role": "user", "content": [*parts, {"type": "text", "text": "Read it."}]}]


def test_a_template_takes_the_question_and_other_fields() -> None:
    evaluation = make("18", template="{subject}: {input}\nA:")
    sample = Sample({"input": "Is {x} 18?", "subject": "Sums", "ideal": "18"})
    assert evaluation.first_prompt(sample) == "Sums: Is {x} 18?\nA:"


def test_a_field_that_the_template_needs_is_missed_before_any_call() -> None:
    with pytest.raises(BadSample, match="subject"):
        make("18", template="{subject}: {input}").check_sample(Sample({"input": "?", "ideal": "18"}))


def test_a_template_without_a_place_for_the_question_is_refused() -> None:
    with pytest.raises(UsageError, match=r"no \{input\}"):
        make("18", template="Question: {question}")


def test_inline_examples_are_asked_like_the_question() -> None:
    rows = [
        {"input": "1 + 1?", "answer": "1 + 1 = 2. The answer is 2.", "ideal": "2"},
        {"input": "2 + 2?", "ideal": "4"},
    ]
    evaluation = make("18", few_shot=rows, template="Q: {input}", num_few_shot=2)
    assert evaluation.first_prompt(Sample({"input": "9 * 2?", "ideal": "18"})) == [
        {"role": "user", "content": "Q: 1 + 1?"},
        {"role": "assistant", "content": "1 + 1 = 2. The answer is 2."},
        {"role": "user", "content": "Q: 2 + 2?"},
        {"role": "assistant", "content": "4"},
        {"role": "user", "content": "Q: 9 * 2?"},
    ]


def test_examples_of_a_file_stand_before_the_last_message(tmp_path: Path) -> None:
    shown = [{"role": "system", "name": "example_user", "content": f"{i}?"} for i in range(3)]
    path = tmp_path / "few_shot.jsonl"
    path.write_text("".join(json.dumps({"sample": [message]}) + "\n" for message in shown))
    evaluation = make("18", few_shot_jsonl=str(path), num_few_shot=2)
    question = [{"role": "user", "content": "9 * 2?"}]
    assert evaluation.first_prompt(Sample({"input": question, "ideal": "18"})) == [*shown[:2], *question]
    assert (
        make("18", few_shot_jsonl=str(path), num_few_shot=0).first_prompt(Sample({"input": question, "ideal": "18"}))
        == question
    )
    assert len(make("18", few_shot_jsonl=str(path)).few_shot) == 3


@pytest.mark.parametrize("form", ["input", "sample"])
def test_the_row_that_is_asked_is_never_its_own_example(tmp_path: Path, form: str) -> None:
    rows = [{"input": f"{i} + {i}?", "ideal": str(2 * i)} for i in range(4)]
    shown = [
        [{"role": "user", "content": row["input"]}, {"role": "assistant", "content": row["ideal"]}] for row in rows
    ]
    path = tmp_path / "few_shot.jsonl"
    examples = rows if form == "input" else [{"sample": messages} for messages in shown]
    path.write_text("".join(json.dumps(row) + "\n" for row in examples))
    evaluation = make("18", few_shot_jsonl=str(path), num_few_shot=2, instruction=None if form == "input" else "Short.")
    for asked, others in ((0, (1, 2)), (1, (0, 2)), (3, (0, 1))):
        *before, _ = evaluation.first_prompt(Sample(rows[asked]))
        assert before == [message for other in others for message in shown[other]]
        assert evaluation.few_shot_overlap(rows[asked]) == ("same" if asked < 2 else None)


def test_the_same_question_about_another_passage_is_another_row() -> None:
    rows = [{"input": "How many points?", "passage": name, "ideal": "7"} for name in ("They won.", "They lost.")]
    evaluation = make("7", few_shot=rows, template="{passage} {input}", num_few_shot=1)
    assert evaluation.first_prompt(Sample(rows[1]))[0]["content"] == "They won. How many points?"
    assert evaluation.first_prompt(Sample(rows[0]))[0]["content"] == "They lost. How many points?"


@pytest.mark.parametrize(
    "args",
    [
        {"num_few_shot": 2},
        {"num_few_shot": 2, "few_shot": [{"input": "?", "ideal": "1"}]},
        {"few_shot": [{}], "few_shot_jsonl": "x"},
    ],
    ids=["no examples", "too few", "two sources"],
)
def test_examples_that_are_not_there_are_refused(args: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        make("18", **args)


@pytest.mark.parametrize(
    ("sample", "message"),
    [
        ({"ideal": "18"}, "no 'input'"),
        ({"input": "?"}, "no 'ideal'"),
        ({"input": "?", "ideal": "many"}, "cannot be found by `extract: number`"),
        ({"input": "?", "ideal": 18}, 'put it in quotes: "18"'),
        ({"input": "?", "ideal": []}, "empty list"),
        ({"input": [], "ideal": "18"}, "'input' is an empty list"),
        ({"input": 5, "ideal": "18"}, "neither a text nor a list of messages"),
        (None, "must be an object"),
    ],
)
def test_bad_samples_are_refused_before_any_call(sample: Any, message: str) -> None:
    with pytest.raises(BadSample, match=message):
        make("18").check_sample(sample)


def test_a_bad_sample_says_where_it_stands() -> None:
    with pytest.raises(BadSample, match=r"^rows\.jsonl:17: no 'ideal'"):
        make("18").check_sample(Sample({"input": "?"}, path="rows.jsonl", line=17))


def test_ideal_completions_pass_their_own_scorer() -> None:
    for args, ideal in (({}, "1,234"), ({"extract": "boxed"}, r"\frac{1}{2}"), ({"extract": "letter"}, "C")):
        evaluation = make("", **args)
        [completion] = evaluation.ideal_completions({"ideal": ideal})
        [event] = events_of(make(completion, **args), {"input": "?", "ideal": ideal})
        assert event.data["correct"] is True


def test_a_run_reports_accuracy_and_completions_without_an_answer(tmp_path: Path) -> None:
    data = tmp_path / "sums.jsonl"
    data.write_text("".join(json.dumps({"input": f"{i} + {i}?", "ideal": str(2 * i)}) + "\n" for i in range(10)))
    replies = {f"{i} + {i}?": f"The answer is {2 * i}." for i in range(10)}
    replies |= {"3 + 3?": "Six.", "4 + 4?": "I think 9", "5 + 5?": ""}

    def model(prompt: Any, **kwargs: Any) -> Completions:
        return Completions([replies[prompt]])

    evaluation = ExtractAnswer([model], str(data), eval_registry_path=tmp_path, name="sums.dev.v0")
    recorder = LocalRecorder(str(tmp_path / "record.jsonl"), run_spec())
    report = evaluation.run(recorder)
    recorder.record_final_report(report)
    assert report["accuracy"] == pytest.approx(0.7)
    assert report["unparsed"] == pytest.approx(0.2)
    assert report["n"] == 10
    assert report["accuracy_ci95"][0] < 0.7 < report["accuracy_ci95"][1]


@pytest.mark.parametrize("name", ["gsm8k.test.v1", "gsm8k.report.v1", "mgsm-de.test.v1", "mgsm-te.test.v1"])
def test_built_in_evals_accept_their_arguments(name: str) -> None:
    registry = Registry([bundled_root()])
    spec = registry.find_eval(name)
    evaluation = registry.get_class(spec)(
        completion_fns=[Model("18")], name=name, eval_registry_path=spec.registry_path, registry=registry
    )
    evaluation.check_sample({"input": [{"role": "user", "content": "?"}], "ideal": "-1450000"})
    assert len(evaluation.few_shot) == (5 if name == "gsm8k.report.v1" else 0)


@pytest.mark.parametrize(
    ("ideal", "fix"),
    [("AD", "write `extract: letters`"), ("A B D", "write `extract: letters`"), ("42", "another rule")],
)
def test_an_ideal_of_several_letters_leads_to_the_rule_that_reads_them(ideal: str, fix: str) -> None:
    with pytest.raises(BadSample, match="cannot be found by `extract: letter`") as refused:
        make("A", extract="letter").check_sample(Sample({"input": "?", "ideal": ideal}))
    assert fix in (refused.value.fix or "")
    if fix != "another rule":
        make("A", extract="letters").check_sample(Sample({"input": "?", "ideal": ideal}))
