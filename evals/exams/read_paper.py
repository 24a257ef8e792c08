"""Loads a paper from its folder, with everything checked: `load_paper`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from evals.errors import DataError, did_you_mean, listed
from evals.exams.fields import Fields
from evals.exams.files import PaperFolder
from evals.exams.paper import MODES, ONLY_FORM, TABLE_STATUSES, Condition, Form, Paper, PassRule, Percentile, worst
from evals.exams.reach import check_counted, check_reach
from evals.exams.read_sections import read_sections
from evals.exams.read_steps import BETWEEN, StepContext, read_count, read_steps
from evals.exams.tables import COLUMN_NAMES, read_percentile_table

PAPER_FILE = "exam.yaml"


def load_paper(folder: str | Path, form: str | None = None) -> Paper:
    """The paper in a folder that holds `exam.yaml`. form: one of its `forms`; by default `dev`, or the first one.

    Raises:
        DataError: anything in the paper's files is missing, unknown or contradicts the rest; with file:line.
    """
    root = Path(folder)
    root = root.parent if root.name == PAPER_FILE else root
    if not (root / PAPER_FILE).is_file():
        raise DataError(f"there is no {PAPER_FILE}", where=str(root), fix="name the folder of a paper")
    reading = PaperFolder(root)
    top = reading.yaml(PAPER_FILE)
    name = top.text("id")
    top.what = f"paper {name}"
    forms = tuple(_forms(top))
    chosen = _choose(forms, form, top)
    modes = _modes(top)
    sections = read_sections(top, reading, chosen, modes)
    context = StepContext(sections, reading, chosen.tables, _origin_of_tables(top))
    steps = read_steps(top, context)
    percentiles = tuple(read_percentiles(top, context))
    passes = tuple(_passes(top, context))
    scored = [item for section in sections for item in section.scored]
    check_reach(steps, passes, scored, percentiles=percentiles)
    check_counted(steps, passes, scored)
    clean_rule: Any = top.one_of("clean_rule", ("lower_of_full_and_clean", "full"), "lower_of_full_and_clean")
    paper = Paper(
        id=name,
        title=top.text("title", name),
        version=top.text("version"),
        language=top.text("language", "en"),
        source=top.text("source"),
        licence=top.text("licence", ""),
        folder=root,
        form=chosen,
        forms=tuple(one.name for one in forms) or (ONLY_FORM,),
        modes=modes,
        sections=sections,
        score=steps,
        percentiles=percentiles,
        passes=passes,
        clean_rule=clean_rule,
        digest=reading.digest,
    )
    for key in ("description", "year", "url", "status"):
        top.take(key)
    top.close()
    return paper


def _origin_of_tables(top: Fields) -> dict[str, Any]:
    """What a table has for its origin where it says nothing: the paper's own, and the worst status that it names."""
    stated = [top.values.get("status")]
    for key in ("percentile", "score"):
        given = top.values.get(key)
        several = given if isinstance(given, list) else [given]
        stated += [one.get("status") for one in several if isinstance(one, dict)]
    status = worst([one for one in stated if one in TABLE_STATUSES])
    return {**{key: top.values.get(key) for key in ("source", "year", "url")}, "status": status}


def _modes(top: Fields) -> tuple[str, ...]:
    modes = top.texts("model_modes") or ("no_vision",)
    for mode in modes:
        if mode not in MODES:
            near = did_you_mean(mode, MODES)
            fix = f"write any of: {', '.join(MODES)}"
            raise top.error(f"the mode {mode!r} is unknown", "model_modes", note=near, fix=fix)
    return modes


def _forms(top: Fields) -> Iterator[Form]:
    """`forms: {dev: {items: dev.jsonl, tables: {tables/a.csv: tables/a-dev.csv}}}`."""
    inner = top.mapping("forms")
    for name in inner.values if inner else ():
        one = inner.mapping(name, f"form {name!r}") if inner else None
        if one is None:
            raise top.error(f"form {name!r} is empty", "forms", fix="add `items: FILE`")
        yield Form(name, dict(_form_items(one, top)), dict(_form_tables(one)))
        one.close()


def _form_items(one: Fields, top: Fields) -> Iterator[tuple[str, str]]:
    """Section id to file; one file alone stands for all sections."""
    # As `Fields.mappings` reads them: one section alone needs no list.
    given = top.values.get("sections")
    sections = [given] if isinstance(given, Mapping) else given if isinstance(given, list) else []
    names = [str(section.get("id")) for section in sections if isinstance(section, Mapping)]
    if isinstance(one.values.get("items"), str):
        file = one.text("items")
        yield from ((name, file) for name in names)
        return
    files = one.mapping("items")
    for name in files.values if files else ():
        if files and name not in names:
            fix = "write one file for all sections, `items: FILE`, or `items: {SECTION: FILE}`"
            raise files.error(f"there is no section {name!r}", name, note=did_you_mean(name, names), fix=fix)
        yield name, files.text(name) if files else ""


def _form_tables(one: Fields) -> Iterator[tuple[str, str]]:
    files = one.mapping("tables")
    if files is not None:
        yield from ((name, files.text(name)) for name in files.values)


def _choose(forms: tuple[Form, ...], wanted: str | None, top: Fields) -> Form:
    names = [form.name for form in forms] or [ONLY_FORM]
    name = wanted or ("dev" if "dev" in names else names[0])
    if name not in names:
        near = did_you_mean(name, names)
        raise top.error(f"it has no form {name!r}", "forms", note=near, fix=f"choose one of: {listed(names)}")
    return next((form for form in forms if form.name == name), Form(ONLY_FORM))


def read_percentiles(top: Fields, context: StepContext) -> Iterator[Percentile]:
    """The percentiles under `percentile`. Raises DataError if one is wrong, with file:line."""
    for one in top.mappings("percentile", "percentile"):
        value = context.known(one, "on", one.text("on"))
        columns = one.mapping("columns")
        named = {} if columns is None else {key: columns.text(key) for key in columns.values}
        for key in named:
            if key not in COLUMN_NAMES:
                near = did_you_mean(key, COLUMN_NAMES)
                raise one.error(f"unknown column {key!r}", "columns", note=near, fix=f"use: {', '.join(COLUMN_NAMES)}")
        files = one.texts("table")
        if not files:
            raise one.error("'table' is missing", fix="add `table: tables/percentiles.csv`")
        if len(files) > 1:
            one.one_of("combine", ("widest",))
        one.take("combine")
        between: Any = one.one_of("between", BETWEEN, "floor")
        year = one.text("year", "")
        tables = tuple(
            read_percentile_table(
                context.table_files.get(file, file), one.where_of("table"), one, named, context.folder, context.paper
            )
            for file in files
        )
        yield Percentile(value, tables, one.text("population"), year, between, one.where)
        one.close()


def _passes(top: Fields, context: StepContext) -> Iterator[PassRule]:
    """`pass: [CONDITION, ...]`, or `pass: {NAME: [CONDITION, ...]}` where pass marks differ between places."""
    given = top.values.get("pass")
    if isinstance(given, dict) and not {"value", "count_wrong"} & set(given):
        rules = top.mapping("pass")
        for name in given:
            if rules is not None:
                yield PassRule(name, tuple(_conditions(rules, name, context)))
    elif given is not None:
        yield PassRule("", tuple(_conditions(top, "pass", context)))
    top.take("pass")


def _conditions(fields: Fields, key: str, context: StepContext) -> Iterator[Condition]:
    for one in fields.mappings(key, "pass condition"):
        counted = one.mapping("count_wrong")
        at_least, at_most = one.number_or_none("at_least"), one.number_or_none("at_most")
        if at_least is None and at_most is None:
            raise one.error("it has no limit", fix="add `at_least: 60` or `at_most: 0`")
        if (counted is None) == (not one.has("value")):
            raise one.error("it has neither 'value' nor 'count_wrong', or both", fix="add `value: final`")
        if counted is not None:
            count = read_count(counted, f"{key}: {one.what}", context)
            counted.close()
            yield Condition(one.where, None, count, at_least, at_most)
        else:
            yield Condition(one.where, context.known(one, "value", one.text("value")), None, at_least, at_most)
        one.close()
