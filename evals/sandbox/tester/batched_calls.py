"""Which calls tests make for certain, and in which order: these go with the program, so that nobody waits between them.

Read from the tests' source alone: the leading statements of `check` that assert something of calls with literals. The
program does one call after the other, and stops before the rest if one gives a live object or an exception. So it is
called in the order of the tests, whatever it does.

A program may read all calls of a batch before it answers the first. So nothing is batched if a literal that an answer
is compared with is part of the arguments of a later call: a batch holds no answer.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import Any

from evals.sandbox.inside.codec import Encoder
from evals.sandbox.inside.wire import Malformed, dumps

MAX_CHARACTERS = 1 << 15
"Of all calls together: they fit into the buffer of a socket, so that neither side waits for the other to read."

PLAIN_NAMES = frozenset(
    ["abs", "all", "any", "bool", "complex", "dict", "divmod", "float", "frozenset", "int", "isinstance", "len", "list"]
    + ["max", "min", "repr", "reversed", "round", "set", "sorted", "str", "sum", "tuple", "type"]
)
"Functions of Python's own that call nothing of the tests."

_TRANSPARENT = (ast.BinOp, ast.UnaryOp, ast.List, ast.Tuple, ast.Subscript, ast.Attribute, ast.Constant, ast.Name)


def calls_to_batch(tests: ast.Module, entry_point: str, defined: set[str], mentioned: set[str]) -> tuple[str, ...]:
    """The bodies of these calls, as they are sent. Empty if fewer than two are certain.

    defined: names that tests and prompt give a meaning. mentioned: names that the tests use.
    """
    checks = [node for node in tests.body if isinstance(node, ast.FunctionDef) and node.name == "check"]
    if len(checks) != 1 or not all(map(_only_defines, tests.body)) or not defined.isdisjoint(PLAIN_NAMES):
        return ()
    parameter = _only_parameter(checks[0])
    if parameter is None or (parameter != entry_point and entry_point in mentioned):
        return ()
    bodies: list[str] = []
    answers: list[tuple[Any, bool]] = []
    try:
        for statement in _assertions(checks[0].body):
            given = [_arguments(call) for call in _calls_in(statement.test, parameter)]
            if answers and _tell(answers, [arg for args in given for arg in args]):
                return ()
            answers += _telling(_literals(statement.test, parameter))
            bodies += [body_of(Encoder(_no_other), args, {}) for args in given]
    except (ValueError, RecursionError):  # what follows is not certain
        pass
    return tuple(bodies) if len(bodies) > 1 and sum(map(len, bodies)) <= MAX_CHARACTERS else ()


def _only_defines(node: ast.stmt) -> bool:
    """Whether a statement of the tests' module calls nothing."""
    if isinstance(node, ast.FunctionDef):
        return not node.decorator_list and not any(isinstance(part, ast.Call) for part in ast.walk(node.args))
    if isinstance(node, ast.Import | ast.ImportFrom):
        return True
    return isinstance(node, ast.Assign | ast.AnnAssign | ast.Expr) and not any(
        isinstance(part, ast.Call) for part in ast.walk(node)
    )


def _only_parameter(check: ast.FunctionDef) -> str | None:
    given = check.args
    if len(given.args) != 1 or given.posonlyargs or given.kwonlyargs or given.vararg or given.kwarg or given.defaults:
        return None
    return given.args[0].arg


def _assertions(statements: list[ast.stmt]) -> Iterator[ast.Assert]:
    """The assertions that `check` begins with. Raises ValueError at anything else, and at a message with a call."""
    for statement in statements:
        if isinstance(statement, ast.Assert):
            if statement.msg is not None and any(isinstance(part, ast.Call) for part in ast.walk(statement.msg)):
                raise ValueError("a call in a message")
            yield statement
        elif not (isinstance(statement, ast.Pass) or _is_constant(statement)):
            raise ValueError("not an assertion")


def _is_constant(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _calls_in(node: ast.expr, name: str) -> Iterator[ast.Call]:
    """Calls of the function `name`, in the order in which they are made. Raises ValueError if that is not certain."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
        yield node
        return
    if isinstance(node, ast.Name) and node.id == name:
        raise ValueError("the program itself is handed on")
    if isinstance(node, ast.Call):
        if not _is_plain(node.func) or not all(isinstance(keyword.value, ast.Constant) for keyword in node.keywords):
            raise ValueError("a call of something that may call the program")
        parts = node.args
    elif isinstance(node, ast.Compare) and len(node.ops) == 1:  # `a < b < c` may leave out `c`
        parts = [node.left, *node.comparators]
    elif isinstance(node, ast.Dict) and None not in node.keys:
        parts = [part for pair in zip(node.keys, node.values, strict=True) for part in pair if part is not None]
    elif isinstance(node, _TRANSPARENT):
        parts = [part for part in ast.iter_child_nodes(node) if isinstance(part, ast.expr)]
    else:
        raise ValueError("something that may be left out or repeated")
    for part in parts:
        yield from _calls_in(part, name)


def _is_plain(function: ast.expr) -> bool:
    return isinstance(function, ast.Name) and function.id in PLAIN_NAMES


def _arguments(call: ast.Call) -> list[Any]:
    """The arguments of a call. Raises ValueError if one is no literal, or their order is not certain."""
    found = [ast.literal_eval(argument) for argument in call.args]
    # The order in which a set is iterated over depends on the process: the program may see another than the tests.
    if call.keywords or any(type(part) is set and part for arg in found for part in _parts(arg)):
        raise ValueError("named arguments, or a set")
    return found


def _literals(node: ast.expr, name: str) -> Iterator[Any]:
    """The largest literals of an expression that are not arguments of a call of `name`."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
        return
    try:
        yield ast.literal_eval(node)
    except (ValueError, TypeError):
        for part in ast.iter_child_nodes(node):
            if isinstance(part, ast.expr):
                yield from _literals(part, name)


def _telling(answers: Iterable[Any]) -> Iterator[tuple[Any, bool]]:
    """The parts of answers by which arguments could tell one, each with whether it is a number.

    A number within a container says little: small numbers are everywhere in inputs, and few calls could be batched.
    """
    for answer in answers:
        for part in _parts(answer):
            is_number = isinstance(part, int | float | complex)
            if (part is answer and not isinstance(part, bool)) if is_number else part:
                yield part, is_number


def _tell(answers: list[tuple[Any, bool]], args: list[Any]) -> bool:
    """Whether arguments hold an answer: a number as a whole argument, a text or a container wherever it is."""
    inner = [part for arg in args for part in _parts(arg)]
    for part, is_number in answers:
        if is_number:
            if any(type(arg) is type(part) and arg == part for arg in args):
                return True
        elif any(type(held) is type(part) and _holds(held, part) for held in inner):
            return True
    return False


def _holds(value: Any, part: Any) -> bool:
    """Whether a value is an answer of the same type, or a text that contains it."""
    return bool(value == part or (isinstance(part, str) and len(part) > 3 and part in value))


def _parts(value: Any) -> Iterator[Any]:
    """A literal and all that is in it."""
    yield value
    if isinstance(value, list | tuple | set):
        for item in value:
            yield from _parts(item)
    elif isinstance(value, dict):
        for pair in value.items():
            yield from _parts(pair)


def body_of(encoder: Encoder, args: list[Any], kwargs: dict[str, Any]) -> str:
    """The arguments of a call as they are sent."""
    given = [encoder.encode(arg) for arg in args]
    return dumps([given, [[key, encoder.encode(value)] for key, value in kwargs.items()]])


def _no_other(value: Any, encoder: Encoder) -> Any:
    raise Malformed(f"a literal of type {type(value).__name__}")
