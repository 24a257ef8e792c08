"""Runs that several processes want: one of them makes each, the others wait and read its record."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from evals.completion_fns.function import name_of
from evals.errors import EvalsError, Interrupted
from evals.runner.api import run
from evals.runner.file_lock import held
from evals.runner.fingerprint import digest, identity_of
from evals.runner.result import RunResult, read_result
from evals.solvers.utils import as_completion_fn_or_solver

LOCKS = "shared"
"The folder below the records with a small file for each run: its lock, and what the session made of it."


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
            with held(self.folder / LOCKS / f"{key}.json", self.wait_s) as file:
                self._results[key] = self._made(file, given, eval_name, arguments)
        return replace(self._results[key], max_errors=max_errors)

    def _made(self, file: IO[str], given: Sequence[Any], eval_name: str, arguments: dict[str, Any]) -> RunResult:
        state = _state_in(file)
        if state.get("session") == self.session and Path(state["record"]).is_file():
            return _result_of(state)
        chosen = {"log_dir": self.folder, "resume": not self.fresh, **arguments, "check": False}
        result = run(list(given), eval_name, **chosen)
        if isinstance(result.stopped_by, Interrupted):
            raise result.stopped_by
        file.truncate(0)
        json.dump(_state_of(self.session, result), file)
        file.flush()
        return result


def _key_of(fn: Any) -> Any:
    return fn if isinstance(fn, str) else [name_of(fn), identity_of(as_completion_fn_or_solver(fn))]


def _state_in(file: IO[str]) -> dict[str, Any]:
    file.seek(0)
    try:
        state = json.loads(file.read())
    except ValueError:
        return {}
    return state if isinstance(state, dict) else {}


def _state_of(session: str, result: RunResult) -> dict[str, Any]:
    why = result.stopped_by
    stopped = None if why is None else {"what": why.what, "where": why.where, "notes": why.notes, "fix": why.fix}
    return {"session": session, "record": str(result.record_path), "stopped": stopped}


def _result_of(state: dict[str, Any]) -> RunResult:
    stopped = state.get("stopped")
    return replace(read_result(state["record"]), stopped_by=EvalsError(**stopped) if stopped else None)
