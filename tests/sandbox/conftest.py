"""One sandbox for all tests of a file: two workers, strict or weak."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from evals.errors import UsageError
from evals.sandbox.host.sandbox import Sandbox


def opened(assurance: str) -> Iterator[Sandbox]:
    """A sandbox; a skip where this kernel cannot isolate a program."""
    if sys.platform != "linux":
        pytest.skip("the sandbox is for Linux")
    try:
        sandbox = Sandbox(workers=2, assurance=assurance).__enter__()
    except UsageError as error:
        pytest.skip(f"no sandbox on this machine: {error}")
    try:
        yield sandbox
    finally:
        sandbox.__exit__(None, None, None)


@pytest.fixture(scope="module")
def strict() -> Iterator[Sandbox]:
    yield from opened("strict")


@pytest.fixture(scope="module")
def weak() -> Iterator[Sandbox]:
    yield from opened("weak")
