"""Text from outside in Markdown: it cannot break a table, act as markup or HTML, call people, or end a code block."""

from __future__ import annotations

from evals.report.words import one_line

_MARKUP = frozenset("\\|<>[]`*_~!#&")


def cell(text: str) -> str:
    """`text` in one line, escaped. `@name` calls nobody: an invisible joiner stands between."""
    shown = "".join(f"\\{char}" if char in _MARKUP else char for char in one_line(text))
    return shown.replace("@", "@\u200d")


def fenced(text: str) -> str:
    """`text` in a fenced block. The fence is longer than any run of backticks in the text."""
    longest = max((len(run) for run in _backtick_runs(text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text}\n{fence}"


def _backtick_runs(text: str) -> list[str]:
    runs, current = [], ""
    for char in f"{text} ":
        if char == "`":
            current += char
        elif current:
            runs.append(current)
            current = ""
    return runs
