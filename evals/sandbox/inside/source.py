"""The source of a program: compiled, kept for tracebacks, and found again in its exceptions."""

from __future__ import annotations

import linecache
from typing import Any

FILE = "program.py"
MODULE = "program"
MAX_TOLD = 4096
"Characters of a text that is told of a program."


def compiled(source: str, path: str) -> Any:
    """The code of a program, or a text that says why it has none."""
    source = source.removeprefix("\ufeff")
    # Without this `inspect.getsource`, which programs may use, finds no source: there is no file to read it from.
    linecache.cache[path] = (lambda: source,)  # as `linecache.lazycache` does: made into lines if they are wanted
    try:
        return compile(source, path, "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        return cut(f"{type(error).__name__}: {error}")
    except (RecursionError, MemoryError, OverflowError) as error:
        return f"{type(error).__name__} in the compiler"


def line_of(error: BaseException) -> int:
    """The last line of the program that an exception passed; 0 if it passed none."""
    line, frame = 0, error.__traceback__
    while frame is not None:
        if frame.tb_frame.f_code.co_filename == FILE:
            line = frame.tb_lineno
        frame = frame.tb_next
    return line


def cut(text: str) -> str:
    """The first `MAX_TOLD` characters of a text, with lone surrogates escaped, so that it can be sent as UTF-8."""
    return text[:MAX_TOLD].encode("utf-8", "backslashreplace").decode("utf-8")
