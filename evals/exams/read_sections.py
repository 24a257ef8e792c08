"""Reads the sections of a paper: their questions, what statuses earn, few-shot examples, prompt and sampling."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from evals.errors import DataError, did_you_mean
from evals.exams.fields import Fields
from evals.exams.files import PaperFolder
from evals.exams.items import KINDS, Credit, Item
from evals.exams.paper import FewShot, Form, Prompt, Sampling, Section, StageSampling
from evals.exams.read_items import SectionDefaults, read_credit, read_question

SECTION_KINDS = (*KINDS, "bundle", "mixed", "written")
"`mixed`, `written` and `bundle` say nothing about a question, which then names its own kind."
_FILTERS = ("where", "filter")


@dataclass(frozen=True)
class _Source:
    """A file of questions, and which of its rows are meant."""

    file: str
    wanted: Mapping[str, Any]
    where: str

    def takes(self, row: Fields) -> bool:
        """Whether a row has the wanted values; a list such as `tags` must hold the value."""
        found = ((row.values.get(key), value) for key, value in self.wanted.items())
        return all(one == value or (isinstance(one, list) and value in one) for one, value in found)


@dataclass
class _Reading:
    """What the sections share while they are read."""

    folder: PaperFolder
    form: Form
    modes: tuple[str, ...]
    top: Fields
    shared: Section
    "What the paper says for all sections."
    taken: dict[str, str] = field(default_factory=dict)
    "The section of each row of questions, by `file:line`."
    sources: list[_Source] = field(default_factory=list)


def read_sections(top: Fields, folder: PaperFolder, form: Form, modes: tuple[str, ...]) -> tuple[Section, ...]:
    """The sections, each with its questions.

    Raises:
        DataError: an id appears twice, a row of a file is in no section or in two, a section is empty, or anything in
            it is wrong; with file:line.
    """
    credit = read_credit(top.mapping("credit"), Credit())
    shared = Section(
        "", (), top.where, credit=credit, prompt=_prompt(top, Prompt()), sampling=_sampling(top, Sampling())
    )
    reading = _Reading(folder, form, modes, top, shared)
    sections: list[Section] = []
    for one in top.mappings("sections", "section"):
        section = _section(one, reading)
        if section.id in [other.id for other in sections]:
            raise one.error(f"two sections are called {section.id!r}", "id")
        sections.append(section)
    if not sections:
        raise top.error("'sections' is empty", fix="add `sections: [{id: A, kind: mcq, items: items.jsonl}]`")
    _refuse_left_over(sections, reading)
    _refuse_twins(sections)
    return tuple(sections)


def _section(one: Fields, reading: _Reading) -> Section:
    name = one.text("id")
    one.what = f"section {name!r}"
    kind = one.one_of("kind", SECTION_KINDS, "mixed")
    credit = read_credit(one.mapping("credit"), reading.shared.credit)
    defaults = SectionDefaults(name, kind if kind in KINDS else "", credit, reading.modes)
    source = _source(one, "items", reading.form.items_files.get(name))
    reading.sources.append(source)
    items = _dropped(one, list(_questions(source, defaults, reading)))
    section = Section(
        name,
        tuple(items),
        one.where,
        title=one.text("title", ""),
        instructions=one.text("instructions", ""),
        credit=credit,
        few_shot=_few_shot(one, defaults, reading),
        prompt=_prompt(one, reading.shared.prompt),
        sampling=_sampling(one, reading.shared.sampling),
    )
    if not items:
        raise one.error("it has no questions", "items", fix="correct the file or its filter")
    _check_stated(one, section)
    one.close()
    return section


def _questions(source: _Source, defaults: SectionDefaults, reading: _Reading) -> Iterator[Item]:
    for row in reading.folder.rows(source.file, source.where):
        if source.takes(row):
            other = reading.taken.setdefault(row.where, defaults.id)
            if other != defaults.id:
                raise row.error(f"it is in section {other!r} and in section {defaults.id!r}")
            yield from read_question(row, defaults, reading.folder)


def _source(one: Fields, key: str, replaced: str | None = None) -> _Source:
    """`items: FILE`, or `items: {file: FILE, where: {section: A}}`. replaced: the form's own file, enough alone."""
    if isinstance(one.values.get(key), str):
        named = one.text(key)
        return _Source(replaced or named, {}, one.where_of(key))
    inner = one.mapping(key)
    if inner is None and replaced is not None:
        return _Source(replaced, {}, one.where)
    if inner is None:
        raise one.error(f"{key!r} is missing", fix=f"add `{key}: {{file: items.jsonl}}`")
    file, where = inner.text("file"), inner.where_of("file")
    wanted: dict[str, Any] = {}
    for name in _FILTERS:
        found = inner.mapping(name)
        wanted.update(found.values if found else {})
    if key == "items":
        inner.close()
    return _Source(replaced or file, wanted, where)


def _dropped(one: Fields, items: Sequence[Item]) -> list[Item]:
    """The questions, those that `drop` names marked as not scored: `true`, or ids of questions and bundles."""
    if isinstance(one.values.get("drop"), bool):
        return [replace(item, dropped=one.flag("drop", False)) for item in items]
    names = one.texts("drop")
    known = {item.id for item in items} | {item.bundle.id for item in items if item.bundle}
    for name in names:
        if name not in known:
            raise one.error(
                f"'drop' names {name!r}, which is no question of it", "drop", note=did_you_mean(name, known)
            )
    return [
        replace(item, dropped=item.id in names or (item.bundle is not None and item.bundle.id in names))
        for item in items
    ]


def _few_shot(one: Fields, defaults: SectionDefaults, reading: _Reading) -> FewShot | None:
    """The few-shot examples of a section: its own, or those of the paper that do not name another section."""
    named = one if one.has("fewshot") else reading.top
    for fields in (one, named):
        fields.take("fewshot")
    if not named.has("fewshot"):
        return None
    source = _source(named, "fewshot")
    inner = named.mapping("fewshot") if isinstance(named.values["fewshot"], dict) else None
    examples: list[Item] = []
    for row in reading.folder.rows(source.file, source.where):
        is_meant = named is one or row.values.get("section", defaults.id) == defaults.id
        if is_meant and source.takes(row):
            row.what = f"few-shot example {row.values.get('id')}"
            examples.extend(read_question(row, defaults, reading.folder))
    if named is reading.top and not examples:
        return None
    k, order = len(examples), "file"
    if inner is not None:
        for key in ("file", *_FILTERS):
            inner.take(key)
        k, order = inner.count("k", k), inner.one_of("order", ("file", "seed"), "file")
        inner.close()
    if not 0 < k <= len(examples):
        what = f"{k} few-shot examples are wanted, and {source.file} has {len(examples)} of them"
        raise named.error(what, "fewshot")
    return FewShot(tuple(examples), k, order)  # type: ignore[arg-type]


def _prompt(one: Fields, default: Prompt) -> Prompt:
    inner = one.mapping("prompt")
    if inner is None:
        return default
    names = ("header", "item", "option", "reasoning", "answer")
    found = Prompt(*(inner.text(name, getattr(default, name)) for name in names))
    inner.close()
    if "{stem}" not in found.item:
        raise inner.error("'item' has no {stem}", "item", fix="write {stem} where the question goes")
    if "{answer}" not in found.answer:
        raise inner.error("'answer' has no {answer}", "answer", fix="write {answer} where the letter goes")
    return found


def _sampling(one: Fields, default: Sampling) -> Sampling:
    inner = one.mapping("sampling")
    if inner is None:
        return default
    answer = inner.mapping("answer")
    mode: Any = default.answer_mode if answer is None else answer.one_of("mode", ("extract", "resample"), "extract")
    found = Sampling(
        _stage(inner.mapping("reason"), default.reason),
        _stage(answer, default.answer),
        mode,
        inner.count("repeats", default.repeats, least=1),
    )
    inner.close()
    return found


def _stage(inner: Fields | None, default: StageSampling) -> StageSampling:
    if inner is None:
        return default
    n_tokens = inner.count("max_tokens", 0) or None
    found = StageSampling(
        inner.number_or_none("temperature"), inner.number_or_none("top_p"), n_tokens, inner.texts("stop")
    )
    inner.close()
    return found


def _check_stated(one: Fields, section: Section) -> None:
    """Hold what a section says of itself against its questions: `n_items` and `max_points`."""
    stated = one.number_or_none("n_items")
    if stated is not None and stated != len(section.scored):
        raise one.error(f"n_items is {stated:g}, but {len(section.scored)} questions are scored", "n_items")
    points = one.number_or_none("max_points")
    if points is not None and abs(points - section.max_points) > 1e-9:
        raise one.error(f"max_points is {points:g}, but its questions earn {section.max_points:g}", "max_points")


def _refuse_left_over(sections: Sequence[Section], reading: _Reading) -> None:
    """Raise DataError for a row that no section takes."""
    names = ", ".join(repr(section.id) for section in sections)
    for file in dict.fromkeys(source.file for source in reading.sources):
        where = next(source.where for source in reading.sources if source.file == file)
        for row in reading.folder.rows(file, where):
            if row.where not in reading.taken:
                section = row.values.get("section")
                raise row.error(f"no section takes it: its section is {section!r}, the paper has {names}", "section")


def _refuse_twins(sections: Sequence[Section]) -> None:
    """Raise DataError for ids that stand twice, among questions, bundles and few-shot examples."""
    seen: dict[str, str] = {}
    for item in (item for section in sections for item in section.items):
        bundle = item.bundle
        if bundle is not None and seen.setdefault(bundle.id, bundle.where) != bundle.where:
            raise DataError(f"the id {bundle.id!r} is also in {seen[bundle.id]}", where=bundle.where)
        if item.id in seen:
            raise DataError(f"the id {item.id!r} is also in {seen[item.id]}", where=item.where)
        seen[item.id] = item.where
    for section in sections:
        for example in section.few_shot.items if section.few_shot else ():
            if example.id in seen:
                what = f"the few-shot example {example.id!r} is a question of the paper, in {seen[example.id]}"
                raise DataError(what, where=example.where, fix="use another question as the example")
