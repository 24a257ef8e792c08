"""Finds what differs between two runs besides their scores: model, data, prompts, arguments, scorer, versions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from evals.comparison.facts import RunFacts, known_in_both, short
from evals.comparison.pairing import Pairing
from evals.comparison.scores import RunScores
from evals.images.conditions import VISION
from evals.sample import IMAGES_KEY, WITHOUT_IMAGES


@dataclass(frozen=True)
class Change:
    """One thing that differs between two runs."""

    what: str
    "model, eval, data, prompts, class, argument, scorer, sampling, images, subset, seed, repeats or version."
    text: str
    "A sentence part with both values: `seed 1 -> 2`."


@dataclass(frozen=True)
class Changes:
    """What differs, what is the same, and what is unknown because one of the records does not say it."""

    changes: tuple[Change, ...]
    same: tuple[str, ...]
    unknown: tuple[str, ...]

    def of(self, *kinds: str) -> list[Change]:
        """The changes whose `what` is among `kinds`."""
        return [change for change in self.changes if change.what in kinds]


def find_changes(a: RunScores, b: RunScores, pairing: Pairing) -> Changes:
    """Everything that differs between two runs, the most important first. Prompts are compared pair by pair."""
    one, two = a.facts, b.facts
    changes: list[Change] = []
    same: list[str] = []
    unknown: list[str] = []
    _add(changes, "model", "model", one.model, two.model)
    if a.models and b.models and a.models.keys() != b.models.keys() and one.model == two.model:
        changes.append(Change("model", f"served model {', '.join(a.models)} -> {', '.join(b.models)}"))
    _add(changes, "eval", "eval", one.eval_name, two.eval_name)
    _compare("data", one.data_sha256, two.data_sha256, _data_text(pairing), changes, same, unknown)
    _compare_prompts(a, b, pairing, changes, same, unknown)
    changes += _image_free_prompts(a, b, pairing)
    _add(changes, "class", "class", one.eval_class, two.eval_class)
    changes += [Change("argument", text) for text in differences(one.eval_args, two.eval_args)]
    _compare_scorers(one, two, changes, same, unknown)
    changes += _content_changes(one, two)
    changes += _sampling_changes(one, two)
    _add(changes, "subset", "max_samples", one.max_samples, two.max_samples)
    _add(changes, "seed", "seed", one.seed, two.seed)
    _add(changes, "repeats", "repeats", one.repeats, two.repeats)
    changes += [Change("version", text) for text in differences(one.versions, two.versions)]
    return Changes(tuple(changes), tuple(same), tuple(unknown))


def prompts_differ(a: RunScores, b: RunScores, pairing: Pairing) -> tuple[int, int]:
    """(pairs that were sent different prompts, pairs for which both prompts were recorded)."""
    sent_a, sent_b = a.prompt_hashes[pairing.rows_a], b.prompt_hashes[pairing.rows_b]
    known = (sent_a != 0) & (sent_b != 0)
    return int(np.sum(known & (sent_a != sent_b))), int(np.sum(known))


def _compare_prompts(
    a: RunScores, b: RunScores, pairing: Pairing, changes: list[Change], same: list[str], unknown: list[str]
) -> None:
    n_differ, n_known = prompts_differ(a, b, pairing)
    if n_known == 0:
        unknown.append("prompts")
    elif n_differ == 0:
        same.append("prompts")
    else:
        which = "all prompts" if n_differ == n_known else f"{n_differ:,} of {n_known:,} prompts"
        changes.append(Change("prompts", which))


def _image_free_prompts(a: RunScores, b: RunScores, pairing: Pairing) -> Iterator[Change]:
    """Prompts without an image that differ between runs in two conditions: the conditions are then not all of it."""
    labels = a.labels.get(IMAGES_KEY)
    if a.facts.images == b.facts.images or labels is None or WITHOUT_IMAGES not in labels.names:
        return
    free = labels.codes[pairing.rows_a] == labels.names.index(WITHOUT_IMAGES)
    sent_a, sent_b = a.prompt_hashes[pairing.rows_a], b.prompt_hashes[pairing.rows_b]
    n_differ = int(np.sum(free & (sent_a != 0) & (sent_b != 0) & (sent_a != sent_b)))
    if n_differ:
        yield Change("prompts", f"prompts without an image, which should be the same: {n_differ:,}")


def _compare(what: str, a: Any, b: Any, text: str, changes: list[Change], same: list[str], unknown: list[str]) -> None:
    if a is None or b is None:
        unknown.append(what)
    elif a == b:
        same.append(what)
    else:
        changes.append(Change(what, text))


def _data_text(pairing: Pairing) -> str:
    counts = {"changed": len(pairing.changed_a), "only in the first": len(pairing.only_a)}
    counts |= {"only in the second": len(pairing.only_b), "moved": pairing.n_moved}
    return "data" + "".join(f", {count:,} {what}" for what, count in counts.items() if count)


def _compare_scorers(one: RunFacts, two: RunFacts, changes: list[Change], same: list[str], unknown: list[str]) -> None:
    if one.scorer is None or two.scorer is None:
        unknown.append("scorer")
        return
    a, b = known_in_both(one.scorer, two.scorer)
    _compare("scorer", a, b, "; ".join(f"scorer {text}" for text in differences(a, b)), changes, same, unknown)


def _content_changes(one: RunFacts, two: RunFacts) -> Iterator[Change]:
    """Files, pictures, code and servers that both records tell of, and that are not the same."""
    a, b = known_in_both(one.contents, two.contents)
    for text in differences(a, b):
        kind = "model" if text.startswith(("server ", "code ")) else "prompts"
        yield Change(kind, text if text.startswith("server ") else f"content of {text}")


def _sampling_changes(one: RunFacts, two: RunFacts) -> Iterator[Change]:
    for a, b in ((one.overrides, two.overrides), (one.completion_args, two.completion_args)):
        yield from (Change("sampling", text) for text in differences(a, b))
    seen = [{"condition": VISION, **facts.images} for facts in (one, two)]
    yield from (Change("images", f"images: {text}") for text in differences(*seen))
    for name in one.completion_fn_specs.keys() & two.completion_fn_specs.keys():
        spec_a, spec_b = _flat(one.completion_fn_specs[name]), _flat(two.completion_fn_specs[name])
        yield from (Change("sampling", f"{name} {text}") for text in differences(spec_a, spec_b))


def _flat(spec: Any) -> dict[str, Any]:
    return {"class": spec.get("class"), **(spec.get("args") or {})} if isinstance(spec, Mapping) else {"spec": spec}


def _add(changes: list[Change], what: str, name: str, a: Any, b: Any) -> None:
    if a != b and not (what in ("class", "seed") and None in (a, b)):
        changes.append(Change(what, f"{name} {short(a)} -> {short(b)}"))


def differences(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[str]:
    """`name old -> new` for each key that differs; `-` stands for a key that is not there."""
    texts = []
    for key in sorted({*a, *b}):
        there, here = a.get(key), b.get(key)
        if there != here:
            texts.append(f"{key} {short(there) if key in a else '-'} -> {short(here) if key in b else '-'}")
    return texts
