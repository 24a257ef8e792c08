"""Ways in which a check ends before its tests do. No test can catch them by `except Exception`."""

from __future__ import annotations


class Ending(BaseException):
    """The check is over: nothing more is asked of the program."""


class TimeUp(Ending):
    """The program had its time."""


class Died(Ending):
    """The program's process is gone."""


class NotPython(Ending):
    """The program cannot be compiled."""


class WrongType(Ending):
    """The program gave something that no value can be made of."""


class OutOfMemory(Ending):
    """The program and what it started hold more memory than allowed."""


class CannotTravel(Ending):
    """The tests hand over something that cannot leave their process."""


class HarnessError(Exception):
    """The sandbox itself failed; nothing is known of the program."""
