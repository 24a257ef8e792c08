"""A folder with a registry where commands run in the process of the test, and what they printed is kept."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest

from evals.cli import main, oaieval, oaievalset

PLUGIN = "plugin_of_a_page"
"The module that `add_plugin` writes."


class CommandPlace:
    """`run` is a command, and `said` what all commands printed so far."""

    default_class = "evals.suite:Match"

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.capsys, self.monkeypatch, self.said = folder, capsys, monkeypatch, ""
        for kind in ("evals", "data", "completion_fns", "eval_sets"):
            (folder / "registry" / kind).mkdir(parents=True)

    def add(self, name: str, given: Any, cls: str | None = None, file: str | None = None, **args: Any) -> None:
        """Bind rows, or the text of a data file (an empty text: no file), to an eval class under `name`."""
        data = given if isinstance(given, str) else "".join(json.dumps(row) + "\n" for row in given)
        file = file or f"{name}.jsonl"
        if data:
            (self.folder / "registry" / "data" / file).write_text(data)
        body = {"class": cls or self.default_class, "args": {"samples_jsonl": file, **args}}
        entries = {name: {"id": f"{name}.dev.v0", "metrics": ["accuracy"]}, f"{name}.dev.v0": body}
        (self.folder / "registry" / "evals" / f"{name}.yaml").write_text(json.dumps(entries, indent=1))

    def add_fn(self, name: str, cls: str, **args: Any) -> None:
        """Bind a completion function under `name`."""
        path = self.folder / "registry" / "completion_fns" / f"{name}.yaml"
        path.write_text(json.dumps({name: {"class": cls, "args": args}}))

    def add_plugin(self, body: str) -> None:
        """Write the plug-in, which may name `evals` and the class `Match` of both projects' forms."""
        (self.folder / f"{PLUGIN}.py").write_text(
            f"import evals\nfrom evals.elsuite.basic.match import Match\n\n\n{body}\n"
        )

    def run(self, command: str, *words: str) -> int:
        """The exit code of a command with the place's registry."""
        takes_registry = command != "evals" or words[0] in ("check", "show", "list")
        registry = ["--registry_path", "registry"] if takes_registry else []
        mains = {"oaieval": oaieval.main, "oaievalset": oaievalset.main, "evals": main.main}
        try:
            code = mains[command]([*words, *registry])
        except SystemExit as ended:
            code = int(ended.code or 0)
        printed = self.capsys.readouterr()
        self.said += printed.out + printed.err
        return code

    def oaieval(self, *words: str) -> int:
        return self.run("oaieval", *words)

    def evals(self, *words: str) -> int:
        return self.run("evals", *words)


AnyPlace = TypeVar("AnyPlace", bound=CommandPlace)


@contextmanager
def working_in(
    kind: type[AnyPlace], folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[AnyPlace]:
    """A place of this kind, in which the test stands, with none of the user's keys and settings."""
    for name in list(os.environ):
        if name.startswith(("OPENAI_", "EVALS_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(str(folder))
    yield kind(folder, capsys, monkeypatch)
    sys.modules.pop(PLUGIN, None)


T = TypeVar("T")


def kept_in(found: dict[str, T]) -> Callable[[str], Callable[[T], T]]:
    """A decorator that puts a function into `found` under the row of a page that it stands for."""

    def under(row: str) -> Callable[[T], T]:
        def keep(check: T) -> T:
            found[row] = check
            return check

        return keep

    return under
