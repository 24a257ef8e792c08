"""What an object of the program was seen to hold: it says so once, and can give tests no second version."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sized
from typing import Any, Protocol

from evals.sandbox.tester.exits import Exit, WrongType

READS = frozenset({"__len__", "__iter__", "__next__", "__getitem__", "__str__", "__repr__", "__format__"})
"Operators of an object that leave it as it is, as far as tests are concerned."


_VIEWS = frozenset({"items", "keys", "values"})


class Source(Protocol):
    """What this module needs of `calls.Program`."""

    n_changes: int

    def request(
        self, operation: str, target: Any, name: str = "", args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Have one thing done in the program, and return what it gives."""

    def ended(self, exit: Exit) -> Exit:
        """Note that nothing more is asked, and return why."""


class Taken:
    """One object of the program, as its proxy shows it until tests do something that may change it.

    Tests that count first and compare then ("`len` is 3, and all pairs of `zip` are equal") would pass an object whose
    length lies, or whose second iteration is empty. keeps: whether items and attributes are kept. Where a class is
    under test they are not, since its own iteration may change it; its length and its items must agree all the same.
    """

    def __init__(self, program: Source, number: int, keeps: bool) -> None:
        self._program, self._number, self._keeps = program, number, keeps
        self._forget()

    def _forget(self) -> None:
        self._n_changes = self._program.n_changes
        self._length: int | None = None
        self._values: dict[Any, Any] = {}
        self._items: list[Any] | None = None
        self._rest: Iterator[Any] | None = None
        "What is still to come after `_items`; None at the end."

    def _renew(self) -> None:
        if self._n_changes != self._program.n_changes:
            self._forget()

    def attribute(self, name: str) -> Any:
        """An attribute of the object."""
        if not self._keeps:
            return self._program.request("get", self._number, name)
        value = self._kept(("get", name), "get", name)
        return self._view(value) if name in _VIEWS and self._length is not None and callable(value) else value

    def _view(self, method: Callable[..., Any]) -> Callable[..., Any]:
        """`items`, `keys` or `values` of an object that has said its length: they give as many."""
        told = self._length

        def call(*args: Any, **kwargs: Any) -> Any:
            found = method(*args, **kwargs)
            if not isinstance(found, Iterable):
                return found
            n_found = len(found) if isinstance(found, Sized) else len(found := list(found))
            self._length = told
            self._agree(n_found)
            return found

        return call

    def item(self, key: Any) -> Any:
        """What the object has at a key."""
        try:
            known = ("item", type(key), hash(key), key)
        except TypeError:
            known = None
        if known is None or not self._keeps:
            return self._program.request("operator", self._number, "__getitem__", (key,))
        return self._kept(known, "operator", "__getitem__", (key,))

    def _kept(self, key: Any, operation: str, name: str, args: Any = ()) -> Any:
        self._renew()
        if key not in self._values:
            value = self._program.request(operation, self._number, name, args)
            self._renew()
            self._values[key] = value
        return self._values[key]

    def length(self) -> Any:
        """The length that the object says it has."""
        self._renew()
        if self._length is None or not self._keeps:
            told = self._program.request("operator", self._number, "__len__")
            self._length = told if type(told) is int else None
            if self._keeps and self._items is not None and self._rest is None:
                self._agree(len(self._items))
            return told
        return self._length

    def items(self, by_index: bool) -> Iterator[Any]:
        """Its items, from one iteration of the object. by_index: it has no iterator, and is asked for item 0, 1, ..."""
        self._renew()
        if not self._keeps:
            return self._counted(self._source(by_index))
        if self._items is None:
            self._items, self._rest = [], self._source(by_index)
        return self._walk(self._items)

    def _walk(self, items: list[Any]) -> Iterator[Any]:
        place = 0
        while True:
            if place == len(items):
                if self._items is not items or self._rest is None:
                    return
                try:
                    items.append(next(self._rest))
                except StopIteration:
                    self._rest = None
                    self._agree(len(items))
                    return
            yield items[place]
            place += 1

    def _counted(self, source: Iterator[Any]) -> Iterator[Any]:
        n_changes, n_items = self._n_changes, 0
        for item in source:
            n_items += 1
            yield item
        if n_changes == self._program.n_changes:
            self._agree(n_items)

    def _source(self, by_index: bool) -> Iterator[Any]:
        if by_index:
            return self._by_index()
        return iter(self._program.request("operator", self._number, "__iter__"))

    def _by_index(self) -> Iterator[Any]:
        place = 0
        while True:
            try:
                value = self.item(place)
            except IndexError:
                return
            yield value
            place += 1

    def _agree(self, n_items: int) -> None:
        """End the check if the object has said that it has another length."""
        if self._length is not None and self._length != n_items:
            said = f"an object says that its length is {self._length}, and gives {n_items} items"
            raise self._program.ended(WrongType(said))
