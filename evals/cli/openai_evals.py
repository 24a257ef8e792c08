"""Notices openai/evals in the same environment: both packages own the import name `evals`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable


def installed_version(path: Iterable[str] | None = None) -> str | None:
    """The version of an installed distribution `evals`, or None. Lists folders only: importlib.metadata costs 20 ms."""
    for folder in sys.path if path is None else path:
        try:
            names = os.listdir(folder or ".")
        except OSError:
            continue
        for name in names:
            if name.startswith("evals-") and name.endswith((".dist-info", ".egg-info")):
                return name.removeprefix("evals-").rsplit(".", 1)[0]
    return None


def warn_if_installed(path: Iterable[str] | None = None) -> None:
    """Say on standard error that openai/evals is installed too, and how to remove it."""
    version = installed_version(path)
    if version is not None:
        print(
            f"warning: openai/evals {version} is installed here too, and one of the two overwrites the other\n"
            "  fix: pip uninstall -y evals && pip install --force-reinstall --no-deps oaieval",
            file=sys.stderr,
        )
