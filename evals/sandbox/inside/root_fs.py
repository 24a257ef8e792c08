"""The files that programs see: the system's and Python's, read-only, in a tree of their own; nothing of the user's."""

from __future__ import annotations

import os

from evals.sandbox.inside import linux
from evals.sandbox.protocol import RootFs

SYSTEM = ("/usr", "/bin", "/lib", "/lib32", "/lib64", "/libx32", "/sbin", "/nix/store", "/gnu/store")
DEVICES = ("null", "full", "random", "urandom")
"Not `zero`: a mapping of it is memory that no limit counts, see `seccomp.MAX_SHARED_MAPPING`."
PACKAGES = "/packages"
"Where third-party packages lie that programs may import."

WRITABLE = "/scratch"
SCRATCH = f"{WRITABLE}/program"
"""Where each program's own files are mounted. Rules of Landlock for the folder above hold for every such mount, so that
they need not be made anew for each program."""

# Links in the read-only tree lead here, so that one mount for each program gives it both.
_TMP, _SHM = f"{SCRATCH}/tmp", f"{SCRATCH}/shm"
_ETC = {
    "passwd": "sandbox:x:1000:1000::/tmp:/bin/sh\n",
    "group": "sandbox:x:1000:\n",
    "hosts": "127.0.0.1 localhost\n",
}


def build(tree: RootFs) -> None:
    """Make the tree and live in it. The mount namespace must be this process's own.

    Raises:
        OSError: a mount is refused, as where the kernel allows no namespaces.
    """
    # Private: else each mount would appear in the host's namespace too.
    linux.mount(None, "/", None, linux.MS_REC | linux.MS_PRIVATE)
    linux.mount("tmpfs", "/tmp", "tmpfs", linux.MS_NOSUID | linux.MS_NODEV, "mode=755,size=1m,nr_inodes=2048")
    os.mkdir("/tmp/host", 0o700)
    linux.pivot_root("/tmp", "/tmp/host")
    os.chdir("/")
    for path in SYSTEM:
        _place(path)
    for path in tree.prefixes:
        if not _covered(path):
            _bind(f"/host{path}", path)
    for name, path in tree.packages.items():
        _bind(f"/host{path}", f"{PACKAGES}/{name}")
    os.makedirs("/etc", exist_ok=True)
    for name, text in _ETC.items():
        with open(f"/etc/{name}", "w", encoding="ascii") as file:
            file.write(text)
    # Without it the loader does not find libraries in folders that /etc/ld.so.conf names.
    if os.path.exists("/host/etc/ld.so.cache"):
        _bind("/host/etc/ld.so.cache", "/etc/ld.so.cache")
    for path in tree.masks:
        if os.path.isdir(path):
            linux.mount("tmpfs", path, "tmpfs", linux.MS_RDONLY, "mode=755,size=4k")
    _devices()
    os.makedirs(SCRATCH)
    os.makedirs("/proc")
    os.symlink(_TMP, "/tmp")
    os.symlink(_SHM, "/dev/shm")
    # Detached: files of the host that are open here, as the interpreter's own, keep it from being unmounted at once.
    linux.umount("/host", linux.MNT_DETACH)
    os.rmdir("/host")
    linux.mount(None, "/", None, linux.MS_REMOUNT | linux.MS_BIND | linux.MS_RDONLY | linux.MS_NOSUID | linux.MS_NODEV)


def _place(path: str) -> None:
    """A folder or link of the system, as it is on the host."""
    host = f"/host{path}"
    if os.path.islink(host):
        os.symlink(os.readlink(host), path)
    elif os.path.isdir(host):
        _bind(host, path)


def _covered(path: str) -> bool:
    return any(path == top or path.startswith(f"{top}/") for top in SYSTEM) or path == "/"


def _bind(source: str, target: str) -> None:
    if os.path.isdir(source):
        os.makedirs(target, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "ab"):
            pass
    linux.mount(source, target, None, linux.MS_BIND | linux.MS_REC)
    linux.make_read_only(target)


def _devices() -> None:
    """Bind devices of the host: an unprivileged user can make none."""
    os.makedirs("/dev", exist_ok=True)
    for name in DEVICES:
        with open(f"/dev/{name}", "wb"):
            pass
        linux.mount(f"/host/dev/{name}", f"/dev/{name}", None, linux.MS_BIND)


def fresh_scratch(size_bytes: int) -> list[linux.Prepared]:
    """The calls that mount an empty folder at `SCRATCH`, with /tmp and /dev/shm in it.

    size_bytes: of all files in it together.
    """
    options = f"mode=700,size={size_bytes},nr_inodes=4096"
    flags = linux.MS_NOSUID | linux.MS_NODEV
    mounted = linux.prepared("mount", b"tmpfs", SCRATCH.encode(), b"tmpfs", flags, options.encode())
    return [mounted, *(linux.prepared("mkdirat", -1, path.encode(), 0o700) for path in (_TMP, _SHM))]
