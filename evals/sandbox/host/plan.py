"""What a zygote is to set up on this machine: which Python, which files, which user, which layers."""

from __future__ import annotations

import glob
import os
import sys
from pathlib import Path

from evals.sandbox.inside import landlock
from evals.sandbox.inside.root_fs import SYSTEM
from evals.sandbox.protocol import RootFs, ZygotePlan

ROOT = str(Path(__file__).resolve().parents[3])
"Where the package `evals` lies."

SCRATCH_BYTES = 1 << 26
"Of all files of a program together, 64 MiB; they lie in memory."

PACKAGES = ("numpy", "numpy.libs", "scipy", "scipy.libs", "pandas", "sympy", "mpmath", "networkx") + (
    ("sortedcontainers", "dateutil", "pytz", "six.py", "tzdata", "rapidfuzz")
)
"Third-party packages that programs may import if they are installed, with what these need; programs see no others."

_OWN_UID = 0x70000000
"User ids from here on are unused: systemd's table of them ends its containers' range just below."

_NOBODY = 65534
# One thread for linear algebra: OpenBLAS else starts one for each core, which all count as processes of the program.
_ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/tmp", "LANG": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1"}


def python() -> str:
    """The interpreter that programs run on: the one that runs this, without its virtual environment."""
    return os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable)


def command(module: str, executable: str) -> list[str]:
    """An interpreter that reads no environment, no site-packages and no user folder, and runs `main` of a module."""
    # Frozen modules: those of the standard library that every start needs come from the executable, and not from files.
    boot = f"import sys; sys.path.insert(0, {ROOT!r}); from {module} import main; main()"
    return [executable, "-I", "-S", "-X", "frozen_modules=on", "-X", "utf8", "-c", boot]


def plan(namespaces: bool = True) -> ZygotePlan:
    """The plan with all layers, or with those that a machine without namespaces has.

    `scratch`, where programs without namespaces have their folders, is left to whoever starts a worker.
    """
    return ZygotePlan(
        namespaces=namespaces,
        readable=("/",) if namespaces else readable(),
        seccomp=True,
        landlock_abi=landlock.abi(),
        uid=unprivileged_uid(),
        python=python(),
        hidden_paths=(ROOT,),
        environment=_ENVIRONMENT,
        root_fs=RootFs(prefixes(), masks(), packages(), SCRATCH_BYTES),
        scratch="",
        shared=(),
    )


def readable() -> tuple[str, ...]:
    """What programs may read without namespaces: the system, Python, and a few packages."""
    system = [path for path in SYSTEM if os.path.isdir(path)]
    return (*system, *prefixes(), *packages().values(), "/dev/urandom", "/dev/random", "/etc/ld.so.cache")


def unprivileged_uid() -> int | None:
    """A user id that nothing else has, if the evaluator is root; None for an ordinary user, who keeps his own."""
    if os.geteuid() != 0:
        return None
    # By process id, so that programs of two evaluators are two users: limits of processes are counted by user.
    wanted = _OWN_UID + os.getpid() % 1_000_000
    return wanted if _is_mapped(wanted) else _NOBODY


def _is_mapped(uid: int) -> bool:
    """Whether this user exists in the user namespace that this runs in; that of a container has few."""
    try:
        lines = Path("/proc/self/uid_map").read_text(encoding="ascii").splitlines()
    except OSError:
        return False
    ranges = [tuple(map(int, line.split())) for line in lines]
    return any(first <= uid < first + size for first, _, size in ranges)


def prefixes() -> tuple[str, ...]:
    """Folders of Python's own files."""
    found = [os.path.realpath(path) for path in (sys.base_prefix, sys.base_exec_prefix)]
    if not any(python().startswith(f"{path}/") for path in found):
        found.append(os.path.dirname(python()))
    return tuple(dict.fromkeys(found))


def masks() -> tuple[str, ...]:
    """Folders that programs see empty: installed packages, and ours wherever it lies."""
    patterns = ["/usr/lib/python3*/dist-packages", "/usr/lib/python3*/site-packages"]
    patterns += ["/usr/lib64/python3*/site-packages", "/usr/local/lib/python3*/*-packages"]
    for prefix in prefixes():
        patterns += [f"{prefix}/lib/python3*/site-packages", f"{prefix}/lib64/python3*/site-packages"]
    found = [path for pattern in patterns for path in glob.glob(pattern)]
    return tuple(dict.fromkeys([*found, *(f"{ROOT}/{name}" for name in ("evals", "registry", "data", "tests"))]))


def packages() -> dict[str, str]:
    """Where the packages lie that programs may import, by name."""
    found: dict[str, str] = {}
    for folder in sys.path:
        for name in PACKAGES:
            path = os.path.join(folder, name)
            if name not in found and folder.endswith("-packages") and os.path.exists(path):
                found[name] = os.path.realpath(path)
    return found
