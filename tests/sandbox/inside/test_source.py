"""A program is compiled or it is said why not, and its exceptions are told by their last line in it."""

from __future__ import annotations

import inspect
import linecache

import pytest

from evals.sandbox.inside.source import FILE, MAX_TOLD, compiled, cut, line_of


@pytest.fixture(autouse=True)
def clean_cache():
    yield
    linecache.cache.pop(FILE, None)


def test_a_program_is_compiled_with_its_source_at_hand():
    space = {"__name__": "program"}
    exec(compiled("def f():\n    return 1\n", FILE), space)
    assert inspect.getsource(space["f"]) == "def f():\n    return 1\n"


def test_a_byte_order_mark_at_the_start_is_no_error():
    assert not isinstance(compiled("\ufeffx = 1", FILE), str)


def test_features_of_this_source_are_not_those_of_the_program():
    """This code has `from __future__ import annotations`, with which annotations are texts."""
    space = {}
    exec(compiled("def f(x: int): pass", FILE), space)
    assert space["f"].__annotations__ == {"x": int}


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("def f(n) return", "SyntaxError: "),
        ("x = '\0'", "Error: source code"),
        ("x = '\ud800'", "UnicodeEncodeError: "),
        ("(" * 5000 + ")" * 5000, "SyntaxError: too many nested parentheses"),
        ("x = " + "-" * 200_000 + "1", " in the compiler"),
    ],
)
def test_what_cannot_be_compiled_is_said(source, said):
    found = compiled(source, FILE)
    assert said in found
    assert found.encode("utf-8")


def test_the_line_of_an_exception_is_the_last_one_in_the_program():
    space = {}
    exec(compiled("import json\ndef f():\n    return json.loads('nonsense')\n", FILE), space)
    with pytest.raises(ValueError, match="Expecting") as error:
        space["f"]()
    assert line_of(error.value) == 3
    assert line_of(ValueError()) == 0


def test_a_long_text_is_cut_and_can_be_sent():
    assert cut("x" * 5000) == "x" * MAX_TOLD
    assert cut("a\ud800é") == "a\\ud800é"
