"""Programs in model answers of many shapes: each case is run, and must give what the honest reader sees in it."""

from __future__ import annotations

from typing import Any

import pytest

from evals.suite.code.extraction import (
    COMPLETION_STOPS,
    compiles,
    continue_prompt,
    cut_at,
    extract_program,
    fenced_blocks,
    python_blocks,
)

PROMPT = 'import math\n\ndef helper(x):\n    return x + 1\n\ndef double(n: int) -> int:\n    """Twice n.\n\n    >>> double(2)\n    4\n    """\n'
PLAIN = "def double(n):\n    return n * 2"
BODY = "    total = n\n    return total + n"


def value_of(completion: str, argument: Any = 21) -> Any:
    found = extract_program(completion, PROMPT, "double")
    assert found.parsed, found
    namespace: dict[str, Any] = {}
    exec(found.source, namespace)
    return namespace["double"](argument)


RIGHT = {
    "bare fence": f"```\n{PLAIN}\n```",
    "python fence": f"```python\n{PLAIN}\n```",
    "py fence": f"```py\n{PLAIN}\n```",
    "capital tag": f"```Python\n{PLAIN}\n```",
    "python3 tag": f"```python3\n{PLAIN}\n```",
    "tag with a title": f'```python title="double.py"\n{PLAIN}\n```',
    "tag with a file": f"```python:double.py\n{PLAIN}\n```",
    "pandoc attributes": f"```{{.python .numberLines}}\n{PLAIN}\n```",
    "space before the tag": f"``` python\n{PLAIN}\n```",
    "tildes": f"~~~python\n{PLAIN}\n~~~",
    "four backticks": f"````python\n{PLAIN}\n````",
    "prose around": f"Sure! Here is the function:\n\n```python\n{PLAIN}\n```\n\nIt doubles `n`.",
    "unclosed": f"Here:\n```python\n{PLAIN}",
    "unclosed and cut": f"Here:\n```python\n{PLAIN}\n\n",
    "windows line ends": f"```python\r\n{PLAIN}\r\n```".replace("\n", "\r\n").replace("\r\r", "\r"),
    "in a list": "1. Code:\n\n   ```python\n   def double(n):\n       return n * 2\n   ```\n",
    "quoted": "> ```python\n> def double(n):\n>     return n * 2\n> ```",
    "example after": f"```python\n{PLAIN}\n```\nUsage:\n```python\nprint(double(3))\n```",
    "example in the same block": f"```python\n{PLAIN}\n\nassert double(2) == 4\n```",
    "shell block before": f"```bash\npip install nothing\n```\n```python\n{PLAIN}\n```",
    "output block after": f"```python\n{PLAIN}\n```\nOutput:\n```text\n42\n```",
    "json block": f'```json\n{{"double": 1}}\n```\n```python\n{PLAIN}\n```',
    "mended version": f"```python\ndef double(n):\n    return n + 1\n```\nWait, that is wrong:\n```python\n{PLAIN}\n```",
    "helper block before": "```python\ndef twice(x):\n    return 2 * x\n```\nThen:\n```python\ndef double(n):\n    return twice(n)\n```",
    "import block before": "```python\nfrom operator import mul\n```\n```python\ndef double(n):\n    return mul(n, 2)\n```",
    "demo block before is left out": f"```python\nraise SystemExit\n```\n```python\n{PLAIN}\n```",
    "prompt quoted first": f"```python\n{PROMPT}    pass\n```\nBecomes:\n```python\n{PLAIN}\n```",
    "solution, then the stub again": f"```python\n{PLAIN}\n```\nfor the stub\n```python\n{PROMPT}    ...\n```",
    "solution, then broken code": f"```python\n{PLAIN}\n```\nnot:\n```python\ndef double(n) return\n```",
    "repeated prompt": f"```python\n{PROMPT}{BODY}\n```",
    "repeated prompt without fence": f"{PROMPT}{BODY}\n",
    "repeated signature": f"```python\ndef double(n: int) -> int:\n{BODY}\n```",
    "uses the prompt's helper": "```python\ndef double(n):\n    return helper(n) + n - 1\n```",
    "uses the prompt's import": "```python\ndef double(n):\n    return math.floor(n * 2)\n```",
    "own helper of the same name": "```python\ndef helper(x):\n    return 2 * x\n\ndef double(n):\n    return helper(n)\n```",
    "future import": f"```python\nfrom __future__ import annotations\n{PLAIN}\n```",
    "lambda": "```python\ndouble = lambda n: n * 2\n```",
    "annotated assignment": "```python\nfrom typing import Callable\ndouble: Callable[[int], int] = lambda n: n * 2\n```",
    "decorated": "```python\nimport functools\n@functools.lru_cache\ndef double(n):\n    return n * 2\n```",
    "inner function": "```python\ndef double(n):\n    def inner(x):\n        return x * 2\n    return inner(n)\n```",
    "defined twice": "```python\ndef double(n):\n    return 0\n\ndef double(n):\n    return n * 2\n```",
    "main guard": f'```python\n{PLAIN}\n\nif __name__ == "__main__":\n    print(double(2))\n```',
    "body only, indented": f"```python\n{BODY}\n```",
    "body only, flush": "```python\ntotal = n\nreturn total + n\n```",
    "body only, first line stripped": "```python\ntotal = n\n    return total + n\n```",
    "body only, one line": "```python\nreturn n * 2\n```",
    "body only, deep": "```python\n        return n * 2\n```",
    "body only, no fence": f"{BODY}\n",
    "body only, no fence, stripped": "total = n\n    return total + n",
    "one line, no fence": "return n * 2",
    "body with tabs": "```python\n\tif n:\n\t\treturn n * 2\n\treturn 0\n```",
    "function without fence": PLAIN,
    "prose and function without fence": f"Here you go:\n\n{PLAIN}\n\nThis doubles the number.",
    "imports and function without fence": f"Sure.\nimport sys\n{PLAIN}\nHope that helps!",
    "thought first": f"<think>\n```python\ndef double(n):\n    return 7\n```\n</think>\n```python\n{PLAIN}\n```",
    "thought of another kind": f"<thinking>hm</thinking>{PLAIN}",
    "fence inside a docstring": '````python\ndef double(n):\n    """As\n    ```\n    x\n    ```\n    """\n    return n * 2\n````',
    "code tag of a model": f"[PYTHON]\n{PLAIN}\n[/PYTHON]",
    "code tag never closed": f"[PYTHON]\n{PLAIN}",
    "heading and bold": f"### Solution\n**Code**\n```python\n{PLAIN}\n```\n**Complexity**: O(1)",
    "unicode": "```python\ndef double(n):\n    # zwei mal n, 両倍\n    ergebnis_ä = n * 2\n    return ergebnis_ä\n```",
    "goes on from an opened fence": f"{PLAIN}\n```\n\nThis doubles the number.",
    "body that goes on from an opened fence": f"{BODY}\n```\nUsage:\n```python\nprint(double(2))\n```",
    "end token after the fence": f"```python\n{PLAIN}\n```<|im_end|>",
    "end token inside the fence": f"```python\n{PLAIN}\n<|endoftext|>",
    "end token after a body": f"{BODY}\n<|eot_id|>",
    "another turn after the end token": f"```python\n{PLAIN}\n```<|im_end|>\n<|im_start|>user\n```python\ndouble = 3\n```",
    "end of sentence token": f"```python\n{PLAIN}\n```<｜end▁of▁sentence｜>",
    "short end token": f"{PLAIN}</s>",
    "end tokens within the program": '```python\ndef double(n):\n    # up to <|endoftext|>\n    end = "<|im_end|>"\n    return n * 2\n```',
    "a word, a program, cut": f"Solution\n```\n{PLAIN}",
    "blank lines and spaces": f"\n\n   \n```python\n\n\n{PLAIN}\n\n\n```\n   \n",
    "inline code before": f"Use `double`:\n```python\n{PLAIN}\n```",
}  # fmt: skip


@pytest.mark.parametrize("shape", RIGHT)
def test_the_program_is_found_in(shape):
    assert value_of(RIGHT[shape]) == 42


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   \n",
        "I cannot help with that.",
        "Sorry",
        "The answer is 42.",
        "```bash\nls\n```",
        "```json\n{}\n```",
        "```\n```",
    ],
)
def test_answers_without_a_program_are_not_parsed(text):
    found = extract_program(text, PROMPT, "double")
    assert (found.parsed, found.how) == (False, "nothing")


def test_broken_code_that_defines_the_function_is_a_program_all_the_same():
    found = extract_program("```python\ndef double(n):\n    return (n *\n```", PROMPT, "double")
    assert found.parsed
    assert not compiles(found.source)


def test_broken_code_without_fence_is_a_program_too():
    assert extract_program("def double(n):\n    return (n *", PROMPT, "double").parsed


def test_a_class_is_found_by_its_name():
    found = extract_program("```python\nclass Stack:\n    def push(self, x):\n        pass\n```", "", "Stack")
    assert found.parsed
    assert "class Stack" in found.source


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("```python\nprint(int(input()) * 2)\n```", "print(int(input()) * 2)\n"),
        ("First:\n```python\nprint(1)\n```\nBetter:\n```python\nprint(2)\n```", "print(2)\n"),
        ("```python\nprint(2)\n```\nor\n```python\nprint(\n```", "print(2)\n"),
        ("```python\nprint(int(input()))\n```\nOutput:\n```\n8\n```", "print(int(input()))\n"),
        ("```python\nprint(int(input()))\n```\nIt prints\n```\nYES\n```", "print(int(input()))\n"),
        ("```python\nprint(int(input()))\n```\n```\nx = 5\n```", "print(int(input()))\n"),
        ("```python\nprint(int(input()))\n```\nTry it:\n```python\nprint(4 * 2)\n```", "print(int(input()))\n"),
        (
            "```python\ndef f(n): return n\nprint(f(input()))\n```\n```python\nassert f(2) == 2\n```",
            "def f(n): return n\nprint(f(input()))\n",
        ),
        (
            "```python\nimport sys\n```\nThen:\n```python\nprint(sys.stdin.read())\n```",
            "import sys\n\nprint(sys.stdin.read())\n",
        ),
        (
            "```python\ndef f(n): return n\n```\n```python\nprint(f(2))\n```\n```python\nprint(f(input()))\n```",
            "def f(n): return n\n\nprint(f(input()))\n",
        ),
        ("```python\nn = input()\n```\n```python\nprint(n)\n```", "n = input()\n\nprint(n)\n"),
        (
            "```python\ndef main(): print(input())\n```\n```python\nmain()\n```",
            "def main(): print(input())\n\nmain()\n",
        ),
        ("print(input())\n```\nas asked", "print(input())\n"),
        ("n = int(input())\nprint(n)\n", "n = int(input())\nprint(n)\n"),
        ("Here it is:\nn = int(input())\nprint(n)\n\nDone, as asked.", "n = int(input())\nprint(n)\n"),
    ],
)
def test_whole_programs_need_no_entry_point(text, source):
    assert extract_program(text) == extract_program(text, "", None)
    assert extract_program(text).source == source


def test_prose_is_no_whole_program():
    assert not extract_program("I would read the input and print it.").parsed


@pytest.mark.parametrize(
    ("completion", "kept"),
    [
        ("    return 1\n\ndef other():\n    pass", "    return 1\n"),
        ("    return 1\nclass A: pass", "    return 1"),
        ("    return 1\n# a comment\n", "    return 1"),
        ("    return 1\nif __name__", "    return 1"),
        ("    return 1\nprint(f())", "    return 1"),
        ("    if x:\n        return 1\n    return 2", "    if x:\n        return 1\n    return 2"),
    ],
)
def test_a_continuation_ends_where_the_function_does(completion, kept):
    assert cut_at(completion, COMPLETION_STOPS) == kept
    assert continue_prompt("def f():\n", completion).source == "def f():\n" + kept


def test_an_empty_continuation_is_not_parsed():
    assert not continue_prompt("def f():\n", "\n").parsed


def test_blocks_keep_their_tags_in_order():
    text = "```a\n1\n```\nx\n~~~b\n```\n2\n~~~"
    assert list(fenced_blocks(text)) == [("a", "1\n"), ("b", "```\n2\n")]
    assert python_blocks("```js\n1\n```") == []
