"""Turns rows of code benchmarks into problems for the sandbox: HumanEval, evalplus, MBPP, stdin/stdout problems."""

from __future__ import annotations

import ast
import json
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evals.errors import BadSample
from evals.sandbox.output import NumberRule
from evals.sandbox.problem import FunctionTests, Problem, StdioCase, StdioTests
from evals.suite.code.plus import plus_tests

FORMS = {
    "HumanEval+ or MBPP+": ("prompt", "entry_point", "canonical_solution", "base_input"),
    "HumanEval": ("prompt", "entry_point", "test"),
    "MBPP+ of Hugging Face": ("code", "test_list", "test"),
    "MBPP": ("code", "test_list"),
    "stdin/stdout": ("cases",),
    "APPS": ("question", "input_output"),
    "LiveCodeBench": ("question_content", "public_test_cases"),
}
"""The forms that a row may have, and the fields that each form is recognised by.

A form whose tests hold those of another one stands before it: rows of HumanEval+ have `test` too, which is HumanEval's.
"""

COMPLETION, FUNCTION, PROGRAM = "completion", "function", "program"


@dataclass(frozen=True)
class CodeProblem:
    """A row of a code benchmark, ready for the model and for the sandbox."""

    problem: Problem
    task: str
    "What a chat model is asked instead of the prompt; empty if the prompt is the question."
    reference: str | None
    "A whole program that must pass; None if the row has no solution."


def code_problem(row: Any, timeout_s: float | None = None) -> CodeProblem:
    """The problem in a row that has one of `FORMS`.

    timeout_s: seconds for one run of the tests, instead of the row's own `timeout_s`; 3 s if neither is given.

    Raises:
        BadSample: the row has none of the forms, or a field has the wrong type or content.
    """
    if not isinstance(row, dict):
        raise BadSample(f"a problem must be an object, got {type(row).__name__}", row)
    form = form_of(row)
    limit_s = timeout_s if timeout_s is not None else row.get("timeout_s", 3.0)
    if isinstance(limit_s, bool) or not isinstance(limit_s, int | float) or not limit_s > 0:
        raise BadSample(f"'timeout_s' is {limit_s!r}", row, fix="give seconds above 0")
    return _READERS[form](row, float(limit_s))


def form_of(row: Mapping[str, Any]) -> str:
    """The name in `FORMS` of the first form whose fields the row has.

    Raises:
        BadSample: no form fits; names the fields that the nearest form lacks.
    """
    for form, keys in FORMS.items():
        if all(key in row for key in keys):
            return form
    nearest = max(FORMS, key=lambda form: sum(key in row for key in FORMS[form]))
    missing = [key for key in FORMS[nearest] if key not in row]
    raise BadSample(
        "this row has none of the forms of a code problem",
        row,
        notes=[f"nearest: {nearest}, which needs {', '.join(missing)} too"],
        fix="see docs/pass-at-k.md for the forms",
    )


def _human_eval(row: dict[str, Any], timeout_s: float) -> CodeProblem:
    prompt, name, test = (_text(row, key) for key in ("prompt", "entry_point", "test"))
    _check_name(row, name)
    if row.get("plus_input"):
        raise BadSample(
            "the row has 'plus_input', but not what its results are held against",
            row,
            fix="add 'canonical_solution' and 'base_input' as evalplus publishes them, or drop 'plus_input'",
        )
    if not _defines_check(row, test):
        raise BadSample("'test' defines no check", row, fix="write `def check(candidate):` with the assertions in it")
    reference = _reference(row, prompt)
    problem = Problem(_id(row), prompt, FunctionTests(test), name, timeout_s, reference=reference)
    return CodeProblem(problem, "", reference)


def _plus(row: dict[str, Any], timeout_s: float) -> CodeProblem:
    prompt, name, solution = (_text(row, key) for key in ("prompt", "entry_point", "canonical_solution"))
    _check_name(row, name)
    _python(row, "canonical_solution", prompt + solution)
    for key in ("base_input", "plus_input"):
        # Mbpp/793 has {} for no further inputs.
        if row.get(key) != {} and not isinstance(row.get(key, []), list):
            raise BadSample(
                f"{key!r} is not a list of argument lists", row, fix="use the file as evalplus publishes it"
            )
    problem = Problem(_id(row), prompt, FunctionTests(plus_tests(row)), name, timeout_s, reference=prompt + solution)
    return CodeProblem(problem, "", prompt + solution)


def _mbpp(row: dict[str, Any], timeout_s: float) -> CodeProblem:
    code, tests = _text(row, "code"), row["test_list"]
    task = _text(row, "text" if "text" in row else "prompt")
    if not isinstance(tests, list) or not tests or not all(isinstance(test, str) for test in tests):
        raise BadSample("'test_list' is not a list of assertions", row, fix='write ["assert f(1) == 2", ...]')
    setup = "\n".join([*row.get("test_imports", []), row.get("test_setup_code", "")])
    name = _tested_name(row, code, tests)
    source = f"{setup}\n{_check_of_script(row, name)}" if "test" in row else _check_of_list(row, name, setup, tests)
    prompt = '"""\n' + task.replace('"""', "'''") + f"\n{tests[0]}\n" + '"""\n'
    asked = f"{task}\nYour code should pass these tests:\n\n" + "\n".join(tests)
    problem = Problem(_id(row), prompt, FunctionTests(source), name, timeout_s, reference=code)
    return CodeProblem(problem, asked, code)


def _check_of_list(row: dict[str, Any], name: str, setup: str, tests: Sequence[str]) -> str:
    body = textwrap.indent("\n".join(tests), "    ")
    source = f"{setup}\n\ndef check(candidate):\n    {name} = candidate\n{body}\n"
    _python(row, "test_list", source)
    return source


def _check_of_script(row: dict[str, Any], name: str) -> str:
    """The source of `check(candidate)` for a script that tests `name` as it runs, as Hugging Face's MBPP+ has it."""
    script = _python(row, "test", _text(row, "test"))
    imports = [node for node in script.body if isinstance(node, ast.Import | ast.ImportFrom)]
    [check] = ast.parse(f"def check(candidate):\n    {name} = candidate").body
    assert isinstance(check, ast.FunctionDef)
    check.body += [node for node in script.body if node not in imports]
    return ast.unparse(ast.Module([*imports, check], []))


def _stdio(row: dict[str, Any], timeout_s: float) -> CodeProblem:
    cases = row["cases"]
    if not isinstance(cases, list) or not cases:
        raise BadSample("'cases' is not a list of cases", row, fix='write [{"stdin": "1\\n", "stdout": "2\\n"}, ...]')
    pairs = [(case.get("stdin"), case.get("stdout")) if isinstance(case, dict) else (None, None) for case in cases]
    return _program(row, _text(row, "input" if "input" in row else "prompt"), pairs, timeout_s, "cases")


def _apps(row: dict[str, Any], timeout_s: float) -> CodeProblem:
    cases = _json(row, "input_output")
    if not isinstance(cases, dict) or not {"inputs", "outputs"} <= cases.keys():
        raise BadSample("'input_output' has no inputs and outputs", row, fix="use the row as APPS publishes it")
    if cases.get("fn_name"):
        raise BadSample(
            f"the problem is a call of {cases['fn_name']!r}, not a program with input and output",
            row,
            fix="leave it out, or write it with `prompt`, `entry_point` and `test`",
        )
    joined = [["\n".join(map(str, part)) if isinstance(part, list) else part for part in cases[key]]
              for key in ("inputs", "outputs")]  # fmt: skip
    if len(joined[0]) != len(joined[1]):
        raise BadSample(f"{len(joined[0])} inputs and {len(joined[1])} outputs", row, fix="give each input an output")
    return _program(row, _text(row, "question"), list(zip(*joined, strict=True)), timeout_s, "input_output", "close")


def _live_code_bench(row: dict[str, Any], timeout_s: float) -> CodeProblem:
    cases = list(_json(row, "public_test_cases"))
    if row.get("private_test_cases"):
        try:
            cases += _json(row, "private_test_cases")
        except BadSample as error:
            raise BadSample(
                "'private_test_cases' is packed with pickle, which can run code and is never opened here",
                row,
                fix="unpack it to a JSON list with LiveCodeBench's own tool, or drop the field",
            ) from error
    if any(case.get("testtype", "stdin") != "stdin" for case in cases):
        raise BadSample("the problem is tested by calls, not by input and output", row, fix="leave it out")
    pairs = [(case.get("input"), case.get("output")) for case in cases]
    return _program(row, _text(row, "question_content"), pairs, timeout_s, "public_test_cases", "values")


_READERS: dict[str, Callable[[dict[str, Any], float], CodeProblem]] = {
    "HumanEval": _human_eval,
    "HumanEval+ or MBPP+": _plus,
    "MBPP": _mbpp,
    "MBPP+ of Hugging Face": _mbpp,
    "stdin/stdout": _stdio,
    "APPS": _apps,
    "LiveCodeBench": _live_code_bench,
}


def _program(
    row: dict[str, Any],
    task: str,
    pairs: Sequence[tuple[Any, Any]],
    timeout_s: float,
    field: str,
    numbers: NumberRule = "decimals",
) -> CodeProblem:
    for number, pair in enumerate(pairs, 1):
        if not all(isinstance(part, str) for part in pair):
            raise BadSample(f"case {number} of {field!r} needs input and output as texts", row, fix="quote them")
    if not pairs:
        raise BadSample(f"{field!r} holds no case", row, fix="add at least one")
    tests = StdioTests(tuple(StdioCase(*pair) for pair in pairs), numbers)
    solution = row.get("solution")
    reference = solution if isinstance(solution, str) else None
    problem = Problem(_id(row), "", tests, None, timeout_s, reference=reference)
    return CodeProblem(problem, task, reference)


def _reference(row: dict[str, Any], prompt: str) -> str | None:
    solution = row.get("canonical_solution")
    return prompt + solution if isinstance(solution, str) else None


def _id(row: dict[str, Any]) -> str:
    for key in ("task_id", "problem_id", "question_id", "id"):
        if isinstance(row.get(key), str | int):
            return str(row[key])
    return str(getattr(row, "where", None) or "problem")


def _text(row: dict[str, Any], key: str) -> str:
    value = row.get(key)
    if not isinstance(value, str):
        said = f"{key!r} is {type(value).__name__}, not a text" if key in row else f"no {key!r}"
        raise BadSample(said, row, fix=f"add {key!r} as a text")
    return value


def _json(row: dict[str, Any], key: str) -> Any:
    value = row[key]
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        raise BadSample(f"{key!r} is not JSON", row, fix="use the row as it was published") from None


def _check_name(row: dict[str, Any], name: str) -> None:
    if not name.isidentifier():
        raise BadSample(f"'entry_point' is {name!r}, which is not a Python name", row, fix="give the function's name")


def _python(row: dict[str, Any], key: str, source: str) -> ast.Module:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError) as error:
        raise BadSample(f"{key!r} is not valid Python: {error}", row, fix="correct it") from None


def _defines_check(row: dict[str, Any], test: str) -> bool:
    return any(isinstance(node, ast.FunctionDef) and node.name == "check" for node in _python(row, "test", test).body)


def _tested_name(row: dict[str, Any], code: str, tests: Sequence[str]) -> str:
    """The function of the reference that the assertions call; the last one defined if they call several."""
    defined = [node.name for node in _python(row, "code", code).body
               if isinstance(node, ast.FunctionDef | ast.ClassDef)]  # fmt: skip
    called = {node.id for test in tests for node in ast.walk(_python(row, "test_list", test))
              if isinstance(node, ast.Name)}  # fmt: skip
    names = [name for name in defined if name in called]
    if not names:
        raise BadSample("'test_list' calls no function that 'code' defines", row, fix="name the same function in both")
    return names[-1]
