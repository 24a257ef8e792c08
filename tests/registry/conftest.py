"""Registries of a few files, written for one test."""

from __future__ import annotations

from pathlib import Path

import pytest
from registry_parts import Write

from evals.registry import Registry


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_file(text: str | bytes, kind: str = "evals", name: str = "x.yaml", root: str = "one") -> Path:
        path = tmp_path / root / kind / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return tmp_path / root

    return write_file


@pytest.fixture
def with_fns(write: Write) -> Registry:
    here = "registry_parts"
    root = write(
        f"plain:\n  class: {here}:Stub\n  args: {{model: m, temperature: 0.5}}\n"
        f"wants:\n  class: {here}:TakesRegistry\n"
        f"not-callable:\n  class: {here}:NotCallable\n"
        f"mine:\n  class: {here}:factory\n  patterns: ['mine/*']\n  strip_prefix: mine/\n"
        f"mine-exact:\n  class: {here}:Stub\n  patterns: ['mine/special-*']\n"
        "closed:\n  reserved: true\n  patterns: ['closed/*']\n"
        f"closed/one:\n  class: {here}:Stub\n"
        "alias-to-model: {id: big}\n"
        "big:\n  patterns: ['big-20*']\n  context_length: 99\n"
        "  prices: {input: 2, output: 8, as_of: 2026-11-01, source: here}\n"
        "secret:\n  patterns: ['secret/*']\n  class: x:Y\n  strip_prefix: secret/\n  prices: null\n",
        kind="completion_fns",
    )
    write(f"plain:\n  class: {here}:TakesRegistry\n", kind="solvers")
    return Registry([root])
