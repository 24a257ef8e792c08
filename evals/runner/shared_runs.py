"""Runs that several processes want: one of them makes each, the others wait and read its record."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from evals.completion_fns.function import name_of
from evals.errors import EvalsError, Interrupted
from evals.runner.api import run
from evals.runner.fingerprint import digest, identity_of
from evals.runner.result import RunResult, read_result
from evals.solvers.utils import as_completion_fn_or_solver

LOCKS = "shared"
"The folder below the records with two small files for each run: its lock, and what the session made of it."


class SharedRuns:
    """Results by what was asked for; each is made once a session, from an earlier record where there is one.

    session: the same text in all processes that belong together. fresh: records of earlier sessions do not
    count. wait_s: how long a process waits while another makes the run that it wants.
    """

    def __init__(self, folder: Path, session: str, *, fresh: bool = False, wait_s: float = 3600.0) -> None:
        self.folder = folder
        self.session = session
        self.fresh = fresh
        self.wait_s = wait_s
        self._results: dict[str, RunResult] = {}

    def result(self, completion_fn: Any, eval_name: str, **arguments: Any) -> RunResult:
        """The result of `evals.run(completion_fn, eval_name, **arguments)`; look at its `problem`.

        Raises:
            EvalsError: the run could not begin. Interrupted: somebody stopped it.
        """
        given = completion_fn if isinstance(completion_fn, list | tuple) else [completion_fn]
        max_errors = arguments.pop("max_errors", 0)
        key = digest([[_key_of(fn) for fn in given], eval_name, sorted(arguments.items(), key=str)])
        if key not in self._results:
            state = self.folder / LOCKS / f"{key}.json"
            with held(state.with_suffix(".lock"), self.wait_s):
                self._results[key] = self._made(state, given, eval_name, arguments)
        return replace(self._results[key], max_errors=max_errors)

    def _made(self, path: Path, given: Sequence[Any], eval_name: str, arguments: dict[str, Any]) -> RunResult:
        state = _state_in(path)
        if state.get("session") == self.session and Path(state["record"]).is_file():
            return _result_of(state)
        chosen = {"log_dir": self.folder, "resume": not self.fresh, **arguments, "check": False}
        result = run(list(given), eval_name, **chosen)
        if isinstance(result.stopped_by, Interrupted):
            raise result.stopped_by
        path.write_text(json.dumps(_state_of(self.session, result)), encoding="utf-8")
        return result


def _key_of(fn: Any) -> Any:
    return fn if isinstance(fn, str) else [name_of(fn), identity_of(as_completion_fn_or_solver(fn))]


@contextlib.contextmanager
def held(path: Path, wait_s: float) -> Iterator[None]:
    """Hold the lock file `path` until the block ends or the process dies; others wait. The file stays.

    Raises:
        EvalsError: somebody else holds it for longer than `wait_s` seconds, or it cannot be made.
    """
    claim = FileLock(path, timeout=wait_s)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        claim.acquire()
    except Timeout:
        raise EvalsError(
            f"another process has held this for more than {wait_s:g} s",
            where=str(path),
            fix="look for a process that hangs, or wait longer",
        ) from None
    except OSError as error:
        raise EvalsError(f"the lock cannot be made: {error.strerror or error}", where=str(path)) from None
    try:
        yield
    finally:
        claim.release()


def _state_in(path: Path) -> dict[str, Any]:
    try:
        state = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return state if isinstance(state, dict) else {}


def _state_of(session: str, result: RunResult) -> dict[str, Any]:
    why = result.stopped_by
    stopped = None if why is None else {"what": why.what, "where": why.where, "notes": why.notes, "fix": why.fix}
    return {"session": session, "record": str(result.record_path), "stopped": stopped}


def _result_of(state: dict[str, Any]) -> RunResult:
    stopped = state.get("stopped")
    return replace(read_result(state["record"]), stopped_by=EvalsError(**stopped) if stopped else None)
