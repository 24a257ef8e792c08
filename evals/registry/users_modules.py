"""Finds modules of a user's copy of openai/evals, such as `evals.elsuite.mine`, in the folders of `sys.path`."""

from __future__ import annotations

import os
import sys
from importlib.machinery import ModuleSpec, PathFinder

from evals.registry.whose_code import PACKAGE


def find_spec(name: str) -> ModuleSpec | None:
    """The module `evals.PARENT.NAME` in a folder `evals/PARENT` below a folder of `sys.path`; None without one.

    Asked for modules that this package does not have. A module of ours is never replaced.
    """
    parents = name.split(".")[:-1]
    folders = [os.path.join(entry or os.getcwd(), *parents) for entry in sys.path if isinstance(entry, str)]
    others = [folder for folder in folders if os.path.isdir(folder) and not _is_ours(folder)]
    spec = PathFinder.find_spec(name, others) if others else None
    if spec is not None and spec.submodule_search_locations is not None:
        # A folder without __init__.py would look for its place again, and in this package alone.
        spec.submodule_search_locations = list(spec.submodule_search_locations)
    return spec


def _is_ours(folder: str) -> bool:
    return f"{os.path.realpath(folder)}{os.sep}".startswith(f"{PACKAGE}{os.sep}")
