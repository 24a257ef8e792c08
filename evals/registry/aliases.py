"""Follows aliases from an entry to its spec."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from evals.errors import RegistryError, did_you_mean
from evals.registry.entries import THING, alias_of, check_entry
from evals.registry.index import Index, RawEntry
from evals.specs import is_openai_evals_form

logger = logging.getLogger("evals")


def follow(entry: RawEntry, indexes: Mapping[str, Index]) -> list[RawEntry]:
    """`entry`, the entry that it points at, and so on to the spec, which is the last one.

    indexes: where names are looked up, by kind; the last kind is named in messages.

    Raises:
        RegistryError: an entry points at a name that does not exist, at itself through others, or cannot be used.
    """
    kind = list(indexes)[-1]
    chain = [entry]
    check_entry(entry, kind)
    while (target := alias_of(chain[-1])) is not None:
        found = first_entry(indexes, target)
        if found is None:
            known = [name for index in indexes.values() for name in index.names()]
            raise RegistryError(
                f"{THING[kind]} {chain[-1].name!r} points at {target!r}, which does not exist",
                where=chain[-1].where,
                notes=[did_you_mean(target, known)],
                fix="correct the name that it points at, or add an entry of that name",
            )
        if found in chain:
            names = " -> ".join([*(link.name for link in chain), found.name])
            raise RegistryError(
                f"{THING[kind]} {entry.name!r} leads back to itself",
                where=entry.where,
                notes=[names],
                fix="point one of them at an entry with a class",
            )
        check_entry(found, kind)
        chain.append(found)
    _refuse_repeated(chain)
    return chain


def _refuse_repeated(chain: list[RawEntry]) -> None:
    """Raise RegistryError for keys that stand twice; a warning where the last one counts, as in openai/evals."""
    cls = chain[-1].body.get("class") if isinstance(chain[-1].body, dict) else None
    is_error = isinstance(cls, str) and not is_openai_evals_form(cls)
    for entry in chain:
        if entry.repeated and is_error:
            first, *more = entry.repeated
            raise RegistryError(f"in entry {entry.name!r}, {first}", where=entry.where, notes=more, fix="remove one")
        if entry.repeated and (entry.where, entry.name) not in _warned:
            _warned.add((entry.where, entry.name))
            logger.warning("%s: in entry %r, %s; the last one counts", entry.where, entry.name, entry.repeated[0])


_warned: set[tuple[str, str]] = set()


def first_entry(indexes: Mapping[str, Index], name: str) -> RawEntry | None:
    """The entry called `name` in the first index that has one; None without one."""
    return next((entry for index in indexes.values() if (entry := index.get(name)) is not None), None)


def filled_in(entry: RawEntry) -> Any:
    """The body with `key`, `group`, `registry_path` and `cls` added, as openai/evals has it; an alias unchanged."""
    if not isinstance(entry.body, dict):
        return entry.body
    body = {**entry.body, "key": entry.name, "group": entry.group, "registry_path": entry.registry_path}
    if "class" in body:
        body["cls"] = body.pop("class")
    return body
