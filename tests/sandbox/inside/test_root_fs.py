"""The tree that programs see has the system and Python in it, read-only, and nothing of the user's."""

from __future__ import annotations

import json
import sys

import pytest
from sandbox_world import in_a_process, needs

from evals.sandbox.host.plan import masks, packages, prefixes

SOURCE = """
import json, os, sys
from evals.sandbox.inside import linux, namespaces, root_fs
from evals.sandbox.protocol import RootFs
prefixes, masks, packages, secret = json.loads(sys.argv[1])
uid, gid = os.getuid(), os.getgid()
proc = os.open("/proc", os.O_PATH | os.O_DIRECTORY)
linux.unshare(linux.CLONE_NEWUSER | linux.CLONE_NEWNS)
for name, text in (("setgroups", "deny"), ("uid_map", f"1000 {uid} 1"), ("gid_map", f"1000 {gid} 1")):
    namespaces._write_at(proc, f"self/{name}", text)
root_fs.build(RootFs(tuple(prefixes), tuple(masks), packages, 1 << 20))
linux.unshare(linux.CLONE_NEWNS)
linux.in_turn(root_fs.fresh_scratch(1 << 20))
def tried(action):
    try:
        return action()
    except OSError as error:
        return error.errno
def filled():
    with open("/tmp/large", "wb") as file:
        for _ in range(64):
            file.write(bytes(1 << 16))
            file.flush()
print(json.dumps({
    "top": sorted(os.listdir("/")),
    "secret": os.path.exists(secret),
    "masked": [path for path in masks if os.path.isdir(path) and os.listdir(path)],
    "python": os.path.exists(os.__file__),
    "packages": sorted(os.listdir(root_fs.PACKAGES)) if packages else [],
    "write to the system": tried(lambda: open("/usr/x", "w")),
    "write to the top": tried(lambda: os.mkdir("/x")),
    "write to /tmp": tried(lambda: open("/tmp/x", "w").write("x")),
    "write to /dev/shm": tried(lambda: open("/dev/shm/x", "w").write("x")),
    "fill /tmp": tried(filled),
    "users": open("/etc/passwd").read(),
    "devices": sorted(os.listdir("/dev")),
}))
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    needs(namespaces=True)
    secret = tmp_path_factory.mktemp("secret") / "secret"
    secret.write_text("x")
    return json.loads(in_a_process(SOURCE, json.dumps([prefixes(), masks(), packages(), str(secret)])))


def test_there_is_nothing_at_the_top_but_the_system_and_folders_of_python(found):
    known = {
        "bin",
        "dev",
        "etc",
        "lib",
        "lib32",
        "lib64",
        "libx32",
        "packages",
        "proc",
        "sbin",
        "scratch",
        "tmp",
        "usr",
    }
    assert set(found["top"]) <= known | {path.split("/")[1] for path in prefixes()} | {"nix", "gnu"}
    assert found["users"] == "sandbox:x:1000:1000::/tmp:/bin/sh\n"
    assert found["devices"] == ["full", "null", "random", "shm", "urandom"]


def test_python_is_there_and_installed_packages_and_the_user_s_files_are_not(found):
    assert found["python"] is True
    assert found["masked"] == []
    assert found["secret"] is False


def test_packages_that_programs_may_import_lie_in_a_folder_of_their_own(found):
    assert found["packages"] == sorted(packages())
    assert "numpy" in found["packages"] or not any("site-packages" in path for path in sys.path)


def test_only_two_folders_of_the_program_s_own_can_be_written_to(found):
    assert found["write to /tmp"] == found["write to /dev/shm"] == 1
    assert found["write to the system"] in (30, 13)
    assert found["write to the top"] in (30, 13)


def test_the_size_of_all_files_together_is_limited(found):
    assert found["fill /tmp"] == 28
