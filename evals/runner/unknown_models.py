"""Says which models of a run no registry knows, where a key is missing: the name may be misspelt."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from evals.errors import EvalsError, did_you_mean
from evals.registry.lookup import Registry


@contextmanager
def told_of_unknown_models(names: Sequence[str], registry: Registry) -> Iterator[None]:
    """Add a note to an EvalsError of the block for each model that is in no registry and has a name near a known one.

    Any unknown name goes to the default server, so that a slip in the name of a local model looks like a missing key.
    """
    try:
        yield
    except EvalsError as error:
        error.notes += [note for name in names if (note := _note(name, registry))]
        raise


def _note(name: str, registry: Registry) -> str:
    known = dict.fromkeys([*registry.names("completion_fns"), *registry.names("solvers"), *registry.known_models()])
    near = "" if name in known else did_you_mean(name, known)
    return f"no registry has an entry for the model {name!r}; {near}" if near else ""
