r"""Extracts the program from a completion: text that continues a prompt, or a chat answer with prose and fences.

The rule for chat answers, in this order:

1. The thoughts of a reasoning model (`evals.texts.thoughts`) are removed, and so are end-of-text tokens that a
   server left at the end of a line (`<|im_end|>`), with all that comes after them. If the answer goes on from a fence
   that was opened before it, so that its first fence closes, what stands before that is a block.
2. Only fenced blocks in Python or without a language count. A fence is three or more backticks or tildes, or
   `[PYTHON]`; a fence that is never closed goes on to the end. The last block that defines the entry point is the
   program. Earlier blocks that hold only imports, definitions and assignments are put before it. Later blocks are
   taken for examples and dropped.
3. If no block defines the entry point, the first block that can be the body of the prompt's function becomes its body.
4. Without a fence, the longest run of lines that is Python and defines the entry point is the program. If there is
   none, the whole text is tried as a body.
5. For whole programs (no entry point): the last block that is a program by itself, so that later blocks with its
   output or a try of it do not take its place; if there is none, the last one that does something, with the earlier
   blocks in front that define what it needs. Without a fence, the whole text if it is Python, else the longest run of
   lines that is.

The part of the prompt before its function (imports, helpers) is put in front. If nothing is found, `parsed` is False.
"""

from __future__ import annotations

import ast
import re
import textwrap
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evals.suite.code.program_blocks import choose_program, read_block
from evals.texts.thoughts import split_thoughts

COMPLETION_STOPS = ("\nclass", "\ndef", "\n#", "\nif", "\nprint")
"Texts at which a completion of a HumanEval prompt is cut (Chen et al. 2021, arXiv:2107.03374, section 3.1)."

_PYTHON_TAGS = {"", "python", "python3", "py", "py3", "python2", "python-3", "ipython", "ipython3", "code", "sage"}
_FENCE = re.compile(r"^([ \t>]*)(`{3,}|~{3,})[ \t]*([^`\n]*)$")
_TAGGED = re.compile(r"\[PYTHON\]\n?(.*?)(?:\[/PYTHON\]|\Z)", re.DOTALL)
_END_TOKEN = re.compile(
    r"^([^#\n]*?)(?:<[|｜][A-Za-z]\w*(?:[▁_ ]\w+)*[|｜]>[ \t]*$.*|(?:</s>|<eos>|<end_of_turn>|\[EOS\])\s*\Z)",
    re.DOTALL | re.MULTILINE,
)
"""Special tokens of published chat templates, at the end of a line: in code they stand within quotes or comments. The
short forms, which HTML and programs have too, only at the end of the text."""
_CODE_START = re.compile(r"(?:from\s+[\w.]+\s+import\s|import\s+\w|def\s+\w|async\s+def\s|class\s+\w|@\w|\w+\s*=[^=])")
_HARMLESS = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign)
MAX_LINES_SEARCHED = 400
"How many lines of an answer without fences are searched for a program."


@dataclass(frozen=True)
class Extracted:
    """The program of a completion."""

    source: str
    "What is run. If no program was found: the prompt and the text of the completion."
    parsed: bool
    "Whether a program was found."
    how: str
    "Which part of the rule found it: `continuation`, `block`, `body`, `unfenced` or `nothing`."


def continue_prompt(prompt: str, completion: str, stops: Sequence[str] = COMPLETION_STOPS) -> Extracted:
    """The prompt and its completion, cut at the first of `stops`. `parsed` is False if nothing but space is left.

    Thoughts (`evals.texts.thoughts`) are no part of the completion.
    """
    text = cut_at(without_end_token(split_thoughts(completion).answer), stops)
    return Extracted(prompt + text, bool(text.strip()), "continuation")


def cut_at(text: str, stops: Sequence[str]) -> str:
    """The part of `text` before the first place where one of `stops` begins; all of it without one."""
    ends = [at for stop in stops if (at := text.find(stop)) >= 0]
    return text[: min(ends)] if ends else text


def without_end_token(text: str) -> str:
    """The text up to the first end-of-text token that a server left in it."""
    return _END_TOKEN.sub(r"\1", text)


def extract_program(completion: str, prompt: str = "", entry_point: str | None = None) -> Extracted:
    """The program in a chat answer, by the rule at the top of this module.

    prompt: the code that the model was asked to complete. entry_point: the function that the tests call; None for a
    whole program.
    """
    text = without_end_token(split_thoughts(completion.replace("\r\n", "\n").replace("\r", "\n")).answer)
    if _goes_on(text, prompt, entry_point):
        text = f"```python\n{text}"
    blocks = python_blocks(text)
    found = _whole_program(text, blocks) if entry_point is None else _function(text, blocks, prompt, entry_point)
    return found or Extracted(f"{prompt}{text}", False, "nothing")


def python_blocks(text: str) -> list[str]:
    """The fenced blocks of a text whose language is Python or not given; else its `[PYTHON]` blocks. Empty ones not."""
    blocks = [body for tag, body in fenced_blocks(text) if _language(tag) in _PYTHON_TAGS]
    return [block for block in blocks or _TAGGED.findall(text) if block.strip()]


def fenced_blocks(text: str) -> Iterator[tuple[str, str]]:
    """(info string, body) of each fenced block, by the rules of CommonMark.

    Blocks that are quoted or indented lose the margin of their fence.
    """
    fence, tag, margin = "", "", ""
    body: list[str] = []
    for line in text.split("\n"):
        match = _FENCE.match(line)
        if not fence:
            if match:
                margin, fence, tag = match[1], match[2], match[3].strip()
                body = []
        elif match and match[2][0] == fence[0] and len(match[2]) >= len(fence) and not match[3].strip():
            yield tag, "\n".join(body) + "\n"
            fence = ""
        else:
            body.append(line.removeprefix(margin) if line.strip() else "")
    if fence:
        yield tag, "\n".join(body).rstrip() + "\n"


def _goes_on(text: str, prompt: str, name: str | None) -> bool:
    """Whether the text begins within a block, which a prompt or the start of an answer had opened: its fence closes."""
    lines = text.split("\n")
    fences = [number for number, line in enumerate(lines) if _FENCE.match(line)]
    if not fences or lines[fences[0]].strip() not in ("```", "~~~"):
        return False
    head = "\n".join(lines[: fences[0]]) + "\n"
    if name is None:
        block = read_block(head)
        is_code = block is not None and block.acts
    else:
        is_code = defines(head, name) or _as_body(head, prompt, name) is not None
    # With one fence more in front all must close, and as it stands not: below code there may be a whole block.
    return is_code and len(fences) % 2 == 1 and not _is_open(f"{lines[fences[0]]}\n{text}")


def _is_open(text: str) -> bool:
    """Whether the last fence of the text is never closed."""
    return "\0" in "".join(body for _, body in fenced_blocks(f"{text}\n\0"))


def compiles(source: str) -> bool:
    """Whether `source` is valid Python. It is compiled and not run."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(source, "<completion>", "exec", dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError):
            return False
    return True


def defines(source: str, name: str) -> bool:
    """Whether a top-level line of `source` defines function, class or variable `name`; broken Python is allowed."""
    return re.search(rf"^(?:(?:async\s+)?def|class)\s+{re.escape(name)}\b|^{re.escape(name)}\s*(?::[^=\n]*)?=[^=]",
                     source, re.MULTILINE) is not None  # fmt: skip


def _language(tag: str) -> str:
    """The language in an info string: `python` for `python title="x.py"`, `{.python}` and `Python:x.py`."""
    words = re.split(r"[\s,:{}=.]+", tag.strip().lstrip("{").lstrip("."), maxsplit=1)
    return words[0].lower()


def _function(text: str, blocks: Sequence[str], prompt: str, name: str) -> Extracted | None:
    if blocks:
        return _defined_in(blocks, prompt, name) or _first_body(blocks, prompt, name)
    unfenced = _code_lines(text, name)
    if unfenced is not None:
        return Extracted(_with_preamble(prompt, name, unfenced), True, "unfenced")
    return _first_body([text], prompt, name)


def _defined_in(blocks: Sequence[str], prompt: str, name: str) -> Extracted | None:
    plain = [_dedented(block) for block in blocks]
    chosen = [number for number, block in enumerate(plain) if defines(block, name)]
    if not chosen:
        return None
    whole = [number for number in chosen if not _is_stub(plain[number], name) and compiles(plain[number])]
    last = (whole or chosen)[-1]
    before = [block for block in plain[:last] if not defines(block, name) and _only_defines(block)]
    return Extracted(_with_preamble(prompt, name, "\n".join([*before, plain[last]])), True, "block")


def _first_body(texts: Sequence[str], prompt: str, name: str) -> Extracted | None:
    for text in texts:
        body = _as_body(text, prompt, name)
        if body is not None:
            return Extracted(body, True, "body")
    return None


def _as_body(text: str, prompt: str, name: str) -> str | None:
    """The prompt with the text as its function's body, indented so that it compiles; None if no indentation does."""
    if not defines(prompt, name):
        return None
    stripped = text.strip("\n").rstrip()
    head = prompt if prompt.endswith("\n") else prompt + "\n"
    first, _, rest = stripped.partition("\n")
    shapes = [stripped, f"    {first.lstrip()}\n{rest}", textwrap.indent(_dedented(stripped), "    ")]
    n_before = _n_statements(head, name)
    for shape in shapes:
        if compiles(source := f"{head}{shape}\n") and _n_statements(source, name) > n_before:
            return source
    return None


def _n_statements(source: str, name: str) -> int:
    """How many statements in the body of function `name` do something; a docstring and bare words do not."""
    for candidate in (source, f"{source}    pass\n"):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                tree = ast.parse(candidate)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        nodes = [node for node in tree.body if getattr(node, "name", None) == name]
        added = 0 if candidate == source else 1
        return sum(map(_does_something, nodes[-1].body)) - added if nodes else 0  # type: ignore[attr-defined]
    return 0


def _does_something(node: ast.stmt) -> bool:
    """Whether a statement is more than a bare word or constant: the text `Sorry` is valid Python too."""
    return not isinstance(node, ast.Expr) or isinstance(node.value, ast.Call | ast.Await | ast.Yield | ast.YieldFrom)


def _is_stub(source: str, name: str) -> bool:
    """Whether the function only repeats the prompt: a docstring, `pass` or `...`."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    nodes = [node for node in tree.body if getattr(node, "name", None) == name]
    return bool(nodes) and all(
        isinstance(part, ast.Pass) or (isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant))
        for part in nodes[-1].body  # type: ignore[attr-defined]
    )


def _only_defines(source: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return all(isinstance(node, _HARMLESS) for node in tree.body)


def _with_preamble(prompt: str, name: str, code: str) -> str:
    """The code with the part of the prompt before its function in front; `from __future__` lines come first."""
    match = re.search(rf"^(?:@.*\n)*(?:(?:async\s+)?def|class)\s+{re.escape(name)}\b", prompt, re.MULTILINE)
    preamble = prompt[: match.start()] if match else ""
    if not preamble.strip() or not compiles(preamble):
        return code
    future = "".join(line + "\n" for line in code.split("\n") if line.startswith("from __future__"))
    rest = "\n".join(line for line in code.split("\n") if not line.startswith("from __future__"))
    return f"{future}{preamble.rstrip()}\n\n\n{rest}"


def _code_lines(text: str, name: str | None) -> str | None:
    """The longest run of whole lines that is Python and defines `name`; without one, all from its broken definition."""
    lines = text.split("\n")[:MAX_LINES_SEARCHED]
    starts = [number for number, line in enumerate(lines) if _CODE_START.match(line)]
    for start in starts:
        for end in range(len(lines), start, -1):
            if end < len(lines) and lines[end].startswith((" ", "\t")):
                continue
            source = "\n".join(lines[start:end]).rstrip() + "\n"
            if (name is None or defines(source, name)) and compiles(source):
                return source
    if name is not None:
        for start in starts:
            if defines(lines[start], name):
                return "\n".join(lines[start:])
    return None


def _whole_program(text: str, blocks: Sequence[str]) -> Extracted | None:
    if blocks:
        plain = [_dedented(block) for block in blocks]
        good = [block for block in plain if compiles(block)]
        return Extracted(choose_program(good) or (good or plain)[-1], True, "block")
    if text.strip() and compiles(text):
        return Extracted(text, True, "unfenced")
    found = _code_lines(text, None)
    return None if found is None else Extracted(found, True, "unfenced")


def _dedented(text: str) -> str:
    return textwrap.dedent(text.expandtabs(4) if "\t" in text and not compiles(text) else text)
