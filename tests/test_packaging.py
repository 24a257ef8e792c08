"""The wheel: what it carries, how big it is, and what comes with it into a fresh environment."""

from __future__ import annotations

import re
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

import evals

ROOT = Path(__file__).parents[1]


def readme_commands() -> list[str]:
    """The first line of each fenced shell block of the README."""
    return re.findall(r"^```(?:bash|sh)\n(.*)$", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)


def test_ci_runs_the_two_commands_of_the_readme() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    wanted = re.findall(r"\$\(fenced '(.*?)'\)", script)
    found = [next(line for line in readme_commands() if marker in line) for marker in wanted]
    assert found[0].startswith("pip install . && oaieval ")
    assert found[1] == "pip install -e '.[dev]' && pytest"


def test_the_version_is_written_once() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert 'dynamic = ["version"]' in text
    assert not re.search(r"^version *=", text, re.MULTILINE)


def test_the_newest_version_of_the_changelog_is_the_package_s() -> None:
    versions = re.findall(r"^## (?:\[)?([\w.]+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert evals.__version__ in versions[:2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel of the checkout, built without a network."""
    pytest.importorskip("hatchling")
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", str(folder)]
    subprocess.run([*command, str(ROOT)], check=True, capture_output=True, timeout=300)
    (built,) = folder.glob("*.whl")
    return built


def tracked(folder: str) -> set[str]:
    """The files under a folder of the checkout, without caches."""
    paths = (path for path in (ROOT / folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(ROOT).as_posix() for path in paths}


def test_the_wheel_carries_registry_and_data(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    bundled = {name.removeprefix("evals/_bundled/") for name in names if name.startswith("evals/_bundled/")}
    assert bundled == tracked("registry") | tracked("data")


def test_the_wheel_carries_the_whole_package_and_nothing_else(wheel: Path) -> None:
    names = {name for name in zipfile.ZipFile(wheel).namelist() if not name.startswith("evals/_bundled/")}
    assert {name for name in names if not name.startswith(f"oaieval-{evals.__version__}.dist-info/")} == {
        *tracked("evals"),
        "oaieval_commands.py",
        "oaieval_pytest.py",
    }


def test_the_wheel_is_under_30_mb_and_has_the_commands_and_the_licence(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    info = f"oaieval-{evals.__version__}.dist-info"
    commands, plugins = archive.read(f"{info}/entry_points.txt").decode().split("[pytest11]")
    assert wheel.stat().st_size < 30e6
    assert re.findall(r"^(\w+) = ", commands, re.MULTILINE) == ["evals", "oaieval", "oaievalset"]
    assert plugins.split() == ["oaieval", "=", "oaieval_pytest"]
    assert "MIT License" in archive.read(f"{info}/licenses/LICENSE").decode()


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh virtual environment with the wheel and what it needs, from the package index."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=True)
    subprocess.run([folder / "bin" / "python", "-m", "pip", "install", "--quiet", str(wheel)], check=True, timeout=600)
    return folder


def listed_packages(environment: Path) -> set[str]:
    command = [environment / "bin" / "python", "-m", "pip", "list", "--format=freeze", "--disable-pip-version-check"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    return {line.split("==")[0] for line in done.stdout.splitlines()} - {"pip", "setuptools", "wheel"}


@pytest.mark.slow
def test_fewer_than_35_distributions_come_with_it(environment: Path) -> None:
    assert len(listed_packages(environment)) < 35


@pytest.mark.slow
def test_all_that_is_installed_is_under_300_mb(environment: Path) -> None:
    packages = next(environment.glob("lib/python*/site-packages"))
    theirs = ("pip", "setuptools", "pkg_resources", "_distutils_hack")
    files = (path for path in packages.rglob("*") if path.is_file() and not path.is_symlink())
    size = sum(p.stat().st_size for p in files if not p.relative_to(packages).parts[0].startswith(theirs))
    assert size < 300e6


@pytest.mark.slow
def test_the_installed_wheel_does_the_main_job_outside_the_checkout(environment: Path, tmp_path: Path) -> None:
    command = readme_commands()[0].split(" && ")[1].split()
    done = subprocess.run(
        [environment / "bin" / command[0], *command[1:], "--fail-under", "accuracy>=0.1"],
        cwd=tmp_path,
        env={"HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
