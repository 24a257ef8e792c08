"""Ways to start a zygote: by itself, in bubblewrap, or in a Docker container."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace

from evals.errors import UsageError
from evals.sandbox.host.plan import ROOT, command, masks, packages, plan, prefixes, python
from evals.sandbox.inside.root_fs import DEVICES, PACKAGES, SYSTEM
from evals.sandbox.protocol import Assurance, Setup, ZygoteLaunch

IMAGE = f"python:{sys.version_info.major}.{sys.version_info.minor}-slim"
"The image that programs run in, of Docker's own library."

FOLDER = "{folder}"
"Stands for a worker's own folder in a launch."

ENVIRONMENT = {"LANG": "C.UTF-8"}
"Of testers: no key of the user is in it."

WORKER_BYTES = 2 << 30
WORKER_PROCESSES = 160
"Of a container: two programs with their limits, and the zygote."

ZYGOTE = "evals.sandbox.inside.zygote"
_OURS = (f"{ROOT}/evals/__init__.py", f"{ROOT}/evals/sandbox")
"What a zygote needs of this package; no test lies there."


@dataclass(frozen=True)
class Launcher:
    """How workers are started."""

    launch: ZygoteLaunch
    "Of each worker's zygote; `FOLDER` in it stands for the worker's own folder."
    assurance: Assurance
    environment: Mapping[str, str]
    "Of the testers."
    held_by: str = "none"
    "What `evals sandbox doctor` says of namespaces that something else has made."

    def setup(self, folder: str) -> Setup:
        """What the tester of one worker is told. folder: the worker's own; empty if it needs none."""
        launch = self.launch
        if launch.socket is not None:
            os.chmod(folder, 0o755)
            launch = replace(launch, socket=launch.socket.replace(FOLDER, folder))
        made = tuple(part.replace(FOLDER, folder) for part in launch.command)
        plan = replace(launch.plan, scratch=launch.plan.scratch or folder)
        path = tuple(path for path in sys.path if path)
        return Setup(replace(launch, plan=plan, command=made), self.assurance, path)


def launcher_of(name: str, assurance: Assurance, namespaces: bool) -> Launcher:
    """The launcher of this name: auto, bwrap or docker.

    Raises:
        UsageError: there is none, or the program that it needs is not installed.
    """
    started = {"auto": _by_itself, "bwrap": _in_bubblewrap, "docker": _in_docker}.get(name)
    if started is None:
        raise UsageError(f"no sandbox is called {name!r}", fix="choose one of auto, bwrap, docker")
    return started(assurance, namespaces)


def _by_itself(assurance: Assurance, namespaces: bool) -> Launcher:
    return Launcher(ZygoteLaunch(plan(namespaces), (), None, None), assurance, ENVIRONMENT)


def _found(name: str, fix: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise UsageError(f"there is no `{name}` on this machine", fix=fix)
    return path


def _in_bubblewrap(assurance: Assurance, namespaces: bool) -> Launcher:
    """Bubblewrap's namespaces hold a worker's zygote and programs; each program has its own folder and Landlock."""
    program = _found("bwrap", "install bubblewrap, or leave out --sandbox")
    made = [program, "--unshare-all", "--die-with-parent", "--new-session", "--clearenv"]
    made += ["--cap-drop", "ALL"]
    made += ["--tmpfs", "/tmp", "--proc", "/proc", "--dir", "/dev", "--tmpfs", "/dev/shm"]
    for name in DEVICES:
        made += ["--dev-bind", f"/dev/{name}", f"/dev/{name}"]
    for path in SYSTEM:
        if os.path.islink(path):
            made += ["--symlink", os.readlink(path), path]
        elif os.path.isdir(path):
            made += ["--ro-bind", path, path]
    for path in prefixes():
        made += ["--ro-bind", path, path]
    for path in masks():
        if os.path.isdir(path) and not path.startswith(f"{ROOT}/"):
            made += ["--tmpfs", path]
    for name, path in packages().items():
        made += ["--ro-bind", path, f"{PACKAGES}/{name}"]
    for path in _OURS:
        made += ["--ro-bind", path, path]
    given = plan(False)
    user = given.uid  # bubblewrap itself runs as this user; within it there is no other
    given = replace(given, uid=None, scratch="/tmp", shared=("/dev/shm",), readable=(*given.readable, PACKAGES))
    launch = ZygoteLaunch(given, (*made, *command(ZYGOTE, python())), None, user)
    return Launcher(launch, assurance, ENVIRONMENT, "of bubblewrap")


def _in_docker(assurance: Assurance, namespaces: bool) -> Launcher:
    """A container for each worker: no network, nothing writable but /tmp, limits on memory and processes."""
    program = _found("docker", "install Docker, or leave out --sandbox")
    uid = os.getuid() or 65534
    made = [program, "run", "--rm", "--interactive", "--network", "none", "--read-only", "--cap-drop", "ALL"]
    made += ["--security-opt", "no-new-privileges", "--pids-limit", str(WORKER_PROCESSES)]
    made += ["--memory", str(WORKER_BYTES), "--memory-swap", str(WORKER_BYTES)]
    made += ["--user", f"{uid}:{uid}", "--tmpfs", "/tmp:rw,nosuid,nodev,size=64m"]
    for path in (*_OURS, FOLDER):
        made += ["--volume", f"{path}:{path}:ro"]
    given = replace(
        plan(False),
        uid=None,
        scratch="/tmp",
        shared=("/dev/shm",),
        landlock_abi=None,
        readable=(*SYSTEM, "/dev/urandom", "/dev/random"),
        python="/usr/local/bin/python",
    )
    given = replace(given, root_fs=replace(given.root_fs, packages={}))
    # The zygote connects to this socket in the worker's folder: `docker run` passes no descriptors on.
    socket = f"{FOLDER}/control"
    launch = ZygoteLaunch(given, (*made, IMAGE, *command(ZYGOTE, "python"), socket), socket, None)
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME") or name.startswith("DOCKER_")}
    return Launcher(launch, assurance, {**ENVIRONMENT, **kept}, "of Docker")
