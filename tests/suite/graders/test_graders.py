"""Graders of hosted Evals by themselves: definitions, grades, and what is wrong with a definition."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from evals.errors import UsageError
from evals.sandbox.problem import Problem
from evals.sandbox.verdict import Status, Verdict
from evals.suite.graders.answers import sample_of
from evals.suite.graders.grade import Grade, NotGraded, passes
from evals.suite.graders.model_graders import answer_format, result_of, score_in
from evals.suite.graders.python_grader import problem_of, score_of_verdict
from evals.suite.graders.read import read_grader, read_graders
from evals.suite.graders.templates import Absent
from evals.suite.match.json_schemas import is_strict, validator_of

CHECK = {
    "type": "string_check",
    "name": "exact",
    "input": "{{ sample.output_text }}",
    "reference": "{{ item.answer }}",
    "operation": "eq",
}
NEAR = {
    "type": "text_similarity",
    "name": "near",
    "input": "{{ sample.output_text }}",
    "reference": "{{ item.answer }}",
    "evaluation_metric": "fuzzy_match",
    "pass_threshold": 0.8,
}
SCORE = {
    "type": "score_model",
    "name": "judge",
    "model": "m",
    "input": [{"role": "user", "content": "{{ item.q }}: {{ sample.output_text }}"}],
    "pass_threshold": 0.5,
}
LABEL = {
    "type": "label_model",
    "name": "tone",
    "model": "m",
    "input": [{"role": "developer", "content": "Rude?"}],
    "labels": ["rude", "kind"],
    "passing_labels": ["kind"],
}
PYTHON = {"type": "python", "name": "code", "source": "def grade(sample, item):\n    return 0.5\n"}


class Answers:
    """Helpers that answer what they are given, and keep what they were asked."""

    def __init__(self, answer: Any = None, verdict: Verdict | None = None) -> None:
        self.answer, self.verdict = answer, verdict
        self.asked: list[tuple[str, list[dict[str, Any]], Mapping[str, Any]]] = []
        self.programs: list[tuple[Problem, str]] = []

    async def ask(self, model: str, messages: list[dict[str, Any]], options: Mapping[str, Any]) -> str:
        self.asked.append((model, messages, options))
        return self.answer if isinstance(self.answer, str) else json.dumps(self.answer)

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        return [[float(len(text)), 1.0] for text in texts]

    async def run_program(self, problem: Problem, program: str) -> Verdict:
        self.programs.append((problem, program))
        assert self.verdict is not None
        return self.verdict


def grade(
    definition: Any, answer: str = "Paris", item: Any = None, helpers: Answers | None = None, **sample: Any
) -> Grade:
    values = {
        "item": {"answer": "Paris", "q": "?"} if item is None else item,
        "sample": {**sample_of(answer, []), **sample},
    }
    return asyncio.run(read_grader(definition, "criteria[0]").grade(values, helpers or Answers()))


@pytest.mark.parametrize(
    ("score", "threshold", "passed"), [(0.5, 0.5, True), (0.49, 0.5, False), (0.0, None, None), (0.0, 0.0, True)]
)
def test_a_score_passes_from_the_threshold_on(score: float, threshold: float | None, passed: bool | None) -> None:
    assert passes(score, threshold) is passed


def test_a_string_check_scores_1_or_0() -> None:
    assert (grade(CHECK).score, grade(CHECK).passed) == (1.0, True)
    assert (grade(CHECK, "paris").score, grade(CHECK, "paris").passed) == (0.0, False)
    assert grade({**CHECK, "operation": "like"}, "It is Paris.").passed


def test_a_similarity_passes_by_its_threshold() -> None:
    assert grade(NEAR, "Pariss").passed is True
    assert grade(NEAR, "London").passed is False
    assert grade({**NEAR, "pass_threshold": None}, "London").passed is None


def test_cosine_is_taken_of_the_embeddings() -> None:
    found = grade({**NEAR, "evaluation_metric": "cosine"}, "Rome")
    assert found.score == pytest.approx((5 * 4 + 1) / (26**0.5 * 17**0.5))
    assert grade({**NEAR, "evaluation_metric": "cosine"}, "").score == 0.0


@pytest.mark.parametrize(
    ("result", "score", "passed", "invalid"),
    [
        (0.7, 0.7, True, False),
        (0.5, 0.5, True, False),
        (3, 1.0, True, False),
        (-2, 0.0, False, False),
        ("0.25", 0.25, False, False),
    ]
    + [("good", 0.0, False, True), (None, 0.0, False, True), (True, 0.0, False, True)],
)
def test_a_score_is_clipped_to_its_range_and_no_number_is_0(
    result: Any, score: float, passed: bool, invalid: bool
) -> None:
    found = grade(SCORE, helpers=Answers({"steps": [], "result": result}))
    assert (found.score, found.passed, found.invalid) == (score, passed, invalid)


def test_the_range_of_a_score_may_be_any() -> None:
    wide = {**SCORE, "range": [1, 5], "pass_threshold": 4}
    assert grade(wide, helpers=Answers({"result": 9})).score == 5.0
    assert grade(wide, helpers=Answers({"result": 0})).score == 1.0
    assert grade(wide, helpers=Answers({"result": 4})).passed is True


def test_a_grader_model_gets_the_filled_messages_its_options_and_the_form_of_the_answer() -> None:
    helpers = Answers({"result": 1})
    params = {"temperature": 0, "max_completions_tokens": 99, "seed": 3, "top_p": None, "reasoning_effort": "low"}
    grade({**SCORE, "sampling_params": params}, "Rome", helpers=helpers)
    ((model, messages, options),) = helpers.asked
    assert (model, messages) == ("m", [{"role": "user", "content": "?: Rome"}])
    assert {key: options[key] for key in options if key != "response_format"} == {
        "temperature": 0, "max_tokens": 99, "seed": 3, "reasoning_effort": "low",
    }  # fmt: skip
    schema = options["response_format"]["json_schema"]["schema"]
    assert is_strict(schema)
    assert validator_of(schema).is_valid({"steps": [{"description": "a", "conclusion": "b"}], "result": 0.5})
    assert not validator_of(schema).is_valid({"steps": [], "result": "0.5"})


@pytest.mark.parametrize(("label", "passed"), [("kind", True), ("rude", False)])
def test_a_label_passes_if_it_is_a_passing_one(label: str, passed: bool) -> None:
    helpers = Answers({"steps": [], "result": label})
    assert grade(LABEL, helpers=helpers).passed is passed
    assert helpers.asked[0][1] == [{"role": "system", "content": "Rude?"}]


@pytest.mark.parametrize("answer", ["", "I think it is fine.\nReally.", '{"steps": []}', {"result": "neutral"}, "[1]"])
def test_a_grader_that_gives_no_label_fails_the_sample_and_scores_nothing(answer: Any) -> None:
    with pytest.raises(NotGraded):
        grade(LABEL, helpers=Answers(answer))


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        ('{"result": 0.5}', 0.5),
        ('```json\n{"steps": [], "result": 0.5}\n```', 0.5),
        ('Reasons {a}.\n{"steps": [{"result": 1}], "result": 0.5} Done.', 0.5),
    ],
)
def test_a_result_is_found_also_among_words(answer: str, result: Any) -> None:
    assert result_of(answer) == result


@pytest.mark.parametrize(
    "answer",
    [
        " 0.5 ", "0.5.", "**0.5**", "Fine.\n\n**Score:** 0.5/1", "Score (0-1): 0.5 - half of it", '{"score": 0.5, "max_score": 1}',
        "<score>0.5</score>\n<reason>1 of 2</reason>", "Rating: [[0.5]]", "Accuracy: 0.2\nOverall: 0.5",
        "Score: 0.5\nConfidence: 0.9", '```json\n{"reasons": "1 of 2", "rating": "0.5"}\n```', "Bewertung: 0.5",
        'The reply is {"score": 0.9}, which is half right.\n\nScore: 0.5',
    ],
)  # fmt: skip
def test_a_score_is_read_where_a_model_without_structured_outputs_states_it(answer: str) -> None:
    found = grade(SCORE, helpers=Answers(answer))
    assert (found.score, found.invalid) == (0.5, False)


@pytest.mark.parametrize(
    "answer",
    ["", "I cannot rate this.", "7", "-0.5", "80%", "Score: 80%", "Score: 0.5 to 0.7", "Score: 5/10", "0,5", "1. one\n2. two",
     '{"accuracy": 0.2, "style": 0.5}', '{"score": 0.5, "rating": 0.7}'],
)  # fmt: skip
def test_an_answer_in_words_without_a_number_in_the_range_fails_the_sample(answer: str) -> None:
    with pytest.raises(NotGraded, match="no number from 0 to 1"):
        grade(SCORE, helpers=Answers(answer))


@pytest.mark.parametrize(
    ("answer", "passed"),
    [
        ("kind", True), ('"kind"', True), ("**Kind**", True), ('{"result": "Kind."}', True), ('{"label": "rude"}', False),
        ("The text is short.\n\nLabel: rude", False),
    ],
)  # fmt: skip
def test_a_label_is_read_where_a_model_without_structured_outputs_states_it(answer: str, passed: bool) -> None:
    assert grade(LABEL, helpers=Answers(answer)).passed is passed


def test_a_label_that_is_denied_is_none() -> None:
    with pytest.raises(NotGraded, match="none of rude, kind"):
        grade(LABEL, helpers=Answers({"result": "not kind"}))


def test_numbers_that_are_none_are_no_score() -> None:
    assert score_in(float("nan"), 0, 1) == (0.0, False)
    assert score_in("nan", 0, 1) == (0.0, False)
    assert score_in("inf", 0, 1) == (1.0, True)
    assert answer_format({"type": "number"})["json_schema"]["strict"] is True


@pytest.mark.parametrize(
    ("verdict", "score"),
    [
        (Verdict(Status.FAILED, "assertion", "the grade is 0.5 (line 9 of the tests)"), 0.5),
        (Verdict(Status.FAILED, "assertion", "the grade is 1e-07 (line 9 of the tests)"), 1e-7),
        (Verdict(Status.FAILED, "assertion", "the grade is none: 'a'"), None),
        (Verdict(Status.FAILED, "exception", "KeyError: 'x'"), None),
        (Verdict(Status.FAILED, "wrong_type", ""), None),
    ],
)
def test_the_grade_is_read_from_the_verdict(verdict: Verdict, score: float | None) -> None:
    assert score_of_verdict(verdict) == score


@pytest.mark.parametrize(
    "verdict",
    [
        Verdict(Status.TIMED_OUT),
        Verdict(Status.MEMORY),
        Verdict(Status.FAILED, "exception", "ModuleNotFoundError: No module named 'nltk'"),
    ],
)
def test_a_grader_that_cannot_run_gives_no_grade(verdict: Verdict) -> None:
    with pytest.raises(NotGraded, match="grader 'code': it could not be run"):
        grade(PYTHON, helpers=Answers(verdict=verdict))


def test_an_exception_in_a_python_grader_is_an_invalid_0() -> None:
    verdict = Verdict(Status.FAILED, "exception", "KeyError: 'x'")
    found = grade({**PYTHON, "pass_threshold": 0.0}, helpers=Answers(verdict=verdict))
    assert (found.score, found.passed, found.invalid) == (0.0, False, True)


def test_what_rows_and_answers_hold_cannot_leave_the_text_that_the_tests_read() -> None:
    values = {"item": {"a": "'''\"\\\n{x}\u2028\ud800"}, "sample": {"output_text": "{sample}"}}
    source = problem_of("x", values).tests.source  # type: ignore[union-attr]
    found: list[Any] = []

    def take(sample: Any, item: Any) -> float:
        found.extend([sample, item])
        return 0.25

    namespace: dict[str, Any] = {}
    exec(source, namespace)
    with pytest.raises(AssertionError, match=r"the grade is 0\.25"):
        namespace["check"](take)
    assert found == [values["sample"], values["item"]]


def test_a_multi_grader_computes_its_formula() -> None:
    multi = {
        "type": "multi",
        "name": "both",
        "graders": {"exact": CHECK, "near": NEAR},
        "calculate_output": "(exact + 3 * near) / 4",
        "pass_threshold": 0.7,
    }
    found = grade(multi, "paris")
    assert (found.score, found.passed) == (0.75, True)
    assert found.details == {"scores": {"exact": 0.0, "near": 1.0}}


def test_the_documented_grader_of_tool_calls_gives_half_for_the_right_name_alone() -> None:
    name = {**CHECK, "input": "get_acceptors", "reference": "{{sample.output_tools[0].function.name}}"}
    arguments = {
        **CHECK,
        "input": '{"smiles": "{{item.smiles}}"}',
        "reference": "{{sample.output_tools[0].function.arguments}}",
    }
    multi = {
        "type": "multi",
        "graders": {"function_name": name, "arguments": arguments},
        "calculate_output": "0.5 * function_name + 0.5 * arguments",
    }

    def called(text: str) -> float:
        calls = [{"id": "1", "type": "function", "function": {"name": "get_acceptors", "arguments": text}}]
        return grade(multi, "", {"smiles": "CC"}, output_tools=calls).score

    assert called('{"smiles": "CC"}') == 1.0
    assert called('{"smiles": "CO"}') == 0.5
    assert grade(multi, "no call", {"smiles": "CC"}).score == 0.0


def test_a_part_that_the_answer_does_not_have_is_told_by_the_grader() -> None:
    with pytest.raises(Absent):
        grade({**CHECK, "input": "{{ sample.output_json.city }}"}, "no JSON")
    assert grade({**CHECK, "input": "{{ sample.output_json.city }}"}, '{"city": "Paris"}').passed


@pytest.mark.parametrize(
    ("definition", "said"),
    [
        ("string_check", "a grader is an object"),
        ({"type": "string_chek"}, "did you mean: string_check"),
        ({"name": "x"}, "no grader of type None"),
        ({**CHECK, "operation": "equals"}, "choose one of eq, ne, neq, like, ilike"),
        ({key: value for key, value in CHECK.items() if key != "reference"}, "needs 'reference'"),
        ({**CHECK, "refernce": "x"}, "did you mean: reference"),
        ({**CHECK, "input": "{{ sample.text }}"}, "criteria[0] (exact).input"),
        ({**NEAR, "evaluation_metric": "rouge_6"}, "did you mean: rouge_"),
        ({**NEAR, "pass_threshold": "0.8"}, "pass_threshold must be a number"),
        ({**SCORE, "range": [1, 0]}, "the lower one first"),
        ({**SCORE, "input": []}, "there are no messages"),
        ({**SCORE, "input": [{"role": "tool", "content": ""}]}, "the role is 'tool'"),
        (
            {**SCORE, "input": [{"role": "user", "content": [{"type": "input_audio"}]}]},
            "parts of type 'input_audio' are not supported",
        ),
        ({**SCORE, "sampling_params": {"logprobs": True}}, "'logprobs' is not supported"),
        ({**LABEL, "passing_labels": ["nice"]}, "passing_labels has 'nice'"),
        ({**LABEL, "labels": [True, False]}, "list of texts"),
        ({**PYTHON, "source": "def grade(sample, item:"}, "the source is not Python"),
        ({**PYTHON, "source": "def score(sample, item): return 1"}, "defines no function 'grade'"),
        ({**PYTHON, "source": "#" * 300_000}, "300,000 bytes"),
        ({"type": "multi", "graders": {}, "calculate_output": "1"}, "graders must be an object"),
        ({"type": "multi", "graders": {"a": CHECK}, "calculate_output": "a +"}, "cannot be read"),
        ({"type": "multi", "graders": {"exact": CHECK}, "calculate_output": "exac"}, "did you mean: exact"),
        (
            {"type": "multi", "graders": {"a": {"type": "multi"}}, "calculate_output": "a"},
            "cannot be inside another one",
        ),
    ],
)
def test_a_definition_that_cannot_be_used_says_where_and_why(definition: Any, said: str) -> None:
    with pytest.raises(UsageError) as error:
        read_grader(definition, "criteria[0]")
    assert said in str(error.value)
    assert str(error.value).startswith("criteria[0]")
    assert "fix: " in str(error.value)


def test_two_graders_of_one_name_are_refused() -> None:
    with pytest.raises(UsageError, match="two graders are called 'exact'"):
        read_graders([CHECK, CHECK])
    with pytest.raises(UsageError, match="there is no grader"):
        read_graders([])


def test_keys_that_the_api_adds_and_nulls_are_no_errors() -> None:
    assert read_graders([{**CHECK, "id": "exact-1", "pass_threshold": None}])[0].name == "exact"
