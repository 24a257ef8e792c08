"""Messages between tester and candidate: whole, with descriptors, and heard by an end that is quickly done."""

from __future__ import annotations

import os
import socket

import pytest

from evals.sandbox.inside.channel import Channel, TooLong


class GoneAtOnce:
    """A socket whose other end reads what was sent with descriptors, and closes before anything else can be sent."""

    def __init__(self) -> None:
        self.ours, self.theirs = socket.socketpair()
        self.heard = b""

    def sendmsg(self, *args):
        sent = self.ours.sendmsg(*args)
        self.heard, fds, _, _ = socket.recv_fds(self.theirs, 4096, 1)
        os.close(fds[0])
        self.theirs.close()
        return sent

    def sendall(self, data):
        self.ours.sendall(data)


def test_an_end_that_has_its_job_done_before_the_sender_looks_up_is_no_error():
    """A program of three milliseconds was now and then taken for one that died, since nothing was sent to it then."""
    sock = GoneAtOnce()
    with sock.ours:
        Channel(sock).send("job", (1,))
    assert sock.heard == b"\0\0\0\3job"


def test_a_message_arrives_whole_with_its_descriptors():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        Channel(ours).send("grüße", (1, 2))
        text, fds = Channel(theirs).receive_with_fds(2)
        assert (text, len(fds)) == ("grüße", 2)
        for fd in fds:
            os.close(fd)


def test_a_closed_end_is_said_and_a_message_that_is_too_long_is_refused():
    ours, theirs = socket.socketpair()
    with ours:
        with pytest.raises(TooLong):
            Channel(ours, max_bytes=3).send("four")
        theirs.close()
        with pytest.raises(EOFError):
            Channel(ours).send("anyone")
        with pytest.raises(EOFError):
            Channel(ours).receive()
