"""People's labels in the browser: the next sample of a graded record without its verdict, and what is done with it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evals.errors import UsageError
from evals.json_text import dumps
from evals.labelling.graded_record import GradedRecord, GradedSample, read_graded
from evals.labelling.label_file import RANDOM, LabelWriter, default_path, read_labels
from evals.labelling.session import Labelling, chosen
from evals.labelling.shown import Shared, guide_text, shared_lines
from evals.registry.lookup import Registry
from evals.report.terminal.sample import prompt_parts
from evals.texts.safe_text import one_line
from evals.viewer.endpoints import Conflict
from evals.viewer.index import IndexedRun
from evals.viewer.live import shortened
from evals.viewer.run_pages import version_of
from evals.viewer.vote_pages import TEXT_LETTERS, checked_rater

MAX_KEPT = 4
"Records whose samples are kept."
MAX_NOTE_LETTERS = 2_000


@dataclass
class _Kept:
    record: GradedRecord
    shared: Shared
    works: dict[str, tuple[Any, Labelling]]
    "By rater: the stamp of the file of labels that it knows, and the rater's work."


class Labels:
    """Asks for labels and appends them to the file beside the record, as `evals label` does. Safe for threads."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    def next(self, run: IndexedRun, rater: str) -> dict[str, Any]:
        """The sample that the rater labels next, and how many are done. No verdict and no model is in it.

        Raises:
            EvalsError: the record holds no completion, the rater's name cannot be, or a file cannot be read.
        """
        with self._lock:
            kept = self._of(run)
            return _as_shown(kept, self._work(kept, checked_rater(rater)))

    def give(self, run: IndexedRun, given: Mapping[str, Any]) -> dict[str, Any]:
        """Write a label, and give what `next` gives. given: `rater`, `action`, `label`, `sample`, `note`.

        action: `label`, `skip` or `undo`, which takes the last label back that this server has written for the rater.

        Raises:
            Conflict: `sample` is not the one that the rater is asked now.
            EvalsError: as `next`; a label that is no choice; the label cannot be written.
        """
        with self._lock:
            kept, rater = self._of(run), checked_rater(str(given.get("rater") or ""))
            work = self._work(kept, rater)
            writer = LabelWriter(label_path(run.path), kept.record, RANDOM)
            # A label that cannot be written has not been given: the work is then made anew from the file.
            del kept.works[rater]
            _obey(work, writer, kept.record, rater, given)
            kept.works[rater] = (_stamp(writer.path), work)
            return _as_shown(kept, work)

    def _of(self, run: IndexedRun) -> _Kept:
        version = version_of([run])
        kept = self._kept.get(version)
        if kept is None:
            record = read_graded(str(run.path), self._registry)
            kept = self._kept[version] = _Kept(record, shared_lines(record.samples), {})
        self._kept.move_to_end(version)
        while len(self._kept) > MAX_KEPT:
            self._kept.popitem(last=False)
        return kept

    def _work(self, kept: _Kept, rater: str) -> Labelling:
        path = label_path(kept.record.path)
        stamp = _stamp(path)
        if rater not in kept.works or kept.works[rater][0] != stamp:
            done: dict[str, str | None] = {}
            if stamp is not None:
                before = read_labels(path, kept.record)
                done |= {one.id: one.label for one in before.labels if one.rater == rater}
                done |= {name: None for name, who in before.skipped if who == rater}
            kept.works[rater] = (stamp, Labelling(chosen(kept.record.samples, None, 0), done))
        return kept.works[rater][1]


def label_path(record: Path) -> Path:
    """The file of labels beside a record.

    Raises:
        UsageError: it is a link: a folder that came from elsewhere could lead the server to another file.
    """
    path = default_path(record)
    if path.is_symlink():
        raise UsageError("the file of labels is a link, and nothing is written there", where=str(path))
    return path


def _stamp(path: Path) -> Any:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _obey(work: Labelling, writer: LabelWriter, record: GradedRecord, rater: str, given: Mapping[str, Any]) -> None:
    action, label, note = given.get("action"), given.get("label"), given.get("note") or ""
    if action == "undo":
        undone = work.undo()
        if undone is not None:
            writer.write(undone, rater, undone=True)
        return
    if action not in ("label", "skip") or (action == "label" and label not in record.choices):
        raise UsageError("no such label", fix=f"one of: {', '.join(map(one_line, record.choices))}")
    if not isinstance(note, str) or len(note) > MAX_NOTE_LETTERS:
        raise UsageError(f"a note has at most {MAX_NOTE_LETTERS:,} letters")
    if work.current is None or work.current.id != given.get("sample"):
        raise Conflict("this sample has been labelled already; here is the next one")
    sample = work.give(label if action == "label" else None)
    said = {"label": label} if action == "label" else {"skipped": True}
    writer.write(sample.id, rater, **said, **({"note": note} if note else {}))


def _as_shown(kept: _Kept, work: Labelling) -> dict[str, Any]:
    record, sample = kept.record, work.current
    return {
        "eval": one_line(record.eval_name),
        "choices": record.choices,
        "n": len(work.samples),
        "n_done": work.n_done,
        "can_undo": bool(work.order),
        "file": one_line(label_path(record.path).name),
        "sample": None if sample is None else {"id": sample.id, "parts": _parts(sample, kept.shared)},
    }


def _parts(sample: GradedSample, shared: Shared) -> list[list[str]]:
    """(what it is, text) of all that a person sees: as the grader saw it, where the record holds that."""
    guide = guide_text(sample)
    if guide:
        found = [("sample", shared.own_part(guide)), ("what the grader was asked", guide)]
    else:
        found = [
            ("question" if name in ("prompt", "user") else name, text) for name, text in prompt_parts(sample.question)
        ]
        found += [(key, text if isinstance(text, str) else dumps(text)) for key, text in sample.known.items()]
        found.append(("answer", sample.answer))
    return [[one_line(name), shortened(text, TEXT_LETTERS)] for name, text in found]
