"""What all commands share: errors as messages with exit codes, near misses for misspelt options, colour or none."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NoReturn, TextIO

from evals.errors import EvalsError, did_you_mean

EXIT_BUG = 70


class Parser(argparse.ArgumentParser):
    """An ArgumentParser that says what a misspelt option may have meant, and exits 2 with a short message."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(*args, **kwargs)
        self._preferred: tuple[str, ...] = ()

    def prefer_when_abbreviated(self, options: Iterable[str]) -> None:
        """Let an abbreviation that fits just one of `options` mean that one, whatever newer options begin alike."""
        self._preferred = tuple(options)

    def _get_option_tuples(self, option_string: str) -> list[Any]:
        found: list[Any] = super()._get_option_tuples(option_string)  # type: ignore[misc]
        preferred = [entry for entry in found if entry[1] in self._preferred]
        return preferred if len(preferred) == 1 else found

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        parsed, unknown = self.parse_known_args(args, namespace)
        if unknown:
            self._unknown(unknown)
        return parsed

    def _unknown(self, unknown: Sequence[str]) -> NoReturn:
        option = next((text for text in unknown if text.startswith("-")), unknown[0]).split("=")[0]
        if not option.startswith("-"):
            self.error(f"too many arguments: {option}")
        self.error(f"no option {option}\n{did_you_mean(option, self._option_names())}")

    def _option_names(self) -> list[str]:
        names = list(self._option_string_actions)
        for action in self._actions:
            if isinstance(action, argparse._SubParsersAction):
                for parser in action.choices.values():
                    names.extend(parser._option_string_actions)
        return names

    def error(self, message: str) -> NoReturn:
        first, *rest = [line for line in message.splitlines() if line.strip()]
        lines = [f"error: {first}", *(f"  {line}" for line in rest), f"  see: {self.prog} --help"]
        print("\n".join(lines), file=sys.stderr)
        raise SystemExit(2)


def run_command(command: Callable[[], int]) -> int:
    """Run a command; errors that users can cause become a message, and every end has its exit code."""
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
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except SystemExit:
        raise
    except BaseException:
        import traceback

        traceback.print_exc()
        print("this is a bug of ours: please report it with the lines above", file=sys.stderr)
        return EXIT_BUG


def wants_colour(stream: TextIO) -> bool:
    """Whether colour may be used: a terminal, and NO_COLOR not set."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
