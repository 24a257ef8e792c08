"""Rows of the known benchmarks become problems whose references pass and whose mistakes are named."""

from __future__ import annotations

import json

import pytest
from code_rows import PLUS, passes

from evals.errors import BadSample
from evals.sandbox.problem import StdioCase, StdioTests
from evals.suite.code.problems import code_problem, form_of

HUMAN_EVAL = {
    "task_id": "HumanEval/x",
    "prompt": 'def add(a, b):\n    """Sum."""\n',
    "entry_point": "add",
    "canonical_solution": "    return a + b\n",
    "test": "def check(candidate):\n    assert candidate(1, 2) == 3\n",
}
MBPP = {
    "task_id": 7,
    "text": "Write a function that triples.",
    "code": "def helper(x):\n    return x\n\ndef triple(x):\n    return helper(x) * 3",
    "test_list": ["assert triple(2) == 6", "assert triple(0) == 0"],
    "test_setup_code": "import math",
    "challenge_test_list": [],
}
MBPP_PLUS = {
    "task_id": 8,
    "prompt": "Write a function that triples.",
    "code": "def triple(x):\n    return x * 3",
    "test_imports": [],
    "test_list": ["assert triple(2) == 6"],
    "test": "import numpy as np\nfrom math import inf\n\n"
    "def assertion(out, exp, atol):\n    assert np.allclose(out, exp, atol=atol), 'wrong'\n\n"
    "inputs = [[2], [1.5]]\nresults = [6, 4.5]\n"
    "for inp, exp in zip(inputs, results):\n    assertion(triple(*inp), exp, 1e-6)\n",
}
STDIO = {"task_id": "s", "input": "Double the number.", "cases": [{"stdin": "2\n", "stdout": "4\n"}]}
APPS = {"problem_id": 3, "question": "Sum.", "input_output": json.dumps({"inputs": ["1 2\n"], "outputs": ["3\n"]})}
LIVE = {
    "question_id": "lcb",
    "question_content": "Sum.",
    "public_test_cases": json.dumps([{"input": "1 2", "output": "3", "testtype": "stdin"}]),
    "private_test_cases": json.dumps([{"input": "2 2", "output": "4", "testtype": "stdin"}]),
}


@pytest.mark.parametrize("row", [HUMAN_EVAL, PLUS, MBPP, MBPP_PLUS], ids=["HumanEval", "plus", "MBPP", "MBPP+"])
def test_the_reference_passes_its_own_tests(row):
    reference = code_problem(row).reference
    assert reference is not None
    assert passes(row, reference)


@pytest.mark.parametrize(
    ("row", "program"),
    [
        (HUMAN_EVAL, "def add(a, b):\n    return a"),
        (PLUS, "def half(a):\n    return a // 2"),
        (PLUS, "def half(a):\n    return a / 2 + 1e-3"),
        (MBPP, "def triple(x):\n    return 6"),
        (MBPP_PLUS, "def triple(x):\n    return 6"),
    ],
)
def test_a_wrong_program_fails(row, program):
    assert not passes(row, program)


@pytest.mark.parametrize(
    ("row", "cases", "numbers"),
    [
        (STDIO, (StdioCase("2\n", "4\n"),), "decimals"),
        (APPS, (StdioCase("1 2\n", "3\n"),), "close"),
        (LIVE, (StdioCase("1 2", "3"), StdioCase("2 2", "4")), "values"),
    ],
    ids=["ours", "APPS", "LiveCodeBench"],
)
def test_programs_with_input_and_output_have_their_cases_and_their_graders_rule_for_numbers(row, cases, numbers):
    made = code_problem(row)
    assert made.problem.tests == StdioTests(cases, numbers)
    assert made.problem.entry_point is None
    assert made.task


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ([], "must be an object"),
        ({"prompt": "", "entry_point": "f"}, "none of the forms"),
        ({**HUMAN_EVAL, "test": "def test(): pass"}, "'test' defines no check"),
        ({**HUMAN_EVAL, "test": "def check(candidate:"}, "'test' is not valid Python"),
        ({**HUMAN_EVAL, "prompt": 3}, "'prompt' is int, not a text"),
        ({**HUMAN_EVAL, "entry_point": "a b"}, "which is not a Python name"),
        ({**HUMAN_EVAL, "timeout_s": 0}, "'timeout_s' is 0"),
        ({**HUMAN_EVAL, "plus_input": [[1, 2]]}, "has 'plus_input', but not what its results are held against"),
        ({**MBPP_PLUS, "test": 3}, "'test' is int, not a text"),
        ({**PLUS, "plus_input": {"a": 1}}, "'plus_input' is not a list"),
        ({**PLUS, "plus_input": "x"}, "'plus_input' is not a list"),
        ({**MBPP, "test_list": []}, "'test_list' is not a list of assertions"),
        ({**MBPP, "test_list": ["assert other(1)"]}, "calls no function that 'code' defines"),
        ({**STDIO, "cases": []}, "'cases' is not a list of cases"),
        ({**STDIO, "cases": [{"stdin": 2, "stdout": "4"}]}, "case 1 of 'cases' needs input and output as texts"),
        ({**APPS, "input_output": "{"}, "'input_output' is not JSON"),
        ({**APPS, "input_output": '{"inputs": [], "outputs": [], "fn_name": "f"}'}, "is a call of 'f'"),
        ({**APPS, "input_output": '{"inputs": ["1"], "outputs": []}'}, "1 inputs and 0 outputs"),
        ({**LIVE, "private_test_cases": "eJxrYJmqwwAAA"}, "packed with pickle"),
    ],
)
def test_a_wrong_row_says_which_field_and_how_to_mend_it(row, message):
    with pytest.raises(BadSample, match=message) as refused:
        code_problem(row)
    assert isinstance(row, list) or refused.value.fix


def test_a_form_is_known_by_its_fields():
    assert [form_of(row) for row in (HUMAN_EVAL, PLUS, MBPP, MBPP_PLUS, STDIO)] == [
        "HumanEval", "HumanEval+ or MBPP+", "MBPP", "MBPP+ of Hugging Face", "stdin/stdout"]  # fmt: skip


def test_a_row_of_humaneval_plus_is_judged_by_its_plus_inputs_although_it_holds_the_tests_of_humaneval_too():
    row = {**PLUS, "test": "def check(candidate):\n    assert candidate(1) == 0.5\n"}
    assert passes(row, "def half(a):\n    return a / 2")
    assert not passes(row, "def half(a):\n    return a / 2 if a > 0 else 0")


def test_an_empty_object_in_place_of_plus_inputs_is_none_at_all():
    row = {**PLUS, "task_id": "Mbpp/793", "plus_input": {}}
    assert passes(row, "def half(a):\n    return a / 2")
    assert not passes(row, "def half(a):\n    return a")


def test_imports_of_a_script_of_tests_stay_outside_of_the_function_that_it_becomes():
    row = {**MBPP_PLUS, "test": "from math import *\nassert triple(pi) == 3 * pi\n"}
    assert passes(row, "def triple(x):\n    return x * 3")


def test_a_time_limit_given_wins_over_the_rows_own():
    assert code_problem({**HUMAN_EVAL, "timeout_s": 9}).problem.timeout_s == 9.0
    assert code_problem({**HUMAN_EVAL, "timeout_s": 9}, 1.5).problem.timeout_s == 1.5
