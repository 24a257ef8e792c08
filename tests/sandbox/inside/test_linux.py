"""System calls are made by name, and a failed one says which it was and why."""

from __future__ import annotations

import errno
import os

import pytest
from sandbox_world import in_a_process

from evals.sandbox.inside import linux


def test_a_failed_call_names_itself_and_the_reason():
    with pytest.raises(linux.Step, match=r"umount /no/such/place: No such file or directory") as error:
        linux.umount("/no/such/place")
    assert error.value.errno == errno.ENOENT


def test_a_call_that_was_prepared_is_made_when_it_is_called():
    refused = linux.prepared("landlock_restrict_self", -1, 0)
    for _ in range(2):
        with pytest.raises(linux.Step, match="landlock_restrict_self"):
            refused()


def test_all_descriptors_but_one_are_closed():
    source = """
import os
from evals.sandbox.inside import linux
kept, other, far = os.dup(0), os.dup(0), os.dup2(0, 200)
def tried(fd):
    try:
        return os.fstat(fd) and "open"
    except OSError:
        return "closed"
linux.in_turn(linux.closing_all_but(kept, 3))
print(tried(0), tried(1), tried(kept), tried(other), tried(far))
"""
    assert in_a_process(source).split() == ["open", "open", "open", "closed", "closed"]
    without_the_call = source.replace("linux.in_turn", "linux._COMMON['close_range'] = 100_000\nlinux.in_turn")
    assert in_a_process(without_the_call).split() == ["open", "open", "open", "closed", "closed"]


def test_calls_are_made_in_turn_up_to_the_first_that_fails():
    source = """
import os
from evals.sandbox.inside import linux
first, second, third = (linux.prepared("write", 1, text, 1) for text in (b"1", b"2", b"3"))
try:
    linux.in_turn([first, second, linux.prepared("setns", -1, 0), third])
except linux.Step as error:
    print(error)
"""
    assert in_a_process(source).startswith("12[Errno 9] setns: ")


def test_a_fork_is_a_process_of_its_own_that_goes_on_from_there():
    source = """
import os, threading, time
from evals.sandbox.inside import linux
before = os.getpid()
if linux.fork() == 0:
    assert os.getpid() != before and os.getppid() == before
    found = []
    thread = threading.Thread(target=lambda: found.append(threading.get_ident() != threading.main_thread().ident))
    thread.start()
    thread.join()
    if os.fork() == 0:
        os._exit(3)
    os._exit(10 * found[0] + os.waitstatus_to_exitcode(os.wait()[1]))
print(os.waitstatus_to_exitcode(os.wait()[1]))
"""
    assert in_a_process(source) == "13\n"


def test_integers_are_passed_as_64_bits():
    """As 32 bits this would be descriptor 0, which may be a folder or not, but is one that exists."""
    with pytest.raises(linux.Step) as error:
        linux.syscall("setns", 1 << 32, 0)
    assert error.value.errno in (errno.EBADF, errno.EINVAL)


def test_numbers_are_known_for_two_kinds_of_machine_and_both_know_the_same_calls():
    assert set(linux._NUMBERS) == {"x86_64", "aarch64"}
    assert linux._NUMBERS["x86_64"].keys() == linux._NUMBERS["aarch64"].keys()


def test_no_new_privileges_can_be_set_and_read():
    source = (
        "from evals.sandbox.inside import linux\n"
        "before = linux.prctl(linux.PR_GET_NO_NEW_PRIVS)\nlinux.prctl(linux.PR_SET_NO_NEW_PRIVS, 1)\n"
        "print(before, linux.prctl(linux.PR_GET_NO_NEW_PRIVS))\n"
    )
    before, after = in_a_process(source).split()
    assert before in "01"
    assert after == "1"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount without a namespace of users")
def test_a_tree_that_is_made_read_only_cannot_be_written_to(tmp_path):
    (tmp_path / "inner").mkdir()
    source = """
import sys
from evals.sandbox.inside import linux
target = sys.argv[1]
linux.unshare(linux.CLONE_NEWNS)
linux.mount(None, "/", None, linux.MS_REC | linux.MS_PRIVATE)
linux.mount(target, target, None, linux.MS_BIND | linux.MS_REC)
linux.make_read_only(target)
try:
    open(f"{target}/inner/new", "w")
except OSError as error:
    print(error.errno)
"""
    assert int(in_a_process(source, str(tmp_path))) == errno.EROFS
    (tmp_path / "inner" / "new").write_text("here it can")
