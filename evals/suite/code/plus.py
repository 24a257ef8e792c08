"""Tests for rows of evalplus' files: inputs in the types that the problems expect, and the reference as the oracle.

The facts (which MBPP problems take tuples, which compare as sets, the tolerances) are those of evalplus 0.3.1
(Liu et al. 2023, arXiv:2305.01210), whose files keep all inputs as JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_EACH_ARGUMENT = {2, 116, 132, 143, 222, 261, 273, 394, 399, 421, 424, 429, 470, 560, 579, 596, 616, 630, 726, 740}
_EACH_ARGUMENT |= {744, 809}
_EACH_ELEMENT = {63, 64, 70, 94, 120, 237, 272, 299, 400, 409, 417, 438, 473, 614, 780}
_ELEMENTS_OF_FIRST = {75, 413, 444, 753}
_SECOND = {106, 750}
_FIRST = {250, 405, 446, 617, 720, 763, 808, 307}
_ARGUMENT_AND_ELEMENTS = {259, 401, 445}
_ALL_LEVELS = {580, 615, 791}

AS_SETS = {"similar_elements", "find_char_long", "common_in_nested_lists", "extract_singly", "larg_nnum"}
AS_SETS |= {"intersection_array", "find_dissimilar", "Diff"}
"MBPP functions whose results are compared as sets, without order and repetition."

NOT_NONE = {"check_str", "text_match_three", "text_starta_endb"}
"MBPP functions whose result counts only as None or not None."


def typed_input(task_id: str, arguments: list[Any]) -> Any:
    """One argument list of an MBPP problem, with tuples, sets and complex numbers in place of JSON's lists and numbers.

    Arguments of other problems, such as HumanEval's, come back unchanged.
    """
    family, _, number = task_id.partition("/")
    if family != "Mbpp" or not number.isdigit():
        return arguments
    task = int(number)
    if task in _EACH_ARGUMENT:
        return [tuple(value) for value in arguments]
    if task in _EACH_ELEMENT:
        return [[tuple(part) for part in value] for value in arguments]
    if task in _ELEMENTS_OF_FIRST:
        return [[tuple(part) for part in arguments[0]], arguments[1]]
    if task in _SECOND:
        return [arguments[0], tuple(arguments[1])]
    if task in _FIRST:
        return [tuple(arguments[0]), *arguments[1:]]
    if task in _ARGUMENT_AND_ELEMENTS:
        return [tuple(tuple(part) for part in value) for value in arguments]
    if task in _ALL_LEVELS:
        return _tuples(arguments)
    return _single_cases(task, arguments)


def _single_cases(task: int, arguments: list[Any]) -> Any:
    if task == 115:
        return [[set(part) if isinstance(part, list) and part else {} for part in arguments[0]]]
    if task == 124:
        return [float(arguments[0]), complex(arguments[1])]
    if task == 252:
        return [complex(arguments[0])]
    if task == 278:
        return [tuple(tuple(part) if isinstance(part, list) else part for part in arguments[0])]
    if task == 722:
        return [{key: tuple(value) for key, value in arguments[0].items()}, *arguments[1:]]
    return arguments


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def plus_tests(row: Mapping[str, Any]) -> str:
    """The source of `check(candidate)` for an evalplus row (HumanEval+ or MBPP+).

    The candidate and the reference solution get copies of every input of `base_input` and `plus_input`, and their
    results are compared.
    """
    name, task_id = row["entry_point"], str(row.get("task_id", ""))
    given = [*(row["base_input"] or []), *(row.get("plus_input") or [])]
    inputs = [typed_input(task_id, arguments) for arguments in given]
    reference = f"{row['prompt']}{row['canonical_solution']}"
    oracle = _oracle(task_id, name)
    return (
        f"import copy, math\ninf, nan = math.inf, math.nan\n_INPUTS = {inputs!r}\n"
        f"_ATOL = {float(row.get('atol') or 0)!r}\n"
        f"_REFERENCE = {{'__name__': 'reference'}}\nexec(compile({reference!r}, 'reference.py', 'exec'), _REFERENCE)\n"
        f"{_CLOSE}\n{oracle}\n\n"
        "def check(candidate):\n"
        "    for arguments in _INPUTS:\n"
        f"        expected = _REFERENCE[{name!r}](*copy.deepcopy(arguments))\n"
        "        found = candidate(*copy.deepcopy(arguments))\n"
        "        assert _right(found, expected, arguments), 'wrong result'\n"
    )


_CLOSE = """
def _floats(value):
    if isinstance(value, (list, tuple)):
        return len(value) > 0 and all(isinstance(part, float) for part in value)
    return isinstance(value, float)


def _near(found, expected, atol):
    if isinstance(expected, (list, tuple)):
        return (type(found) is type(expected) and len(found) == len(expected)
                and all(_near(a, b, atol) for a, b in zip(found, expected)))
    if isinstance(expected, dict) or isinstance(expected, str) or expected is None:
        return found == expected
    if isinstance(found, (str, list, tuple, dict)) or found is None:
        return False
    if expected != expected or abs(expected) == math.inf:
        return found == expected or (expected != expected and found != found)
    return abs(found - expected) <= atol + 1e-7 * abs(expected)


def _same(found, expected):
    if found == expected:
        return True
    atol = _ATOL or (1e-6 if _floats(expected) else 0)
    return bool(atol) and type(found) is type(expected) and _near(found, expected, atol)
"""


def _oracle(task_id: str, name: str) -> str:
    """The source of `_right(found, expected, arguments)`: special rules for a few problems, else plain comparison."""
    rule = "_same(found, expected)"
    mbpp = task_id.startswith("Mbpp")
    if name == "find_zero" and not mbpp:
        return (
            "def _right(found, expected, arguments):\n"
            "    xs = arguments[0]\n"
            "    return abs(sum(c * math.pow(found, i) for i, c in enumerate(xs))) <= _ATOL\n"
        )
    if mbpp and name in AS_SETS:
        rule = "set(found) == set(expected)"
    elif mbpp and name in NOT_NONE:
        rule = "(found == expected if isinstance(found, bool) else bool(expected) == (found is not None))"
    elif mbpp and name == "are_equivalent":
        rule = "True"
    elif mbpp and name == "sum_div":
        rule = "_same(found, expected) or found == 0"
    elif mbpp and name == "surface_Area":
        rule = "_same(found, expected) or abs(found - _pyramid(*arguments)) <= _ATOL"
    elif mbpp and name == "digit_distance_nums":
        rule = "_same(found, expected) or found == _padded_distance(*arguments)"
    return f"{_OTHER_READINGS}\n\ndef _right(found, expected, arguments):\n    return {rule}\n"


_OTHER_READINGS = """
def _pyramid(edge, height):
    return round(edge * edge + 2 * edge * math.sqrt((edge / 2) ** 2 + height ** 2))


def _padded_distance(a, b):
    size = max(len(str(a)), len(str(b)))
    return sum(abs(int(x) - int(y)) for x, y in zip(str(a).zfill(size), str(b).zfill(size)))
"""
