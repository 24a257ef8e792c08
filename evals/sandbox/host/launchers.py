"""Ways to start a zygote: by itself, in bubblewrap, or in a Docker container."""

from __future__ import annotations

import os
import shutil
import sys
from typing import Any

from evals.errors import UsageError
from evals.sandbox.host.plan import ROOT, command, masks, packages, plan, prefixes, python
from evals.sandbox.inside.root_fs import DEVICES, SYSTEM

IMAGE = f"python:{sys.version_info.major}.{sys.version_info.minor}-slim"
"The image that programs run in, of Docker's own library."

PLACE = "{place}"
"Stands for a worker's own folder in a command."

WORKER_BYTES = 2 << 30
WORKER_PROCESSES = 160
ZYGOTE = "evals.sandbox.inside.zygote"
_OURS = (f"{ROOT}/evals/__init__.py", f"{ROOT}/evals/sandbox")
"What a zygote needs of this package; no test lies there."


def configuration(kind: str, assurance: str, namespaces: bool) -> dict[str, Any]:
    """What a worker is started with.

    Raises:
        UsageError: the program that the kind needs is not there.
    """
    started = {"auto": _by_itself, "bwrap": _in_bubblewrap, "docker": _in_docker}.get(kind)
    if started is None:
        raise UsageError(f"no sandbox is called {kind!r}", fix="choose one of auto, bwrap, docker")
    return {**started(namespaces), "assurance": assurance}


def placed(config: dict[str, Any], folder: str) -> dict[str, Any]:
    """A configuration for one worker, whose own folder this is."""
    made = [part.replace(PLACE, folder) for part in config["command"]]
    given: dict[str, Any] = {"scratch": folder, **config["plan"]}
    if given.get("socket"):
        os.chmod(folder, 0o755)
        given["socket"] = given["socket"].replace(PLACE, folder)
    return {**config, "command": made, "plan": given}


def _by_itself(namespaces: bool) -> dict[str, Any]:
    return {"plan": plan(namespaces), "command": []}


def _found(name: str, fix: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise UsageError(f"there is no `{name}` on this machine", fix=fix)
    return path


def _in_bubblewrap(namespaces: bool) -> dict[str, Any]:
    """Its namespaces hold a worker's zygote and programs; each program has a folder and Landlock of its own."""
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
        made += ["--ro-bind", path, f"/packages/{name}"]
    for path in _OURS:
        made += ["--ro-bind", path, path]
    given = plan(False)
    given |= {"uid": None, "user": given["uid"], "scratch": "/tmp", "held_by": "of bubblewrap"}
    given |= {"shared": ["/dev/shm"]}
    given["readable"] = [*given["readable"], "/packages"]
    return {"plan": given, "command": [*made, *command(ZYGOTE, python())]}


def _in_docker(namespaces: bool) -> dict[str, Any]:
    """A container for each worker: no network, nothing writable but /tmp, limits on memory and processes."""
    program = _found("docker", "install Docker, or leave out --sandbox")
    uid = os.getuid() or 65534
    made = [program, "run", "--rm", "--interactive", "--network", "none", "--read-only", "--cap-drop", "ALL"]
    made += [
        "--security-opt",
        "no-new-privileges",
        "--pids-limit",
        str(WORKER_PROCESSES),
        "--memory",
        str(WORKER_BYTES),
    ]
    made += ["--memory-swap", str(WORKER_BYTES), "--user", f"{uid}:{uid}", "--tmpfs", "/tmp:rw,nosuid,nodev,size=64m"]
    for path in (*_OURS, PLACE):
        made += ["--volume", f"{path}:{path}:ro"]
    socket = f"{PLACE}/control"
    given = plan(False) | {"uid": None, "scratch": "/tmp", "landlock_abi": None, "socket": socket}
    given |= {"held_by": "of Docker", "shared": ["/dev/shm"]}
    given["readable"] = [*SYSTEM, "/dev/urandom", "/dev/random"]
    given["python"] = "/usr/local/bin/python"
    given["view"] = {**given["view"], "packages": {}}
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME") or name.startswith("DOCKER_")}
    return {
        "plan": given,
        "command": [*made, IMAGE, *command(ZYGOTE, "python"), socket],
        "environment": {"LANG": "C.UTF-8", **kept},
    }
