"""Landlock leaves a process only the paths that rules name."""

from __future__ import annotations

import json

import pytest
from sandbox_world import in_a_process, needs

SOURCE = """
import json, os, socket, sys
from evals.sandbox.inside import landlock, linux
folder = sys.argv[1]
version = landlock.abi()
linux.prctl(linux.PR_SET_NO_NEW_PRIVS, 1)
landlock.rules(version, [*sys.path[1:], "/usr", "/lib", "/lib64", f"{folder}/read", f"{folder}/gone"], [f"{folder}/write"]).restrict()
def tried(action):
    try:
        action()
        return "done"
    except OSError as error:
        return type(error).__name__
def written(path):
    with open(path, "w") as file:
        file.write("x")
found = {
    "read": tried(lambda: open(f"{folder}/read/file").read()),
    "list": tried(lambda: os.listdir(f"{folder}/read")),
    "write what may be read": tried(lambda: written(f"{folder}/read/file")),
    "make a file beside it": tried(lambda: written(f"{folder}/read/new")),
    "write": tried(lambda: written(f"{folder}/write/new")),
    "make a folder": tried(lambda: os.mkdir(f"{folder}/write/folder")),
    "read another": tried(lambda: open(f"{folder}/secret").read()),
    "list another": tried(lambda: os.listdir(folder)),
    "bind": tried(lambda: socket.create_server(("127.0.0.1", 0))),
}
print(json.dumps([version, found]))
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    needs(namespaces=False)
    folder = tmp_path_factory.mktemp("landlock")
    for name in ("read", "write"):
        (folder / name).mkdir()
    (folder / "read" / "file").write_text("x")
    (folder / "secret").write_text("x")
    version, found = json.loads(in_a_process(SOURCE, str(folder)))
    return found | {"version": version}


@pytest.mark.parametrize("action", ["read", "list", "write", "make a folder"])
def test_what_rules_name_can_be_done(found, action):
    assert found[action] == "done"


@pytest.mark.parametrize("action", ["write what may be read", "make a file beside it", "read another", "list another"])
def test_everything_else_is_refused(found, action):
    assert found[action] == "PermissionError"


def test_from_version_four_on_no_port_can_be_bound(found):
    assert found["bind"] == ("PermissionError" if found["version"] >= 4 else "done")
