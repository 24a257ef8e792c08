"""What all commands share: errors as messages with exit codes, near misses for misspelt options, colour or none."""

from __future__ import annotations

import argparse
import errno
import os
import re
import sys
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, NoReturn, TextIO

from evals.cli.openai_evals import warn_if_installed
from evals.cli.safe_output import safe_output
from evals.errors import EvalsError, did_you_mean
from evals.project import project_of_command
from evals.texts.terminal_columns import columns_of, distinct_in_columns, in_columns

EXIT_BUG = 70
WIDTH = 80

_INVALID_VALUE = re.compile(r"invalid _?(\w+) value: (.*)")

_NEGATIVE = re.compile(r"-[\d.][\d.,eE+-]*$")
"An argument such as -1 or -1,2 is a value that is out of range, and no option."


class HelpFormatter(argparse.HelpFormatter):
    """Wraps texts, and keeps their paragraphs."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "\n\n".join(super(HelpFormatter, self)._fill_text(part, width, indent) for part in text.split("\n\n"))


class _Lacking(Exception):
    """An argument is missing for which there may be a default."""


class Parser(argparse.ArgumentParser):
    """An ArgumentParser that takes both spellings of an option, `--max_samples` and `--max-samples`.

    It says what a misspelt option may have meant, and exits 2 with a short message.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("formatter_class", HelpFormatter)
        super().__init__(*args, **kwargs)
        self._negative_number_matcher = _NEGATIVE
        self._preferred: tuple[str, ...] = ()
        self._may_lack: str | None = None

    def prefer_when_abbreviated(self, options: Iterable[str]) -> None:
        """Let an abbreviation that fits just one of `options` mean that one, whatever newer options begin alike."""
        self._preferred = tuple(options)

    def parse_with_default(
        self, argv: Sequence[str] | None, first: Callable[[], str | None], lacking: str
    ) -> tuple[argparse.Namespace, list[str]]:
        """As `parse_known_args`; where the positional `lacking` alone is missing, `first()` goes before all others."""
        words = list(sys.argv[1:] if argv is None else argv)
        self._may_lack = lacking
        try:
            return self.parse_known_args(words)
        except _Lacking:
            default = first()
        finally:
            self._may_lack = None
        return self.parse_known_args(words if default is None else [default, *words])

    def _parse_optional(self, arg_string: str) -> Any:
        return super()._parse_optional(self._as_declared(arg_string))

    def _as_declared(self, argument: str) -> str:
        """An option in the spelling that was declared, if `-` and `_` are all that differs; else as it is."""
        name, equals, value = argument.partition("=")
        if not name.startswith("--") or name in self._option_string_actions:
            return argument
        wanted = name[2:].replace("-", "_")
        for known in self._option_string_actions:
            if known.startswith("--") and known[2:].replace("-", "_") == wanted:
                return known + equals + value
        return argument

    def _get_option_tuples(self, option_string: str) -> list[Any]:
        found: list[Any] = super()._get_option_tuples(option_string)
        preferred = [entry for entry in found if entry[1] in self._preferred]
        return preferred if len(preferred) == 1 else found

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Of several choices: the near ones, else all."""
        if action.choices is None or value in action.choices:
            return
        known = [str(choice) for choice in action.choices]
        hint = did_you_mean(str(value), known) or f"there are: {', '.join(known)}"
        if action.option_strings:
            self.error(f"{action.option_strings[-1]} cannot be {value!r}\n{hint}")
        self.error(f"no {str(action.metavar or action.dest).lower()} is called {value!r}\n{hint}")

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        parsed, unknown = self.parse_known_args(args, namespace)
        if unknown:
            self._chosen(parsed).refuse(unknown)
        return parsed

    def _chosen(self, parsed: argparse.Namespace) -> Parser:
        """The parser of the sub-command that was given, at any depth."""
        for action in self._actions:
            if isinstance(action, argparse._SubParsersAction):
                parser = action.choices.get(str(getattr(parsed, action.dest, None)))
                if isinstance(parser, Parser):
                    return parser._chosen(parsed)
        return self

    def refuse(self, unknown: Sequence[str]) -> NoReturn:
        """End with a message about arguments that this parser does not know."""
        option = next((text for text in unknown if text.startswith("-")), unknown[0]).split("=")[0]
        if not option.startswith("-"):
            self.error(f"one argument too many: {option}")
        self.error(f"no option {option}\n{did_you_mean(option, self._option_string_actions)}")

    def error(self, message: str) -> NoReturn:
        if self._may_lack is not None and message.endswith(f": {self._may_lack}"):
            raise _Lacking
        message = _INVALID_VALUE.sub(lambda match: f"needs {_kind_of_value(match[1])}, not {match[2]}", message)
        first, *rest = [line for line in message.splitlines() if line.strip()]
        lines = [f"error: {first}", *(f"  {line}" for line in rest), f"  see: {self.prog} --help"]
        print("\n".join(lines), file=sys.stderr)
        raise SystemExit(2)


def existing_folder(text: str) -> str:
    """An argument that names a folder which is there."""
    if not os.path.isdir(text):
        raise argparse.ArgumentTypeError(f"there is no folder {text!r}")
    return text


def _kind_of_value(type_name: str) -> str:
    words = type_name.replace("_", " ").replace("int", "whole number").replace("float", "number")
    return f"a {words}"


def run_command(command: Callable[[], int]) -> int:
    """Run a command; errors that users can cause become a message, and every end has its exit code.

    What it prints steers no terminal and no CI system, whatever texts of models, servers and files are in it.
    """
    open_closed_streams()
    print_whatever_the_encoding()
    with safe_output(), project_of_command():
        return _run_command(command)


def _run_command(command: Callable[[], int]) -> int:
    warn_if_installed()
    try:
        code = command()
        sys.stdout.flush()
        return code
    except EvalsError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:
        _drop_standard_output()
        return 0
    except OSError as error:
        return _end_of(error)
    except SystemExit:
        raise
    except BaseException:
        print(_bug_report(), file=sys.stderr)
        return EXIT_BUG


def _end_of(error: OSError) -> int:
    """Say what the system refused, and return the exit code: 3 for a full disk, 2 for a path that cannot be used."""
    if error.errno in (errno.ENOSPC, errno.EIO):
        print(f"error: the output cannot be written: {error.strerror}", file=sys.stderr)
        _drop_standard_output()
        return 3
    if not isinstance(error.filename, str | bytes) or not error.strerror:
        print(_bug_report(), file=sys.stderr)
        return EXIT_BUG
    message = EvalsError(error.strerror.lower(), where=os.fsdecode(error.filename)[:200], fix="check this path")
    print(f"error: {message}", file=sys.stderr)
    return message.exit_code


def _drop_standard_output() -> None:
    """Python flushes standard output once more when it exits, which would complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _bug_report() -> str:
    import platform
    import traceback

    from evals import __version__
    from evals.secrets import redact

    versions = f"oaieval {__version__}, Python {platform.python_version()}, {platform.system()}"
    return f"{redact(traceback.format_exc())}this is a bug of ours ({versions}): please report the lines above"


def open_closed_streams() -> None:
    """Give a command that was started with a closed output (`>&-`) one that drops what is written.

    Python has None there, and the next file that is opened would take the place of the stream: prints of a child
    process would end in a record.
    """
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115


def print_whatever_the_encoding() -> None:
    """Letters that the terminal's encoding lacks come out as escapes, never as an error."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def wants_colour(stream: TextIO) -> bool:
    """Whether colour may be used: a terminal, and NO_COLOR not set."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def table(rows: Sequence[Sequence[str]], right: Collection[int] = (), width: int = WIDTH) -> list[str]:
    """The rows as aligned lines; the columns in `right` align right. Where it gets wider than `width`, the first
    column is cut in its middle, down to 16 letters; different names there stay different."""
    if not rows:
        return []
    widths = [max(columns_of(row[column]) for row in rows) for column in range(len(rows[0]))]
    excess = sum(widths) + 2 * (len(widths) - 1) - width
    widths[0] = max(min(16, widths[0]), widths[0] - max(0, excess))
    names = distinct_in_columns((row[0] for row in rows), widths[0])
    shown = [(names[row[0]], *row[1:]) for row in rows]
    return [
        "  ".join(in_columns(cell, widths[i], right=i in right) for i, cell in enumerate(row)).rstrip() for row in shown
    ]


def fitted(line: str, width: int | None) -> list[str]:
    """The line, broken where it is wider than `width`; what goes on stands under the column in which it began.

    Columns are told by two spaces or more. None breaks nothing, and no word is ever broken: it may be a path.
    """
    if width is None or len(line) <= width:
        return [line]
    import textwrap

    first = re.match(r"\s*(\S+\s{2,})?", line)
    indent = " " * min(len(first[0]) if first else 0, width // 2)
    return textwrap.wrap(
        line, width, subsequent_indent=indent, drop_whitespace=True, break_long_words=False, break_on_hyphens=False
    )


def terminal_width(stream: TextIO) -> int | None:
    """The columns of a terminal; None for a pipe or a file, whose lines are left whole."""
    import shutil

    return shutil.get_terminal_size().columns if stream.isatty() else None
