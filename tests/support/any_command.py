"""Every command with any of its options: drawn from the parsers, over a folder with one file of each kind."""

from __future__ import annotations

import argparse
import gzip
import json
import os
import random
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

from graded_runs import write_graded
from ladder_records import write_ladder
from made_runs import write_run
from small_records import THEIRS

from evals.cli import oaieval_flags, oaievalset_flags
from evals.cli.main import get_parser
from evals.cli.main import main as evals_command
from evals.cli.oaieval import main as oaieval_command
from evals.cli.oaievalset import main as oaievalset_command

LIMIT_S = 60
"A command that takes longer than this on files of a few lines hangs; it takes a second, and machines that test are shared."

STOPPED_AFTER_S = {"serve": 2.0}
"Commands that go on until Ctrl-C, which comes after so many seconds."

NEVER = {
    "--help", "--version", "--ask", "--http-run", "--http-run-url", "--processes", "--judge", "--debug",
    "--requests_per_minute", "--tokens_per_minute", "--host",
}  # fmt: skip
"Options that end the command, use the network, start processes or wait on purpose. A host may be looked up."

ALWAYS_ON_ITS_FILES = {"view"}
"With a folder it serves until Ctrl-C."

WORDS = (
    "", " ", "0", "1", "2", "-1", "0.5", "1.5", "inf", "nan", "1e400", "9" * 400, "x", "a=b", "=", "=1", "a,b", ",",
    ".", "..", "~", "\udcff", "\x1b[31m", "\u202e", "a\nb", "*", "[", "2pt", "Yes=1,No=0", "Yes,No", "correct",
    "score", "accuracy", "loss", "t", "t.dev.v0", "dummy", "m", "category", "1,10", "1e9", "2026-11-30T12:00:00",
)  # fmt: skip
NUMBERS = ("0", "1", "2", "3", "0.5", "0.9", "10", "100")
NEW_PATHS = ("new.jsonl", "new.json", "new.svg", "new.csv", "no/such/new.jsonl", "new folder", "x" * 300, "/dev/null")

FITTING = {
    "oaieval": "dummy t --registry_path=registry",
    "oaievalset": "dummy t --registry_path=registry",
    "serve": "pocket/32k --port=0",
    "shard": "dummy t --registry_path=registry --of=2 --index=1 --out=shares",
    "show": "t --registry_path=registry",
    "check": "t --registry_path=registry",
    "new": "fresh --dir=registry",
    "view": "a.jsonl",
    "score": "a.jsonl --eval=t --registry_path=registry",
    "compare": "a.jsonl b.jsonl",
    "explain": "a.jsonl b.jsonl --registry_path=registry",
    "gate": "a.jsonl --baseline=baselines",
    "contamination": "t.dev.v0 --registry_path=registry --corpus=corpus.txt --workers=1 --length=12 --min-length=12 --index=index",
    "preferences": "battles.jsonl",
    "label": "graded.jsonl --choices=Yes,No",
    "grader": "graded.jsonl --labels=labels.csv --choices=Yes,No --scores=Yes=1,No=0",
    "vote": "a.jsonl a2.jsonl",
    "plot calibration": "ladder/m0.jsonl",
    "plot exams": "a.jsonl",
    "plot scaling": "table.csv --target=1e23",
    "plot inverse": "ladder/m0.jsonl ladder/m1.jsonl ladder/m2.jsonl",
    "plot groups": "shares/shard-0-of-2.jsonl",
    "runs": ". ladder",
    "report": "a.jsonl ladder",
    "fit": "table.csv --target=1e23",
    "forecast make": "table.csv --target=1e23 --name=other",
    "forecast show": "n",
    "forecast score": "n --value=1",
    "merge": "shares --registry_path=registry",
    "code check": "programs.jsonl --problems=problems.jsonl",
    "import openai-evals": "a.jsonl --out=new",
    "import exam": "exam.csv --out=new",
}
"A command line of each command that does its work, or comes near it."

MADE_FIRST = {
    "baselines": ("gate", ["a.jsonl", "--baseline=baselines", "--update"]),
    "forecast": ("forecast make", ["table.csv", "--target=1e23", "--name=n"]),
    "share 0": ("shard", ["dummy", "t", "--registry_path=registry", "--of=2", "--index=0", "--out=shares"]),
    "share 1": ("shard", ["dummy", "t", "--registry_path=registry", "--of=2", "--index=1", "--out=shares"]),
}

TABLE = "model,compute,loss,family\nm0,1e18,3.0,f\nm1,1e19,2.5,f\nm2,1e20,2.2,f\nm3,1e21,2.0,f\nm4,1e22,1.9,f\n"
BATTLES = [{"model_a": "a", "model_b": "b", "winner": winner} for winner in ("model_a", "model_b", "tie")]
PROBLEM = {"task_id": "T/0", "prompt": "def f():\n", "entry_point": "f", "test": "def check(f):\n    assert f() == 1\n"}


def make_files(folder: Path) -> None:
    """One small file of each kind that a command reads, and damaged ones."""
    for part in ("evals", "data", "modelgraded"):
        (folder / "registry" / part).mkdir(parents=True)
    rows = [{"input": f"question number {i}", "ideal": "a"} for i in range(4)]
    _lines(folder / "registry" / "data" / "t.jsonl", rows)
    spec = {"class": "evals.suite:Match", "args": {"samples_jsonl": "t.jsonl"}}
    (folder / "registry" / "evals" / "t.yaml").write_text(json.dumps({"t": {"id": "t.dev.v0"}, "t.dev.v0": spec}))
    labels = [{"category": "xy"[i % 2]} for i in range(6)]
    write_run(folder / "a.jsonl", [1, 0, 1, 0, 1, 1], labels=labels)
    write_run(folder / "a2.jsonl", [0, 0, 1, 0, 1, 1], calls=[{"sampled": ["other"], "model": "n"}] * 6)
    write_run(folder / "b.jsonl", {i: [1, 0] for i in range(6)}, labels=labels)
    write_run(folder / "open.jsonl", [1, None, 0], finished=False)
    write_run(folder / "none.jsonl", [])
    write_graded(folder / "graded.jsonl", ["Yes", "No", "__invalid__", "Yes"], groups=["g", "h", "g", "h"])
    write_ladder(folder / "ladder", [0.3, 0.4, 0.5, 0.7], n=12)
    (folder / "theirs.jsonl").write_text(THEIRS)
    (folder / "packed.jsonl.gz").write_bytes(gzip.compress((folder / "a.jsonl").read_bytes()))
    (folder / "torn.jsonl").write_bytes((folder / "a.jsonl").read_bytes()[:-30])
    (folder / "empty").mkdir()
    (folder / "empty.jsonl").write_bytes(b"")
    (folder / "bytes.jsonl").write_bytes(bytes(range(256)))
    (folder / "table.csv").write_text(TABLE)
    (folder / "exam.csv").write_text("question,A,B,key\nWhich?,one,two,A\n")
    (folder / "labels.csv").write_text("id,label\npolite.dev.0,Yes\npolite.dev.1,Yes\n")
    _lines(folder / "battles.jsonl", BATTLES)
    _lines(folder / "problems.jsonl", [PROBLEM])
    _lines(folder / "programs.jsonl", [{"task_id": "T/0", "completion": "    return 1\n"}])
    (folder / "corpus.txt").write_text("question number 1\n" * 9)
    for name, argv in MADE_FIRST.values():
        code, said = run_words(name, argv)
        assert code == 0, said
    os.mkfifo(folder / "pipe")
    os.symlink("a.jsonl", folder / "link.jsonl")
    os.symlink("loop", folder / "loop")


def _lines(path: Path, rows: list[Any]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def leaves() -> dict[str, argparse.ArgumentParser]:
    """The parser of each command that can be called, by its words."""
    found = {"oaieval": oaieval_flags.get_parser(), "oaievalset": oaievalset_flags.get_parser()}

    def walk(parser: argparse.ArgumentParser, words: tuple[str, ...]) -> None:
        below = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
        for action in below:
            for name, inner in action.choices.items():
                walk(inner, (*words, name))
        if not below:
            found[" ".join(words)] = parser

    walk(get_parser(), ())
    return found


def any_arguments(name: str, parser: argparse.ArgumentParser, rng: random.Random, files: list[str]) -> list[str]:
    """Options and positional arguments in number and kind as the parser wants them, with any words as values."""
    options = [one for one in parser._actions if one.option_strings and not NEVER & set(one.option_strings)]
    fitting = FITTING.get(name)
    more = rng.sample(options, min(len(options), rng.choice((0, 1, 1, 2, 3))))
    if fitting and (name in ALWAYS_ON_ITS_FILES or rng.random() < 0.7):
        return [*fitting.split(), *(word for option in more for word in _option(option, rng, files))]
    argv: list[str] = []
    for option in [*more, *(one for one in options if one.required and one not in more)]:
        argv += _option(option, rng, files)
    for positional in (one for one in parser._actions if not one.option_strings):
        argv += [_value(positional, rng, files) for _ in range(_how_many(positional, rng))]
    return argv


def _option(option: argparse.Action, rng: random.Random, files: list[str]) -> list[str]:
    name = rng.choice(option.option_strings)
    if option.nargs == 0 or isinstance(option, argparse.BooleanOptionalAction):
        return [name]
    value = _value(option, rng, files)
    return [f"{name}={value}"] if name.startswith("--") else [name, value]


def _how_many(positional: argparse.Action, rng: random.Random) -> int:
    several = {"+": (1, 1, 2, 3), "*": (0, 1, 2), "?": (0, 1)}
    return rng.choice(several.get(str(positional.nargs), (1,)))


def _value(action: argparse.Action, rng: random.Random, files: list[str]) -> str:
    if action.choices is not None and rng.random() < 0.9:
        return str(rng.choice(list(action.choices)))
    kinds: list[tuple[str, ...] | list[str]] = [files, files, files, NEW_PATHS, WORDS]
    if not action.option_strings and action.metavar in (None, "EVAL", "NAME"):
        kinds = [("t", "dummy", "t.dev.v0"), files, WORDS]
    elif action.option_strings and not _names_a_path(action):
        kinds = [WORDS, WORDS, NUMBERS, NUMBERS, files]
    return rng.choice(rng.choice(kinds))


def _names_a_path(action: argparse.Action) -> bool:
    return str(action.metavar).split("|")[0] in ("FILE", "PATH", "DIR", "FOLDER", "RECORD", "TABLE", "BASELINE", "RUN")


SPECIAL = (
    "/proc/kmsg",
    "/dev/zero",
    "/dev/null",
    "pipe",
    "no-such.jsonl",
    ".",
    "ladder",
    "shares",
    "empty",
    "registry",
)

_MAY_BE_REPLACED = (".csv", ".txt")
_WRITE_LINES = ("--battles=", "--ids-file=")


class Folder:
    """The files of `make_files`, made once, and put back before each command."""

    def __init__(self, folder: Path) -> None:
        make_files(folder)
        self.folder = folder
        paths = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
        self._content = {str(path.relative_to(folder)): path.read_bytes() for path in paths}
        self.names = [*sorted(self._content), "link.jsonl", "loop", *SPECIAL]

    def put_back(self) -> None:
        for path in [path for path in self.folder.rglob("*") if not path.is_dir() or path.is_symlink()]:
            if str(path.relative_to(self.folder)) not in (*self._content, "pipe", "link.jsonl", "loop"):
                path.unlink()
        for name, content in self._content.items():
            path = self.folder / name
            path.parent.mkdir(exist_ok=True)
            if not path.is_file() or path.read_bytes() != content:
                path.write_bytes(content)

    def lost(self, argv: list[str]) -> list[str]:
        """The files whose content is neither where it was nor set aside, though no option may replace them."""
        kept = {path.read_bytes() for path in self.folder.rglob("*.bak*")}
        return [name for name in self._content if self._is_lost(name, kept) and not _may_be_replaced(name, argv)]

    def _is_lost(self, name: str, kept: set[bytes]) -> bool:
        path, before = self.folder / name, self._content[name]
        return not (path.is_file() and path.read_bytes().startswith(before)) and before not in kept


def _may_be_replaced(name: str, argv: list[str]) -> bool:
    """Whether a command may write this file anew: an option names it, and it is neither read nor a record."""
    if name.startswith("baselines/") and "--update" in argv:
        return True
    options = [word for word in argv if word.startswith("-") and word.endswith(f"={name}")]
    if name in argv or not options:
        return False
    writes_lines = any(word.startswith(_WRITE_LINES) for word in options)
    return name.endswith(_MAY_BE_REPLACED) or (
        writes_lines
        and name in ("bytes.jsonl", "problems.jsonl", "programs.jsonl", "battles.jsonl", "registry/data/t.jsonl")
    )


@contextmanager
def stopped_after(seconds: float | None) -> Iterator[None]:
    """Send Ctrl-C to this process after some seconds, unless the command has ended before; None sends none."""
    if seconds is None:
        yield
        return
    timer = threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


class Hangs(BaseException):
    """No end within the limit."""


@contextmanager
def limited(limit_s: int = LIMIT_S) -> Iterator[None]:
    def stop(*_: object) -> None:
        raise Hangs

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(limit_s)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def outcome(command: Callable[[list[str]], int], argv: list[str]) -> tuple[int, str]:
    """The exit code of a command in this process, with nothing on standard input, and all that it printed."""
    out, err = (TextIOWrapper(BytesIO(), encoding="utf-8", newline="\n") for _ in range(2))
    out.fileno = err.fileno = lambda: 2  # type: ignore[method-assign]
    before = sys.stdin
    with open(os.devnull) as nothing, redirect_stdout(out), redirect_stderr(err), limited():
        sys.stdin = nothing
        try:
            code = command(argv)
        except SystemExit as end:
            code = int(end.code or 0)
        except Hangs:
            code = 70
        finally:
            sys.stdin = before
    return code, _text(out) + _text(err)


def _text(stream: TextIOWrapper) -> str:
    stream.flush()
    assert isinstance(stream.buffer, BytesIO)
    return stream.buffer.getvalue().decode("utf-8")


def run_words(name: str, argv: list[str]) -> tuple[int, str]:
    """As `outcome`, of a command by its words."""
    if name in ("oaieval", "oaievalset"):
        return outcome(oaieval_command if name == "oaieval" else oaievalset_command, argv)
    with stopped_after(STOPPED_AFTER_S.get(name)):
        return outcome(evals_command, [*name.split(), *argv])
