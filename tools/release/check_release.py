"""Builds wheel and sdist of this checkout, checks both, and tries them on the oldest and the newest Python there is.

    python tools/release/check_release.py [--dist dist] [--python python3.10 --python python3.13]

Nothing is uploaded. Ends with 1 when something is wrong, and leaves the files of a good release in the folder `dist`.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import venv
import zipfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OLDEST, NEWEST = (3, 10), (3, 13)
MAIN_JOB = ["oaieval", "pocket/32k", "pocket-arithmetic", "--max_samples", "20"]
MUST_HOLD = ("LICENSE", "README.md", "CHANGELOG.md", "pyproject.toml", "evals/__init__.py", "oaieval_commands.py")
NEVER = re.compile(r"(^|/)(\.git|__pycache__|evallogs|\.venv|.*\.pyc)(/|$)")


def main(argv: Sequence[str] | None = None) -> int:
    """Build, check and try; the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--dist", type=Path, default=ROOT / "dist", help="where the files go (default: dist)")
    parser.add_argument("--python", action="append", default=[], metavar="EXE", help="interpreters; repeatable")
    parser.add_argument("--no-isolation", action="store_true", help="build with the hatchling that is installed")
    parser.add_argument("--no-smoke-test", action="store_true", help="build and check only")
    args = parser.parse_args(argv)
    wheel, sdist = build(args.dist, isolated=not args.no_isolation)
    problems = [*check_names(wheel, sdist), *check_wheel(wheel), *check_sdist(sdist), *check_metadata([wheel, sdist])]
    pythons = [] if args.no_smoke_test else args.python or oldest_and_newest()
    for python in pythons:
        for file in (wheel, sdist):
            problems += smoke_test(python, file)
    for problem in problems:
        print(f"wrong: {problem}", file=sys.stderr)
    print(f"{wheel.name}, {sdist.name}: {'not fit for release' if problems else 'fit for release'}")
    return 1 if problems else 0


def build(dist: Path, *, isolated: bool = True) -> tuple[Path, Path]:
    """A new wheel and sdist in `dist`, which is emptied before. hatchling's own command builds both."""
    shutil.rmtree(dist, ignore_errors=True)
    dist.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as folder:
        python = Path(sys.executable)
        if isolated:
            python = environment(Path(folder) / "build", sys.executable)
            run([str(python), "-m", "pip", "install", "-q", "hatchling>=1.26"])
        run([str(python), "-m", "hatchling", "build", "-d", str(dist.resolve())], cwd=ROOT)
    return next(dist.glob("*.whl")), next(dist.glob("*.tar.gz"))


def version() -> str:
    """The version that `evals/__init__.py` states."""
    text = (ROOT / "evals" / "__init__.py").read_text(encoding="utf-8")
    (found,) = re.findall(r'^__version__ = "([^"]+)"', text, re.MULTILINE)
    return str(found)


def check_names(wheel: Path, sdist: Path) -> list[str]:
    """Problems with names and versions: those of the files, and of the newest part of the changelog."""
    wanted = {f"oaieval-{version()}-py3-none-any.whl", f"oaieval-{version()}.tar.gz"}
    problems = [f"the build gave {wheel.name} and {sdist.name}"] if {wheel.name, sdist.name} != wanted else []
    newest = re.search(r"^## \[?([\w.]+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    if newest is None or newest[1] != version():
        problems.append(f"the newest part of CHANGELOG.md is not that of {version()}")
    return problems


def check_wheel(wheel: Path) -> list[str]:
    """Problems with the content of a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        info = f"oaieval-{version()}.dist-info"
        metadata = archive.read(f"{info}/METADATA").decode() if f"{info}/METADATA" in names else ""
    wanted = ["evals/__init__.py", "evals/_bundled/registry/evals/arithmetic.yaml", f"{info}/licenses/LICENSE"]
    problems = [f"{wheel.name} lacks {name}" for name in wanted if name not in names]
    problems += [f"{wheel.name} holds {name}" for name in names if NEVER.search(name) or name.startswith("tests/")]
    if f"\nVersion: {version()}\n" not in metadata:
        problems.append(f"{wheel.name} does not state version {version()}")
    return problems


def check_sdist(sdist: Path) -> list[str]:
    """Problems with the content of an sdist."""
    with tarfile.open(sdist) as archive:
        names = [name.partition("/")[2] for name in archive.getnames()]
    problems = [f"{sdist.name} lacks {name}" for name in MUST_HOLD if name not in names]
    return problems + [f"{sdist.name} holds {name}" for name in names if NEVER.search(name)]


def check_metadata(files: Sequence[Path]) -> list[str]:
    """Problems that `twine check --strict` finds; a line says so where twine cannot be installed."""
    with tempfile.TemporaryDirectory() as folder:
        python = environment(Path(folder) / "twine", sys.executable)
        if run([str(python), "-m", "pip", "install", "-q", "twine"], check=False).returncode:
            print("twine could not be installed: the metadata is not checked")
            return []
        done = run([str(python), "-m", "twine", "check", "--strict", *map(str, files)], check=False)
    return [] if done.returncode == 0 else [f"twine: {done.stdout.strip()}"]


def oldest_and_newest() -> list[str]:
    """The oldest and the newest interpreter that this package supports and this machine has."""
    found = []
    for minor in range(OLDEST[1], NEWEST[1] + 1):
        name = f"python3.{minor}"
        works = shutil.which(name) and run([name, "-c", "import sys, venv"], check=False).returncode == 0
        if works:
            found.append(name)
    if not found:
        raise SystemExit(f"no Python from 3.{OLDEST[1]} to 3.{NEWEST[1]} is on the path: name one with --python")
    return list(dict.fromkeys([found[0], found[-1]]))


def smoke_test(python: str, file: Path) -> list[str]:
    """Problems with a file in a fresh environment of `python`: it installs, and the commands do their main jobs."""
    with tempfile.TemporaryDirectory() as folder:
        commands = environment(Path(folder) / "env", python).parent
        print(f"{python}: {file.name}")
        done = run([str(commands / "python"), "-m", "pip", "install", "-q", str(file.resolve())], check=False)
        if done.returncode:
            return [f"{python} cannot install {file.name}: {done.stderr.strip()[-300:]}"]
        problems = []
        for job in (["evals", "--version"], ["evals", "check", "arithmetic"], MAIN_JOB):
            done = run([str(commands / job[0]), *job[1:]], cwd=Path(folder), check=False)
            if done.returncode:
                said = f"{' '.join(job)} ended with {done.returncode}: {done.stderr[-300:]}"
                problems.append(f"{python}, {file.name}: {said}")
            elif job[1] == "--version" and version() not in done.stdout:
                problems.append(f"{python}, {file.name}: the installed version is {done.stdout.strip()}")
        return problems


def environment(folder: Path, python: str) -> Path:
    """The interpreter of a fresh virtual environment of `python`."""
    if Path(python) == Path(sys.executable):
        venv.create(folder, with_pip=True)
    else:
        run([python, "-m", "venv", str(folder)])
    return folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"


def run(command: Sequence[str], *, cwd: Path | None = None, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, and keep what it prints."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=1800)
    if check and done.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done


if __name__ == "__main__":
    sys.exit(main())
