"""What can be known before the first paid call: data, rows, prompts, size."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from heapq import nsmallest
from pathlib import Path
from typing import Any

import evals
from evals.datasets.samples import SampleSequence
from evals.engine.sample_order import sample_order
from evals.errors import DataError
from evals.eval import Eval, hook_of
from evals.images.conditions import ImageOptions
from evals.json_text import dumps
from evals.runner.few_shot_overlap import LOOKED_AT, few_shot_warnings
from evals.runner.row_checks import CheckedElsewhere, RowChecks, check_rows

ROWS_FOR_ESTIMATE = 200


@dataclass(frozen=True)
class Preflight:
    """Facts about a run that has not begun."""

    n_samples: int | None
    "Rows of the dataset; None where the eval makes its samples itself."
    n_selected: int
    data_sha256: str | None
    prompt_tokens: int | None
    "Estimate over all selected rows, bytes/4."
    first_prompt: Any = None
    warnings: Sequence[str] = field(default_factory=tuple)
    pictures: str | None = None
    "A digest of the pictures that rows name by path; None where no row names one."
    uses_own_ids: bool = True
    "Whether no two selected rows give themselves the same id."

    def facts(self) -> dict[str, Any]:
        """The keys that go into the record's first line."""
        if self.n_samples is None:
            return {}
        text = json.dumps(self.first_prompt, sort_keys=True, default=str)
        return {
            "data_sha256": self.data_sha256,
            "n_samples": self.n_samples,
            "first_prompt_sha256": hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest(),
        }


def check_before_run(
    evaluation: Eval,
    max_samples: int | None,
    images: ImageOptions | None = None,
    *,
    as_openai_evals: bool = False,
    elsewhere: CheckedElsewhere | None = None,
) -> Preflight:
    """Read and check every selected row. images: how they are sent. as_openai_evals: doubts about rows are
    warnings. elsewhere: who checks a part of them.

    Raises:
        DataError: the first bad row, with the numbers of others that are bad in the same way.
    """
    checks = RowChecks(evaluation, images or ImageOptions(), as_openai_evals=as_openai_evals)
    samples = samples_of(evaluation)
    if samples is None:
        return Preflight(None, 0, None, None, warnings=checks.doubts.warnings())
    if len(samples) == 0:
        raise DataError("the dataset has no samples", where=str(evaluation.samples_jsonl), fix="add rows to it")
    order = sample_order(len(samples), max_samples)
    check_rows(samples, in_file_order(order, len(samples)), checks, elsewhere)
    return Preflight(
        n_samples=len(samples),
        n_selected=len(order),
        data_sha256=samples.sha256,
        prompt_tokens=_estimate_tokens(evaluation, samples, order),
        first_prompt=hook_of(evaluation, "first_prompt")(samples[order[0]]),
        warnings=[
            *checks.doubts.warnings(),
            *checks.own_ids.warnings(),
            *few_shot_warnings(evaluation, samples, nsmallest(LOOKED_AT, order)),
        ],
        pictures=checks.pictures.value(),
        uses_own_ids=checks.own_ids.are_unique,
    )


def in_file_order(order: Sequence[int], n_samples: int) -> Sequence[int]:
    """The rows of a pass in the order of the file, in which reading is fast."""
    return range(n_samples) if len(order) == n_samples else sorted(order)


def samples_of(evaluation: Eval) -> SampleSequence | None:
    """The samples of an eval as they stand in its data; None where it makes them itself.

    Raises:
        DataError: the file is missing or of the wrong kind.
    """
    if evaluation.samples_jsonl is None or type(evaluation).get_samples is not Eval.get_samples:
        return None
    return evaluation.open_samples()


def _estimate_tokens(evaluation: Eval, samples: Sequence[Any], order: Sequence[int]) -> int | None:
    chosen = order[:ROWS_FOR_ESTIMATE]
    first_prompt = hook_of(evaluation, "first_prompt")
    asked = [(samples[index], first_prompt(samples[index])) for index in chosen]
    sizes = [text_bytes(prompt) + _tool_bytes(sample) for sample, prompt in asked if prompt is not None]
    if not sizes:
        return None
    return round(sum(sizes) / len(sizes) / 4 * len(order))


def _tool_bytes(sample: Any) -> int:
    """Bytes of the functions that a row describes; they are sent beside each prompt, and servers count them."""
    tools = sample.get("tools") if isinstance(sample, dict) else None
    return len(dumps(tools).encode("utf-8", "replace")) if tools else 0


def text_bytes(prompt: Any) -> int:
    """Bytes of the text in a prompt, images and other parts left out."""
    if isinstance(prompt, str):
        return len(prompt.encode("utf-8", "replace"))
    if isinstance(prompt, dict):
        return text_bytes(prompt.get("content") if "content" in prompt else prompt.get("text"))
    if isinstance(prompt, list):
        return sum(text_bytes(part) for part in prompt)
    return 0


def source_facts(registry_path: Path | None) -> dict[str, Any]:
    """Versions, and the commit of the registry where it lies in a git repository."""
    commit = git_commit(registry_path) if registry_path is not None else None
    return {
        "versions": {"oaieval": evals.__version__, "python": sys.version.split()[0]},
        "registry_commit": commit,
    }


def git_commit(folder: Path) -> str | None:
    """The commit checked out in the repository around `folder`, read from its files; None outside one."""
    for parent in (folder.resolve(), *folder.resolve().parents):
        head = parent / ".git" / "HEAD"
        if head.is_file():
            return _resolve_head(head)
    return None


def _resolve_head(head: Path) -> str | None:
    text = head.read_text(encoding="utf-8").strip()
    if not text.startswith("ref: "):
        return text or None
    name = text[5:]
    loose, packed = head.parent / name, head.parent / "packed-refs"
    if loose.is_file():
        return loose.read_text(encoding="utf-8").strip()
    for line in packed.read_text(encoding="utf-8").splitlines() if packed.is_file() else ():
        if line.endswith(f" {name}"):
            return line.split()[0]
    return None
