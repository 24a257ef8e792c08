"""What a page says of how a run was made: its configuration, where everything came from, and its warnings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evals.comparison.facts import facts_of
from evals.json_text import dumps
from evals.record.reader import Record
from evals.report.words import counted, number, printable

Fact = list[str]


def configuration(record: Record) -> list[Fact]:
    """(name, value) of what was asked for: class, arguments, models, sampling, seed."""
    facts, config = facts_of(record), _mapping(record.spec.get("run_config"))
    rows: list[list[Any]] = [["eval", facts.eval_name], ["class", facts.eval_class]]
    rows += [[f"argument {key}", value] for key, value in facts.eval_args.items()]
    for name, spec in facts.completion_fn_specs.items():
        rows.append(["completion function", f"{name}: {dumps(spec)}"])
    rows += [[f"{key} (sampling)", value] for key, value in {**facts.completion_args, **facts.overrides}.items()]
    rows += [[f"images {key}", value] for key, value in facts.images.items()]
    rows += [["seed", facts.seed], ["samples at most", facts.max_samples], ["repeats", facts.repeats]]
    rows += [["tags", ", ".join(map(str, config.get("tags") or ()))], ["command", config.get("command")]]
    return list(_said(rows))


def provenance(record: Record) -> list[Fact]:
    """(name, value) of where everything came from: data, code, versions, times."""
    facts = facts_of(record)
    rows: list[list[Any]] = [
        ["record", record.path.name],
        ["run", facts.run_id],
        ["started (UTC)", (facts.created_at or "")[:19]],
        ["data, SHA-256", facts.data_sha256],
        ["samples of the dataset", facts.n_dataset],
        ["first prompt, SHA-256", facts.first_prompt_sha256],
        ["scorer", facts.scorer],
        ["registry, commit", facts.registry_commit],
    ]
    rows += [[name, value] for name, value in facts.contents.items()]
    rows += [[f"version of {name}", value] for name, value in facts.versions.items()]
    return list(_said(rows))


def warnings_of(record: Record, unit: str = "sample") -> list[str]:
    """What a reader has to know before trusting the numbers. unit: what failed, a sample or an evaluation of one."""
    report = record.final_report or {}
    found = [] if record.final_report is not None else ["The run has not ended: these are the samples so far."]
    if record.n_damaged:
        found.append(f"{counted(record.n_damaged, 'line')} of the record are broken; their samples are left out.")
    n_errors = report.get("n_errors")
    if isinstance(n_errors, int) and n_errors:
        rest = "was not scored; it is not in n" if n_errors == 1 else "were not scored; they are not in n"
        found.append(f"{counted(n_errors, unit)} failed and {rest}.")
    unparsed = report.get("unparsed")
    if isinstance(unparsed, float) and unparsed > 0.01:
        found.append(f"No answer could be read in {number(unparsed)} of the completions; they count as wrong.")
    said = report.get("warnings") or []
    return found + [printable(str(text)) for text in (said if isinstance(said, list | tuple) else [said])]


def _said(rows: list[list[Any]]) -> Iterator[Fact]:
    """The rows that have a value, as harmless texts."""
    for name, value in rows:
        if value not in (None, "", [], {}):
            yield [printable(str(name)), printable(value if isinstance(value, str) else dumps(value))]


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
