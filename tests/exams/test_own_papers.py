"""The papers in `data/`: each loads in all of its forms, and together they use every kind and operation of the format."""

from __future__ import annotations

import json
import re
import runpy
import struct
from collections import Counter
from pathlib import Path

import pytest

from evals.exams.items import KINDS, SELECT_RULES, Item
from evals.exams.paper import BandToScale, Clamp, Combine, CountWrong, Cut, Linear, Lookup, Paper, Raw, Round, Weighted
from evals.exams.read_paper import load_paper
from evals.registry.roots import bundled_data_root

NAMES = ("admission", "graduate", "programming", "contest", "bar", "driving")
FOLDERS = [bundled_data_root() / f"exam-{name}" for name in NAMES]


def forms_of(folder: Path) -> list[Paper]:
    return [load_paper(folder, form) for form in load_paper(folder).forms]


PAPERS = [paper for folder in FOLDERS for paper in forms_of(folder)]
EACH_PAPER = pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: f"{paper.id}.{paper.form.name}")


@EACH_PAPER
def test_a_paper_has_two_dozen_questions_that_count_and_five_worked_ones(paper: Paper) -> None:
    assert len(paper.items) >= 24
    assert sum(not item.dropped for item in paper.items) >= 24
    taught = [section.few_shot for section in paper.sections if section.few_shot]
    assert taught
    for few_shot in taught:
        assert few_shot.k == 5
        assert all(item.explanation for item in few_shot.items)


@EACH_PAPER
def test_every_letter_is_right_about_equally_often(paper: Paper) -> None:
    by_number = Counter((len(item.options), item.key[0]) for item in paper.items if item.kind == "mcq")
    for n_options in {n for n, _ in by_number}:
        counts = [by_number[n_options, letter] for letter in "ABCDE"[:n_options]]
        assert max(counts) - min(counts) <= 3


@EACH_PAPER
def test_explanations_name_options_so_that_they_can_be_shuffled(paper: Paper) -> None:
    for item in examples_of(paper):
        named = re.findall(r"\{(.*?)\}", item.explanation)
        assert set(named) <= set(item.options)
        if item.kind == "mcq":
            assert item.key[0] in named


def examples_of(paper: Paper) -> list[Item]:
    return [item for section in paper.sections if section.few_shot for item in section.few_shot.items]


@EACH_PAPER
def test_tables_name_their_source(paper: Paper) -> None:
    lookups = [step.table.origin for step in paper.score if isinstance(step, Lookup)]
    for origin in (*lookups, *(one.origin for one in paper.percentiles)):
        assert (origin.status == "invented") == origin.source.startswith("invented")


def test_the_papers_use_every_kind_of_question() -> None:
    assert {item.kind for paper in PAPERS for item in paper.items} == set(KINDS)
    assert {item.rule for paper in PAPERS for item in paper.items if item.kind == "mselect"} == set(SELECT_RULES)
    assert any(item.bundle for paper in PAPERS for item in paper.items)


def test_the_papers_use_every_operation() -> None:
    steps = [step for paper in PAPERS for step in paper.score]
    plain = (Raw, Weighted, Linear, Lookup, Cut, Round, Clamp, CountWrong, BandToScale)
    assert {type(step) for step in steps} == {*plain, Combine}
    assert {step.op for step in steps if isinstance(step, Combine)} == {"sum", "mean", "min", "max"}
    assert {step.mode for step in steps if isinstance(step, Round)} == {"half_up", "half_even", "floor"}
    assert {step.fraction for step in steps if isinstance(step, Raw)} == {True, False}


def test_the_contest_has_two_forms_without_a_common_problem() -> None:
    dev, holdout = forms_of(bundled_data_root() / "exam-contest")
    assert [form.form.is_holdout for form in (dev, holdout)] == [False, True]
    assert not {item.stem for item in dev.items} & {item.stem for item in holdout.items}


def chunks(png: bytes) -> list[bytes]:
    names, at = [], 8
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        names.append(png[at + 4 : at + 8])
        at += 12 + length
    return names


def pictures() -> list[Path]:
    return sorted((bundled_data_root() / "exam-driving" / "images").glob("*.png"))


@pytest.mark.parametrize("path", pictures(), ids=lambda path: path.name)
def test_a_picture_holds_pixels_only_and_its_name_says_nothing(path: Path) -> None:
    assert chunks(path.read_bytes()) == [b"IHDR", b"IDAT", b"IEND"]
    assert re.fullmatch(r"q\d\d\.png", path.name)
    assert path.stat().st_size < 5000


def test_every_picture_belongs_to_a_question_that_has_a_transcript() -> None:
    paper = load_paper(bundled_data_root() / "exam-driving")
    shown = [item for item in paper.items if item.has_images]
    assert sorted({image.path.name for item in shown for image in item.images}) == [path.name for path in pictures()]
    assert all(item.transcript for item in shown)
    assert any(image.place.startswith("option:") for item in shown for image in item.images)


def test_the_drawing_script_draws_the_pictures_that_are_there() -> None:
    script = runpy.run_path(str(bundled_data_root() / "exam-driving" / "draw.py"))
    assert sorted(script["PICTURES"]) == [path.stem for path in pictures()]
    canvas = script["Canvas"]()
    script["PICTURES"]["q02"](canvas)
    red, white = script["RED"], script["WHITE"]
    middle = canvas.pixels[300, 360], canvas.pixels[150, 360]
    assert [tuple(pixel) for pixel in middle] == [white, red]


def test_the_pocket_paper_asks_nothing_twice_and_its_sums_are_right() -> None:
    paper = load_paper(bundled_data_root() / "exam-pocket")
    assert len(paper.items) == 96
    asked = {(item.stem, *item.options.values()) for item in paper.items}
    assert len(asked) == 96
    assert not asked & {(item.stem, *item.options.values()) for item in examples_of(paper)}
    plain = re.compile(r"What is (\d+) ([-+*]) (\d+)\?")
    sums = [(found, item) for item in paper.items if (found := plain.fullmatch(item.stem)) and item.kind == "numeric"]
    assert len(sums) >= 16
    for found, item in sums:
        a, sign, b = int(found[1]), found[2], int(found[3])
        assert item.numeric is not None
        assert item.numeric.accepted == (str({"+": a + b, "-": a - b, "*": a * b}[sign]),)


def test_the_script_of_the_pocket_paper_writes_the_questions_that_are_there() -> None:
    folder = bundled_data_root() / "exam-pocket"
    written: dict[str, list[dict[str, object]]] = {}
    script = runpy.run_path(str(folder / "make.py"))
    script["main"].__globals__["write"] = lambda name, rows: written.update({name: list(rows)})
    script["main"]()
    for name, rows in written.items():
        assert rows == [json.loads(line) for line in (folder / name).read_text(encoding="utf-8").splitlines()]
    assert sorted(written) == ["fewshot.jsonl", "items.jsonl"]
