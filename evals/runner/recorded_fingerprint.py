"""The fingerprint in the first line of a record, and what is different in another one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from evals.registry.classes import public_path
from evals.secrets import without_secrets

SCORER_CODE = "scorer code "
"The beginning of the names under which the source of an eval's plug-ins is kept."


def recorded_fingerprint(spec: Mapping[str, Any]) -> dict[str, Any] | None:
    """The fingerprint in a record's first line, our classes under their public paths; None without one."""
    config = spec.get("run_config")
    fingerprint = config.get("fingerprint") if isinstance(config, Mapping) else None
    if not isinstance(fingerprint, Mapping):
        return None
    models = fingerprint.get("completion_fns")
    known = models if isinstance(models, Mapping) else {}
    renamed = {name: without_secrets(_with_public_class(model)) for name, model in known.items()}
    facts = {**_with_public_class(fingerprint)}
    facts |= {name: without_secrets(facts[name]) for name in ("completion_args", "eval_args") if name in facts}
    return {**facts, "completion_fns": renamed} if known else dict(facts)


def _with_public_class(facts: Any) -> Any:
    path = facts.get("class") if isinstance(facts, Mapping) else None
    return {**facts, "class": public_path(path)} if isinstance(path, str) else facts


def first_difference(theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> str | None:
    """`what: there X, here Y` for the first fact that differs; None when the runs are the same.

    What an older record does not say is taken to be the same: nothing can be told of it.
    """
    for key in sorted({*theirs, *ours}):
        there, here = theirs.get(key), ours.get(key)
        if key in _BY_CONTENT:
            difference = _other_content(there, here)
            if difference is not None:
                return difference
        elif there != here:
            return f"other {_WORDS.get(key, key)}: there {_short(there)}, here {_short(here)}"
    return None


_BY_CONTENT = ("contents", "scorer")
"Facts with a digest or a version for each thing; records of earlier versions have fewer of them, or none."


def _other_content(there: Any, here: Any) -> str | None:
    if not isinstance(there, Mapping) or not isinstance(here, Mapping):
        return None
    for name in sorted(there.keys() & here.keys()):
        if there[name] != here[name]:
            word = _CONTENT_WORDS.get(name, name)
            return f"other {word}: there {_short(there[name])}, here {_short(here[name])}"
    return None


_CONTENT_WORDS = {
    "version": "version of the scorer",
    "rubric": "text or scores of the rubric",
    "few_shot": "few-shot rows",
    "pictures": "pictures",
}


_WORDS = {
    "completion_fns": "model",
    "completion_args": "--completion_args",
    "data_sha256": "data",
    "eval_args": "eval arguments",
    "overrides": "sampling options",
    "prompts_sent_as": "form of the prompts",
}
"Facts under the names by which people know them; the others go by their own."


def _short(value: Any) -> str:
    """A fact in few words: of models the names, of options `name=value`."""
    if isinstance(value, dict):
        pairs = (
            name if isinstance(of, dict) else f"{name}={json.dumps(of, default=str)}" for name, of in value.items()
        )
        text = ", ".join(pairs) or "none"
    else:
        text = json.dumps(value, default=str)
    return text if len(text) <= 60 else text[:57] + "..."
