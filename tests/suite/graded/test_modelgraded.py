"""ModelBasedClassify over scripted models: prompts, calls, events, reports, and the bundled rubrics."""

from __future__ import annotations

import copy
import json
import os
import statistics
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import yaml

from evals.completion import Completions
from evals.completion_fns.function import FunctionCompletionFn
from evals.data import get_jsonl
from evals.elsuite.modelgraded.classify import ModelBasedClassify
from evals.engine.context import use_session
from evals.engine.failures import CallFailed
from evals.engine.plan import RunPlan
from evals.engine.session import Session
from evals.errors import BadSample, EvalsError, RegistryError, UsageError
from evals.record import DummyRecorder, LocalRecorder
from evals.record.event import Event
from evals.record.metric_ranges import names_beyond_unit
from evals.registry import Registry, bundled_data_root, bundled_root
from evals.sample import Sample
from evals.specs import RunSpec
from evals.suite.graded.report import GradedReport

RUBRIC = {
    "prompt": "Task: {input}\nAnswer: {completion}\nGood?",
    "choice_strings": ["Yes", "No", "Unsure"],
    "choice_scores": {"Yes": 1, "No": 0.25, "Unsure": 0.5},
    "input_outputs": {"input": "completion"},
}
FIXED = {"top_p": 1, "frequency_penalty": 0, "presence_penalty": 0, "n": 1}

PEER_REGISTRY = os.environ.get("EVALS_PEER_REGISTRY")


class Model:
    """A completion function that answers by a function of the prompt and keeps what it was asked."""

    def __init__(self, answer: Callable[[object], str] | str) -> None:
        self.answer = answer
        self.calls: list[tuple[object, dict[str, object]]] = []

    def __call__(self, prompt: object, **kwargs: object) -> Completions:
        self.calls.append((prompt, kwargs))
        return Completions([self.answer if isinstance(self.answer, str) else self.answer(prompt)])

    @property
    def prompts(self) -> list[object]:
        return [prompt for prompt, _ in self.calls]


class Recorded(DummyRecorder):
    """Keeps the keyword arguments of each `record_metrics`."""

    def __init__(self) -> None:
        super().__init__(None)
        self.metrics: list[dict[str, object]] = []

    def record_metrics(self, **kwargs: object) -> None:
        self.metrics.append(kwargs)


@pytest.fixture
def graded(tmp_path: Path) -> Callable[..., ModelBasedClassify]:
    """Makes an eval with a rubric of the test's own, read from a real registry."""

    def make(models: Sequence[Model], rubric: dict[str, object] | None = None, **args: object) -> ModelBasedClassify:
        folder = tmp_path / "modelgraded"
        folder.mkdir(exist_ok=True)
        entry = {**RUBRIC, **(rubric or {})}
        (folder / "good.yaml").write_text(yaml.safe_dump({"good": entry}, allow_unicode=True), encoding="utf-8")
        kwargs = {"modelgraded_spec": "good", "eval_type": "classify", "name": "graded.dev.v0", **args}
        return ModelBasedClassify(completion_fns=models, registry=Registry(registry_paths=[tmp_path]), **kwargs)

    return make


def grade(evaluation: ModelBasedClassify, sample: dict[str, object]) -> dict[str, object]:
    """What grading one sample recorded under `metrics`."""
    recorder = Recorded()
    with recorder.as_default_recorder("graded.dev.0"):
        choice = evaluation.eval_sample(sample, None)
    assert recorder.metrics[0]["choice"] == choice
    assert len(recorder.metrics) == 1
    return recorder.metrics[0]


def run(evaluation: ModelBasedClassify, tmp_path: Path, rows: Sequence[dict[str, object]]) -> dict[str, object]:
    """The final report over `rows`, through a real data file and a real record."""
    path = tmp_path / "samples.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    evaluation.samples_jsonl = str(path)
    spec = RunSpec(["scripted"], "graded.dev.v0", "graded", "dev", {}, "")
    recorder = LocalRecorder(tmp_path / "record.jsonl", spec)
    try:
        return evaluation.run(recorder)
    finally:
        recorder.close()


def test_the_last_model_grades_what_the_first_wrote(graded):
    writer, grader = Model("Four."), Model("Yes")
    metrics = grade(graded([writer, grader]), {"input": "2 + 2?"})
    assert metrics == {"choice": "Yes", "score": 1.0}
    assert writer.calls == [("2 + 2?", {"max_tokens": 1024, "temperature": 0, **FIXED})]
    ((question, kwargs),) = grader.calls
    assert [message["role"] for message in question] == ["user"]
    assert question[0]["content"].startswith("Task: 2 + 2?\nAnswer: Four.\nGood?\n\n")
    assert '"Yes" or "No" or "Unsure"' in question[0]["content"]
    assert kwargs == {"max_tokens": 1024, "temperature": 0, **FIXED}


def test_a_single_model_writes_and_grades(graded):
    model = Model(lambda prompt: "Four." if isinstance(prompt, str) else "No")
    assert grade(graded([model]), {"input": "2 + 2?"}) == {"choice": "No", "score": 0.25}
    assert len(model.calls) == 2


def test_call_options_of_the_eval_go_to_writer_and_grader_apart(graded):
    writer, grader = Model("x"), Model("Yes")
    evaluation = graded(
        [writer, grader],
        sample_kwargs={"max_tokens": 7, "temperature": 1},
        eval_kwargs={"completion_kwargs": {"stop": ["#"]}},
    )
    grade(evaluation, {"input": "?"})
    assert writer.calls[0][1] == {**FIXED, "max_tokens": 7, "temperature": 1}
    assert grader.calls[0][1] == {**FIXED, "max_tokens": 1024, "temperature": 0, "stop": ["#"]}


@pytest.mark.parametrize(
    ("eval_type", "answer", "choice"),
    [
        ("classify", "Yes", "Yes"),
        ("classify_cot", "No\nIt is wrong. Yes would be too kind.\nYes", "No"),
        ("cot_classify", "Yes, at first sight.\nBut 2 + 2 is 4.\nNo", "No"),
        ("cot_classify_jp", "一見正しい。\n\nUnsure", "Unsure"),
    ],
)
def test_each_eval_type_reads_the_answer_in_its_own_order(graded, eval_type, answer, choice):
    evaluation = graded([Model("Five."), Model(answer)], eval_type=eval_type)
    assert grade(evaluation, {"input": "2 + 2?"})["choice"] == choice


def test_a_rubric_with_its_own_eval_type_gets_no_instruction_added(graded):
    grader = Model("...\nYes")
    evaluation = graded([Model("4"), grader], {"eval_type": "cot_classify", "prompt": "{completion}"}, eval_type=None)
    assert grade(evaluation, {"input": "?"})["choice"] == "Yes"
    assert grader.prompts == [[{"role": "user", "content": "4"}]]


@pytest.mark.parametrize(
    ("match_fn", "answer", "choice"),
    [
        (None, "I say Yes", "Yes"),
        ("starts_or_endswith", "Yes, I say", "Yes"),
        ("endswith", "Yes, I say No", "No"),
        ("exact", "Yes, I say", "__invalid__"),
        ("include", "sure", "Unsure"),
    ],
)
def test_the_match_function_of_the_eval_decides_what_names_a_choice(graded, match_fn, answer, choice):
    assert grade(graded([Model("x"), Model(answer)], match_fn=match_fn), {"input": "?"})["choice"] == choice


def test_a_completion_in_the_sample_is_graded_as_it_is(graded):
    writer, grader = Model("never"), Model("Yes")
    grade(graded([writer, grader]), {"input": "2 + 2?", "completion": "4"})
    assert writer.calls == []
    assert "Answer: 4\n" in grader.prompts[0][0]["content"]


def test_a_finished_completion_needs_no_prompt(graded):
    evaluation = graded([Model("Yes")], {"prompt": "{completion}"})
    evaluation.check_sample({"completion": "4"})
    assert grade(evaluation, {"completion": "4"})["choice"] == "Yes"


def test_two_prompts_get_two_completions(graded):
    writer = Model(lambda prompt: f"about {prompt}")
    grader = Model("Yes")
    rubric = {
        "prompt": "{completion1} or {completion2}?",
        "input_outputs": {"input1": "completion1", "input2": "completion2"},
    }
    grade(graded([writer, grader], rubric), {"input1": "cats", "input2": "dogs"})
    assert grader.prompts[0][0]["content"].startswith("about cats or about dogs?")


def test_a_chat_reaches_the_writer_as_it_is_and_the_grader_as_text(graded):
    chat = [
        {"role": "system", "content": "Add."},
        {"role": "system", "name": "example_user", "content": "1 + 1"},
        {"role": "user", "content": "2 + 2"},
    ]
    writer, grader = Model("4"), Model("Yes")
    grade(graded([writer, grader]), {"input": chat})
    assert writer.prompts == [chat]
    assert "Task: Add.\nUser: 1 + 1\nUser: 2 + 2\n\nAnswer: 4" in grader.prompts[0][0]["content"]


def test_a_rubric_may_be_a_chat(graded):
    grader = Model("Yes")
    prompt = [{"role": "system", "content": "You grade."}, {"role": "user", "content": "{completion}"}]
    grade(graded([Model("4"), grader], {"prompt": prompt}), {"input": "?"})
    system, question = grader.prompts[0]
    assert system == {"role": "system", "content": "You grade."}
    assert question["content"].startswith("4\n\n")


@pytest.mark.parametrize(("is_openai_form", "shown"), [(True, "f{{x}}"), (False, "f{x}")])
def test_braces_reach_the_writer_unchanged_and_the_grader_doubled_as_openai_evals_does(graded, is_openai_form, shown):
    writer, grader = Model("{4}"), Model("Yes")
    evaluation = graded([writer, grader], {"prompt": "{input}|{completion}|{note}"})
    evaluation.openai_evals_rules = is_openai_form
    grade(evaluation, {"input": "f{x}", "note": "{n}"})
    assert writer.prompts == ["f{x}"]
    assert grader.prompts[0][0]["content"].startswith(f"{shown}|{{4}}|{{n}}\n")


def test_choices_may_have_punctuation_unless_the_rule_of_openai_evals_reads_them(graded):
    rubric = {"choice_strings": ["A>B", "A=B", "B>A"], "choice_scores": {"A>B": 1, "A=B": 0.5, "B>A": 0}}
    evaluation = graded([Model("4"), Model("Both are fine, A is shorter.\n\nMy final verdict is: [[A>B]]")], rubric)
    assert grade(evaluation, {"input": "?"}) == {"choice": "A>B", "score": 1.0}
    evaluation.preflight()
    evaluation.openai_evals_rules = True
    with pytest.raises(RegistryError, match="'A>B' contains punctuation"):
        evaluation.preflight()


def test_grading_again_changes_neither_sample_nor_rubric_nor_question(graded):
    grader = Model("Yes")
    evaluation = graded([Model("x"), grader], {"prompt": [{"role": "user", "content": "{input} {completion}"}]})
    sample = {"input": [{"role": "user", "content": "{}"}]}
    before, rubric = copy.deepcopy(sample), copy.deepcopy(evaluation.mg)
    for _ in range(3):
        grade(evaluation, sample)
    assert sample == before
    assert evaluation.mg == rubric
    assert grader.prompts[0] == grader.prompts[1] == grader.prompts[2]


def test_japanese_goes_through_unchanged(graded):
    rubric = {"prompt": "面白い？\n{completion}", "choice_strings": "12345", "choice_scores": "from_strings"}
    grader = Model("落ちが弱い。\n３ではなく、\n2。")
    evaluation = graded([Model("猫が寝転んだ。"), grader], rubric, eval_type="cot_classify_jp")
    assert grade(evaluation, {"input": "駄洒落を一つ"}) == {"choice": "2", "score": 2.0}
    assert grader.prompts[0][0]["content"].startswith("面白い？\n猫が寝転んだ。\n\n")
    assert grader.prompts[0][0]["content"].endswith("推論：")


def test_args_of_the_eval_fill_placeholders_and_win_over_the_sample(graded):
    grader = Model("Yes")
    evaluation = graded(
        [Model("x"), grader], {"prompt": "{criteria}"}, modelgraded_spec_args={"criteria": "Is it short?"}
    )
    grade(evaluation, {"input": "?", "criteria": "Is it long?"})
    assert grader.prompts[0][0]["content"].startswith("Is it short?")


def test_an_unreadable_answer_is_asked_again_and_then_has_no_score(graded):
    grader = Model("Perhaps")
    assert grade(graded([Model("x"), grader]), {"input": "?"}) == {"choice": "__invalid__", "score": None}
    assert len(grader.calls) == 2


def test_a_function_that_fails_when_it_is_asked_again_loses_no_sample(graded, caplog):
    def only_one_question(prompt):
        if len(prompt) > 1:
            raise ValueError("no rubric here")
        return "Perhaps"

    assert grade(graded([Model("x"), FunctionCompletionFn(only_one_question)]), {"input": "?"}) == {
        "choice": "__invalid__",
        "score": None,
    }
    assert "failed when asked again, so its first answer counts: error (no status): ValueError" in caplog.text


def test_a_function_that_fails_at_the_first_question_is_an_error(graded):
    def broken(prompt):
        raise ValueError("no rubric here")

    with pytest.raises(CallFailed, match="no rubric here"):
        grade(graded([Model("x"), FunctionCompletionFn(broken)]), {"input": "?"})


def test_in_openai_evals_form_an_unreadable_answer_gets_the_lowest_score_at_once(graded):
    grader = Model("Perhaps")
    evaluation = graded([Model("x"), grader])
    evaluation.openai_evals_rules = True
    assert grade(evaluation, {"input": "?"}) == {"choice": "__invalid__", "score": 0.25}
    assert len(grader.calls) == 1


def test_only_the_first_unreadable_answers_are_logged(graded, caplog):
    evaluation = graded([Model("x"), Model("Perhaps")])
    for _ in range(10):
        grade(evaluation, {"input": "?"})
    assert caplog.text.count("the grader named none of Yes, No, Unsure: 'Perhaps'") == 3
    assert caplog.text.count("further ones are only counted") == 1


def test_a_rubric_without_scores_records_no_number(graded):
    metrics = grade(graded([Model("x"), Model("No")], {"choice_scores": None}), {"input": "?"})
    assert metrics == {"choice": "No", "score": None}


LISTED = {
    "prompt": "Which of the {n}?\n{completion}",
    "choice_strings": "from_n",
    "choice_scores": None,
    "output_template": "{i}. {output}\n",
}


def test_several_models_are_listed_for_the_grader(graded):
    writers, grader = [Model("red"), Model("green"), Model("blue")], Model("3")
    evaluation = graded([*writers, grader], LISTED, multicomp_n="from_models")
    assert grade(evaluation, {"input": "A colour?"}) == {"choice": "3", "score": None}
    assert grader.prompts[0][0]["content"].startswith("Which of the 3?\n1. red\n2. green\n3. blue\n\n")
    assert [len(writer.calls) for writer in writers] == [1, 1, 1]


@pytest.mark.parametrize(
    ("choices", "listed", "answer"),
    [
        ("from_n", "{i}", "2"),
        ("from_n_abc", "{i_abc}", "b"),
        ("from_n_ABC", "{i_ABC}", "B"),
        (["First", "Second"], "{n}", "Second"),
    ],
)
def test_one_model_can_write_several_completions(graded, choices, listed, answer):
    writer, grader = Model("same"), Model(answer)
    rubric = {**LISTED, "choice_strings": choices, "output_template": listed + ") {output}\n"}
    assert grade(graded([writer, grader], rubric, multicomp_n=2), {"input": "?"})["choice"] == answer
    assert len(writer.calls) == 2


def test_a_metaeval_compares_the_choice_with_the_label(graded):
    evaluation = graded([Model("Yes")], metaeval=True)
    row = {"input": "?", "completion": "4"}
    assert grade(evaluation, {**row, "choice": "Yes"}) == {"choice": "Yes", "score": 1.0, "metascore": True}
    assert grade(evaluation, {**row, "choice": "No"})["metascore"] is False


@pytest.mark.parametrize(
    ("n_models", "multicomp_n", "message"),
    [
        (1, "from_models", "compares several models"),
        (2, "from_models", "compares several models"),
        (3, 1, "2 models and a grader"),
        (4, 2, "name one model or 2 before the grader"),
        (1, 0, "multicomp_n is 0"),
        (1, "two", "multicomp_n is 'two'"),
    ],
)
def test_a_number_of_models_that_does_not_fit_is_an_error_that_says_what_to_name(
    graded, n_models, multicomp_n, message
):
    with pytest.raises(UsageError) as caught:
        graded([Model("x")] * n_models, LISTED, multicomp_n=multicomp_n)
    assert message in str(caught.value)


def test_no_eval_type_anywhere_is_an_error_before_the_first_call(graded):
    with pytest.raises(RegistryError) as caught:
        graded([Model("x")], eval_type=None)
    assert "fix: add an eval_type" in str(caught.value)
    assert "good.yaml:1" in str(caught.value)


def test_an_unknown_rubric_is_an_error_with_a_near_miss(graded):
    with pytest.raises(EvalsError) as caught:
        graded([Model("x")], modelgraded_spec="goood")
    assert "good" in str(caught.value).split("did you mean")[1]


def test_an_empty_placeholder_is_named_with_file_line_and_near_miss(graded):
    evaluation = graded([Model("x")], {"prompt": "{completion} {criteria}"})
    row = Sample({"input": "?", "criterion": "short"}, path="data/x.jsonl", line=17)
    with pytest.raises(BadSample) as caught:
        evaluation.check_sample(row)
    lines = str(caught.value).splitlines()
    assert lines[0] == "data/x.jsonl:17: nothing fills the placeholder {criteria} of rubric 'good'"
    assert "  keys found: input, criterion" in lines
    assert "  did you mean: criterion" in lines
    said = "  fix: add 'criteria' to the sample or to modelgraded_spec_args; braces that are text are doubled: {{criteria}}"
    assert lines[-1] == said


def test_a_brace_of_a_json_example_is_the_rubrics_to_double(graded):
    evaluation = graded([Model("x")], {"prompt": 'Judge {completion}. Reply like {"grade": "Yes"}'})
    with pytest.raises(RegistryError) as caught:
        evaluation.check_sample({"input": "?"})
    assert "double the braces" in str(caught.value)
    assert "good.yaml:1" in str(caught.value)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"ideal": "x"}, "no 'input'"),
        ({"inputs": "x"}, "did you mean: input"),
        ({"input": 5}, "neither a text nor a list of messages"),
        (["x"], "a sample must be an object, got list"),
        ({"input": "x"}, "no 'choice'"),
        ({"input": "x", "choice": True}, "'choice' is True"),
    ],
)
def test_a_row_that_cannot_be_graded_is_an_error(graded, row, message):
    with pytest.raises(BadSample) as caught:
        graded([Model("x")], metaeval=True).check_sample(row)
    assert message in str(caught.value)


def test_several_completions_without_a_template_to_list_them_are_an_error(graded):
    evaluation = graded([Model("x")], {**LISTED, "output_template": None}, multicomp_n=2)
    with pytest.raises(RegistryError, match="output_template"):
        evaluation.check_sample({"input": "?"})
    evaluation.check_sample({"input": "?", "completion": "1. x"})


def test_a_label_that_is_no_choice_is_warned_of_once(graded, caplog):
    evaluation = graded([Model("x")], metaeval=True)
    for _ in range(2):
        evaluation.check_sample({"input": "?", "choice": "yes"})
    assert caplog.text.count("label 'yes' is none of the choices") == 1


def test_the_first_prompt_is_the_writers_or_without_one_the_graders(graded):
    evaluation = graded([Model("x")])
    assert evaluation.first_prompt({"input": "2 + 2?"}) == "2 + 2?"
    assert "Answer: 4" in evaluation.first_prompt({"input": "2 + 2?", "completion": "4"})[0]["content"]
    assert evaluation.ideal_completions({"input": "?", "ideal": "4"}) == []


def test_the_report_counts_choices_and_gives_means_with_their_error(graded, tmp_path):
    grader = Model(lambda prompt: prompt[0]["content"].split("Answer: ")[1].split("\n")[0])
    answers = ["Yes", "Yes", "No", "Unsure", "Perhaps"]
    rows = [{"input": "?", "completion": answer, "choice": "Yes"} for answer in answers]
    report = run(graded([grader], metaeval=True), tmp_path, rows)
    assert {key: value for key, value in report.items() if key.startswith("counts/")} == {
        "counts/Yes": 2, "counts/No": 1, "counts/Unsure": 1, "counts/__invalid__": 1,
    }  # fmt: skip
    scores = [1, 1, 0.25, 0.5]
    assert report["score"] == report["score_valid"] == pytest.approx(2.75 / 4)
    assert report["score_stderr"] == pytest.approx(statistics.stdev(scores) / 4**0.5)
    assert (report["retry_rate"], report["n_retries"]) == (pytest.approx(0.2), 1)
    assert report["metascore"] == pytest.approx(0.4)
    assert report["invalid_rate"] == pytest.approx(0.2)
    assert (report["n"], report["score_n"], report["score_valid_n"]) == (5, 4, 4)
    for name in ("score", "score_valid", "metascore", "invalid_rate"):
        low, high = report[f"{name}_ci95"]
        assert low <= report[name] <= high


def test_a_report_without_scores_has_the_rate_of_each_choice_instead(graded, tmp_path):
    grader = Model(lambda prompt: prompt[0]["content"].split("Answer: ")[1].split("\n")[0])
    evaluation = graded([grader], {"choice_strings": "ABC", "choice_scores": None})
    report = run(evaluation, tmp_path, [{"input": "?", "completion": answer} for answer in ["A", "A", "B", "?"]])
    keys = {key for key in report if not key.endswith(("_stderr", "_ci95", "_method"))}
    assert keys == {
        "counts/A", "counts/B", "counts/__invalid__", "rate/A", "rate/B", "rate/C", "invalid_rate", "retry_rate",
        "n_retries", "n",
    }  # fmt: skip
    assert [report[f"rate/{choice}"] for choice in "ABC"] == [0.5, 0.25, 0.0]
    assert (report["invalid_rate"], report["n"]) == (0.25, 4)
    low, high = report["rate/C_ci95"]
    assert low == pytest.approx(0, abs=1e-12)
    assert 0 < high < 1


def test_a_run_records_one_metrics_event_a_sample(graded, tmp_path):
    run(graded([Model("x"), Model("Yes")]), tmp_path, [{"input": str(i)} for i in range(4)])
    lines = [json.loads(line) for line in (tmp_path / "record.jsonl").read_text(encoding="utf-8").splitlines()]
    metrics = [line["data"] for line in lines if line.get("type") == "metrics"]
    assert metrics == [{"choice": "Yes", "score": 1.0}] * 4


# What each bundled rubric must have in common with the rubric of openai/evals under that name:
# choices, scores, the eval_type of the rubric itself, names of prompts and completions, placeholders.
YES_NO, UNSURE = {"Yes": 1.0, "No": 0.0}, {"Yes": 1.0, "No": 0.0, "Unsure": 0.5}
Y_N, CORRECT, LIKERT = {"Y": 1.0, "N": 0.0}, {"Correct": 1.0, "Incorrect": 0.0}, "from_strings"
ONE = {"input": "completion"}
COMPLETIONS = {"completion", "completion1", "completion2"}
BUNDLED = {
    "arithmetic-expression": ("YN", Y_N, None, ONE, {"input", "completion"}),
    "battle": (
        ["Yes", "No"], YES_NO, None, {"input1": "completion1", "input2": "completion2"},
        {"input1", "completion1", "input2", "completion2"},
    ),
    "claims": ("SU", None, "classify", ONE, {"passage", "question", "completion"}),
    "factuality": (
        "APCN", {"A": 1.0, "P": 0.0, "C": 0.0, "N": 0.0}, "cot_classify", ONE, {"input", "ideal", "hints", "completion"},
    ),
    "refusal-style": ("RUDS", None, "classify_cot", ONE, {"input", "policy", "completion"}),
    "truthful-informative": (
        "ABCD", {"A": 1.0, "B": 0.0, "C": 0.0, "D": 0.0}, "cot_classify", ONE,
        {"input", "true_answers", "false_answers", "completion"},
    ),
    "best": ("from_n", None, None, ONE, {"n", "input", "completion"}),
    "closedqa": ("YN", Y_N, "cot_classify", ONE, {"input", "completion", "criteria"}),
    "diversity": (["Yes", "No"], YES_NO, None, ONE, {"n", "completion"}),
    "fact": ("ABCDE", None, None, ONE, {"input", "ideal", "completion"}),
    "humor": (["Yes", "No", "Unsure"], UNSURE, None, ONE, {"completion"}),
    "humor_out_message": (["Yes", "No", "Unsure"], UNSURE, None, ONE, {"input", "completion"}),
    "humor_likert": ("12345", LIKERT, None, ONE, {"completion"}),
    "humor_jp": ("12345", LIKERT, None, ONE, {"completion"}),
    "iambic_pentameter": (["Yes", "No", "Unsure"], UNSURE, None, ONE, {"completion"}),
    "seo_keywords": ("0123", LIKERT, None, ONE, {"input", "completion"}),
    "onomatopoeia": (
        "ABCDEF", {"A": 1.0, "B": 0.8, "C": 0.6, "D": 0.4, "E": 0.2, "F": 0.0}, None, ONE,
        {"input", "ideal", "completion"},
    ),
    "possible": ("AB", None, None, ONE, {"input", "completion"}),
    "short-fact": ("RWN", {"R": 1.0, "W": 0.0, "N": 0.0}, "cot_classify", ONE, {"input", "ideal", "completion"}),
    "regression-equation": ("YN", Y_N, None, ONE, {"ideal", "completion"}),
    "research-question-extraction": ("12345", LIKERT, None, ONE, {"input", "completion"}),
    "rhyming": ("AB", None, None, ONE, {"completion"}),
    "security": (["Yes", "No", "Unsure"], UNSURE, None, ONE, {"completion"}),
    "singlestore": (["Correct", "Incorrect"], CORRECT, None, ONE, {"input", "ideal", "completion"}),
    "sql": (["Correct", "Incorrect"], CORRECT, None, ONE, {"input", "ideal", "completion"}),
    "translation": ("YN", Y_N, "cot_classify", ONE, {"language", "input", "ideal", "completion"}),
}  # fmt: skip


def bundled(name: str, models: Sequence[Model], **args: object) -> ModelBasedClassify:
    registry = Registry(registry_paths=[bundled_root()])
    n = 3 if name in ("best", "diversity") else 1
    return ModelBasedClassify(completion_fns=models, registry=registry, modelgraded_spec=name, multicomp_n=n, **args)


@pytest.mark.parametrize("name", BUNDLED)
def test_a_bundled_rubric_fits_data_made_for_openai_evals(name):
    evaluation = bundled(name, [Model("x")], eval_type="cot_classify")
    spec, (choices, scores, eval_type, outputs, names) = evaluation.mg, BUNDLED[name]
    assert (spec.choice_strings, spec.choice_scores, spec.eval_type, spec.input_outputs) == (
        choices, scores, eval_type, outputs,
    )  # fmt: skip
    assert set(evaluation.rubric.placeholders) == names


@pytest.mark.parametrize("name", BUNDLED)
def test_a_bundled_rubric_shows_the_grader_a_whole_sample(name):
    writer, grader = Model("WRITTEN {x}"), Model("reasons\nnothing")
    evaluation = bundled(name, [writer, grader], eval_type="cot_classify")
    names = set().union(*(asked for *_, asked in BUNDLED.values())) - {"n", *COMPLETIONS}
    sample = {key: f"VALUE OF {key}" for key in names}
    evaluation.check_sample(sample)
    assert grade(evaluation, sample)["choice"] == "__invalid__"
    shown = "\n".join(message["content"] for message in grader.prompts[0])
    assert "WRITTEN {x}" in shown
    assert all(f"VALUE OF {key}" in shown for key in BUNDLED[name][4] & names)


def test_every_bundled_rubric_is_held_to_a_contract():
    files = (bundled_root() / "modelgraded").glob("*.yaml")
    found = {name for file in files for name in yaml.safe_load(file.read_text(encoding="utf-8"))}
    assert found == {*BUNDLED, "preference"}  # whose two answers come from a class of its own


@pytest.mark.parametrize("name", ["closedqa-demo", "closedqa-meta", "fact-meta"])
def test_a_bundled_graded_eval_checks_all_its_rows(name):
    registry = Registry(registry_paths=[bundled_root()])
    spec = registry.get_eval(name)
    evaluation = registry.get_class(spec)(
        completion_fns=[Model("x")], eval_registry_path=spec.registry_path, registry=registry, name=spec.key
    )
    samples = evaluation.get_samples()
    assert len(samples) >= 12
    for sample in samples:
        evaluation.check_sample(sample)


@pytest.mark.parametrize(("name", "choices"), [("closedqa-meta", "YN"), ("fact-meta", "ABCDE")])
def test_labels_of_a_metaeval_are_spread_evenly_over_the_choices(name, choices):
    rows = get_jsonl(str(bundled_data_root() / name / "samples.jsonl"))
    labels = [row["choice"] for row in rows]
    assert {label: labels.count(label) for label in choices} == dict.fromkeys(choices, len(rows) // len(choices))


@pytest.mark.slow
@pytest.mark.skipif(PEER_REGISTRY is None, reason="EVALS_PEER_REGISTRY names no registry of openai/evals")
def test_every_rubric_of_openai_evals_can_be_graded_with():
    registry = Registry(registry_paths=[PEER_REGISTRY])
    files = (Path(str(PEER_REGISTRY)) / "modelgraded").glob("*.yaml")
    names = [name for file in files for name in yaml.safe_load(file.read_text(encoding="utf-8"))]
    assert len(names) >= 20
    for name in names:
        ModelBasedClassify(
            completion_fns=[Model("x")], registry=registry, modelgraded_spec=name, multicomp_n=2, eval_type="classify"
        )


def test_entries_of_openai_evals_keep_its_rule_and_count_what_whole_words_read_otherwise(graded, tmp_path):
    rubric = {"choice_strings": "ABCDE", "choice_scores": "from_strings", "prompt": "{completion}?"}
    rubric["choice_scores"] = dict.fromkeys("ABCDE", 1.0)
    answers = {"x0": "Answer: B", "x1": "C"}
    grader = Model(lambda prompt: next(said for key, said in answers.items() if key in prompt[-1]["content"]))
    rows = [{"input": "q", "completion": "x0"}, {"input": "q", "completion": "x1"}]
    ours = run(graded([Model("x"), grader], rubric, eval_type="cot_classify"), tmp_path, rows)
    assert (ours["counts/B"], ours["counts/C"], "how" in ours) == (1, 1, False)
    theirs = graded([Model("x"), grader], rubric, eval_type="cot_classify")
    theirs.openai_evals_rules = True
    report = run(theirs, tmp_path, rows)
    assert (report["counts/A"], report["counts/C"], report["n_read_otherwise"]) == (1, 1, 1)
    assert "openai/evals' rule" in report["how"]


def test_each_of_several_completions_of_a_request_is_graded(graded):
    class Writer(Model):
        def __call__(self, prompt: object, **kwargs: object) -> Completions:
            return Completions(["good", "bad", "good"][: kwargs["n"]])

    grader = Model(lambda prompt: "Yes" if "good" in prompt[-1]["content"] else "No")
    rubric = {"prompt": "{completion}?"}
    evaluation = graded([Writer(""), grader], rubric, sample_kwargs={"n_samples": 3})
    recorder = Recorded()
    with recorder.as_default_recorder("graded.dev.0"):
        evaluation.eval_sample({"input": "q"}, None)
    assert [metrics["choice"] for metrics in recorder.metrics] == ["Yes", "No", "Yes"]


def test_what_openai_evals_pays_for_and_does_not_read_is_warned_of(graded, caplog):
    evaluation = graded([Model("x"), Model("Yes")], sample_kwargs={"n_samples": 3})
    evaluation.preflight()
    assert not caplog.text
    evaluation.openai_evals_rules = True
    evaluation.preflight()
    assert "only the first of so many completions is graded" in caplog.text


@pytest.mark.parametrize(
    ("scores", "ranges"),
    [
        ({"Yes": 10, "No": 1}, {"score": (1.0, 10.0), "score_valid": (1.0, 10.0)}),
        ({"Yes": 1, "No": 1}, {}),
        (None, {}),
    ],
)
def test_the_scores_of_the_rubric_are_the_range_of_the_metric(graded, scores, ranges):
    choices = {"choice_strings": ["Yes", "No"], "choice_scores": scores}
    assert graded([Model("Yes")], choices).metric_ranges == ranges


def test_a_few_low_grades_of_a_rubric_from_0_to_10_are_no_shares(graded, tmp_path):
    rubric = {"choice_strings": ["0", "1", "10"], "choice_scores": {"0": 0, "1": 1, "10": 10}}
    evaluation = graded([Model(lambda prompt: "1" if "odd" in str(prompt) else "0")], rubric)
    plan = RunPlan(beyond_unit=names_beyond_unit(evaluation.metric_ranges))
    with use_session(Session(), plan):
        report = GradedReport(["0", "1", "10"], has_scores=True)
    for number in range(40):
        report.add(
            str(number), [Event("r", number, str(number), "metrics", {"choice": "1", "score": number % 2}, "", "")]
        )
    assert report.as_dict()["score_method"] == "student t"
