"""The functions of openai/evals' `log_utils`: specs, reports and event data read from records."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from evals.record.raw_lines import parsed_line, raw_lines
from evals.record.reader import read_record


def _first_with(path: str | Path, key: str) -> Any:
    for _, _, raw in raw_lines(Path(path)):
        line = parsed_line(raw)
        if line is not None and key in line:
            return line[key]
    raise ValueError(f"Could not find {key} in {path}")


def extract_final_results(path: str | Path) -> dict[str, Any]:
    """The final report of a record.

    Raises:
        ValueError: the record has no final report.
    """
    report: dict[str, Any] = _first_with(path, "final_report")
    return report


def extract_spec(path: str | Path) -> dict[str, Any]:
    """The run spec of a record.

    Raises:
        ValueError: the record has no run spec.
    """
    spec: dict[str, Any] = _first_with(path, "spec")
    return spec


def extract_individual_results(path: str | Path, type_string: str = "metrics") -> list[Any]:
    """The data of all events of one type, without those of failed samples."""
    return [event.data for event in read_record(path).events(type_string)]


def get_final_results_from_dir(log_dir: str | Path) -> dict[Path, dict[str, Any]]:
    """The final report of every `*.log` under a folder, at any depth."""
    return {path: extract_final_results(path) for path in Path(log_dir).glob("**/*.log")}


def get_specs_from_dir(log_dir: str | Path) -> dict[Path, dict[str, Any]]:
    """The run spec of every `*.log` under a folder, at any depth."""
    return {path: extract_spec(path) for path in Path(log_dir).glob("**/*.log")}
