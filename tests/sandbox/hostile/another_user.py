"""Runs a script of this folder as an unprivileged user, from copies that everyone can read."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parents[2]


def run_script(
    name: str, *arguments: str, unprivileged: bool, timeout_s: float, paths: Sequence[str] = (), namespaces: bool = True
) -> dict[str, Any]:
    """The JSON object that a script prints, run as this user or, if this is root, as nobody.

    paths: more to import from. namespaces: False forbids them to it.
    """
    switched = unprivileged and os.getuid() == 0
    with _copies() as (folder, home):
        python, scripts = (
            str(interpreter() if switched or not namespaces else sys.executable),
            folder / "tests" / "sandbox" / "hostile",
        )
        command = [python, str(scripts / name), *arguments]
        done = subprocess.run(
            command if namespaces else [python, str(scripts / "without_namespaces.py"), *command],
            capture_output=True,
            text=True,
            timeout=timeout_s,
            cwd=home,
            env=_environment(folder, home, paths),
            check=False,
            **(as_nobody() if switched else {}),
        )
    if done.returncode != 0:
        raise RuntimeError(f"{name} ended with {done.returncode}\n{done.stderr[-4000:]}")
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def _environment(folder: Path, home: Path, paths: Sequence[str]) -> dict[str, str]:
    found = {"PATH": os.defpath, "HOME": str(home), "TMPDIR": str(folder / "tmp"), "PYTHONDONTWRITEBYTECODE": "1"}
    return found | {"PYTHONPATH": os.pathsep.join([str(folder), *paths])}


@contextlib.contextmanager
def _copies() -> Iterator[tuple[Path, Path]]:
    with tempfile.TemporaryDirectory(prefix="evals-user-", dir="/var/tmp", ignore_cleanup_errors=True) as name:
        folder, home = Path(name), Path(name, "home")
        folder.chmod(0o755)
        without = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "evals", folder / "evals", ignore=without)
        shutil.copytree(HERE, folder / "tests" / "sandbox" / "hostile", ignore=without)
        home.mkdir(mode=0o700)
        (folder / "tmp").mkdir()
        if os.getuid() == 0:
            os.chown(home, nobody(), nobody())
        for path in folder.rglob("*"):
            if home not in (path, *path.parents):
                path.chmod(0o755 if path.is_dir() else 0o644)
        (folder / "tmp").chmod(0o1777)
        yield folder, home


def nobody() -> int:
    return pwd.getpwnam("nobody").pw_uid


def as_nobody() -> dict[str, Any]:
    """Arguments by which `subprocess.run` starts a process as nobody."""
    return {"user": nobody(), "group": nobody(), "extra_groups": []}


@functools.cache
def interpreter() -> str | None:
    """A Python 3.10 or newer that nobody can start; None if there is none."""
    names = ("python3", "python3.13", "python3.12", "python3.11", "python3.10")
    found = [sys.executable, getattr(sys, "_base_executable", sys.executable)]
    found += [f"{folder}/{name}" for folder in ("/usr/bin", "/usr/local/bin") for name in names]
    return next((path for path in found if os.path.exists(path) and _starts(path)), None)


def _starts(path: str) -> bool:
    check = "import sys, json, ctypes; sys.exit(sys.version_info < (3, 10))"
    try:
        as_whom = as_nobody() if os.getuid() == 0 else {}
        return subprocess.run([path, "-c", check], capture_output=True, cwd="/", check=False, **as_whom).returncode == 0
    except OSError:
        return False
