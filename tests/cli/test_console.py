"""What all commands share: exit codes, messages for mistakes, near misses, tables."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from evals.cli.console import Parser, fitted, run_command, table, wants_colour
from evals.cli.main import main
from evals.cli.openai_evals import installed_version, warn_if_installed
from evals.errors import BudgetReached, GateFailed, ProviderError, UsageError


def ends_with(error: BaseException) -> int:
    def command() -> int:
        raise error

    return run_command(command)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (GateFailed("too low"), 1),
        (UsageError("no such thing"), 2),
        (ProviderError("down"), 3),
        (BudgetReached("spent"), 4),
        (KeyboardInterrupt(), 130),
    ],
)
def test_each_kind_of_end_has_its_exit_code_and_no_traceback(
    error: BaseException, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ends_with(error) == code
    assert "Traceback" not in capsys.readouterr().err


def test_a_bug_of_ours_shows_its_traceback_and_our_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert ends_with(ZeroDivisionError("oh")) == 70
    said = capsys.readouterr().err
    assert "ZeroDivisionError: oh" in said
    assert "a bug of ours (oaieval 0" in said


def test_a_traceback_shows_no_key() -> None:
    code = "from evals.cli.console import run_command; run_command(lambda: {}['sk-planted-secret'])"
    environment = {**os.environ, "OPENAI_API_KEY": "sk-planted-secret"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert "KeyError" in done.stderr
    assert "sk-planted" not in done.stderr


def test_a_reader_that_goes_away_is_no_error() -> None:
    code = "import sys; from evals.cli.main import main; sys.exit(main(['list', '--registry_path', sys.argv[1]]))"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "none"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert "Error" not in process.stderr.read()
    process.stderr.close()
    assert process.wait(timeout=300) == 0


def test_letters_that_the_terminal_lacks_are_escaped() -> None:
    code = "from evals.cli.console import run_command; run_command(lambda: print('5 € …') or 0)"
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "5 \\u20ac \\u2026\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["lst"], ["no command is called 'lst'", "did you mean: list", "see: evals --help"]),
        (["view", "x", "--wrng"], ["no option --wrng", "did you mean: --wrong", "see: evals view --help"]),
        (["data", "lsit"], ["no action is called 'lsit'", "did you mean: list"]),
        (["list", "--kind", "eval"], ["--kind cannot be 'eval'", "did you mean: evals"]),
        (["new", "a", "b"], ["one argument too many: b"]),
        (["report"], ["required: RECORD"]),
    ],
)
def test_mistakes_on_the_command_line_name_what_is_near(
    arguments: list[str], said: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    message = capsys.readouterr().err
    assert all(text in message for text in said), message


def test_evals_alone_shows_the_commands_and_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "COMMAND" in capsys.readouterr().err


def test_an_abbreviation_means_the_preferred_option() -> None:
    parser = Parser(prog="x")
    parser.add_argument("--max_samples")
    parser.add_argument("--max_cost")
    parser.prefer_when_abbreviated(["--max_samples"])
    assert parser.parse_args(["--max", "3"]).max_samples == "3"


def test_help_keeps_paragraphs_and_80_columns() -> None:
    long = "word " * 40
    parser = Parser(prog="x", description=f"{long}\n\n{long}")
    text = parser.format_help()
    assert "\n\nword" in text
    assert max(map(len, text.splitlines())) <= int(os.environ.get("COLUMNS") or 80)


def test_openai_evals_is_noticed_by_its_distribution(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "evals-3.0.1.post1.dist-info").mkdir()
    (tmp_path / "evals_extra-1.0.dist-info").mkdir()
    assert installed_version([str(tmp_path / "none"), str(tmp_path)]) == "3.0.1.post1"
    warn_if_installed([str(tmp_path)])
    assert "pip uninstall -y evals" in capsys.readouterr().err


def test_nothing_is_said_where_openai_evals_is_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    warn_if_installed([str(tmp_path)])
    assert capsys.readouterr().err == ""


def test_a_table_aligns_and_cuts_its_first_column_in_the_middle() -> None:
    rows = [("eval", "n"), ("a", "10"), ("x" * 50 + "END", "7")]
    lines = table(rows, right={1}, width=30)
    assert lines[:2] == ["eval" + " " * 25 + "n", "a" + " " * 27 + "10"]
    assert lines[2].startswith("xxx")
    assert lines[2].endswith("END   7")
    assert max(map(len, lines)) == 30


def test_no_colour_goes_to_a_file_or_under_no_color(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert wants_colour(Terminal())
    assert not wants_colour(io.StringIO())
    monkeypatch.setenv("NO_COLOR", "1")
    assert not wants_colour(Terminal())


@pytest.mark.skipif(sys.platform == "win32", reason="a POSIX shell closes the streams")
@pytest.mark.parametrize("closed", [">&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_a_command_whose_output_is_closed_ends_as_any_other(closed):
    command = f"{sys.executable} -m evals.cli.main list {closed}"
    done = subprocess.run(["sh", "-c", command], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is full")
def test_output_that_has_no_room_is_said_without_a_traceback():
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "evals.cli.main", "list"]
        done = subprocess.run(command, check=False, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 3
    assert done.stderr.splitlines()[-1].startswith("error: the output cannot be written: ")


def test_long_lines_go_on_under_the_column_in_which_they_began():
    line = "  description  Grade school maths word problems; the answer must be the last number."
    assert fitted(line, 44) == [
        "  description  Grade school maths word",
        "               problems; the answer must be",
        "               the last number.",
    ]
    assert fitted(line, None) == [line], "a pipe gets whole lines"
    path = "x -> y   /a/path/that/is/longer/than/the/terminal.yaml:14"
    assert fitted(path, 30)[-1].strip() == path.rsplit(maxsplit=1)[-1], "no word is broken"


@pytest.mark.parametrize("given", ["--max_samples=3", "--max-samples=3", "--record-path=3", "--record_path=3"])
def test_an_option_may_be_spelt_with_hyphens_or_underscores(given: str) -> None:
    parser = Parser()
    parser.add_argument("--max_samples", dest="value")
    parser.add_argument("--record-path", dest="value")
    assert parser.parse_args([given]).value == "3"
    assert parser.parse_args(given.split("=")).value == "3"


def test_an_option_that_exists_in_both_spellings_means_itself() -> None:
    parser = Parser()
    parser.add_argument("--a-b", dest="hyphen")
    parser.add_argument("--a_b", dest="underscore")
    parsed = parser.parse_args(["--a_b", "1", "--a-b", "2"])
    assert (parsed.hyphen, parsed.underscore) == ("2", "1")
