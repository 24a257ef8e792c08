"""A fork server forks children that have loaded a module, and ends when nobody can ask it any more."""

from __future__ import annotations

import os
import signal
import socket
import tempfile
import time

import pytest
from sandbox_world import is_running

from evals.sandbox.host.fork_server import ForkServer
from evals.sandbox.host.plan import command, python
from evals.sandbox.process_tree import tree_of
from evals.sandbox.protocol import Fork, write

MODULE = """
import os, signal, sys, time
loaded_by = None
def load():
    global loaded_by
    loaded_by = os.getpid()
def main(*inherited):
    end = os.read(0, 100).decode()
    same = loaded_by == os.getppid()
    os.write(0, f"{os.getpid()} {same} {sys.argv} {[os.fstat(fd).st_ino for fd in inherited]} {sorted(os.environ)}".encode())
    if end == "raise":
        raise KeyError("on purpose")
    if end == "stay":
        time.sleep(100)
"""


@pytest.fixture
def started(tmp_path):
    """Starts a fork server of children that answer one message by what they are."""
    (tmp_path / "answering.py").write_text(MODULE)
    servers = []

    def start(**named):
        begun = command("evals.sandbox.inside.fork_server", python())
        begun[-1] = begun[-1].replace("import sys;", f"import sys; sys.path.insert(0, {str(tmp_path)!r});")
        servers.append(ForkServer([*begun, "answering"], {"A": "1"}, **named))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def forked(server, end: str) -> tuple[int, list[str], str]:
    """Process id of a child, what it answers to a message, and its standard error once it has ended."""
    ours, theirs = socket.socketpair()
    with ours, theirs, tempfile.TemporaryFile() as said:
        pid = server.fork(theirs.fileno(), said.fileno())
        ours.send(end.encode())
        answer = ours.recv(4096).decode()
        if end != "stay":
            while is_running(pid):
                time.sleep(0.01)
        said.seek(0)
        return pid, answer.split(" ", 2), said.read().decode()


def test_a_child_has_what_was_loaded_before_it_and_nothing_of_this_environment(started):
    server = started(folder="/")
    pid, (own, same, rest), said = forked(server, "end")
    assert (own, same, said) == (str(pid), "True", "")
    assert rest.startswith("[''] [] ['A'")
    assert forked(server, "end")[0] != pid


def test_every_child_gets_the_socket_that_is_shared(started):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        _, (_, _, rest), _ = forked(started(shared=theirs), "end")
        assert rest.startswith(f"[''] [{os.fstat(theirs.fileno()).st_ino}]")


def test_what_a_child_raises_is_on_its_standard_error_and_the_server_goes_on(started):
    server = started()
    assert "KeyError: 'on purpose'" in forked(server, "raise")[2]
    assert forked(server, "end")[2] == ""


def test_a_child_that_is_ended_is_gone_and_one_that_has_ended_can_be_let_go(started):
    server = started()
    stays, _, _ = forked(server, "stay")
    assert is_running(stays)
    server.end(stays)
    assert not is_running(stays)
    done, _, _ = forked(server, "end")
    server.end(done)
    server.end(done)
    assert tree_of(server._process.pid) == [server._process.pid]


def test_children_that_are_ordered_without_an_answer_are_forked_and_leave_no_zombie(started):
    server = started()
    ours, theirs = socket.socketpair()
    with ours, theirs, tempfile.TemporaryFile() as said:
        socket.send_fds(server.control, [write(Fork(answer=False)).encode()], [theirs.fileno(), said.fileno()])
        ours.send(b"end")
        pid = int(ours.recv(4096).split()[0])
    until = time.monotonic() + 20
    while len(tree_of(server._process.pid)) > 1 and time.monotonic() < until:
        time.sleep(0.01)
    assert pid not in tree_of(server._process.pid)


def test_a_server_that_was_killed_is_known_to_be_gone(started):
    server = started()
    forked(server, "end")
    assert server.is_alive
    server._process.send_signal(signal.SIGKILL)
    server._process.wait()
    assert not server.is_alive
    with pytest.raises(OSError, match=r"gone|descriptor|pipe"):
        forked(server, "end")
    server.end(12)


def test_an_answer_that_comes_too_late_is_never_taken_for_another(started):
    server = started()
    forked(server, "end")
    server._process.send_signal(signal.SIGSTOP)
    server.control.settimeout(0.2)
    with pytest.raises(TimeoutError):
        forked(server, "end")
    server._process.send_signal(signal.SIGCONT)
    assert not server.is_alive
    with pytest.raises(OSError, match=r"gone|descriptor|pipe"):
        forked(server, "end")


def test_it_ends_when_nobody_is_left_who_might_ask(started):
    server = started()
    forked(server, "end")
    server.close()
    assert server._process.returncode == 0
