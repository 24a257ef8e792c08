"""The script of docs/releasing.md: what it finds wrong, and a whole pass over this checkout."""

from __future__ import annotations

import importlib.util
import io
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def script() -> Any:
    spec = importlib.util.spec_from_file_location("check_release", ROOT / "tools" / "release" / "check_release.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def made_wheel(path: Path, *names: str, metadata: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, metadata if name.endswith("METADATA") else "")
    return path


def test_a_wheel_without_its_licence_or_with_tests_in_it_is_found(script, tmp_path):
    version = script.version()
    info = f"oaieval-{version}.dist-info"
    names = ["evals/__init__.py", "evals/_bundled/registry/evals/arithmetic.yaml", f"{info}/METADATA"]
    bad = made_wheel(tmp_path / "bad.whl", *names, "tests/x.py", metadata="\nVersion: 0.0.0\n")
    problems = script.check_wheel(bad)
    assert f"bad.whl lacks {info}/licenses/LICENSE" in problems
    assert "bad.whl holds tests/x.py" in problems
    assert f"bad.whl does not state version {version}" in problems
    good = made_wheel(tmp_path / "good.whl", *names, f"{info}/licenses/LICENSE", metadata=f"\nVersion: {version}\n")
    assert script.check_wheel(good) == []


def test_an_sdist_with_caches_or_without_the_readme_is_found(script, tmp_path):
    with tarfile.open(tmp_path / "bad.tar.gz", "w:gz") as archive:
        for name in [*script.MUST_HOLD[2:], "evals/__pycache__/x.pyc"]:
            archive.addfile(tarfile.TarInfo(f"oaieval-1/{name}"), io.BytesIO(b""))
    problems = script.check_sdist(tmp_path / "bad.tar.gz")
    assert problems[:2] == ["bad.tar.gz lacks LICENSE", "bad.tar.gz lacks README.md"]
    assert any("__pycache__" in problem for problem in problems)


def test_files_of_another_version_are_found(script, tmp_path):
    problems = script.check_names(tmp_path / "oaieval-0.0.1-py3-none-any.whl", tmp_path / "oaieval-0.0.1.tar.gz")
    assert any("oaieval-0.0.1" in problem for problem in problems)


@pytest.mark.slow
def test_this_checkout_builds_files_that_are_right(script, tmp_path):
    """Built with the hatchling that is installed: no package index."""
    pytest.importorskip("hatchling")
    wheel, sdist = script.build(tmp_path / "dist", isolated=False)
    assert [*script.check_names(wheel, sdist), *script.check_wheel(wheel), *script.check_sdist(sdist)] == []


@pytest.mark.slow
def test_the_whole_script_passes_over_this_checkout(script, tmp_path, capsys):
    assert script.main(["--dist", str(tmp_path / "dist"), "--python", sys.executable]) == 0
    assert "fit for release" in capsys.readouterr().out
