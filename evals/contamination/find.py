"""Looks for the questions of an eval in a corpus: from names to findings."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evals.completion_fns.dummy import DummyCompletionFn
from evals.contamination.contamination import Contamination, item_reports, merged
from evals.contamination.corpus import UNIT_BYTES, Reading, Unit, corpus_files, units_of
from evals.contamination.found_index import FoundIndex
from evals.contamination.items import Item, Rule, items_digest, make_item
from evals.contamination.questions import default_fields, question_texts
from evals.contamination.scan_workers import ScanJob, Scanned, scan_units
from evals.contamination.unit_findings import UnitFindings
from evals.errors import UsageError
from evals.eval import Eval
from evals.registry.lookup import Registry
from evals.sample import sample_id


@dataclass(frozen=True)
class Search:
    """What is looked for, and where."""

    eval_name: str
    corpus: Sequence[str]
    "Files, folders, patterns."
    rule: Rule = field(default_factory=Rule)
    reading_as: Reading = field(default_factory=Reading)
    fields: Sequence[str] = ()
    max_items: int | None = None
    "Look for so many samples, chosen at random by the rule's seed."
    n_workers: int = 1
    index: Path | None = None
    "The folder of what earlier scans found; the user's cache without it."
    registry_paths: Sequence[str] = ()
    data_paths: Sequence[str] = ()
    unit_bytes: int = UNIT_BYTES
    "Of a plain file of lines, scanned in one go."


def find_contamination(
    search: Search, on_scanned: Callable[[Scanned, Sequence[Unit]], object] = lambda scanned, units: None
) -> Contamination:
    """Which samples of the eval stand in the corpus. on_scanned: called after each unit, with all units.

    Raises:
        EvalsError: the eval, its data or the corpus cannot be used.
    """
    files = corpus_files(search.corpus, search.reading_as)
    eval_name, samples = open_eval(search)
    chosen = chosen_rows(len(samples), search.max_items, search.rule.seed)
    items, fields = _items(eval_name, samples, chosen, search)
    units = units_of(files, search.unit_bytes)
    job = ScanJob(items, search.rule, search.reading_as, FoundIndex(items_digest(items, search.rule), search.index))
    findings: list[UnitFindings] = [UnitFindings() for _ in units]
    for scanned in scan_units(units, job, search.n_workers):
        findings[scanned.number] = scanned.findings
        on_scanned(scanned, units)
    reports, frequent = item_reports(items, merged(units, findings), search.rule)
    return Contamination(
        eval_name=eval_name,
        rule=search.rule,
        fields=fields,
        items=reports,
        frequent=frequent,
        n_samples=len(samples),
        n_files=len(files),
        n_documents=sum(one.n_documents for one in findings),
        n_bytes=sum(unit.n_bytes for unit in units),
        n_broken=sum(one.n_broken for one in findings),
    )


def open_eval(search: Search) -> tuple[str, Sequence[Any]]:
    """The whole name of the eval, and its samples.

    Raises:
        UsageError: it makes its samples while it runs.
    """
    registry = Registry()
    registry.add_registry_paths(list(search.registry_paths))
    registry.data_paths.extend(search.data_paths)
    spec = registry.find_eval(search.eval_name)
    evaluation = registry.make_eval(spec, [DummyCompletionFn()])
    if evaluation.samples_jsonl is None and type(evaluation).get_samples is Eval.get_samples:
        raise UsageError(f"eval {spec.key!r} makes its samples while it runs: none can be looked for", where=spec.where)
    return evaluation.name, evaluation.stream_samples()


def chosen_rows(n_samples: int, max_items: int | None, seed: int) -> list[int]:
    """The rows that are looked for: all, or `max_items` of them at random, in the order of the data."""
    if max_items is None or max_items >= n_samples:
        return list(range(n_samples))
    return sorted(random.Random(f"{seed} rows").sample(range(n_samples), max_items))


def _items(
    eval_name: str, samples: Sequence[Any], rows: Sequence[int], search: Search
) -> tuple[list[Item], tuple[str, ...]]:
    """The items of the rows, and the fields that were looked for."""
    items, fields = [], dict.fromkeys(search.fields)
    for row in rows:
        sample = samples[row]
        texts = question_texts(sample, search.fields)
        row_id = sample.get("id")
        name = row_id if isinstance(row_id, str) else None
        items.append(make_item(sample_id(eval_name, row), texts, search.rule, name))
        fields.update(dict.fromkeys(search.fields or default_fields(sample)))
    return items, tuple(fields)
