"""Reads rows of questions: the keys that all kinds share, bundles with their children, credit and images."""

from __future__ import annotations

import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from evals.exams.answer_keys import read_answer
from evals.exams.fields import Fields
from evals.exams.files import PaperFolder
from evals.exams.items import KINDS, WITH_OPTIONS, Bundle, Credit, Image, Item

IMAGE_PLACES = "stem, or option:LETTER"


@dataclass(frozen=True)
class SectionDefaults:
    """What a question takes from its section where it says nothing itself."""

    id: str
    kind: str
    "One of KINDS, or empty where the section has no kind of its own."
    credit: Credit
    modes: tuple[str, ...]


def read_credit(fields: Fields | None, default: Credit) -> Credit:
    """What statuses earn. Raises DataError if a right answer earns less than a wrong one or a blank, or nothing."""
    if fields is None:
        return default
    credit = Credit(
        fields.number("right", default.right),
        fields.number("wrong", default.wrong),
        fields.number("blank", default.blank),
        fields.number_or_none("invalid"),
    )
    fields.close()
    if credit.right <= max(credit.wrong, credit.blank, credit.invalid or 0.0, 0.0):
        raise fields.error("a right answer must earn more than 0, and more than any other", "right")
    return credit


def read_question(row: Fields, defaults: SectionDefaults, folder: PaperFolder) -> tuple[Item, ...]:
    """The questions of one row: one, or the children of a bundle.

    Raises:
        DataError: a key is missing, unknown or of a wrong type, the answer is not among the options, an image is
            absent, or points do not add up; with file:line.
    """
    if row.values.get("kind") == "bundle":
        return tuple(_children(row, defaults, folder))
    return (_item(row, defaults, folder, None),)


def _children(row: Fields, defaults: SectionDefaults, folder: PaperFolder) -> Iterator[Item]:
    row.take("kind")
    _same_section(row, defaults)
    bundle = Bundle(
        row.text("id"),
        row.text("stem"),
        tuple(_images(row, folder, {})),
        row.text("transcript", ""),
        row.where,
    )
    _needs_transcript(row, defaults, bundle.images, bundle.transcript)
    cluster, tags = row.text("cluster", bundle.id), row.texts("tags")
    stated, source = row.number_or_none("points"), row.text("source", "")
    searched = row.text("contamination_text", bundle.stem)
    children = []
    for child in row.mappings("items", f"question {bundle.id}, child"):
        if child.values.get("kind") == "bundle":
            raise child.error("a bundle cannot hold a bundle", "kind")
        item = _item(child, defaults, folder, bundle)
        children.append(
            replace(
                item,
                cluster=cluster,
                tags=tuple(dict.fromkeys((*tags, *item.tags))),
                critical=item.critical or "critical" in tags,
                source=item.source or source,
                contamination_text=item.contamination_text if child.has("contamination_text") else searched,
            )
        )
    row.close()
    if not children:
        raise row.error("a bundle needs questions", fix='add "items": [{"id": ..., "kind": ..., ...}]')
    total = sum(child.points for child in children)
    if stated is not None and abs(stated - total) > 1e-9:
        raise row.error(f"points is {stated:g}, but its questions add up to {total:g}", "points")
    yield from children


def _same_section(row: Fields, defaults: SectionDefaults) -> None:
    section = row.text("section", defaults.id)
    if section != defaults.id:
        raise row.error(f"section is {section!r}, but the paper puts it in section {defaults.id!r}", "section")


def _item(row: Fields, defaults: SectionDefaults, folder: PaperFolder, bundle: Bundle | None) -> Item:
    name = row.text("id")
    row.what = f"question {name}"
    _same_section(row, defaults)
    if not row.has("kind") and not defaults.kind:
        raise row.error("'kind' is missing", fix=f"add one of: {', '.join(KINDS)}")
    kind: Any = row.one_of("kind", (*KINDS, "bundle"), defaults.kind or None)
    options = read_options(row, kind)
    tags, stem = row.texts("tags"), row.text("stem")
    item = Item(
        id=name,
        section=defaults.id,
        kind=kind,
        stem=stem,
        where=row.where,
        credit=read_credit(row.mapping("credit"), defaults.credit),
        options=options,
        bundle=bundle,
        cluster=row.text("cluster", name),
        images=tuple(_images(row, folder, options)),
        transcript=row.text("transcript", ""),
        tags=tags,
        critical=row.flag("critical", False) or "critical" in tags,
        contamination_text=row.text("contamination_text", stem),
        explanation=row.text("explanation", ""),
        time_s=row.number_or_none("time_s"),
        source=row.text("source", ""),
    )
    item = replace(item, **read_answer(row, item))
    row.close()
    _needs_transcript(row, defaults, item.images, item.transcript)
    if not stem.strip() and not item.images and bundle is None:
        raise row.error("'stem' is empty, and there is no image: nothing is asked", "stem")
    if not item.points > 0:
        raise row.error(f"points is {item.points:g}; a question earns more than 0", "points")
    return item


def read_options(row: Fields, kind: str) -> Mapping[str, str]:
    """Letter to text; a list of texts gets the letters A, B, C. Raises DataError for a kind that has none."""
    given = row.take("options")
    if given is None:
        if kind in WITH_OPTIONS:
            raise row.error(f"a question of kind {kind} needs options", fix='add "options": {"A": ..., "B": ...}')
        return {}
    if kind not in WITH_OPTIONS:
        raise row.error(f"a question of kind {kind} has no options", "options", fix="remove them, or change the kind")
    if isinstance(given, list):
        given = dict(zip(string.ascii_uppercase, given, strict=False))
    if not isinstance(given, dict) or len(given) < 2:
        raise row.wrong("options", "a mapping of at least two letters to texts")
    for letter, text in given.items():
        if len(letter) != 1 or letter not in string.ascii_uppercase:
            raise row.error(f"the option {letter!r} is no capital letter", "options")
        if not isinstance(text, str | int | float) or isinstance(text, bool) or not str(text).strip():
            raise row.error(f"option {letter} is {text!r}, not a text", "options")
    options = {letter: str(text) for letter, text in given.items()}
    twice = [letter for letter, text in options.items() if list(options.values()).count(text) > 1]
    if twice:
        raise row.error(f"options {' and '.join(twice)} are the same", "options")
    return options


def _images(row: Fields, folder: PaperFolder, options: Mapping[str, str]) -> Iterator[Image]:
    for image in row.mappings("images", f"{row.what}, image"):
        name, place = image.text("file"), image.text("where", "stem")
        letter = place.removeprefix("option:")
        if place != "stem" and (letter == place or letter not in options):
            raise image.error(f"'where' is {place!r}", "where", fix=f"write {IMAGE_PLACES}")
        folder.read(name, image.where_of("file"))
        yield Image(folder.path_of(name, image.where_of("file")), name, image.text("alt", ""), place)
        image.close()


def _needs_transcript(row: Fields, defaults: SectionDefaults, images: tuple[Image, ...], transcript: str) -> None:
    if images and not transcript and "transcribed" in defaults.modes:
        fix = "add 'transcript', or take `transcribed` out of model_modes"
        raise row.error("it has an image and no transcript, but the paper offers the mode `transcribed`", fix=fix)
