"""Removes a folder with all in it, however deep, whatever its permissions; what cannot be removed is left."""

from __future__ import annotations

import contextlib
import os


def remove_tree(top: str) -> None:
    """Remove a folder. Deep folders are moved up first, so that no path becomes long."""
    with contextlib.suppress(OSError):
        clear(top)
        os.rmdir(top)


def clear(top: str, kept: frozenset[str] = frozenset()) -> None:
    """Remove all in a folder but the names that are kept.

    Raises:
        OSError: something cannot be removed.
    """
    n_moved = 0
    while True:
        names = [name for name in os.listdir(top) if name not in kept]
        if not names:
            return
        for name in names:
            path = f"{top}/{name}"
            if not _is_folder(path):
                os.unlink(path)
                continue
            # Folders move up one level instead of being entered: a path of more than 4,096 bytes cannot be opened.
            for inner in os.listdir(path):
                if _is_folder(f"{path}/{inner}"):
                    n_moved += 1
                    os.rename(f"{path}/{inner}", f"{top}/moved-{os.getpid()}-{n_moved}")
                else:
                    os.unlink(f"{path}/{inner}")
            os.rmdir(path)


def _is_folder(path: str) -> bool:
    """Whether it is a folder; then it may be read and written after this."""
    if os.path.islink(path) or not os.path.isdir(path):
        return False
    os.chmod(path, 0o700)
    return True
