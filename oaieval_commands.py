"""Where the commands begin: they find this package `evals` also where a user's own folder has the same name.

With `PYTHONPATH=.`, which plug-ins need, a package `evals` in the working folder would be imported instead.
"""

from __future__ import annotations

import importlib.util
import os
import sys

HERE = os.path.dirname(os.path.realpath(__file__))


def oaieval() -> int:
    """Run one eval."""
    _use_ours()
    from evals.cli.oaieval import main

    return main()


def oaievalset() -> int:
    """Run the evals of a set."""
    _use_ours()
    from evals.cli.oaievalset import main

    return main()


def evals() -> int:
    """Everything but running."""
    _use_ours()
    from evals.cli.main import main

    return main()


def _use_ours() -> None:
    """Let `import evals` find the package beside this file; say so where another one stands before it."""
    found = importlib.util.find_spec("evals")
    place = None if found is None or found.origin is None else os.path.dirname(os.path.realpath(found.origin))
    if place == os.path.join(HERE, "evals"):
        return
    if place is not None:
        print(f"warning: {place} has the name of this package; oaieval's own `evals` is used", file=sys.stderr)
    sys.path.insert(0, HERE)


if __name__ == "__main__":
    name = sys.argv[0] = sys.argv.pop(1)
    sys.exit({"oaieval": oaieval, "oaievalset": oaievalset, "evals": evals}[name]())
