"""A whole run, from two names to a record and a report."""

from __future__ import annotations

from evals.runner.run import PreparedRun as PreparedRun
from evals.runner.run import RunRequest as RunRequest
from evals.runner.run import RunResult as RunResult
from evals.runner.run import run as run
