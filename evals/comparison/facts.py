"""Facts about a run from the first line of its record: the things by which two runs can differ."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from evals.record.reader import Record
from evals.runner.recorded_fingerprint import SCORER_CODE, recorded_fingerprint


@dataclass(frozen=True)
class RunFacts:
    """What was run. None or an empty mapping stands for what the record does not say; openai/evals records less."""

    eval_name: str
    completion_fns: tuple[str, ...]
    run_id: str | None = None
    created_at: str | None = None
    data_sha256: str | None = None
    "SHA-256 of the whole dataset, as the run read it."
    n_dataset: int | None = None
    first_prompt_sha256: str | None = None
    eval_class: str | None = None
    eval_args: Mapping[str, Any] = field(default_factory=dict)
    "Arguments of the eval, from its YAML entry and from the command line."
    scorer: Mapping[str, Any] | None = None
    "The scorer's version and everything else of the eval that decides how completions are scored."
    contents: Mapping[str, Any] = field(default_factory=dict)
    "Digests of files, code and pictures, and addresses of servers, by a name for people; see `evals.runner.contents`."
    completion_args: Mapping[str, Any] = field(default_factory=dict)
    completion_fn_specs: Mapping[str, Any] = field(default_factory=dict)
    "Class and arguments of each completion function, by name."
    overrides: Mapping[str, Any] = field(default_factory=dict)
    "Sampling parameters given on the command line, such as the temperature."
    images: Mapping[str, Any] = field(default_factory=dict)
    "How the model saw images, as far as that is not the default: `condition`, limits of their size."
    seed: int | None = None
    max_samples: int | None = None
    repeats: int = 1
    versions: Mapping[str, str] = field(default_factory=dict)
    registry_commit: str | None = None
    higher_is_better: bool = True
    n_damaged: int = 0
    "Broken lines of the record, whose samples count as not finished."
    finished: bool = False
    "Whether the record ends with a final report."
    exam: str = ""
    "The score of an exam and its percentile, in words; empty for other runs, and where marks are missing."

    @property
    def model(self) -> str:
        """The names of the completion functions, separated by commas; `?` if the record names none."""
        return ", ".join(self.completion_fns) or "?"


def rows_of(spec: Mapping[str, Any]) -> tuple[str, str | None]:
    """The eval of a run spec and the SHA-256 of the whole dataset: where both are equal, equal ids are one row."""
    config = _mapping(spec.get("run_config"))
    sha256 = config.get("data_sha256") or (recorded_fingerprint(spec) or {}).get("data_sha256")
    return str(spec.get("eval_name") or "?"), sha256


def facts_of(log: Record) -> RunFacts:
    """The facts in an opened record."""
    spec = log.spec
    config = _mapping(spec.get("run_config"))
    fingerprint, eval_spec = recorded_fingerprint(spec) or {}, _mapping(config.get("eval_spec"))
    eval_name, data_sha256 = rows_of(spec)
    return RunFacts(
        eval_name=eval_name,
        completion_fns=tuple(map(str, spec.get("completion_fns") or ())),
        run_id=log.run_id,
        created_at=spec.get("created_at"),
        data_sha256=data_sha256,
        n_dataset=config.get("n_samples"),
        first_prompt_sha256=config.get("first_prompt_sha256"),
        eval_class=fingerprint.get("class") or eval_spec.get("cls"),
        eval_args=_mapping(fingerprint.get("eval_args") or eval_spec.get("args")),
        scorer=_scorer(fingerprint),
        contents={k: v for k, v in _mapping(fingerprint.get("contents")).items() if not k.startswith(SCORER_CODE)},
        completion_args=_mapping(fingerprint.get("completion_args")),
        completion_fn_specs=_mapping(fingerprint.get("completion_fns")),
        overrides=_mapping(fingerprint.get("overrides")),
        images=_mapping(fingerprint.get("images")),
        seed=_whole(config.get("seed")),
        max_samples=_whole(config.get("max_samples")),
        repeats=_whole(config.get("repeats")) or 1,
        versions=_mapping(config.get("versions")),
        registry_commit=config.get("registry_commit"),
        higher_is_better=config.get("higher_is_better") is not False,
        n_damaged=log.n_damaged,
        finished=log.final_report is not None,
        exam=_exam_words(_mapping(log.final_report)),
    )


def _exam_words(report: Mapping[str, Any]) -> str:
    score, *ends = (report.get(key) for key in ("exam_score", "percentile_low", "percentile_high"))
    if not isinstance(score, int | float):
        return ""
    low, high = (f"{end:.1f}".removesuffix(".0") if isinstance(end, int | float) else None for end in ends)
    return f"{score:g}" + ("" if low is None or high is None else f" (percentile {low} to {high})")


def _scorer(fingerprint: Mapping[str, Any]) -> dict[str, Any] | None:
    """What decides about scores: what the eval says of itself, and the source of its plug-ins."""
    said = fingerprint.get("scorer")
    if not isinstance(said, Mapping):
        return None
    contents = _mapping(fingerprint.get("contents"))
    return {**said, **{name: digest for name, digest in contents.items() if name.startswith(SCORER_CODE)}}


def known_in_both(one: Mapping[str, Any], two: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The facts that both records have; an older one says less, and nothing can be told of the rest."""
    names = one.keys() & two.keys()
    return {name: one[name] for name in names}, {name: two[name] for name in names}


def _mapping(value: Any) -> dict[str, Any]:
    return dict(value) if isinstance(value, Mapping) else {}


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def short(value: Any, width: int = 48) -> str:
    """A fact as text of at most `width` characters."""
    text = value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= width else f"{text[: width - 3]}..."
