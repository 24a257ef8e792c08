"""Runs one program in a process that has confined itself, and answers the tester's calls into it.

The tester believes nothing that is said here: this code shares its process with the program, which may change it. Each
message is JSON: a call is a line with operation, target, name and feeds, then a line with its arguments; an answer is a
list whose first part says what it is.
"""

from __future__ import annotations

import io
import sys
import types
from _thread import RLock
from typing import Any

from evals.sandbox.inside.channel import Channel, TooLong
from evals.sandbox.inside.codec import Decoder, Encoder
from evals.sandbox.inside.handles import Handles
from evals.sandbox.inside.source import FILE, MAX_TOLD, MODULE, compiled, cut, line_of
from evals.sandbox.inside.wire import Malformed, dumps, loads
from evals.sandbox.protocol import FunctionJob


class Printed(io.RawIOBase):
    """What a program prints, in memory: the first `limit` bytes. The rest is dropped, so that it takes no memory."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        size = len(data)
        if self.limit > 0:
            self.parts.append(bytes(data[: self.limit]))
            self.limit -= size
        return size

    def taken(self) -> str:
        """What was printed since the last call."""
        text = b"".join(self.parts).decode("utf-8", "replace")
        self.parts.clear()
        return text


PRINTED = Printed(0)
STDOUT = io.TextIOWrapper(io.BufferedWriter(PRINTED), "utf-8", "replace", write_through=False)
"Made before the fork; a process runs one program."


class Candidate:
    """The program's module, and the objects of it that the tester holds by number."""

    def __init__(self, channel: Channel) -> None:
        # Made before the fork, as far as it goes: what a process makes itself costs it time and copied pages.
        self.channel = channel
        self.module = types.ModuleType(MODULE)
        self.lock = RLock()
        self.handles = Handles(self.module, self.ask)
        self.kind = ""
        "Of the entry point, see `Handles.kind_of_entry`."

    def send(self, *message: Any) -> None:
        """Send a message of these parts."""
        self.channel.send(dumps(message))

    def load(self, job: FunctionJob) -> bool:
        """Compile and run the module, and say how it went. Returns whether it can be called."""
        code = compiled(job.source, FILE)
        if isinstance(code, str):
            self.send("syntax", code)
            return False
        PRINTED.limit, sys.stdout = job.max_output_bytes, STDOUT
        self.handles.shared = frozenset(job.classes)
        sys.modules[MODULE] = self.module
        self.module.__dict__["__file__"] = FILE
        # The program may raise anything, SystemExit too: nothing of it may end this process without a word.
        try:
            exec(code, self.module.__dict__)
            self.kind = self.handles.kind_of_entry(job.entry_point)
        except BaseException as error:
            self.reply_error(error)
            return False
        self.send("loaded", self.kind, self.output())
        return True

    def output(self) -> str:
        """What was printed since the last reply."""
        try:
            sys.stdout.flush()
        except (OSError, ValueError, AttributeError):
            return ""
        return PRINTED.taken() if PRINTED.parts else ""

    def serve(self) -> None:
        """Answer calls until the tester ends this process."""
        while True:
            self.answer(self.channel.receive())

    def answer(self, message: str) -> None:
        """Do what one message asks, and reply."""
        head, _, body = message.partition("\n")
        operation, target, name, feeds = loads(head)
        if operation == "calls" and self.kind == "function":
            self._answer_in_turn(body.split("\n"))
        elif operation == "calls":
            self.send("dropped")
        else:
            self._answer(operation, target, name, feeds, body)

    def _answer_in_turn(self, bodies: list[str]) -> None:
        """Batched calls of the entry point, up to one that gives no plain value.

        A live object is different: what the tests do with it comes before their next call, so that the rest is dropped.
        """
        for number, body in enumerate(bodies, 1):
            n_given = self.handles.n_given
            plain = self._answer("call", 0, "", [], body) and self.handles.n_given == n_given
            if not plain and number < len(bodies):
                self.send("dropped")
                return

    def _answer(self, operation: str, target: Any, name: str, feeds: Any, body: str) -> bool:
        """Whether a value could be sent."""
        try:
            reply = self._performed(operation, target, name, feeds, body)
        except BaseException as error:
            self.reply_error(error)
            return False
        try:
            self.channel.send(reply)
        except TooLong as error:
            self.send("wrong_type", str(error))
            return False
        return reply.startswith('["value"')

    def _performed(self, operation: str, target: Any, name: str, feeds: Any, body: str) -> str:
        given = Given(self.handles, body)
        self.handles.feed(feeds)
        try:
            value = self.handles.perform(operation, target, name, given.args, given.kwargs)
        except BaseException as error:
            return self._raised(error, given)
        try:
            return self._encoded(value, given, flat=True)
        except ValueError as error:
            if isinstance(error, Malformed):
                raise
            return self._encoded(value, given, flat=False)

    def _encoded(self, value: Any, given: Given, flat: bool) -> str:
        encoder = Encoder(self.handles.special, given.objects, flat)
        encoded = encoder.encode(value)
        return dumps(["value", encoded, given.changed(encoder, flat), self.output()])

    def _raised(self, error: BaseException, given: Given | None = None) -> str:
        """The message that an exception came out of the program."""
        # `str` and attributes of an exception may be the program's own code, which may raise in its turn.
        try:
            args = [_plain(arg) for arg in error.args][:8]
            text = cut(str(error))
            held = [[name, _plain(value)] for name, value in vars(error).items() if type(value) in _SIMPLE][:8]
        except BaseException:
            args, text, held = [], "", []
        head = ["raised", type(error).__name__, self.handles.error_names(error), args, text, held, line_of(error)]
        try:
            changed = given.changed(Encoder(self.handles.special, given.objects, False), False) if given else None
            return dumps([*head, changed, self.output()])
        except (ValueError, RecursionError):
            return dumps([*head[:3], [], "", [], 0, None, ""])

    def reply_error(self, error: BaseException) -> None:
        """Say that an exception came out of the program, or that what it gave cannot travel."""
        if isinstance(error, Malformed):
            self.send("wrong_type", str(error)[:MAX_TOLD])
        else:
            self.channel.send(self._raised(error))

    def ask(self, *message: Any) -> Any:
        """Ask the tester for something (a callback, a line of input); it may call into the program meanwhile."""
        with self.lock:
            encoder = Encoder(self.handles.special)
            self.send("ask", *message[:-1], [encoder.encode(arg) for arg in message[-1]])
            while True:
                text = self.channel.receive()
                if text.startswith('["answer"'):
                    return Decoder(self.handles.readers).decode(loads(text)[1])
                if text.startswith('["answer_raised"'):
                    raise self.handles.error(*loads(text)[1])
                self.answer(text)


class Given:
    """The arguments of one call, and what the program makes of them."""

    def __init__(self, handles: Handles, body: str) -> None:
        self._handles, self._body = handles, body
        decoder = Decoder(handles.readers)
        given, named = loads(body)
        self.args = decoder.items(given)
        self.kwargs = {key: decoder.decode(value) for key, value in named}
        self.objects = decoder.objects

    def changed(self, encoder: Encoder, flat: bool) -> list[Any] | None:
        """What each mutable argument holds now; None if none has changed."""
        # To encode again and compare texts is quicker than to keep copies and compare values.
        if not self.objects or self._text(flat) == self._body:
            return None
        return [encoder.content(item) for item in self.objects]

    def _text(self, flat: bool) -> str:
        encoder = Encoder(self._handles.special, (), flat)
        args = [encoder.encode(arg) for arg in self.args]
        return dumps([args, [[key, encoder.encode(value)] for key, value in self.kwargs.items()]])


_SIMPLE = frozenset({int, str, float, bool, type(None)})


def _plain(value: Any) -> Any:
    return cut(value) if type(value) is str else value if type(value) in _SIMPLE else None
