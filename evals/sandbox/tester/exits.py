"""Ways in which a check ends before its tests do; tests with `except Exception` do not catch them."""

from __future__ import annotations


class Exit(BaseException):
    """The check is over: nothing more is asked of the program. `str` is the verdict's detail."""


class TimeUp(Exit):
    """The program had its time."""


class Died(Exit):
    """The program's process is gone."""


class NotPython(Exit):
    """The program cannot be compiled."""


class WrongType(Exit):
    """The program gave something that no value can be made of."""


class OutOfMemory(Exit):
    """The program and what it started hold more memory than allowed."""


class CannotTravel(Exit):
    """The tests hand over something that cannot leave their process."""


class NeedsOneProcess(Exit):
    """The tests hand over what cannot travel, or do what only a process may do that is confined as programs are."""


class HarnessError(Exception):
    """The sandbox itself failed; nothing is known of the program."""
