"""Which evals of a set are done: the two files that `oaievalset` keeps, private and without keys."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from evals.errors import UsageError

Task = list[str]
"One command as the progress file has it: oaieval, completion function, eval, arguments."


class Progress:
    """The evals of one set that are done, kept in two files: openai/evals' list of commands, and their results."""

    def __init__(self, file: str | Path) -> None:
        self.file = Path(file)
        self.results_file = self.file.with_name(self.file.name.removesuffix(".progress.txt") + ".results.jsonl")
        self.completed: list[Task] = []
        self.results: dict[str, dict[str, Any]] = {}

    def load(self) -> bool:
        """Read both files; whether anything is done. Lines that were cut are left out."""
        self.completed = [shown(task) for task in _json_lines(self.file) if isinstance(task, list)]
        for result in _json_lines(self.results_file):
            if isinstance(result, dict) and isinstance(result.get("task"), list):
                self.results[json.dumps(shown(result["task"]))] = result
        return bool(self.completed)

    def clear(self) -> None:
        """Begin anew."""
        self.completed, self.results = [], {}
        with _explained(self.file):
            for file in (self.file, self.results_file):
                file.unlink(missing_ok=True)

    def add(self, task: Task, result: dict[str, Any]) -> None:
        """Note that an eval is done, at once. Keys among its arguments are masked."""
        task = shown(task)
        self.completed.append(task)
        self.results[json.dumps(task)] = result
        _append(self.results_file, {"task": task, **result})
        _append(self.file, task)

    def result_of(self, task: Task) -> dict[str, Any]:
        return self.results.get(json.dumps(shown(task)), {})

    def is_done(self, task: Task) -> bool:
        """Whether an eval is done; a run with another key is the same run."""
        return shown(task) in self.completed

    def forget(self, task: Task) -> None:
        """Take an eval for not done."""
        self.completed = [done for done in self.completed if done != shown(task)]


def shown(task: Sequence[Any]) -> Task:
    """A task with a mask for each key that it holds, for files and messages."""
    from evals.secrets import without_secrets_in_command

    return [without_secrets_in_command(str(word)) for word in task]


def _json_lines(file: Path) -> Iterator[Any]:
    if not file.exists():
        return
    with _explained(file):
        text = file.read_text(encoding="utf-8")
    for line in text.splitlines():
        with contextlib.suppress(ValueError):
            yield json.loads(line)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _append(file: Path, value: Any) -> None:
    with _explained(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        with open(file, "a", encoding="utf-8", opener=_private) as lines:
            lines.write(json.dumps(value, ensure_ascii=False) + "\n")


@contextlib.contextmanager
def _explained(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UsageError(
            f"the progress of the set cannot be kept: {error.strerror or error}",
            where=str(file),
            fix="set EVALS_LOG_DIR to a folder that can be written",
        ) from error
