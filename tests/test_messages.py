"""Texts that people read: no sentence has more than 25 words, and none of the words that readers stumbled over."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MOST_WORDS = 25

NO_MESSAGES = {
    "sandbox/inside/codec.py": "a list of names",
    "sandbox/inside/handles.py": "a list of names",
    "solvers/prompts/hhh.py": "a prompt, in the voice of an assistant",
    "suite/answers/stated_confidence.py": "a prompt",
}
"Files whose long texts nobody reads as a message. Rewording a prompt would change scores."

AVOIDED = re.compile(r"\b(leads to|came of|prove it|proves it|stands twice)\b")


def messages(source: str) -> Iterator[tuple[int, str]]:
    """(line, text) of each string with a space in it; docstrings, names (`"a b".split()`) and patterns left out."""
    tree = ast.parse(source)
    left_out = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    compiled = [
        node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "re.compile"
    ]
    left_out.update(id(part) for call in compiled for part in ast.walk(call))
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr == "split":
            left_out.add(id(node.value))
        if isinstance(node, ast.JoinedStr | ast.BinOp):
            left_out.update(id(part) for part in ast.walk(node) if part is not node)
    for node in ast.walk(tree):
        text = text_of(node) if id(node) not in left_out else None
        if text is not None and " " in text.strip():
            yield getattr(node, "lineno", 0), text


def text_of(node: ast.AST) -> str | None:
    """A string as far as the source says it; a value that is filled in counts as one word."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(text_of(part) or "VALUE" for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = text_of(node.left), text_of(node.right)
        return None if left is None and right is None else (left or "VALUE") + (right or "VALUE")
    return None


def sentences(text: str) -> list[str]:
    return [sentence for line in text.splitlines() for sentence in re.split(r"(?<=[.!?])\s+", line)]


def n_words(sentence: str) -> int:
    return sum(any(letter.isalnum() for letter in word) for word in sentence.split())


@functools.cache
def all_messages() -> tuple[tuple[str, str], ...]:
    """(`file:line`, text) of each message of the package and its pytest plugin."""
    return tuple(_all_messages())


def _all_messages() -> Iterator[tuple[str, str]]:
    for path in [*sorted((ROOT / "evals").rglob("*.py")), ROOT / "oaieval_pytest.py"]:
        name = path.relative_to(ROOT).as_posix().removeprefix("evals/")
        if name not in NO_MESSAGES:
            yield from ((f"{name}:{line}", text) for line, text in messages(path.read_text(encoding="utf-8")))


def test_no_message_has_a_sentence_of_more_than_25_words() -> None:
    found = [(where, sentence) for where, text in all_messages() for sentence in sentences(text)]
    assert len(found) > 5_000
    assert [(where, sentence) for where, sentence in found if n_words(sentence) > MOST_WORDS] == []


def test_no_message_has_a_phrase_that_readers_stumbled_over() -> None:
    assert [(where, text) for where, text in all_messages() if AVOIDED.search(text)] == []


@pytest.mark.parametrize(
    "source",
    [
        'raise ValueError("{long}")',
        'print(f"{long} {{name}}")',
        'print("{half} " + name + " {half}")',
        'parser.add_argument("x", help="{half} "\n "{half}")',
    ],
)
def test_the_collector_finds_a_long_sentence_in_every_form(source: str) -> None:
    words = source.replace("{long}", " ".join(["word"] * 26)).replace("{half}", " ".join(["word"] * 14))
    assert max(n_words(sentence) for _, text in messages(words) for sentence in sentences(text)) > MOST_WORDS


def test_docstrings_and_lists_of_names_are_no_messages() -> None:
    assert list(messages(f'"""{"word " * 40}"""\nNAMES = "{"name " * 40}".split()')) == []


def test_patterns_are_no_messages() -> None:
    assert list(messages(f'FOUND = re.compile(r"{"word " * 40}" rf"{{x}} {"word " * 40}")')) == []
