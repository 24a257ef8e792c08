"""One world and one sandbox for all programs of a module, so that each runs where all before it have been."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from hostile_world import World

    from evals.sandbox.host.sandbox import Sandbox

if sys.platform != "linux":
    collect_ignore_glob = ["*"]


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    from hostile_world import World

    with World() as made:
        yield made


@pytest.fixture(scope="module")
def sandbox(world: World) -> Iterator[Sandbox]:
    """Strict; skipped where this machine cannot isolate programs, which `evals sandbox doctor` explains."""
    from evals.errors import UsageError
    from evals.sandbox.host.sandbox import Sandbox

    made = Sandbox(workers=1, assurance="strict")
    try:
        made.__enter__()
    except UsageError as error:
        pytest.skip(f"no sandbox on this machine: {error}")
    yield made
    made.__exit__(None, None, None)


@pytest.fixture(scope="session")
def namespaces() -> bool:
    """Whether this machine lets this user make namespaces."""
    code = "import ctypes, sys; sys.exit(ctypes.CDLL(None).unshare(0x10000000) != 0)"
    return subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
