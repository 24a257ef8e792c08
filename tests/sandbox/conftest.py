"""One sandbox for all tests of a file: two workers, strict or weak; and an ordinary user to run things as."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from evals.errors import UsageError
from evals.sandbox.host.sandbox import Sandbox

if TYPE_CHECKING:
    from sandbox_world import Runs

if sys.platform != "linux":
    collect_ignore_glob = ["host/*", "tester/*", "inside/*"]


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


@pytest.fixture(scope="module")
def as_ordinary_user() -> Iterator[Runs]:
    from sandbox_world import ordinary_user

    with ordinary_user() as run:
        yield run
