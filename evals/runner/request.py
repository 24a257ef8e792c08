"""One eval by one completion function, as a command line or `evals.run` asks for it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from evals.completion_fns.function import name_of
from evals.engine.settings import EngineSettings
from evals.engine.shard import Shard
from evals.project import current_project

Estimand = Literal["like-these", "these"]


def log_dir() -> Path:
    """`EVALS_LOG_DIR`, else `log_dir` of the command's project file, else `evallogs` in the working folder."""
    return Path(os.environ.get("EVALS_LOG_DIR") or current_project().get("log_dir") or "evallogs")


@dataclass(frozen=True)
class RunRequest:
    """One eval by one completion function, as a command line asks for it."""

    completion_fns: Sequence[Any]
    "Names, or completion functions themselves (`as_completion_fn` has made them callable)."
    eval_name: str
    registry_paths: Sequence[str | Path] = ()
    extra_eval_params: dict[str, Any] = field(default_factory=dict)
    completion_args: dict[str, Any] = field(default_factory=dict)
    max_samples: int | None = None
    repeats: int = 1
    seed: int = 20220722
    user: str = ""
    tags: Sequence[str] = ()
    "Words for people in the record, by which `evals runs` finds it."
    visible: bool | None = None
    record_path: str | None = None
    log_dir: str | Path | None = None
    "Where records go and are looked for; None: `EVALS_LOG_DIR`, else `evallogs`."
    rotate_bytes: int | None = None
    "A record that has grown to this size moves its lines into a compressed segment; None: never."
    resume: bool = False
    resume_from: str | None = None
    shard: Shard | None = None
    "The share of the samples that is run; None for all."
    dry_run: bool = False
    dry_run_logging: bool = False
    http_url: str | None = None
    http_batch_size: int = 100
    http_fail_percent_threshold: float = 5
    cache: bool = False
    estimand: Estimand = "like-these"
    "What intervals are about: samples like these, or these samples of the dataset alone."
    shrink_groups: bool = False
    "Tables of groups also have estimates that are drawn towards the groups' mean."
    max_errors: float = 0
    "Failed samples tolerated: a count, or below 1 a fraction."
    data_paths: Sequence[str] = ()
    settings: EngineSettings = field(default_factory=EngineSettings)
    command: str = ""

    @property
    def completion_fn_names(self) -> list[str]:
        """The names for records and people; an object is called like its class."""
        return [fn if isinstance(fn, str) else name_of(fn) for fn in self.completion_fns]

    @property
    def records_folder(self) -> Path:
        """Where the record goes if it has no path of its own."""
        return log_dir() if self.log_dir is None else Path(self.log_dir)
