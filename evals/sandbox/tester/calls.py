"""The tester's side of a program: calls go out as plain values, plain values come back, and live objects stay there."""

from __future__ import annotations

import builtins
import enum
import sys
import threading
import types
from collections import deque
from collections.abc import Callable
from typing import Any

from evals.sandbox.inside.attributes import restore, state
from evals.sandbox.inside.channel import Channel, TooLong
from evals.sandbox.inside.codec import NAMED, Decoder, Encoder
from evals.sandbox.inside.wire import Malformed, dumps, loads
from evals.sandbox.tester.batched_calls import body_of
from evals.sandbox.tester.exits import CannotTravel, Died, Exit, NotPython, WrongType
from evals.sandbox.tester.proxies import Proxies
from evals.sandbox.tester.shapes import Shape

_INPUT, _STDIN = builtins.input, sys.stdin
MAX_OUTPUT = 4096
_ENDS_LOOPS = (StopIteration, StopAsyncIteration, GeneratorExit)
_STEPS = frozenset({"__next__", "send", "throw", "close", "__anext__"})
_PLAIN = (int, float, str, bytes, tuple, list, dict, set, frozenset)


class Program:
    """One program in its process. Every request may end in an `Exit`, and then all later ones do too."""

    def __init__(self, channel: Channel, shape: Shape, entry_point: str, namespace: dict[str, Any]) -> None:
        self.channel, self.shape, self.namespace = channel, shape, namespace
        self.over: Exit | None = None
        self.printed = ""
        self.raised: dict[int, tuple[BaseException, str]] = {}
        "Exceptions that came out of the program, by id, each with what to say of it."
        self.proxies = Proxies(self, shape.entry_is_class, shape.operators, shape.guards_with)
        self.entry_point = entry_point
        self.failed: AssertionError | None = None
        "An assertion of the tests that failed in a function that they handed over: final, whatever the program does."
        self._batch = deque(shape.batched_calls)
        "Calls that the tests are sure to make next. All are sent when the first is made."
        self._batch_sent = False
        "Whether they have been sent."
        self._turn = threading.RLock()
        self._kept: list[Any] = []
        self.readers: dict[str, Callable[[Any, Decoder], Any]] = {
            "h": lambda data, _: self.proxies.of(data),
            "cb": lambda number, _: self._kept[number],
            "it": lambda number, _: self._kept[number],
            "o": self._shared_object,
            "e": lambda data, _: self._enum(data),
            "ex": lambda data, decoder: self._exception(data[0], decoder.items(data[1]), ""),
        }

    @property
    def is_over(self) -> bool:
        """Whether nothing more can be asked of the program."""
        return self.over is not None

    def loaded(self) -> Any:
        """Wait until the module has run; returns the proxy of the entry point, or raises what the module raised."""
        message = self._receive()
        if message[0] == "loaded":
            self._hear(message[2])
            return self.proxies.entry(message[1], self.entry_point)
        return self._failed(message)

    def named(self, name: str) -> Any:
        """A global of the program. Raises NameError where it has none."""
        try:
            return self.request("value", name)
        except KeyError:
            raise NameError(f"neither tests nor program define {name}") from None

    def request(
        self, operation: str, target: Any, name: str = "", args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Have one thing done in the program, and return what it gives. Threads of the tests take turns."""
        with self._turn:
            return self._requested(operation, target, name, args, kwargs or {})

    def _requested(self, operation: str, target: Any, name: str, args: Any, kwargs: dict[str, Any]) -> Any:
        if self.over is not None:
            raise self.over
        encoder, body = self._body(list(args), kwargs)
        head = [operation, target, name, self._feeds()]
        if not self._was_sent(operation, target, body):
            self._send(dumps(head), body)
        while True:
            message = self._receive()
            if message[0] == "value":
                return self._value(message, encoder)
            if message[0] == "dropped" and self._batch_sent:
                self._batch_sent = False
                self._batch.clear()
                self._send(dumps(head), body)
                continue
            if message[0] != "ask":
                try:
                    return self._failed(message, encoder)
                except _ENDS_LOOPS as error:
                    if name in _STEPS or self.shape.names_stop_iteration:
                        raise
                    raise self._as_runtime_error(error) from error
            self._answer(message)

    def _was_sent(self, operation: str, target: Any, body: str) -> bool:
        """Whether this call was sent in the batch; the first of them sends all."""
        first = operation == "call" and target == 0 and self._batch and self._batch[0] == body
        if first and not self._batch_sent:
            self._send(dumps(["calls", 0, "", []]), *self._batch)
            self._batch_sent = True
        if first:
            self._batch.popleft()
            return True
        if self._batch_sent and self._batch:
            self._batch.clear()
            if self._receive()[0] != "dropped":
                raise self.ended(WrongType("what the program gave cannot be read"))
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
        """Note that nothing more is asked."""
        self.over = self.over or exit
        return self.over

    def _body(self, args: list[Any], kwargs: dict[str, Any]) -> tuple[Encoder, str]:
        try:
            try:
                return self._encoded(args, kwargs, flat=True)
            except ValueError as error:
                if isinstance(error, Malformed):
                    raise
                return self._encoded(args, kwargs, flat=False)
        except (Malformed, RecursionError) as error:
            raise self.ended(CannotTravel(f"the tests hand over {error}")) from None

    def _encoded(self, args: list[Any], kwargs: dict[str, Any], flat: bool) -> tuple[Encoder, str]:
        encoder = Encoder(self._special, (), flat)
        return encoder, body_of(encoder, args, kwargs)

    def _special(self, value: Any, encoder: Encoder) -> Any:
        number = self.proxies.number_of(value)
        if number is not None:
            return {"k": number}
        kind = type(value)
        if kind.__name__ in self.shape.classes and self.namespace.get(kind.__name__) is kind:
            if isinstance(value, enum.Enum):
                return {"e": [kind.__name__, value.name]}
            encoder.number(value)
            return {"o": [kind.__name__, state(encoder, value)]}
        if isinstance(value, BaseException):
            return {"ex": [[part.__name__ for part in kind.__mro__[:-2]], encoder.items(list(value.args))]}
        if isinstance(value, _PLAIN):
            return NotImplemented
        if isinstance(value, types.TracebackType):
            return None
        if hasattr(kind, "__next__") or callable(value):
            self._kept.append(value)
            return {"it" if hasattr(kind, "__next__") else "cb": len(self._kept) - 1}
        raise Malformed(f"an object of type {kind.__name__}")

    def _receive(self) -> list[Any]:
        try:
            message = loads(self.channel.receive())
        except (EOFError, OSError):
            raise self.ended(Died("the program's process ended")) from None
        except (ValueError, RecursionError, MemoryError) as error:
            raise self.ended(WrongType(f"what the program gave cannot be read: {type(error).__name__}")) from None
        if type(message) is not list or not message or type(message[0]) is not str:
            raise self.ended(WrongType("what the program gave cannot be read"))
        return message

    def _value(self, message: list[Any], encoder: Encoder) -> Any:
        try:
            _, data, changed, printed = message
            decoder = Decoder(self.readers, encoder.objects)
            value = decoder.decode(data)
            if changed is not None:
                self._write_back(changed, decoder, encoder)
            self._hear(printed)
        except Exception as error:
            raise self.ended(WrongType(str(error)[:300])) from None
        return value

    def _write_back(self, changed: Any, decoder: Decoder, encoder: Encoder) -> None:
        """Let the arguments be what the program made of them."""
        for number in range(len(encoder.objects)):
            before = Encoder(self._special, encoder.objects[: len(encoder.objects)])
            if dumps(before.content(encoder.objects[number])) == dumps(changed[number]):
                continue
            decoder.refill(number, changed[number])

    def _hear(self, printed: Any) -> None:
        if type(printed) is not str:
            raise Malformed("output that is no text")
        if printed and self.shape.reads_output:
            sys.stdout.write(printed)
        if len(self.printed) < MAX_OUTPUT:
            self.printed += printed[:MAX_OUTPUT]

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
        raise self.ended(WrongType("what the program gave cannot be read"))

    def _raised(self, message: list[Any], encoder: Encoder | None) -> BaseException:
        _, shown, names, args, text, held, line, changed, printed = message
        self._hear(printed)
        decoder = Decoder(self.readers, encoder.objects if encoder else ())
        if changed is not None and encoder is not None:
            self._write_back(changed, decoder, encoder)
        error = self._exception(names, args, text)
        restore(decoder, error, held)
        if str(error) != text and type(error) is not KeyError:
            error.args = (text,)
        where = f" (line {line})" if type(line) is int and line > 0 else ""
        self.raised[id(error)] = (error, f"{shown}: {text}{where}" if text else f"{shown}{where}")
        return error

    def _exception(self, names: Any, args: Any, text: Any) -> BaseException:
        """An exception of the first class that is known here: one of the prompt's, or Python's own."""
        if not all(type(name) is str for name in names) or type(args) is not list or type(text) is not str:
            raise Malformed("an exception is malformed")
        for name in names:
            kind = NAMED.get(name) or (self.namespace.get(name) if name in self.shape.classes else None)
            if isinstance(kind, type) and issubclass(kind, BaseException) and not issubclass(kind, Exit):
                return _made(kind, args, text)
        return Exception(text)

    def _answer(self, message: list[Any]) -> None:
        """Do what the program asks of the tests: call a function that they handed over, or give input."""
        try:
            _, what, number, data = message
            args, kwargs = Decoder(self.readers).items(data)
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
            answer = ["answer_raised", [[k.__name__ for k in type(error).__mro__[:-2]], [str(error)]]]
            self.channel.send(dumps(answer))
            return
        encoder = Encoder(self._special, (), flat=False)
        self.channel.send(dumps(["answer", encoder.encode(value)]))

    def _asked(self, what: Any, number: Any) -> Callable[..., Any]:
        if what == "call":
            return self._kept[number]  # type: ignore[no-any-return]
        if what == "next":
            return lambda: next(self._kept[number])
        if what == "input" and self.shape.feeds_input and builtins.input is not _INPUT:
            return builtins.input
        if what == "stdin" and self.shape.feeds_input:
            return lambda name, size: (sys.stdin.readline if name == "readline" else sys.stdin.read)(size)
        raise Malformed("no such request")

    def _feeds(self) -> list[str]:
        if not self.shape.feeds_input:
            return []
        feeds = ["input"] if builtins.input is not _INPUT else []
        return feeds if sys.stdin is _STDIN else [*feeds, "stdin"]

    def _shared_object(self, data: Any, decoder: Decoder) -> Any:
        name, content = data
        kind = self.namespace.get(name) if name in self.shape.classes else None
        if not isinstance(kind, type):
            raise Malformed(f"no class {name} is shared")
        value: Any = object.__new__(kind)
        decoder.objects.append(value)
        restore(decoder, value, content)
        return value

    def _enum(self, data: Any) -> Any:
        kind = self.namespace.get(data[0]) if data[0] in self.shape.classes else None
        if not (isinstance(kind, type) and issubclass(kind, enum.Enum)):
            raise Malformed("no such enumeration is shared")
        return kind[data[1]]


def _made(kind: type[BaseException], args: list[Any], text: str) -> BaseException:
    """An exception as it was after its `__init__`, which is not run again."""
    for given in (args, [text]):
        try:
            return kind.__new__(kind, *given)
        except Exception:
            continue
    return Exception(text)
