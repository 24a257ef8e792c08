"""The tester's side of a program: calls go out as plain values, plain values come back, and live objects stay there."""

from __future__ import annotations

import builtins
import sys
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from evals.sandbox.inside.attributes import restore
from evals.sandbox.inside.channel import Channel, TooLong
from evals.sandbox.inside.codec import ATOMS, Decoder, Encoder
from evals.sandbox.inside.surroundings import read_setting
from evals.sandbox.inside.wire import Malformed, dumps, loads
from evals.sandbox.output import MAX_DETAIL
from evals.sandbox.protocol import FunctionJob, job_parts
from evals.sandbox.tester.batched_calls import body_of
from evals.sandbox.tester.exits import CannotTravel, Died, Exit, NeedsOneProcess, NotPython, WrongType
from evals.sandbox.tester.proxies import Proxies
from evals.sandbox.tester.seeds import N_SEEDED
from evals.sandbox.tester.shapes import Shape
from evals.sandbox.tester.taken import READS
from evals.sandbox.tester.values import Values

_INPUT, _STDIN = builtins.input, sys.stdin
_ENDS_LOOPS = (StopIteration, StopAsyncIteration, GeneratorExit)
_STEPS = frozenset({"__next__", "send", "throw", "close", "__anext__"})
"Methods that may end a loop of the tests."

_UNREADABLE = "what the program gave cannot be read"


class Program:
    """One program in its process. Every request may end in an `Exit`, and then all later ones do too.

    namespace: what prompt and tests define, where the tests run.
    """

    def __init__(self, channel: Channel, shape: Shape, entry_point: str, namespace: dict[str, Any]) -> None:
        self.channel, self.shape, self.namespace = channel, shape, namespace
        self.over: Exit | None = None
        self.printed = ""
        self.raised: dict[int, tuple[BaseException, str]] = {}
        "Exceptions that came out of the program, by id, each with what to say of it."
        self.entry_point = entry_point
        self.n_asked = 0
        "Requests that were made of the program."
        self.n_changes = 0
        "Of these, those that may have changed an object that the tests hold."
        self.failed: AssertionError | None = None
        "An assertion of the tests that failed in a function that they handed over: final, whatever the program does."
        self._proxies = Proxies(self, shape.entry_is_class, shape.operators, shape.guards_with, shape.sorts_by_entry)
        self._values = Values(self._proxies, shape.classes, namespace)
        self._settings = {name: (read_setting(name), N_SEEDED[name]) for name in shape.settings}
        "As the program has them: those that the tests set since are sent with the next call."
        self._batch = deque(shape.batched_calls)
        "Calls that the tests are sure to make next. They are sent with the program itself."
        self._batch_sent = bool(self._batch)
        self._turn = threading.RLock()

    @property
    def is_over(self) -> bool:
        """Whether nothing more can be asked of the program."""
        return self.over is not None

    def start(self, job: FunctionJob) -> None:
        """Give the process its program, and the calls that are certain.

        Raises:
            EOFError, OSError: it is gone.
            TooLong: the program is longer than a message may be.
        """
        batch = "\n".join([dumps(["calls", 0, "", []]), *self._batch]) if self._batch else ""
        self.channel.send(dumps(job_parts(job)), then=batch)

    def loaded(self) -> Any:
        """The entry point, once the module has run; raises what the module raised."""
        message = self._receive()
        if message[0] == "loaded":
            self._hear(message[2])
            return self._proxies.entry(message[1], self.entry_point)
        return self._failed(message)

    def named(self, name: str) -> Any:
        """A global of the program.

        Raises:
            NameError: it has none of this name.
        """
        try:
            return self.request("value", name)
        except KeyError:
            raise NameError(f"neither tests nor program define {name}") from None

    def request(
        self, operation: str, target: Any, name: str = "", args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Have one thing done in the program, and return what it gives, or raise what it raises.

        operation: call, method, get, set, value, operator or await. target: number of an object, or name of a global.
        name: of the attribute, method or operator. Threads of the tests take turns.
        """
        with self._turn:
            return self._requested(operation, target, name, args, kwargs or {})

    def _requested(self, operation: str, target: Any, name: str, args: Any, kwargs: dict[str, Any]) -> Any:
        if self.over is not None:
            raise self.over
        self.n_asked += 1
        if not self._only_reads(operation, target, name, args):
            self.n_changes += 1
        encoder, body = self._body(list(args), kwargs)
        if not self._was_sent(operation, target, body):
            self._send(dumps([operation, target, name, self._feeds()]), body)
        # Before it answers, the program may ask for something any number of times, and those answers may call it again.
        while True:
            message = self._receive()
            if message[0] == "value":
                return self._value(message, encoder)
            if message[0] == "dropped" and self._batch_sent:
                self._batch_sent = False
                self._batch.clear()
                self._send(dumps([operation, target, name, self._feeds()]), body)
                continue
            if message[0] != "ask":
                # `all(map(candidate, ...))` would take a StopIteration of the program for the end, and pass.
                try:
                    return self._failed(message, encoder)
                except _ENDS_LOOPS as error:
                    if name in _STEPS or self.shape.names_stop_iteration:
                        raise
                    raise self._as_runtime_error(error) from error
            self._answer(message)

    def _only_reads(self, operation: str, target: Any, name: str, args: Any) -> bool:
        """Whether a request leaves the objects that tests hold as they are: a call of the entry point without them."""
        if operation == "call":
            return target == 0 and (
                ATOMS.issuperset(map(type, args)) or all(self._proxies.number_of(arg) is None for arg in args)
            )
        return operation in ("get", "value") or (operation in ("method", "operator") and name in READS)

    def _was_sent(self, operation: str, target: Any, body: str) -> bool:
        """Whether this call was sent in the batch."""
        if not self._batch:
            self._batch_sent = False
            return False
        if operation == "call" and target == 0 and self._batch[0] == body:
            self._batch.popleft()
            return True
        # The tests do something else first, as with a live object that they were given: the program has seen to that,
        # and says so.
        if self._batch_sent:
            self._batch.clear()
            if self._receive()[0] != "dropped":
                raise self.ended(WrongType(_UNREADABLE))
        self._batch_sent = False
        return False

    def _send(self, *lines: str) -> None:
        try:
            self.channel.send("\n".join(lines))
        except (EOFError, OSError):
            raise self.ended(Died("the program's process ended")) from None
        except TooLong as error:
            raise self.ended(CannotTravel(str(error))) from None

    def ended(self, exit: Exit) -> Exit:
        """Note that nothing more is asked, for the first reason that was given, and return that."""
        self.over = self.over or exit
        return self.over

    def _body(self, args: list[Any], kwargs: dict[str, Any]) -> tuple[Encoder, str]:
        try:
            try:
                return self._encoded(args, kwargs, flat=True)
            except ValueError as error:
                if isinstance(error, Malformed):
                    raise
                return self._encoded(args, kwargs, flat=False)  # a number too long for JSON
        except (Malformed, RecursionError) as error:
            raise self.ended(_not_sent(error)) from None

    def _encoded(self, args: list[Any], kwargs: dict[str, Any], flat: bool) -> tuple[Encoder, str]:
        encoder = Encoder(self._values.special, (), flat)
        return encoder, body_of(encoder, args, kwargs)

    def _receive(self) -> list[Any]:
        """The next message. A program can write what it likes to its socket: this is a list that begins with a text."""
        try:
            message = loads(self.channel.receive())
        except (EOFError, OSError):
            raise self.ended(Died("the program's process ended")) from None
        except (ValueError, RecursionError, MemoryError) as error:
            raise self.ended(WrongType(f"{_UNREADABLE}: {type(error).__name__}")) from None
        if type(message) is not list or not message or type(message[0]) is not str:
            raise self.ended(WrongType(_UNREADABLE))
        return message

    def _value(self, message: list[Any], encoder: Encoder) -> Any:
        try:
            _, data, changed, printed = message
            decoder = Decoder(self._values.readers, encoder.objects)
            value = decoder.decode(data)
            if changed is not None:
                self._write_back(changed, decoder, encoder)
            self._hear(printed)
        except Exception as error:  # whatever a malformed message leads to is the program's doing
            raise self.ended(WrongType(str(error)[:300])) from None
        return value

    def _write_back(self, changed: Any, decoder: Decoder, encoder: Encoder) -> None:
        """Let the arguments be what the program made of them. Those that are as before keep what is in them."""
        for number in range(len(encoder.objects)):
            before = Encoder(self._values.special, encoder.objects)
            if dumps(before.content(encoder.objects[number])) == dumps(changed[number]):
                continue
            decoder.refill(number, changed[number])

    def _hear(self, printed: Any) -> None:
        """Take in what the program printed; tests that replace `sys.stdout` read it there."""
        if type(printed) is not str:
            raise Malformed("output that is no text")
        if printed and self.shape.reads_output:
            sys.stdout.write(printed)
        if len(self.printed) < MAX_DETAIL:
            self.printed += printed[:MAX_DETAIL]

    def _as_runtime_error(self, error: BaseException) -> RuntimeError:
        """What would end a loop of the tests in silence, as generators do it (PEP 479)."""
        said = RuntimeError(f"the program raised {type(error).__name__}")
        self.raised[id(said)] = (said, str(said))
        return said

    def _failed(self, message: list[Any], encoder: Encoder | None = None) -> Any:
        """Raise what a message says that is no value."""
        try:
            if message[0] == "raised":
                raise self._raised(message, encoder)
            if message[0] == "syntax":
                raise self.ended(NotPython(str(message[1])))
            if message[0] == "wrong_type":
                raise self.ended(WrongType(str(message[1])[:300]))
        except Exception as error:
            if id(error) in self.raised:
                raise
        raise self.ended(WrongType(_UNREADABLE))

    def _raised(self, message: list[Any], encoder: Encoder | None) -> BaseException:
        _, shown, names, args, text, held, line, changed, printed = message
        self._hear(printed)
        decoder = Decoder(self._values.readers, encoder.objects if encoder else ())
        if changed is not None and encoder is not None:
            self._write_back(changed, decoder, encoder)
        error = self._values.exception(names, args, text)
        restore(decoder, error, held)
        # The class may make its text in `__init__`, which was not run here. The text of a KeyError is its key's repr.
        if str(error) != text and type(error) is not KeyError:
            error.args = (text,)
        where = f" (line {line})" if type(line) is int and line > 0 else ""
        self.raised[id(error)] = (error, f"{shown}: {text}{where}" if text else f"{shown}{where}")
        return error

    def _answer(self, message: list[Any]) -> None:
        """Do what the program asks of the tests: call a function that they handed over, or give input."""
        try:
            _, what, number, data = message
            args, kwargs = Decoder(self._values.readers).items(data)
            ask = self._asked(what, number)
        except (ValueError, TypeError, LookupError) as error:
            raise self.ended(WrongType(f"the program asks for something that cannot be read: {error}")) from None
        try:
            value = ask(*args, **kwargs)
        except Exit:
            raise
        except BaseException as error:
            if isinstance(error, AssertionError):
                self.failed = self.failed or error
            self._send(dumps(["answer_raised", [[k.__name__ for k in type(error).__mro__[:-2]], [str(error)]]]))
            return
        try:
            answer = ["answer", Encoder(self._values.special, (), flat=False).encode(value)]
        except (Malformed, RecursionError) as error:
            raise self.ended(_not_sent(error)) from None
        self._send(dumps(answer))

    def _asked(self, what: Any, number: Any) -> Callable[..., Any]:
        """The function that does it. Input is given only if the tests have replaced it: else it is the tester's own."""
        if what == "call":
            return self._values.handed_over[number]  # type: ignore[no-any-return]
        if what == "less":  # of keys that `cmp_to_key` of the tests made
            return lambda other: bool(self._values.handed_over[number] < self._values.handed_over[other])
        if what == "next":
            return lambda: next(self._values.handed_over[number])
        if what == "input" and self.shape.feeds_input and builtins.input is not _INPUT:
            return builtins.input
        if what == "stdin" and self.shape.feeds_input:
            return lambda name, size: (sys.stdin.readline if name == "readline" else sys.stdin.read)(size)
        raise Malformed("no such request")

    def _feeds(self) -> list[Any]:
        """What the tests have replaced, so that the program has to ask for it (`input`, `stdin`), and what they set."""
        feeds: list[Any] = []
        if not self.shape.settings and not self.shape.feeds_input:
            return feeds
        for name in self.shape.settings:
            value, n_seeded = read_setting(name), N_SEEDED[name]
            if value is not None and (value, n_seeded) != self._settings.get(name):
                self._settings[name] = value, n_seeded
                feeds.append([name, value])
        if self.shape.feeds_input:
            feeds += ["input"] if builtins.input is not _INPUT else []
            feeds += [] if sys.stdin is _STDIN else ["stdin"]
        return feeds


def _not_sent(error: Exception) -> Exit:
    """How a check ends whose tests hand over this. Programs can make values deep, but not of a type of the tests."""
    said = f"the tests hand over {error}"
    return NeedsOneProcess(said) if isinstance(error, Malformed) else CannotTravel(said)
